"""Feedback on tasks of v2 (V2-EP-24, V2-EP-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path
from agentkit.wire import v2

if TYPE_CHECKING:
    from agentkit.models import Feedback, FeedbackSpec


def create_feedback(context_id: str, task_id: str, spec: FeedbackSpec) -> Operation[Feedback]:
    """Give feedback; a task may have several."""
    return Operation(
        name="client.feedback.create",
        method="POST",
        root="base",
        path=_path(context_id, task_id),
        body=v2.encode_create_feedback(spec),
        parse=read_json(v2.decode_feedback),
        attributes={"agentkit.context.id": context_id, "agentkit.task.id": task_id},
    )


def list_feedback(context_id: str, task_id: str) -> Operation[tuple[Feedback, ...]]:
    """The caller's own feedback on a task, newest first; all of it, for there are no pages."""
    return Operation(
        name="client.feedback.list",
        method="GET",
        root="base",
        path=_path(context_id, task_id),
        parse=read_json(v2.decode_feedbacks),
        attributes={"agentkit.context.id": context_id, "agentkit.task.id": task_id},
    )


def delete_feedback(context_id: str, task_id: str, feedback_id: str) -> Operation[None]:
    """Take one piece of feedback back; doing it again is no error (CON-10)."""
    return Operation(
        name="client.feedback.delete",
        method="DELETE",
        root="base",
        path=_path(context_id, task_id) + path("/{feedback_id}", feedback_id=feedback_id),
        parse=read_nothing,
        attributes={"agentkit.context.id": context_id, "agentkit.task.id": task_id},
    )


def _path(context_id: str, task_id: str) -> str:
    return path("/agentic/contexts/{context_id}/tasks/{task_id}/feedback", context_id=context_id, task_id=task_id)
