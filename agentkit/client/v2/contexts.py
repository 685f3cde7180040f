"""Contexts of v2 with their tasks, artifacts and traces (V2-EP-18 to V2-EP-23)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_nothing, read_page
from agentkit.client.operation import Operation, path, query
from agentkit.client.v2.usage import period
from agentkit.wire import a2a, v2

if TYPE_CHECKING:
    from agentkit.client.page import Page
    from agentkit.models import Artifact, Context, Task, Trace


def list_contexts(
    *,
    agent_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
) -> Operation[Page[Context]]:
    """A page of contexts, without their tasks (V2-EP-18). Corti's list is empty today (V2-LOC-01).

    Args:
        agent_id: Of this agent only.
        start: From this time on.
        end: Up to this time.
        page_size: 1 to 200; the server's default is 50.
        page_token: `Page.next_token` of the page before.
    """
    return Operation(
        name="client.contexts.list",
        method="GET",
        root="base",
        path="/agentic/contexts",
        query=query(agentId=agent_id, **period(start, end), pageSize=page_size, pageToken=page_token),
        parse=read_page(v2.decode_contexts),
        attributes={"agentkit.agent.id": agent_id},
    )


def get_context(context_id: str, history_length: int | None = None) -> Operation[Context]:
    """One context with its tasks, oldest first, each with at most so many messages (V2-EP-19)."""
    return Operation(
        name="client.context",
        method="GET",
        root="base",
        path=path("/agentic/contexts/{context_id}", context_id=context_id),
        query=query(historyLength=history_length),
        parse=read_json(v2.decode_context),
        attributes={"agentkit.context.id": context_id},
    )


def delete_context(context_id: str) -> Operation[None]:
    """Delete a context for good (V2-EP-20)."""
    return Operation(
        name="client.context.delete",
        method="DELETE",
        root="base",
        path=path("/agentic/contexts/{context_id}", context_id=context_id),
        parse=read_nothing,
        attributes={"agentkit.context.id": context_id},
    )


def list_traces(
    context_id: str, *, page_size: int | None = None, page_token: str | None = None
) -> Operation[Page[Trace]]:
    """A page of traces, newest first; spans arrive late (V2-EP-21)."""
    return Operation(
        name="client.context.traces",
        method="GET",
        root="base",
        path=path("/agentic/contexts/{context_id}/trace", context_id=context_id),
        query=query(pageSize=page_size, pageToken=page_token),
        parse=read_page(v2.decode_traces),
        attributes={"agentkit.context.id": context_id},
    )


def list_tasks(
    context_id: str, *, page_size: int | None = None, page_token: str | None = None
) -> Operation[Page[Task]]:
    """A page of the tasks of a context, whichever agent did them (V2-EP-22)."""
    return Operation(
        name="client.context.tasks",
        method="GET",
        root="base",
        path=path("/agentic/contexts/{context_id}/tasks", context_id=context_id),
        query=query(pageSize=page_size, pageToken=page_token),
        parse=read_page(v2.decode_tasks),
        attributes={"agentkit.context.id": context_id},
    )


def get_task(context_id: str, task_id: str) -> Operation[Task]:
    """One task of a context (V2-EP-22)."""
    return Operation(
        name="client.context.task",
        method="GET",
        root="base",
        path=path("/agentic/contexts/{context_id}/tasks/{task_id}", context_id=context_id, task_id=task_id),
        parse=read_json(a2a.decode_task),
        attributes={"agentkit.context.id": context_id, "agentkit.task.id": task_id},
    )


def get_artifact(context_id: str, task_id: str, artifact_id: str) -> Operation[Artifact]:
    """One artifact of a task (V2-EP-23)."""
    return Operation(
        name="client.context.artifact",
        method="GET",
        root="base",
        path=path(
            "/agentic/contexts/{context_id}/tasks/{task_id}/artifacts/{artifact_id}",
            context_id=context_id,
            task_id=task_id,
            artifact_id=artifact_id,
        ),
        parse=read_json(a2a.decode_artifact),
        attributes={"agentkit.context.id": context_id, "agentkit.task.id": task_id},
    )
