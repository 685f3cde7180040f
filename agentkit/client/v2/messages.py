"""Messages and tasks of v2 over A2A's HTTP+JSON binding (V2-EP-08 to V2-EP-13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from agentkit.client.answers import read_json, read_page
from agentkit.client.operation import Operation, StreamOperation, path, query
from agentkit.client.rpc import message_attributes
from agentkit.wire import a2a, v2
from agentkit.wire.errors import decode_api_error

if TYPE_CHECKING:
    from agentkit.client.page import Page
    from agentkit.models import Event, Json, Message, SendRequest, Task

A2A_HEADERS: Final[Mapping[str, str]] = {"A2A-Version": "1.0"}
"""What every A2A call of v2 carries (HDR-04, V2-VER-01)."""


def send_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> Operation[Task | Message]:
    """Send a message (V2-EP-08)."""
    return Operation(
        name="client.send",
        method="POST",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/message:send", agent_id=agent_id),
        headers=A2A_HEADERS,
        body=a2a.encode_send_request(request),
        parse=read_json(a2a.decode_answer),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def stream_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> StreamOperation[Event]:
    """Send a message and get the events of the turn (V2-EP-09)."""
    return StreamOperation(
        name="client.stream",
        method="POST",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/message:stream", agent_id=agent_id),
        headers=A2A_HEADERS,
        body=a2a.encode_send_request(request),
        parse=read_json(a2a.decode_event),
        decode=_event,
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def subscribe(agent_id: str, task_id: str) -> StreamOperation[Event]:
    """The events of a task from now on (V2-EP-13); what was missed is not told again."""
    return StreamOperation(
        name="client.subscribe",
        method="POST",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/tasks/{task_id}:subscribe", agent_id=agent_id, task_id=task_id),
        headers=A2A_HEADERS,
        parse=read_json(a2a.decode_event),
        decode=_event,
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )


def get_task(agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
    """One task (V2-EP-11)."""
    return Operation(
        name="client.task",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/tasks/{task_id}", agent_id=agent_id, task_id=task_id),
        query=query(historyLength=history_length),
        headers=A2A_HEADERS,
        parse=read_json(a2a.decode_task),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )


def list_tasks(
    agent_id: str, *, context_id: str | None = None, page_size: int | None = None, page_token: str | None = None
) -> Operation[Page[Task]]:
    """A page of an agent's tasks, of one context or of all (V2-EP-10)."""
    return Operation(
        name="client.tasks.list",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/tasks", agent_id=agent_id),
        query=query(pageSize=page_size, pageToken=page_token, contextId=context_id),
        headers=A2A_HEADERS,
        parse=read_page(v2.decode_tasks),
        attributes={"agentkit.agent.id": agent_id, "agentkit.context.id": context_id},
    )


def cancel_task(agent_id: str, task_id: str) -> Operation[Task]:
    """Cancel a task; a settled one is answered by 409 (V2-EP-12)."""
    return Operation(
        name="client.task.cancel",
        method="POST",
        root="base",
        path=path("/agentic/agents/{agent_id}/a2a/tasks/{task_id}:cancel", agent_id=agent_id, task_id=task_id),
        headers=A2A_HEADERS,
        parse=read_json(a2a.decode_task),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )


def _event(document: Json) -> Event | None:
    """Reads one event; a stream that began well may still end with an error in place of an event (V2-ERR-02)."""
    if isinstance(document, dict) and isinstance(error := document.get("error"), dict):
        code = error.get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise decode_api_error(status, document)
    return a2a.decode_stream_event(document)
