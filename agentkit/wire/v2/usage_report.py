"""How often an agent was called (V2-OBJ-21)."""

from __future__ import annotations

from typing import Final

from agentkit.models import UsageBucket, UsageCounts, UsageReport
from agentkit.wire.reader import Reader, read_time

_COUNTS: Final = frozenset({"invocations", "uniqueContexts"})
_BUCKET: Final = _COUNTS | {"periodStart", "periodEnd"}
_REPORT: Final = frozenset({"granularity", "from", "to", "totals", "buckets"})


def decode_usage_report(value: object, path: str = "usage") -> UsageReport:
    """A report; periods oldest first, only those with activity.

    Raises:
        WireError: It does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        UsageReport,
        _REPORT,
        granularity=reader.optional_text("granularity") or "day",
        start=read_time(reader.optional_text("from")),
        end=read_time(reader.optional_text("to")),
        totals=_counts(reader.given("totals"), reader.at("totals")),
        buckets=reader.items("buckets", _bucket),
    )


def _counts(value: object, path: str) -> UsageCounts:
    reader = Reader(value, path)
    return reader.build(
        UsageCounts,
        _COUNTS,
        invocations=reader.count("invocations") or 0,
        unique_contexts=reader.count("uniqueContexts") or 0,
    )


def _bucket(value: object, path: str) -> UsageBucket:
    reader = Reader(value, path)
    return reader.build(
        UsageBucket,
        _BUCKET,
        start=read_time(reader.optional_text("periodStart")),
        end=read_time(reader.optional_text("periodEnd")),
        invocations=reader.count("invocations") or 0,
        unique_contexts=reader.count("uniqueContexts") or 0,
    )
