"""The official client of the A2A SDK at our server, in both versions on every binding, streaming and not."""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import grpc.aio
import httpx
import pytest
from a2a.client import Client, ClientConfig, create_client
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.types import Message as SdkMessage
from a2a.types import Part as SdkPart
from a2a.types import Role as SdkRole
from a2a.utils.errors import InvalidParamsError, TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError
from google.protobuf.struct_pb2 import Value

from agentkit.a2a import build_card
from agentkit.a2a.grpc_server import a2a_grpc
from agentkit.testing.asgi import httpx_transport
from tests.a2a.desk import URL, Desk, Served
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


SPOKEN = [(binding, version) for version in ("1.0", "0.3") for binding in ("JSONRPC", "HTTP+JSON", "GRPC")]


@pytest.fixture(params=SPOKEN, ids=[" ".join(one) for one in SPOKEN])
def spoken(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A binding and a version."""
    return request.param


@asynccontextmanager
async def connected(served: Served, spoken: tuple[str, str], streaming: bool) -> AsyncGenerator[Client]:
    """The official client, shown a card with one interface."""
    binding, version = spoken
    http = httpx.AsyncClient(transport=httpx_transport(served.app), timeout=HANG)
    async with a2a_grpc(served.agent, served.service, url=URL, port=0, grace_seconds=0.1) as port:
        addresses = {"JSONRPC": f"{URL}/a2a", "HTTP+JSON": URL, "GRPC": f"127.0.0.1:{port}"}
        card = build_card(served.agent, url=URL)
        del card.supported_interfaces[:]
        card.supported_interfaces.add(url=addresses[binding], protocol_binding=binding, protocol_version=version)
        config = ClientConfig(
            streaming=streaming,
            httpx_client=http,
            supported_protocol_bindings=[binding],
            grpc_channel_factory=grpc.aio.insecure_channel,
        )
        async with http, await create_client(card, client_config=config) as client:
            yield client


@pytest.fixture(params=[True, False], ids=["streaming", "blocking"])
async def client(request: pytest.FixtureRequest, served: Served, spoken: tuple[str, str]) -> AsyncIterator[Client]:
    async with connected(served, spoken, request.param) as client:
        yield client


@pytest.fixture
async def streaming(served: Served, spoken: tuple[str, str]) -> AsyncIterator[Client]:
    async with connected(served, spoken, True) as client:
        yield client


def request(text: str, *, task_id: str = "") -> SendMessageRequest:
    message = SdkMessage(message_id=f"sdk-{text}", role=SdkRole.ROLE_USER, parts=[SdkPart(text=text)], task_id=task_id)
    return SendMessageRequest(message=message)


async def sent(client: Client, send: SendMessageRequest) -> list[StreamResponse]:
    with anyio.fail_after(HANG):
        return [event async for event in client.send_message(send)]


def final_state(events: list[StreamResponse]) -> TaskState:
    last = events[-1]
    return last.task.status.state if last.HasField("task") else last.status_update.status.state


def final_text(events: list[StreamResponse]) -> str:
    last = events[-1]
    status = last.task.status if last.HasField("task") else last.status_update.status
    return status.message.parts[0].text


async def test_the_official_client_sends_and_reads_the_answer(client: Client) -> None:
    events = await sent(client, request("hello"))
    assert final_state(events) == TaskState.TASK_STATE_COMPLETED
    assert final_text(events) == "echo: hello"


async def test_the_official_client_sees_artifacts_and_gets_and_lists_the_task(
    client: Client, spoken: tuple[str, str]
) -> None:
    events = await sent(client, request("chunks"))
    task = await client.get_task(GetTaskRequest(id=events[0].task.id))
    assert [part.text for part in task.artifacts[0].parts] == ["Peni", "cillin."]
    if spoken[1] == "0.3":
        return  # which has no lists
    listed = await client.list_tasks(ListTasksRequest(include_artifacts=True, page_size=10))
    assert [one.id for one in listed.tasks] == [task.id]
    assert (listed.total_size, listed.next_page_token) == (1, "")


async def test_the_official_client_answers_a_question_by_task_id_only(client: Client) -> None:
    events = await sent(client, request("ask"))
    assert final_state(events) == TaskState.TASK_STATE_INPUT_REQUIRED
    again = await sent(client, request("the left one", task_id=events[0].task.id))
    assert final_text(again) == "echo: the left one"


async def test_the_official_client_gets_the_errors_of_the_table(client: Client, spoken: tuple[str, str]) -> None:
    events = await sent(client, request("hello"))
    task_id = events[0].task.id
    with pytest.raises(TaskNotFoundError):
        await client.get_task(GetTaskRequest(id="unknown"))
    with pytest.raises(TaskNotCancelableError):
        await client.cancel_task(CancelTaskRequest(id=task_id))
    with pytest.raises(UnsupportedOperationError):
        await sent(client, request("more", task_id=task_id))
    with pytest.raises(TaskNotFoundError):
        await sent(client, request("x", task_id="unknown"))
    with pytest.raises(InvalidParamsError):
        await sent(client, request("hello", task_id="x" * 1000))
    if spoken[1] == "1.0":
        with pytest.raises(InvalidParamsError):
            await client.list_tasks(ListTasksRequest(page_size=1000))


async def test_the_official_client_cancels_a_running_task(served: Served, streaming: Client, desk: Desk) -> None:
    with anyio.fail_after(HANG):
        stream = streaming.send_message(request("wait"))
        first = await anext(stream)
        await desk.started.wait()
        task = await streaming.cancel_task(CancelTaskRequest(id=first.task.id))
        assert task.status.state == TaskState.TASK_STATE_CANCELED
        rest = [event async for event in stream]
    assert final_state(rest) == TaskState.TASK_STATE_CANCELED


async def test_the_official_client_subscribes(streaming: Client, desk: Desk) -> None:
    with anyio.fail_after(HANG):
        send = request("wait")
        send.configuration.CopyFrom(SendMessageConfiguration(return_immediately=True))
        first = await anext(streaming.send_message(send))
        await desk.started.wait()
        stream = streaming.subscribe(SubscribeToTaskRequest(id=first.task.id))
        assert (await anext(stream)).task.id == first.task.id
        desk.go_on.set()
        rest = [event async for event in stream]
    assert final_text(rest) == "waited"


async def test_data_parts_of_the_official_client_arrive(client: Client, desk: Desk) -> None:
    data = Value()
    data.struct_value.update({"patient": "p-1", "count": 3})
    send = request("hello")
    send.message.parts.append(SdkPart(data=data, media_type="application/json"))
    await sent(client, send)
    assert desk.seen[0].data == ({"patient": "p-1", "count": 3},)
