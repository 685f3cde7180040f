"""Messages and tasks of v2 over A2A's JSON-RPC binding (V2-EP-07); the functions are those of `messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from agentkit.client.answers import page_of
from agentkit.client.operation import Operation, StreamOperation, path
from agentkit.client.page import Page
from agentkit.client.rpc import call_body, event_result, message_attributes, read_result
from agentkit.client.v2.messages import A2A_HEADERS
from agentkit.models import Task
from agentkit.wire import a2a, v2

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentkit.models import Event, Json, JsonObject, Message, SendRequest

T = TypeVar("T")


def send_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> Operation[Task | Message]:
    """`SendMessage`."""
    return Operation(
        name="client.send",
        method="POST",
        root="base",
        path=_path(agent_id),
        headers=A2A_HEADERS,
        body=call_body("SendMessage", a2a.encode_send_request(request)),
        parse=read_result(a2a.decode_answer),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def stream_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> StreamOperation[Event]:
    """`SendStreamingMessage`; each event is a whole JSON-RPC answer (V2-SSE-01)."""
    return StreamOperation(
        name="client.stream",
        method="POST",
        root="base",
        path=_path(agent_id),
        headers=A2A_HEADERS,
        body=call_body("SendStreamingMessage", a2a.encode_send_request(request)),
        parse=read_result(a2a.decode_event),
        decode=event_result(a2a.decode_stream_event),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def subscribe(agent_id: str, task_id: str) -> StreamOperation[Event]:
    """`SubscribeToTask`: the events of a task from now on."""
    return StreamOperation(
        name="client.subscribe",
        method="POST",
        root="base",
        path=_path(agent_id),
        headers=A2A_HEADERS,
        body=call_body("SubscribeToTask", {"id": task_id}),
        parse=read_result(a2a.decode_event),
        decode=event_result(a2a.decode_stream_event),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )


def get_task(agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
    """`GetTask`."""
    params: JsonObject = {"id": task_id}
    if history_length is not None:
        params["historyLength"] = history_length
    return _call("client.task", "GetTask", agent_id, params, a2a.decode_task, task_id=task_id)


def list_tasks(
    agent_id: str, *, context_id: str | None = None, page_size: int | None = None, page_token: str | None = None
) -> Operation[Page[Task]]:
    """`ListTasks`: a page of an agent's tasks, of one context or of all."""
    given: dict[str, Json] = {"pageSize": page_size, "pageToken": page_token, "contextId": context_id}
    params: JsonObject = {name: value for name, value in given.items() if value is not None}
    return _call("client.tasks.list", "ListTasks", agent_id, params, _page, context_id=context_id)


def cancel_task(agent_id: str, task_id: str) -> Operation[Task]:
    """`CancelTask`; a settled task is answered by -32002, which is a `ConflictError` too."""
    return _call("client.task.cancel", "CancelTask", agent_id, {"id": task_id}, a2a.decode_task, task_id=task_id)


def _call(
    name: str,
    method: str,
    agent_id: str,
    params: JsonObject,
    decode: Callable[[object, str], T],
    *,
    task_id: str | None = None,
    context_id: str | None = None,
) -> Operation[T]:
    return Operation(
        name=name,
        method="POST",
        root="base",
        path=_path(agent_id),
        headers=A2A_HEADERS,
        body=call_body(method, params),
        parse=read_result(decode),
        attributes={
            "agentkit.agent.id": agent_id,
            "agentkit.task.id": task_id,
            "agentkit.context.id": context_id,
        },
    )


def _page(value: object, path: str) -> Page[Task]:
    return page_of(*v2.decode_tasks(value, path))


def _path(agent_id: str) -> str:
    return path("/agentic/agents/{agent_id}/a2a", agent_id=agent_id)
