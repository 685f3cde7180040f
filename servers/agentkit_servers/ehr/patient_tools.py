"""The tools about patients themselves: finding candidates, and the summary of one chart."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agentkit.mcp import ToolError, ToolServer
from agentkit_servers.ehr import parameters as p
from agentkit_servers.ehr import people
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import Candidates, Notice, State, Summary
from agentkit_servers.ehr.budget import largest
from agentkit_servers.ehr.chart import Chart, within
from agentkit_servers.ehr.people import Criteria, People
from agentkit_servers.ehr.summaries import SECTIONS, SectionName, summarise
from agentkit_servers.schemas import optional

_NEEDED = 2


def register_search(server: ToolServer, chart: Chart) -> None:
    """Add the tool that finds patients."""

    @server.tool(title="Find patients")
    async def find_patients(
        name: Annotated[
            str | None,
            Field(
                title="Name of a person",
                description="Given and family name of the patient, in any order; accents and case do not matter.",
                examples=["Anna Berg"],
                min_length=1,
                max_length=200,
                json_schema_extra=optional,
            ),
        ] = None,
        family: Annotated[
            str | None,
            Field(
                title="Family name",
                description="Family name (surname) alone, or its beginning.",
                min_length=1,
                max_length=100,
                json_schema_extra=optional,
            ),
        ] = None,
        given: Annotated[
            str | None,
            Field(
                title="Given name",
                description="Given name (first name) alone, or its beginning.",
                min_length=1,
                max_length=100,
                json_schema_extra=optional,
            ),
        ] = None,
        birth_date: Annotated[
            p.PartialDate | None,
            Field(
                title="Birth date",
                description="Date of birth, when the patient was born: YYYY-MM-DD, YYYY-MM or YYYY.",
                examples=["1980-04-12", "1980"],
                json_schema_extra=optional,
            ),
        ] = None,
        identifier: Annotated[
            str | None,
            Field(
                title="Record number",
                description="Medical record number (MRN) of the patient.",
                pattern=p.IDENTIFIER_PATTERN,
                examples=["MRN-100101"],
                json_schema_extra=optional,
            ),
        ] = None,
        identifier_system: Annotated[
            str | None,
            Field(
                title="System of the record number",
                description="URI of the system that issued the record number.",
                max_length=256,
                pattern=r"^(https?://|urn:).+",
                json_schema_extra=optional,
            ),
        ] = None,
        gender: Annotated[
            Literal["female", "male", "other", "unknown"] | None,
            Field(title="Sex", description="Administrative gender of the patient.", json_schema_extra=optional),
        ] = None,
        phone: Annotated[
            str | None,
            Field(
                title="Telephone number",
                description="Telephone number of the patient, with area code.",
                pattern=r"^\+?[0-9][0-9 ()-]{5,24}$",
                examples=["+1 202 555 0101"],
                json_schema_extra=optional,
            ),
        ] = None,
        include_inactive: Annotated[
            bool,
            Field(title="Include inactive", description="Also show patient records that are no longer in use."),
        ] = False,
        limit: p.Limit = p.DEFAULT_LIMIT,
        max_chars: p.MaxChars = p.MAX_CHARS,
    ) -> Candidates:
        """Find patients by name, birth date or record number.

        Returns every patient who matches, with the basis of each match, and never chooses among them. Needs the record
        number, or two facts such as given and family name, or family name and birth date.
        """
        criteria = Criteria(name, family, given, birth_date, identifier, identifier_system, gender, phone)
        if criteria.count < _NEEDED and not identifier:
            raise ToolError(
                f"One fact is not enough to find a patient: {', '.join(criteria.said) or 'none'} was given.",
                code="too-few-criteria",
                hint="Give two facts, for example given and family name (Anna Berg), family name and birth date"
                " (Berg, 1980-04-12), or the record number (MRN-100101).",
            )
        found = await chart.store.ask(people.search(criteria, limit, include_inactive=include_inactive))
        return largest(lambda count: _candidates(chart, criteria, found, count), len(found.found), max_chars)


def register_summary(server: ToolServer, chart: Chart) -> None:
    """Add the tool that summarises a chart."""

    @server.tool(title="Patient summary")
    async def patient_summary(
        patient: p.PatientReference,
        sections: Annotated[
            list[SectionName] | None,
            Field(
                title="Sections",
                description="Only these sections of the chart; all when left out.",
                examples=[["allergies", "problems"]],
                json_schema_extra=optional,
            ),
        ] = None,
        since: Annotated[
            p.PartialDate | None,
            Field(
                title="Since",
                description="Leaves out results, vital signs, procedures, encounters, documents and immunizations from"
                " before this date; allergies, problems and medications are always shown.",
                examples=["2026-01-01"],
                json_schema_extra=optional,
            ),
        ] = None,
        max_chars: p.MaxChars = p.MAX_CHARS,
    ) -> Summary:
        """Summarise the chart (medical record) of one patient: an overview in sections.

        Sections: allergies, problems (diagnoses), medications, latest laboratory results, latest vital signs,
        immunizations, procedures, encounters, documents. Each says how much there is, or which kind of no data.
        """
        person = await chart.person(patient)
        first, _ = within(since, None)
        wanted: tuple[SectionName, ...] = tuple(name for name in SECTIONS if sections is None or name in sections)
        return await summarise(chart, person, wanted, first, max_chars)


def _candidates(chart: Chart, criteria: Criteria, found: People, count: int) -> Candidates:
    now = chart.clock()
    items = [people.candidate(person, criteria, now.date()) for person in found.found[:count]]
    truncated = found.more or count < len(found.found)
    warnings = [_inactive(person) for person in found.inactive]
    return Candidates(
        state=State.OK if items else State.NOT_RECORDED,
        items=items,
        returned=len(items),
        total=None if found.more else len(found.found),
        truncated=truncated,
        warnings=warnings,
        as_of=now.isoformat(timespec="seconds"),
        text="\n".join(
            [
                _opening(criteria, len(items), truncated=truncated),
                *(f"- {item.line}" for item in items),
                *(warning.text for warning in warnings),
                *(["More patients match: add another fact, for example the birth date."] if truncated else []),
            ]
        ),
    )


def _opening(criteria: Criteria, count: int, *, truncated: bool) -> str:
    said = " and ".join(criteria.said)
    if count == 0:
        return f"No patient found: nobody recorded here matches the {said} given."
    if count == 1 and not truncated:
        return "1 patient matches:"
    return f"{count} patients match; none was chosen. Say which one is meant, for example by birth date:"


def _inactive(person: fhir.Resource) -> Notice:
    reference, successor = fhir.reference(person), people.replaced_by(person)
    where = f" It is replaced by {successor}." if successor else ""
    return Notice(
        code="inactive-left-out",
        text=f"Left out: {reference} also matches, but that record is not in use.{where}",
        type="Patient",
    )
