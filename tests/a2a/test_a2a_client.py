"""Any A2A agent from Python, in neutral models and typed errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import anyio
import httpx2
import pytest

from agentkit.a2a import build_card, card_document
from agentkit.a2a.client import A2AClient, connect
from agentkit.a2a.standalone import agent_app
from agentkit.compose import FunctionAgent
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    RemoteAgentError,
    RemoteProtocolError,
    RequestTimeout,
    TaskNotContinuable,
    TaskNotFound,
)
from agentkit.models import Message, StatusUpdate, Task, TaskState
from agentkit.testing.asgi import ASGITransport, running
from tests.a2a.desk import URL as DESK
from tests.a2a.desk import served_desk
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
        connect(URL, http=httpx2.AsyncClient(transport=ASGITransport(live))) as connected,
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


def pool(answer: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


async def test_an_address_without_a_card_is_told_with_its_status() -> None:
    with pytest.raises(RemoteAgentError, match="no agent card") as refused:
        async with connect(URL, http=pool(lambda _: httpx2.Response(404))):
            pytest.fail("there is no agent")
    assert refused.value.status == 404


def refusing(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


def silent(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("silent")


def garbage(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, text="<html>Anna Berg</html>")


@pytest.mark.parametrize(
    ("fault", "error"), [(refusing, ConnectionFailed), (silent, RequestTimeout), (garbage, RemoteProtocolError)]
)
async def test_a_fault_behind_the_card_is_a_typed_error_without_content(
    fault: Callable[[httpx2.Request], httpx2.Response], error: type[AgentKitError]
) -> None:
    card = card_document(build_card(FunctionAgent(count), url=URL))

    def answer(request: httpx2.Request) -> httpx2.Response:
        is_card = request.url.path.endswith("agent-card.json")
        return httpx2.Response(200, json=card) if is_card else fault(request)

    async with connect(URL, http=pool(answer)) as client:
        with pytest.raises(error) as refused:
            _ = [event async for event in client.stream(Message.user("hello"))]
        with pytest.raises(error):
            await client.task("t")
    assert "Anna" not in str(refused.value)


async def test_a_dead_address_is_a_failed_connection() -> None:
    with pytest.raises(ConnectionFailed):
        async with connect(URL, http=pool(refusing)):
            pytest.fail("nobody listens")


async def test_a_running_task_is_cancelled() -> None:
    async with (
        served_desk() as served,
        connect(DESK, http=httpx2.AsyncClient(transport=ASGITransport(served.app))) as client,
    ):
        with anyio.fail_after(HANG):
            stream = client.stream(Message.user("wait"))
            first = await anext(stream)
            assert isinstance(first, Task)
            await served.agent.started.wait()
            assert (await client.cancel(first.id)).status.state is TaskState.CANCELED
            _ = [event async for event in stream]
        with pytest.raises(TaskNotFound) as refused:
            await client.cancel("unknown")
        assert refused.value.task_id == "unknown"
        assert (await client.card()).name == "desk"
