"""Messages and tasks of v1 over JSON-RPC: streams and cancelling exist there only (V1-EP-08, V1-RPC-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.operation import Operation, StreamOperation, path
from agentkit.client.rpc import call_body, event_result, message_attributes, read_result
from agentkit.wire import v1

if TYPE_CHECKING:
    from agentkit.models import Event, JsonObject, Message, SendRequest, Task


def send_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> Operation[Task | Message]:
    """`message/send`; the result is a task, or a message, without a wrapper."""
    return Operation(
        name="client.send",
        method="POST",
        path=_path(agent_id),
        body=call_body("message/send", v1.encode_send(request)),
        parse=read_result(v1.decode_item),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def stream_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> StreamOperation[Event]:
    """`message/stream`; each event is a whole JSON-RPC answer (V1-RPC-02)."""
    return StreamOperation(
        name="client.stream",
        method="POST",
        path=_path(agent_id),
        body=call_body("message/stream", v1.encode_send(request)),
        parse=read_result(v1.decode_event),
        decode=event_result(v1.decode_stream_event),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def get_task(agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
    """`tasks/get`; Corti may not offer it (V1-RPC-01)."""
    params: JsonObject = {"id": task_id}
    if history_length is not None:
        params["historyLength"] = history_length
    return _task_operation("client.task", "tasks/get", agent_id, params)


def cancel_task(agent_id: str, task_id: str) -> Operation[Task]:
    """`tasks/cancel`; Corti may not offer it (V1-RPC-01)."""
    return _task_operation("client.task.cancel", "tasks/cancel", agent_id, {"id": task_id})


def _task_operation(name: str, method: str, agent_id: str, params: JsonObject) -> Operation[Task]:
    return Operation(
        name=name,
        method="POST",
        path=_path(agent_id),
        body=call_body(method, params),
        parse=read_result(v1.decode_task),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": str(params["id"])},
    )


def _path(agent_id: str) -> str:
    """Where the card's `url` leads (V1-CARD-01)."""
    return path("/agents/{agent_id}/v1", agent_id=agent_id)
