"""From found records to the answer of a tool: lines, groups, state, notices, cursor and text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agentkit_servers.ehr import people
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import Dropped, Item, Notice, Records, State
from agentkit_servers.ehr.budget import largest
from agentkit_servers.ehr.lines import Line, line_of
from agentkit_servers.ehr.negatives import Absence, denies_everything, is_statement_of_absence
from agentkit_servers.ehr.queries import Found, Match, Position
from agentkit_servers.ehr.resource import Resource


@dataclass(frozen=True, slots=True)
class Page:
    """Everything an answer about one patient's records is made of.

    Attributes:
        person: The patient.
        what: What was asked for, in the plural, for example `medications`.
        found: The records.
        absence: What the chart says when there is no finding.
        now: The time of the answer.
        detail: One line per record, or its elements as well.
        max_chars: The ceiling of the answer.
        seal: Makes the cursor that goes on after a position.
        filters: How the question was narrowed, in words.
    """

    person: Resource
    what: str
    found: Found
    absence: Absence
    now: datetime
    detail: Literal["brief", "full"]
    max_chars: int
    seal: Callable[[Position], str]
    filters: tuple[str, ...] = ()


def answer(page: Page) -> Records:
    """The answer with as many records as fit.

    Raises:
        ToolError: Not even one record fits.
    """
    return largest(lambda count: _build(page, page.found.matches[:count]), len(page.found.matches), page.max_chars)


def items(matches: Sequence[Match], detail: Literal["brief", "full"] = "brief") -> list[Item]:
    """One item per record; equal ones in a row (of the same measurement) share one (EHR-B4)."""
    groups: list[tuple[Line, list[str | None]]] = []
    latest: dict[str, int] = {}
    for match in matches:
        line = line_of(match.resource)
        series = _series(match.resource)
        place = latest.get(series)
        if place is not None and groups[place][0].key == line.key:
            groups[place][1].append(line.date)
            continue
        latest[series] = len(groups)
        groups.append((line, [line.date]))
    return [
        Item(
            ref=line.ref,
            version=line.version,
            date=line.date,
            status=line.status,
            line=line.render(count=len(dates), first_date=dates[-1]),
            count=len(dates),
            first_date=dates[-1] if len(dates) > 1 else None,
            elements=dict(line.elements) if detail == "full" else None,
        )
        for line, dates in groups
    ]


def state_of(found: Found, absence: Absence) -> tuple[State, str | None]:
    """The state of an answer and, when there is no finding, its words."""
    findings = [match for match in found.matches if not is_statement_of_absence(match.resource)]
    if findings or found.total > len(found.matches):
        return State.OK, None
    if found.withheld and not found.matches:
        return State.NOT_PERMITTED, "Records exist, but they may not be shown here."
    return absence.state, absence.text


def patient_notices(person: Resource) -> Iterator[Notice]:
    """What must not be overlooked about the patient's own record."""
    died = people.deceased(person)
    if died:
        text = "The patient is deceased." if died == "yes" else f"The patient died on {died}."
        yield Notice(code="patient-deceased", text=text, type="Patient")
    successor = people.replaced_by(person)
    if successor:
        yield Notice(
            code="patient-replaced",
            text=f"This record is replaced by {successor}; what is newer is there.",
            type="Patient",
        )
    elif not people.is_active(person):
        yield Notice(code="patient-inactive", text="This record is not in use.", type="Patient")


def left_out(found: Found, what: str) -> Iterator[str]:
    """What was left out, in words."""
    if found.entered_in_error:
        yield f"Left out: {found.entered_in_error} entered in error."
    if found.not_current:
        yield f"Left out: {found.not_current} no longer in force (inactive or resolved)."
    if found.withheld:
        yield f"Withheld: {found.withheld} {what} that may not be shown here."


def _build(page: Page, matches: Sequence[Match]) -> Records:
    found = page.found
    state, words = state_of(found, page.absence)
    shown = items(matches, page.detail)
    more = found.more or len(matches) < len(found.matches)
    warnings = [*patient_notices(page.person), *_narrowed(page), *_contradiction(found, state)]
    heading = f"{page.what.capitalize()} of {people.describe(page.person, page.now.date())}"
    reference = fhir.reference(page.person)
    lines = [f"{heading} [{reference}]:"]
    lines += [words] if words else [f"- {item.line}" for item in shown]
    lines += [*left_out(found, page.what), *(notice.text for notice in warnings)]
    if more:
        lines.append(f"{len(matches)} of {found.total} shown here; there are more.")
    return Records(
        state=state,
        patient=reference,
        items=shown,
        returned=len(shown),
        total=found.total,
        truncated=more,
        cursor=page.seal(matches[-1].position) if more and matches else None,
        withheld=found.withheld,
        dropped=Dropped(entered_in_error=found.entered_in_error),
        warnings=warnings,
        as_of=page.now.isoformat(timespec="seconds"),
        text="\n".join(lines),
    )


def _narrowed(page: Page) -> Iterator[Notice]:
    if page.filters and not page.found.matches:
        filters = ", ".join(page.filters)
        yield Notice(code="narrowed", text=f"Nothing else was looked at than what was asked for ({filters}).")


def _contradiction(found: Found, state: State) -> Iterator[Notice]:
    stated = [match for match in found.matches if denies_everything(match.resource)]
    if state is State.OK and stated:
        ref = fhir.reference(stated[0].resource)
        yield Notice(code="contradiction", text=f"{ref} states an absence although there are entries: both are shown.")


def _series(resource: Resource) -> str:
    concept = fhir.at(resource, "code")
    return f"{resource.get('resourceType')}|{next(fhir.codings(concept), fhir.label(concept))}"
