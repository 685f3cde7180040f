"""How often an agent was called (V2-EP-14, V2-OBJ-21)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import Response

from agentkit.models import UsageBucket, UsageCounts, UsageReport
from agentkit.platform.answers import json_answer
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.v2.contexts import query_time
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.paging import bad_query
from agentkit.tasks.counting import count_calls
from agentkit.wire import v2

_PERIODS: Final[Mapping[str, timedelta]] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_DEFAULT_PERIOD: Final = "day"
_DEFAULT_RANGE: Final = timedelta(days=30)
_MONDAY: Final = datetime(1969, 12, 29, tzinfo=UTC)
"""Weeks begin on Mondays, and every other period begins there, too."""

MOST_PERIODS: Final = 50_000
"""So many periods may a report span: a month of minutes, years of hours."""


async def get(call: Call) -> Response:
    """GET /agents/{agent}/usage: all calls for the owner of the agent, their own for everybody else."""
    record = await call.agent()
    settings = call.services.settings
    period = call.request.query_params.get("granularity", _DEFAULT_PERIOD)
    if period not in _PERIODS:
        raise bad_query("granularity", f"must be one of {', '.join(_PERIODS)}")
    if settings.falls_short(Shortfall.USAGE_BY_DAY_ONLY):
        period = _DEFAULT_PERIOD
    until = query_time(call.request, "to") or settings.clock().astimezone(UTC)
    since = query_time(call.request, "from") or _before(until)
    length = _PERIODS[period]
    if since >= until:
        raise bad_query("from", "must be before to")
    if (until - since) / length > MOST_PERIODS:
        raise bad_query("granularity", f"is too fine for this time: at most {MOST_PERIODS} periods are counted")
    own = call.ownership
    counted = await count_calls(
        call.services.database,
        own.tenant,
        record.id,
        None if record.ownership == own else own.owner,
        since=since,
        until=until,
        length=length,
        origin=_MONDAY,
    )
    report = UsageReport(
        granularity=period,
        start=since,
        end=until,
        totals=UsageCounts(invocations=counted.total.invocations, unique_contexts=counted.total.contexts),
        buckets=tuple(
            UsageBucket(
                start=one.start,
                end=one.start + length,
                invocations=one.invocations,
                unique_contexts=one.contexts,
            )
            for one in counted.periods
        ),
    )
    return json_answer(v2.encode_usage_report(report))


def _before(until: datetime) -> datetime:
    try:
        return until - _DEFAULT_RANGE
    except OverflowError:
        raise bad_query("to", "is too early") from None
