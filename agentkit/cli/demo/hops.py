"""How long each hop took, from the spans of this process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agentkit import tracing
from agentkit.tracing import SpanRecord


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop.

    Attributes:
        name: For example `mcp.call`.
        subject: What it was about.
        milliseconds: How long it took.
        depth: In how many other hops it lies.
    """

    name: str
    subject: str
    milliseconds: float
    depth: int


@dataclass(slots=True)
class Hops:
    """The spans of a turn."""

    records: list[SpanRecord] = field(default_factory=list[SpanRecord])

    def all(self) -> list[Hop]:
        """The hops in the order in which they began."""
        found = sorted(self.records, key=lambda record: record.started)
        return [
            Hop(record.name, _subject(record), record.duration * 1000, sum(_lies_in(record, other) for other in found))
            for record in found
        ]


@contextmanager
def timed() -> Generator[Hops]:
    """Collect the hops of what happens in the block."""
    hops = Hops()
    with tracing.listen(hops.records.append):
        yield hops


def _lies_in(record: SpanRecord, other: SpanRecord) -> bool:
    return other.started < record.started and record.started + record.duration <= other.started + other.duration


def _subject(record: SpanRecord) -> str:
    names = ("agentkit.expert.name", "mcp.server.name", "mcp.tool.name", "agentkit.agent.name")
    return " ".join(str(record.attributes[name]) for name in names if name in record.attributes)
