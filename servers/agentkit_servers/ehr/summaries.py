"""The summary of a chart, section by section; a later section never evicts an earlier one (EHR-B6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from agentkit_servers.ehr import people, queries
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import Dropped, Section, State, Summary
from agentkit_servers.ehr.budget import fits
from agentkit_servers.ehr.chart import Chart
from agentkit_servers.ehr.dates import Span
from agentkit_servers.ehr.indexing import record_date
from agentkit_servers.ehr.negatives import Absence
from agentkit_servers.ehr.pages import items, left_out, patient_notices, state_of
from agentkit_servers.ehr.queries import Found, Records
from agentkit_servers.ehr.resource import Resource

SectionName = Literal[
    "allergies",
    "problems",
    "medications",
    "results",
    "vitals",
    "immunizations",
    "procedures",
    "encounters",
    "documents",
]
SECTIONS: Final[tuple[SectionName, ...]] = get_args(SectionName)

_MOST_PER_SECTION: Final = 50


@dataclass(frozen=True, slots=True)
class _Plan:
    title: str
    types: tuple[str, ...]
    category: str | None = None
    since: bool = True


_PLANS: Final[dict[SectionName, _Plan]] = {
    "allergies": _Plan("allergies", ("AllergyIntolerance",), since=False),
    "problems": _Plan("problems", ("Condition",), since=False),
    "medications": _Plan("medications", ("MedicationRequest", "MedicationStatement"), since=False),
    "results": _Plan("laboratory results (latest of each)", ("Observation",), category="laboratory"),
    "vitals": _Plan("vital signs (latest of each)", ("Observation",), category="vital-signs"),
    "immunizations": _Plan("immunizations", ("Immunization",)),
    "procedures": _Plan("procedures", ("Procedure",)),
    "encounters": _Plan("encounters", ("Encounter",)),
    "documents": _Plan("documents", ("DocumentReference",)),
}


@dataclass(frozen=True, slots=True)
class _Part:
    name: SectionName
    found: Found
    absence: Absence


async def summarise(
    chart: Chart, person: Resource, names: Sequence[SectionName], since: Span | None, max_chars: int
) -> Summary:
    """Summarise a patient's chart within a ceiling.

    Args:
        chart: Where to read.
        person: The patient.
        names: The sections wanted, in the order in which space is reserved.
        since: What is older is left out of the sections that are about events.
        max_chars: The ceiling.
    """
    patient = str(person.get("id"))
    wanted = [_records(patient, _PLANS[name], since) for name in names]
    pages = await chart.store.ask(queries.find_all(wanted, _MOST_PER_SECTION))
    parts: list[_Part] = []
    for name, found in zip(names, pages, strict=True):
        plan = _PLANS[name]
        records = [match.resource for match in found.matches]
        title = plan.title.partition(" (")[0]
        parts.append(_Part(name, found, await chart.absences(patient, plan.types, title, records)))
    shown: dict[SectionName, int] = dict.fromkeys(names, 0)
    summary = _summary(chart, person, parts, shown)
    for part in parts:
        summary, shown = _grow(chart, person, parts, shown, part, max_chars) or (summary, shown)
    return summary


def _grow(
    chart: Chart, person: Resource, parts: list[_Part], shown: dict[SectionName, int], part: _Part, max_chars: int
) -> tuple[Summary, dict[SectionName, int]] | None:
    """Give a section as many of its records as the space left by the earlier ones allows."""
    best = None
    low, high = 0, len(part.found.matches) + 1
    while high - low > 1:
        # Mostly everything fits, so that is tried first.
        middle = high - 1 if best is None and low == 0 and high == len(part.found.matches) + 1 else (low + high) // 2
        attempt: dict[SectionName, int] = {**shown, part.name: middle}
        summary = _summary(chart, person, parts, attempt)
        if fits(summary, max_chars):
            best, low = (summary, attempt), middle
        else:
            high = middle
    return best


def _records(patient: str, plan: _Plan, since: Span | None) -> Records:
    return Records(
        patient=patient,
        types=plan.types,
        tokens=(("category", (plan.category,)),) if plan.category else (),
        since=since if plan.since else None,
        latest=plan.category is not None,
    )


def _summary(chart: Chart, person: Resource, parts: list[_Part], shown: dict[SectionName, int]) -> Summary:
    now = chart.clock()
    line = people.describe(person, now.date())
    reference = fhir.reference(person)
    sections = [_section(part, shown[part.name]) for part in parts]
    notices = list(patient_notices(person))
    text = [f"Summary of {line} [{reference}]:", *(notice.text for notice in notices)]
    for part, section in zip(parts, sections, strict=True):
        text += _paragraph(part, section)
    return Summary(
        state=State.OK if any(section.state is State.OK for section in sections) else _common(sections),
        patient=reference,
        line=line,
        sections=sections,
        returned=sum(len(section.items) for section in sections),
        total=sum(section.count for section in sections),
        truncated=any(section.truncated for section in sections),
        withheld=sum(part.found.withheld for part in parts),
        dropped=Dropped(entered_in_error=sum(part.found.entered_in_error for part in parts)),
        warnings=notices,
        as_of=now.isoformat(timespec="seconds"),
        text="\n".join(text),
    )


def _common(sections: list[Section]) -> State:
    states = {section.state for section in sections}
    return states.pop() if len(states) == 1 else State.PARTIAL


def _section(part: _Part, shown: int) -> Section:
    state, words = state_of(part.found, part.absence)
    dates = [date for match in part.found.matches if (date := record_date(match.resource))]
    return Section(
        section=part.name,
        state=state,
        count=part.found.total,
        newest=max(dates, default=None),
        truncated=shown < part.found.total,
        note=words or f"{part.found.total} recorded.",
        items=items(part.found.matches[:shown]),
    )


def _paragraph(part: _Part, section: Section) -> Iterator[str]:
    title = _PLANS[part.name].title
    if section.state is not State.OK:
        yield f"{title.capitalize()}: {section.note}"
    else:
        cut = f", {sum(item.count for item in section.items)} shown" if section.truncated else ""
        yield f"{title.capitalize()} ({section.count}{cut}):"
        yield from (f"- {item.line}" for item in section.items)
    yield from left_out(part.found, title)
