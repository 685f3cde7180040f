"""How often an agent was called (V2-OBJ-21)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from agentkit.models import JsonObject, UsageBucket, UsageCounts, UsageReport
from agentkit.wire.reader import Reader, read_time, write_time

_COUNTS: Final = frozenset({"invocations", "uniqueContexts"})
_BUCKET: Final = _COUNTS | {"periodStart", "periodEnd"}
_REPORT: Final = frozenset({"granularity", "from", "to", "totals", "buckets"})


def encode_usage_report(report: UsageReport) -> JsonObject:
    """A report whose times are all known."""
    return {
        "granularity": report.granularity,
        "from": _written(report.start),
        "to": _written(report.end),
        "totals": _encode_counts(report.totals),
        "buckets": [
            {"periodStart": _written(bucket.start), "periodEnd": _written(bucket.end), **_encode_counts(bucket)}
            for bucket in report.buckets
        ],
    }


def _written(time: datetime | None) -> str | None:
    return None if time is None else write_time(time)


def _encode_counts(counts: UsageCounts) -> JsonObject:
    return {"invocations": counts.invocations, "uniqueContexts": counts.unique_contexts}


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
