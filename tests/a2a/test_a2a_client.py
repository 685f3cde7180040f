"""Any A2A agent through the official client, in neutral models and typed errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import anyio
import httpx
import pytest

from agentkit.a2a.client import A2AClient, connect
from agentkit.a2a.standalone import agent_app
from agentkit.compose import FunctionAgent
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    RequestTimeout,
    TaskNotContinuable,
    TaskNotFound,
)
from agentkit.models import Message, StatusUpdate, Task, TaskState
from agentkit.testing.asgi import httpx_transport, running
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8702"


def count(message: Message) -> Message:
    """Answer with the size of what was said."""
    return message.reply(f"{len(message.text)} characters", data=[{"count": len(message.text), "share": 0.5}])


@pytest.fixture
async def client() -> AsyncGenerator[A2AClient]:
    async with (
        running(agent_app(FunctionAgent(count), url=URL)) as live,
        connect(URL, transport=httpx_transport(live)) as connected,
    ):
        yield connected


async def finished(client: A2AClient) -> Task:
    events = [event async for event in client.stream(Message.user("hello"))]
    first = events[0]
    assert isinstance(first, Task)
    return await client.task(first.id)


async def test_a_stream_ends_with_the_answer_and_whole_numbers_stay_whole(client: A2AClient) -> None:
    """A2A-STR-02, design D12."""
    with anyio.fail_after(HANG):
        events = [event async for event in client.stream(Message.user("hello"))]
    last = events[-1]
    assert isinstance(last, StatusUpdate)
    assert last.status.state is TaskState.COMPLETED
    assert last.status.message
    assert last.status.message.text == "5 characters"
    assert last.status.message.data == ({"count": 5, "share": 0.5},)
    (number,) = [value["count"] for value in last.status.message.data if isinstance(value, dict)]
    assert isinstance(number, int)


async def test_a_task_is_read_back(client: A2AClient) -> None:
    task = await finished(client)
    assert (task.status.state, task.text) == (TaskState.COMPLETED, "5 characters")
    assert repr(client) == f"A2AClient('{URL}')"


async def test_an_unknown_task_is_not_found(client: A2AClient) -> None:
    with pytest.raises(TaskNotFound) as refused:
        await client.task("11111111-1111-4111-8111-111111111111")
    assert refused.value.task_id == "11111111-1111-4111-8111-111111111111"


async def test_a_message_to_a_finished_task_is_refused(client: A2AClient) -> None:
    """A2A-SEND-04."""
    task = await finished(client)
    again = Message.user("more", task_id=task.id, context_id=task.context_id)
    with pytest.raises(TaskNotContinuable) as refused:
        _ = [event async for event in client.stream(again)]
    assert refused.value.task_id == task.id


async def test_an_address_without_a_card_is_told_with_its_status() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    with pytest.raises(ConnectionFailed, match="HTTP 404"):
        async with connect(URL, transport=transport):
            pytest.fail("there is no agent")


def refusing(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def silent(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("silent")


def garbage(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="<html>Anna Berg</html>")


@pytest.mark.parametrize(
    ("fault", "error"), [(refusing, ConnectionFailed), (silent, RequestTimeout), (garbage, AgentKitError)]
)
async def test_a_fault_behind_the_card_is_a_typed_error_without_content(
    fault: Callable[[httpx.Request], httpx.Response], error: type[AgentKitError]
) -> None:
    async with running(agent_app(FunctionAgent(count), url=URL)) as live:
        inner = httpx_transport(live)

        async def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("agent-card.json"):
                found = await inner.handle_async_request(request)
                return httpx.Response(found.status_code, content=await found.aread())
            return fault(request)

        async with connect(URL, transport=httpx.MockTransport(answer)) as client:
            with pytest.raises(error) as refused:
                _ = [event async for event in client.stream(Message.user("hello"))]
            with pytest.raises(error):
                await client.task("t")
    assert "Anna" not in str(refused.value)


async def test_a_dead_address_is_a_failed_connection() -> None:
    with pytest.raises(ConnectionFailed):
        async with connect(URL, transport=httpx.MockTransport(refusing)):
            pytest.fail("nobody listens")
