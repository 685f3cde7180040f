"""RemoteAgent at the A2A SDK's reference server: JSON-RPC, HTTP+JSON and gRPC of 1.0 and of 0.3."""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import anyio
import grpc.aio
import pytest
from a2a.compat.v0_3.a2a_v0_3_pb2_grpc import add_A2AServiceServicer_to_server as add_legacy
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.helpers import new_data_part, new_task_from_user_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.routes import create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCard
from a2a.types.a2a_pb2_grpc import add_A2AServiceServicer_to_server
from google.protobuf.json_format import ParseDict
from starlette.applications import Starlette

from agentkit.a2a.remote import RemoteAgent, remote_agent
from agentkit.compose import ShortState
from agentkit.errors import TaskNotFound
from agentkit.models import Message, TaskState
from tests.a2a.remote.parts import URL, events, made_card, no_sleep, outcome, pool, turn
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

DIALECTS = [
    ("JSONRPC", "1.0"),
    ("HTTP+JSON", "1.0"),
    ("GRPC", "1.0"),
    ("JSONRPC", "0.3"),
    ("HTTP+JSON", "0.3"),
    ("GRPC", "0.3"),
]


class Executor(AgentExecutor):
    """Does what the message says."""

    def __init__(self) -> None:
        self.cancelled = anyio.Event()
        self.contexts: list[str | None] = []

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        message = context.message
        assert message is not None
        self.contexts.append(context.context_id)
        task = context.current_task or new_task_from_user_message(message)
        if context.current_task is None:
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        text = context.get_user_input()
        if text == "ask":
            await updater.requires_input(updater.new_agent_message([new_text_part("Which one?")]))
            return
        if text == "wait":
            await updater.start_work(updater.new_agent_message([new_text_part("on it")]))
            await self.cancelled.wait()
            return
        await updater.start_work(updater.new_agent_message([new_text_part("on it")]))
        await updater.add_artifact([new_text_part("Penicillin."), new_data_part({"n": 3})], artifact_id="r-1")
        await updater.complete(updater.new_agent_message([new_text_part(f"echo: {text}")]))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        self.cancelled.set()
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()


@asynccontextmanager
async def served(binding: str, version: str, *, streaming: bool) -> AsyncGenerator[tuple[RemoteAgent, Executor]]:
    executor = Executor()
    url = {"JSONRPC": f"{URL}/a2a", "HTTP+JSON": URL}.get(binding, "")
    card = made_card(capabilities={"streaming": streaming})
    handler = DefaultRequestHandler(executor, InMemoryTaskStore(), _parsed(card))
    server = grpc.aio.server()
    if binding == "GRPC":
        url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        if version == "1.0":
            add_A2AServiceServicer_to_server(GrpcHandler(handler), server)
        else:
            add_legacy(CompatGrpcHandler(handler), server)
        await server.start()
    card["supportedInterfaces"] = [{"url": url, "protocolBinding": binding, "protocolVersion": version}]
    app = Starlette(
        routes=[
            *create_jsonrpc_routes(handler, rpc_url="/a2a", enable_v0_3_compat=True),
            *create_rest_routes(handler, enable_v0_3_compat=True),
        ]
    )
    try:
        async with remote_agent(card, name="peer", http=pool(app), sleep=no_sleep) as agent:
            yield agent, executor
    finally:
        await handler.aclose()
        if binding == "GRPC":
            await server.stop(None)


def _parsed(card: dict[str, Any]) -> AgentCard:
    return ParseDict(card, AgentCard())


@pytest.fixture(params=[True, False], ids=["streaming", "blocking"])
def streaming(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.mark.parametrize(("binding", "version"), DIALECTS)
async def test_an_answer_comes_with_its_artifacts_and_whole_numbers(
    binding: str, version: str, streaming: bool
) -> None:
    async with served(binding, version, streaming=streaming) as (agent, _):
        ended = await outcome(agent, "hello")
    assert (ended.state, ended.text) == (TaskState.COMPLETED, "echo: hello")
    (made,) = ended.artifacts
    (data,) = [part.data for part in made.parts if part.kind == "data"]
    assert repr(data) == "{'n': 3}"


@pytest.mark.parametrize(("binding", "version"), DIALECTS)
async def test_a_question_is_answered_in_its_task_and_the_conversation_goes_on(
    binding: str, version: str, streaming: bool
) -> None:
    state = ShortState()
    async with served(binding, version, streaming=streaming) as (agent, executor):
        asked = await outcome(agent, "ask", turn(state))
        assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which one?")
        answered = await outcome(agent, "left", turn(state, continuation=asked.continuation))
        assert answered.text == "echo: left"
        await outcome(agent, "hello", turn(state))
    assert len(set(executor.contexts)) == 1


@pytest.mark.parametrize(("binding", "version"), DIALECTS)
async def test_a_cancelled_turn_cancels_the_remote_task(binding: str, version: str) -> None:
    async with served(binding, version, streaming=True) as (agent, executor):
        with anyio.fail_after(HANG):
            async with aclosing(agent.run(Message.user("wait"), turn())) as run:
                await anext(run)
            assert executor.cancelled.is_set()


@pytest.mark.parametrize(("binding", "version"), DIALECTS)
async def test_a_task_that_is_not_there_is_a_typed_error(binding: str, version: str) -> None:
    continuation: Any = {"taskId": "unknown", "contextId": "c"}
    async with served(binding, version, streaming=False) as (agent, _):
        with pytest.raises(TaskNotFound):
            await events(agent, "hello", turn(continuation=continuation))
