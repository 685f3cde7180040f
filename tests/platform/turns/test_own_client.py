"""Our own client at our own platform, both generations and both bindings: turns, streams, cancel, lists."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from agentkit.client import AgentHandle, AsyncCorti
from agentkit.client.generation import Binding, GenerationChoice
from agentkit.errors import BadRequestError, ConflictError, NotFoundError
from agentkit.models import ArtifactUpdate, StatusUpdate, Task, TaskState
from agentkit.testing import ASGITransport
from tests.deadline import HANG
from tests.platform.turns.parts import UNKNOWN, House

pytestmark = pytest.mark.anyio

WAYS = pytest.mark.parametrize(
    ("generation", "binding"),
    [("v1", "HTTP+JSON"), ("v1", "JSONRPC"), ("v2", "HTTP+JSON"), ("v2", "JSONRPC")],
)


@asynccontextmanager
async def agent_of(home: House, generation: GenerationChoice, binding: Binding) -> AsyncGenerator[AgentHandle]:
    """The house's agent as one generation's client sees it."""
    corti = AsyncCorti(
        base_url=home.platform.url,
        tenant="base",
        client_id="local-client",
        client_secret="local-secret",
        generation=generation,
        binding=binding,
        transport=ASGITransport(home.platform.app),
    )
    async with corti:
        with anyio.fail_after(HANG):
            prefix = "agt." if generation == "v2" else ""
            yield await corti.agents.get(prefix + home.agent)


@WAYS
async def test_a_conversation_is_held(home: House, generation: GenerationChoice, binding: Binding) -> None:
    """V1-SEND-01, V1-SEND-02, V2-SEND-01, V2-SEND-02."""
    async with agent_of(home, generation, binding) as agent:
        talk = agent.conversation()
        first = await talk.send("hello")
        asking = await talk.send("ask")
        answered = await talk.send("the left one")
        assert (first.text, first.state) == ("echo: hello", TaskState.COMPLETED)
        assert asking.state is TaskState.INPUT_REQUIRED
        assert answered.text == "echo: the left one"
        assert first.context == asking.context == answered.context
        assert asking.task is not None
        assert answered.task is not None
        assert asking.task.id == answered.task.id
        stored = await agent.task(answered.task.id, history_length=1)
        assert [message.text for message in stored.history] == ["the left one"]


@WAYS
async def test_a_stream_ends_as_the_task_does(home: House, generation: GenerationChoice, binding: Binding) -> None:
    """V1-RPC-02 to V1-RPC-05, V2-OBJ-18."""
    async with agent_of(home, generation, binding) as agent:
        stream = agent.stream("tool now")
        events = [event async for event in stream]
        assert isinstance(events[0], Task)
        assert any(isinstance(event, ArtifactUpdate) for event in events)
        assert isinstance(events[-1], StatusUpdate)
        assert stream.reply is not None
        assert stream.reply.task is not None
        assert stream.reply.state is TaskState.COMPLETED
        stored = await agent.task(stream.reply.task.id)
        assert stored.artifacts == stream.reply.artifacts


@WAYS
async def test_usage_arrives(home: House, generation: GenerationChoice, binding: Binding) -> None:
    """V1-OBJ-21, V2-OBJ-14."""
    async with agent_of(home, generation, binding) as agent:
        used = (await agent.send("spend")).usage
    assert used is not None
    assert (used.input_tokens, used.output_tokens, used.credits) == (10, 5, 0.5)


@WAYS
async def test_cancelling_stops_the_turn(home: House, generation: GenerationChoice, binding: Binding) -> None:
    """V1-RPC-01, V2-EP-12."""
    async with agent_of(home, generation, binding) as agent:
        reply = await agent.send("wait", blocking=False)
        assert reply.task is not None
        await home.reasoner.waiting.wait()
        canceled = await agent.cancel(reply.task)
        assert canceled.status.state is TaskState.CANCELED
        with pytest.raises(ConflictError):
            await agent.cancel(reply.task)


@WAYS
async def test_refusals_are_the_same_errors_everywhere(
    home: House, generation: GenerationChoice, binding: Binding
) -> None:
    """V1-SEND-03, V1-SEND-04, V1-ERR-06, V2-ERR-02."""
    async with agent_of(home, generation, binding) as agent:
        done = await agent.send("hello")
        with pytest.raises(BadRequestError):
            await agent.send("more", task=done.task)
        with pytest.raises(NotFoundError):
            await agent.send("hello", context=UNKNOWN)
        with pytest.raises(NotFoundError):
            await agent.task(UNKNOWN)


@pytest.mark.parametrize("binding", ["HTTP+JSON", "JSONRPC"])
async def test_tasks_of_v2_are_listed_page_by_page(home: House, binding: Binding) -> None:
    """V2-EP-10."""
    async with agent_of(home, "v2", binding) as agent:
        made = [(await agent.send(text)).task for text in ("one", "two", "three")]
        listed = [task async for task in agent.tasks(limit=3)]
    assert [task.id for task in listed] == [task.id for task in made[::-1] if task is not None]
