"""Messages and tasks of v1 over REST (V1-EP-07, V1-EP-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, path, query
from agentkit.client.rpc import message_attributes
from agentkit.wire import v1

if TYPE_CHECKING:
    from agentkit.models import Message, SendRequest, Task


def send_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> Operation[Task | Message]:
    """Send a message (V1-EP-07)."""
    return Operation(
        name="client.send",
        method="POST",
        path=path("/agents/{agent_id}/v1/message:send", agent_id=agent_id),
        body=v1.encode_send(request),
        parse=read_json(v1.decode_send_answer),
        attributes=message_attributes(agent_id, request),
        secrets=secrets,
    )


def get_task(agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
    """One task (V1-EP-09)."""
    return Operation(
        name="client.task",
        method="GET",
        path=path("/agents/{agent_id}/v1/tasks/{task_id}", agent_id=agent_id, task_id=task_id),
        query=query(historyLength=history_length),
        parse=read_json(v1.decode_task),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )
