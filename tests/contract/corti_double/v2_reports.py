"""Traces, usage and the registry of v2 (V2-EP-14, V2-EP-21, V2-EP-26)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double import v2_agents
from tests.contract.corti_double.bodies import cursor_page
from tests.contract.corti_double.records import TaskRecord
from tests.contract.corti_double.running import timestamp
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.troubles import Trouble
from tests.contract.corti_double.v2_contexts import find_context, read_moment

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_PERIODS = {"minute", "hour", "day", "week"}


class Reports:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def usage(self, request: Request) -> Response:
        """V2-OBJ-21: a half-open range, periods with activity only."""
        agent = v2_agents.find(self._double, request.path_params["agent_id"])
        granularity = request.query_params.get("granularity", "day")
        if granularity not in _PERIODS:
            raise Trouble("bad_query", "The parameter granularity is not valid.")
        period = "day" if self._double.as_of_today else granularity
        end = read_moment(request, "to") or self._double.now()
        begin = read_moment(request, "from") or end - timedelta(days=30)
        runs = [run for run in self._double.v2.executions if run.agent_id == agent.id and begin <= run.at < end]
        buckets: dict[datetime, list[str]] = {}
        for run in runs:
            buckets.setdefault(_floor(run.at, period), []).append(run.context_id)
        return JSONResponse(
            {
                "granularity": period,
                "from": timestamp(begin),
                "to": timestamp(end),
                "totals": _counts([run.context_id for run in runs]),
                "buckets": [
                    {
                        "periodStart": timestamp(start),
                        "periodEnd": timestamp(start + _length(period)),
                        **_counts(contexts),
                    }
                    for start, contexts in sorted(buckets.items())
                ],
            }
        )

    async def trace(self, request: Request) -> Response:
        """V2-OBJ-19: newest first; the spans arrive late."""
        context = find_context(self._double, request)
        context.trace_reads += 1
        hidden = context.trace_reads <= self._double.hidden_trace_reads
        tasks, token = cursor_page(request, context.tasks[::-1])
        traces = [_trace(task, with_spans=not hidden) for task in tasks]
        return JSONResponse({"traces": traces, "nextPageToken": token})

    async def connectors(self, request: Request) -> Response:
        """V2-EP-26; `q` is ignored today."""
        wanted = "" if self._double.as_of_today else request.query_params.get("q", "").lower()
        found = [
            entry
            for entry in self._double.connectors
            if wanted in " ".join(str(entry.get(name, "")) for name in ("id", "title", "description")).lower()
        ]
        kept, token = cursor_page(request, found)
        return JSONResponse({"connectors": kept, "nextPageToken": token})

    async def connector(self, request: Request) -> Response:
        """V2-EP-26."""
        for entry in self._double.connectors:
            if entry["id"] == request.path_params["entry_id"]:
                return JSONResponse(entry)
        raise Trouble("connector_unknown", "The registry has no such connector.")


def _floor(moment: datetime, period: str) -> datetime:
    minute = moment.replace(second=0, microsecond=0)
    match period:
        case "minute":
            return minute
        case "hour":
            return minute.replace(minute=0)
        case "week":
            return minute.replace(minute=0, hour=0) - timedelta(days=minute.weekday())
        case _:
            return minute.replace(minute=0, hour=0)


def _length(period: str) -> timedelta:
    return timedelta(**{f"{period}s": 1})


def _counts(contexts: list[str]) -> dict[str, int]:
    return {"invocations": len(contexts), "uniqueContexts": len(set(contexts))}


def _trace(task: TaskRecord, *, with_spans: bool) -> JsonObject:
    trace_id = hashlib.sha256(task.id.encode()).hexdigest()[:32]
    root, child = (f"span.{trace_id[:8]}-0000-7000-8000-00000000000{digit}" for digit in (1, 2))
    begin = task.timestamp
    tokens: Any = task.metadata.get("$usage", {}).get("totalTokens", 0)
    spans: list[JsonObject] = [
        {
            "name": "agent",
            "span_id": root,
            "start_time": begin,
            "end_time": begin,
            "attributes": {"openinference.span.kind": "CHAIN"},
        },
        {
            "name": "model",
            "span_id": child,
            "parent_span_id": root,
            "start_time": begin,
            "end_time": None,
            "attributes": {
                "openinference.span.kind": "LLM",
                "llm.finish_reason": "stop",
                "llm.token_count.total": tokens,
            },
        },
    ]
    return {
        "trace": {
            "id": trace_id,
            "name": "turn",
            "start_time": begin,
            "end_time": begin,
            "metadata": {"taskId": task.id},
            "tags": [],
            "thread_id": task.context_id,
        },
        "spans": spans if with_spans else [],
    }
