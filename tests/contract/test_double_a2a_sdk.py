"""The A2A SDK's own client at the double: both bindings of v2 (A2A 1.0), and the JSON-RPC dialect of v1 (A2A 0.3)."""

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
from tests.contract.corti_double import CortiDouble, Gate, Turn, Usage, data_part, in_pieces

pytestmark = pytest.mark.anyio

UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"


@asynccontextmanager
async def connected(double: CortiDouble, card: str, binding: str, *, streaming: bool = True) -> AsyncGenerator[Client]:
    """The official client of the agent whose card lies at this path."""
    headers = {"Authorization": f"Bearer {double.token()}", "Tenant-Name": double.tenant}
    http = httpx.AsyncClient(transport=httpx_transport(double.app), headers=headers, timeout=60)
    config = ClientConfig(streaming=streaming, httpx_client=http, supported_protocol_bindings=[binding])
    with anyio.fail_after(60):
        async with await create_client(double.url, client_config=config, relative_card_path=card) as client:
            yield client


def request(text: str, *, task_id: str = "", context_id: str = "", at_once: bool = False) -> SendMessageRequest:
    message = Message(message_id=f"sdk-{text}", role=Role.ROLE_USER, parts=[Part(text=text)])
    message.task_id, message.context_id = task_id, context_id
    return SendMessageRequest(
        message=message, configuration=SendMessageConfiguration(return_immediately=True) if at_once else None
    )


async def sent(client: Client, send: SendMessageRequest) -> list[StreamResponse]:
    return [event async for event in client.send_message(send)]


def v2_card(double: CortiDouble) -> str:
    return f"/v2/agentic/agents/{double.add_v2_agent()}/.well-known/agent-card.json"


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
async def test_the_official_client_holds_a_conversation_in_v2(binding: str, streaming: bool) -> None:
    """V2-EP-07 to V2-EP-11, V2-OBJ-11 to V2-OBJ-18."""
    double = CortiDouble()
    double.agent_answers(
        Turn("One", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4)),
        Turn("Which?", "input-required"),
        Turn(parts=[data_part({"ear": "left"})]),
    )
    async with connected(double, v2_card(double), binding, streaming=streaming) as client:
        events = await sent(client, request("one"))
        first = events[0].task
        asking = (await sent(client, request("two", context_id=first.context_id)))[0].task
        answered = await sent(client, request("three", context_id=first.context_id, task_id=asking.id))
        stored = await client.get_task(GetTaskRequest(id=first.id))
        listed = await client.list_tasks(ListTasksRequest(context_id=first.context_id, page_size=10))
    assert len(events) == (5 if streaming else 1)
    assert stored.status.state == TaskState.TASK_STATE_COMPLETED
    assert [part.text for part in stored.artifacts[0].parts] == ["a", "b"]
    last = answered[-1].status_update if streaming else answered[-1].task
    assert MessageToDict(last.status.message.parts[0].data) == {"ear": "left"}
    assert [task.id for task in listed.tasks] == [asking.id, first.id]


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
async def test_the_official_client_subscribes_and_cancels_in_v2(binding: str) -> None:
    """V2-EP-12, V2-EP-13, V2-ERR-02."""
    double = CortiDouble()
    gate = Gate()
    double.agent_answers(Turn("Done", gate=gate), Turn("Never", gate=Gate()))
    card = v2_card(double)
    async with (
        connected(double, card, binding, streaming=False) as client,
        connected(double, card, binding) as follower,
    ):
        running = (await sent(client, request("one", at_once=True)))[0].task
        await gate.reached()
        following = follower.subscribe(SubscribeToTaskRequest(id=running.id))
        assert (await anext(following)).task.status.state == TaskState.TASK_STATE_WORKING
        gate.open()
        assert [event.status_update.status.state async for event in following] == [TaskState.TASK_STATE_COMPLETED]
        other = (await sent(client, request("two", at_once=True)))[0].task
        canceled = await client.cancel_task(CancelTaskRequest(id=other.id))
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=other.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=UNKNOWN))
        with pytest.raises(UnsupportedOperationError):
            await sent(client, request("three", task_id=running.id))
    assert canceled.status.state == TaskState.TASK_STATE_CANCELED


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_official_client_speaks_the_dialect_of_v1(streaming: bool) -> None:
    """V1-CARD-01, V1-RPC-01 to V1-RPC-06."""
    double = CortiDouble()
    double.agent_answers(Turn("One", artifacts=in_pieces("r1", "a", "b")), Turn("Never", gate=Gate()))
    agent = double.add_agent(experts=[{"type": "new", "name": "reader", "description": "reads"}])
    async with connected(double, f"/agents/{agent}/agent-card.json", "JSONRPC", streaming=streaming) as client:
        events = await sent(client, request("one"))
        stored = await client.get_task(GetTaskRequest(id=events[0].task.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=UNKNOWN))
    assert len(events) == (5 if streaming else 1)
    assert stored.status.message.parts[0].text == "One"
    assert [part.text for part in stored.artifacts[0].parts] == ["a", "b"]
