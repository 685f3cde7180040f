"""Contexts, tasks and artifacts as v2's management plane shows them (V2-EP-10, V2-EP-18 to V2-EP-23)."""

from __future__ import annotations

from typing import Final

from agentkit.models import Context, JsonObject, Task
from agentkit.wire.a2a import decode_task
from agentkit.wire.reader import Reader, read_time, write_time
from agentkit.wire.v2.paging import decode_page

_CONTEXT: Final = frozenset({"id", "agentId", "taskCount", "createdAt", "updatedAt", "expiresAt", "tasks"})


def encode_context(context: Context) -> JsonObject:
    """A context without its tasks; it never expires here (V2-OBJ-22, CON-09)."""
    return {
        "id": context.id,
        "agentId": context.agent_id,
        "taskCount": context.task_count,
        "createdAt": None if context.created_at is None else write_time(context.created_at),
        "updatedAt": None if context.updated_at is None else write_time(context.updated_at),
        "expiresAt": None,
    }


def decode_context(value: object, path: str = "context") -> Context:
    """A context, with its tasks where it stands alone (V2-EP-19, V2-OBJ-22).

    Raises:
        WireError: It has no id, or a field does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        Context,
        _CONTEXT,
        id=reader.words("id"),
        items=reader.items("tasks", decode_task),
        agent_id=reader.optional_text("agentId"),
        task_count=reader.count("taskCount"),
        created_at=read_time(reader.optional_text("createdAt")),
        updated_at=read_time(reader.optional_text("updatedAt")),
        expires_at=read_time(reader.optional_text("expiresAt")),
    )


def decode_contexts(value: object, path: str = "") -> tuple[tuple[Context, ...], str | None]:
    """A page of contexts and the token of the next one (V2-EP-18).

    Raises:
        WireError: It does not fit.
    """
    return decode_page(value, "contexts", decode_context, path)


def decode_tasks(value: object, path: str = "") -> tuple[tuple[Task, ...], str | None]:
    """A page of tasks and the token of the next one (V2-EP-10, V2-EP-22; A2A `ListTasksResponse`).

    Raises:
        WireError: It does not fit.
    """
    return decode_page(value, "tasks", decode_task, path)
