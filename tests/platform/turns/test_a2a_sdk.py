"""The A2A SDK's own client at the platform: both bindings of v2 (A2A 1.0), and the JSON-RPC dialect of v1 (A2A 0.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from a2a.client import Client, ClientConfig, create_client
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.errors import TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError
from google.protobuf.json_format import MessageToDict

from agentkit.testing import httpx_transport
from tests.deadline import HANG
from tests.platform.turns.parts import UNKNOWN, House

pytestmark = pytest.mark.anyio

BINDINGS = pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])


@asynccontextmanager
async def connected(home: House, card: str, binding: str, *, streaming: bool = True) -> AsyncGenerator[Client]:
    """The official client of the agent whose card lies at this path."""
    http = httpx.AsyncClient(transport=httpx_transport(home.platform.app), headers=home.headers, timeout=HANG)
    config = ClientConfig(streaming=streaming, httpx_client=http, supported_protocol_bindings=[binding])
    with anyio.fail_after(HANG):
        async with await create_client(home.platform.url, client_config=config, relative_card_path=card) as client:
            yield client


def request(text: str, *, task_id: str = "", context_id: str = "", at_once: bool = False) -> SendMessageRequest:
    message = Message(message_id=f"sdk-{text}", role=Role.ROLE_USER, parts=[Part(text=text)])
    message.task_id, message.context_id = task_id, context_id
    return SendMessageRequest(
        message=message, configuration=SendMessageConfiguration(return_immediately=True) if at_once else None
    )


async def sent(client: Client, send: SendMessageRequest) -> list[StreamResponse]:
    return [event async for event in client.send_message(send)]


def v2_card(home: House) -> str:
    return f"/v2/agentic/agents/agt.{home.agent}/.well-known/agent-card.json"


@pytest.mark.parametrize("streaming", [True, False])
@BINDINGS
async def test_the_official_client_holds_a_conversation_in_v2(home: House, binding: str, streaming: bool) -> None:
    """V2-EP-06 to V2-EP-11, V2-OBJ-11 to V2-OBJ-18."""
    async with connected(home, v2_card(home), binding, streaming=streaming) as client:
        events = await sent(client, request("tool now"))
        first = events[0].task
        asking = (await sent(client, request("ask", context_id=first.context_id)))[0].task
        answered = await sent(client, request("left", context_id=first.context_id, task_id=asking.id))
        stored = await client.get_task(GetTaskRequest(id=first.id))
        listed = await client.list_tasks(ListTasksRequest(context_id=first.context_id, page_size=10))
    assert (len(events) > 2) is streaming
    assert stored.status.state == TaskState.TASK_STATE_COMPLETED
    assert MessageToDict(stored.artifacts[0].parts[0].data) == {"said": "echo: tool now"}
    last = answered[-1].status_update if streaming else answered[-1].task
    assert last.status.message.parts[0].text == "echo: left"
    assert [task.id for task in listed.tasks] == [asking.id, first.id]


@BINDINGS
async def test_the_official_client_subscribes_and_cancels_in_v2(home: House, binding: str) -> None:
    """V2-EP-12, V2-EP-13, V2-ERR-02: its own errors come out."""
    card = v2_card(home)
    async with (
        connected(home, card, binding, streaming=False) as client,
        connected(home, card, binding) as follower,
    ):
        done = (await sent(client, request("one")))[0].task
        task = (await sent(client, request("wait", at_once=True)))[0].task
        await home.reasoner.waiting.wait()
        following = follower.subscribe(SubscribeToTaskRequest(id=task.id))
        assert (await anext(following)).task.status.state == TaskState.TASK_STATE_WORKING
        canceled = await client.cancel_task(CancelTaskRequest(id=task.id))
        assert [event.status_update.status.state async for event in following] == [TaskState.TASK_STATE_CANCELED]
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=task.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=UNKNOWN))
        with pytest.raises(UnsupportedOperationError):
            await sent(client, request("three", task_id=done.id))
    assert canceled.status.state == TaskState.TASK_STATE_CANCELED


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_official_client_speaks_the_dialect_of_v1(home: House, streaming: bool) -> None:
    """V1-CARD-01, V1-RPC-01 to V1-RPC-06: the card leads to the JSON-RPC address."""
    async with connected(home, f"/agents/{home.agent}/agent-card.json", "JSONRPC", streaming=streaming) as client:
        events = await sent(client, request("tool now"))
        stored = await client.get_task(GetTaskRequest(id=events[0].task.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=UNKNOWN))
    assert stored.status.state == TaskState.TASK_STATE_COMPLETED
    assert MessageToDict(stored.artifacts[0].parts[0].data) == {"said": "echo: tool now"}
    if streaming:
        assert len(events) > 3
        assert events[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
