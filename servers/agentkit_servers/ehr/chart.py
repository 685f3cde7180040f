"""The chart of a patient: what the tools share when they read one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agentkit.mcp import ToolError
from agentkit_servers.ehr import queries
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import Records as RecordsAnswer
from agentkit_servers.ehr.answers import State
from agentkit_servers.ehr.cursors import question_key, seal, unseal
from agentkit_servers.ehr.dates import Span, span_of
from agentkit_servers.ehr.negatives import LISTS, Absence, absence, is_statement_of_absence
from agentkit_servers.ehr.pages import Page, answer
from agentkit_servers.ehr.queries import Found, Records
from agentkit_servers.ehr.resource import Resource
from agentkit_servers.ehr.store import EhrStore

_MAX_LISTS = 10


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of an answer is wanted, and in which detail."""

    limit: int
    cursor: str | None
    detail: Literal["brief", "full"]
    max_chars: int


class Chart:
    """Reads patients' records from a store.

    Args:
        store: The store.
        clock: Tells the time of an answer.
    """

    def __init__(self, store: EhrStore, clock: Callable[[], datetime]) -> None:
        """Keep store and clock."""
        self.store = store
        self.clock = clock

    async def person(self, reference: str) -> Resource:
        """The patient of a reference.

        Raises:
            ToolError: There is no such patient (`not-found`).
        """
        found = await self.store.ask(queries.patient(reference.removeprefix("Patient/")))
        if found is None:
            raise ToolError(
                f"There is no patient {reference}.",
                code="not-found",
                hint="Look the patient up by name and birth date first and use the reference found there,"
                " for example Patient/p101.",
            )
        return found

    async def absences(self, patient: str, types: Sequence[str], what: str, found: Sequence[Resource]) -> Absence:
        """What the chart says when there is no finding of some types.

        Args:
            patient: The patient's id.
            types: Resource types.
            what: What is missing, in the plural.
            found: The records found, statements of absence among them.
        """
        codes = {LISTS[kind] for kind in types if kind in LISTS}
        lists: list[Resource] = []
        if codes:
            wanted = Records(
                patient=patient, types=("List",), tokens=(("code", tuple(codes)), ("status", ("current",)))
            )
            lists = [match.resource for match in (await self.store.ask(queries.find(wanted, _MAX_LISTS))).matches]
        empty = [entry for entry in lists if fhir.at(entry, "emptyReason")]
        return absence([record for record in found if is_statement_of_absence(record)], empty, what)

    async def answer(
        self,
        wanted: Records,
        *,
        person: Resource,
        what: str,
        window: Window,
        arguments: Mapping[str, object],
        filters: Sequence[str] = (),
    ) -> RecordsAnswer:
        """Answer a question about one patient's records.

        Args:
            wanted: The records.
            person: The patient.
            what: What was asked for, in the plural.
            window: Which part, in which detail.
            arguments: What the question consists of; a cursor works for the same question only.
            filters: How the question was narrowed, in words.

        Raises:
            ToolError: The cursor does not fit, or not even one record fits.
        """
        secret = await self.store.ask(queries.secret)
        question = question_key(what, {"patient": wanted.patient, **arguments})
        after = unseal(secret, question, window.cursor) if window.cursor else None
        found: Found = await self.store.ask(queries.find(wanted, window.limit, after))
        records = [match.resource for match in found.matches]
        none = (
            Absence(State.NOT_RECORDED, f"No {what} on record match this question.")
            if filters and not records
            else await self.absences(wanted.patient, wanted.types, what, records)
        )
        return answer(
            Page(
                person=person,
                what=what,
                found=found,
                absence=none,
                now=self.clock(),
                detail=window.detail,
                max_chars=window.max_chars,
                seal=lambda position: seal(secret, question, position),
                filters=tuple(filters),
            )
        )


def within(date_from: str | None, date_to: str | None) -> tuple[Span | None, Span | None]:
    """The time between two partial dates, both included.

    Raises:
        ToolError: The end lies before the start (`invalid-input`).
    """
    first = span_of(date_from) if date_from else None
    last = span_of(date_to) if date_to else None
    if first and last and last.high <= first.low:
        raise ToolError(
            "The latest date lies before the earliest date.",
            code="invalid-input",
            hint="For example from 2026-01-01 to 2026-12-31.",
        )
    return first, last
