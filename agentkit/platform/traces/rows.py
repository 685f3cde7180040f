"""Traces as the database holds them: one row for a turn, its spans in one piece of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, cast

from pydantic_core import to_json

from agentkit.models import JsonObject, Trace, TraceSpan
from agentkit.platform.traces.openinference import attributes, named, shown_span_id
from agentkit.platform.traces.recorder import TurnTrace
from agentkit.platform.v2.ids import Kind, shown_id
from agentkit.storage import Connection, Migration
from agentkit.tasks.codec import micros, moment
from agentkit.tracing import Recorded

MIGRATIONS: Final = (
    Migration(
        "traces",
        1,
        """
        CREATE TABLE platform_traces (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            task INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            context_id TEXT NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX platform_traces_context ON platform_traces (context_id, number);
        CREATE INDEX platform_traces_task ON platform_traces (task);
        """,
    ),
)
"""For `Database.open`, behind those of the tasks."""

_NAME: Final = "turn"

# What was deleted meanwhile must not come back: a task that is hidden takes no trace, and who hides it waits for one.
_INSERT: Final = (
    "INSERT INTO platform_traces (task, tenant, owner, context_id, body)"
    " SELECT key, tenant, owner, context_id, ? FROM tasks WHERE id = ? AND deleted IS NULL"
)
_PAGE: Final = (
    "SELECT number, body FROM platform_traces WHERE context_id = ? AND tenant = ? AND owner = ? AND number < ?"
    " ORDER BY number DESC LIMIT ?"
)
_FORGET: Final = "DELETE FROM platform_traces WHERE task = (SELECT key FROM tasks WHERE id = ?)"
_NEWEST: Final = 1 << 62


def insert(connection: Connection, task_id: str, body: str, row_lock: str) -> None:
    """Keep the trace of a task that is there; takes `Database.row_lock`."""
    connection.execute(_INSERT + row_lock, (body, task_id))


def read_page(
    connection: Connection, tenant: str, owner: str, context_id: str, before: int | None, limit: int
) -> list[tuple[int, str]]:
    """Numbers and bodies of an owner's traces, newest first."""
    place = (context_id, tenant, owner, _NEWEST if before is None else before)
    return [(number, body) for number, body in connection.execute(_PAGE, (*place, limit)).fetchall()]


def forget_tasks(connection: Connection, task_ids: Sequence[str]) -> None:
    """Delete the traces of tasks whose rows are still there; an `agentkit.tasks.erasure.DeleteHook`."""
    connection.executemany(_FORGET, [(task_id,) for task_id in task_ids])


def encode(trace: TurnTrace) -> str:
    """The body of a row."""
    spans: list[list[object]] = [
        [
            span.name,
            f"{span.span_id:x}",
            f"{span.parent_id:x}",
            int((span.started - trace.origin) * 1e6),
            int((span.ended - trace.origin) * 1e6),
            span.error,
            span.attributes,
            span.asked,
            span.answered,
        ]
        for span in trace.spans
    ]
    body: dict[str, object] = {
        "id": f"{trace.trace_id:x}",
        "began": micros(trace.began),
        "task": trace.task_id,
        "spans": spans,
        "dropped": trace.dropped,
    }
    try:
        return to_json(body).decode()
    except ValueError:
        return json.dumps(body)  # with half a surrogate pair in it, which somebody said


def decode(body: str, context_id: str) -> Trace:
    """The trace of a row, in OpenInference's words; its spans by their start."""
    kept = cast("dict[str, Any]", json.loads(body))
    trace_id, began = int(kept["id"], 16), moment(kept["began"])
    spans = sorted((_span(row) for row in kept["spans"]), key=lambda span: span.started)
    shown = [
        TraceSpan(
            span_id=shown_span_id(trace_id, span.span_id),
            name=named(span),
            parent_span_id=shown_span_id(trace_id, span.parent_id) if span.parent_id else None,
            start_time=began + timedelta(seconds=span.started),
            end_time=began + timedelta(seconds=span.ended),
            attributes={**attributes(span, context_id)},
        )
        for span in spans
    ]
    outermost = next(span for span in spans if span.parent_id == 0)
    metadata: JsonObject = {"taskId": shown_id(Kind.TASK, kept["task"])}
    if kept["dropped"]:
        metadata["droppedSpans"] = kept["dropped"]
    return Trace(
        id=f"{trace_id:032x}",
        name=_NAME,
        thread_id=shown_id(Kind.CONTEXT, context_id),
        start_time=began + timedelta(seconds=outermost.started),
        end_time=began + timedelta(seconds=outermost.ended),
        input=None if outermost.asked is None else {"value": outermost.asked},
        output=None if outermost.answered is None else {"value": outermost.answered},
        metadata=metadata,
        spans=tuple(shown),
    )


def _span(row: list[Any]) -> Recorded:
    name, span_id, parent_id, started, ended, *rest = row
    return Recorded(name, int(span_id, 16), int(parent_id, 16), started / 1e6, ended / 1e6, *rest)
