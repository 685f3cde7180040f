"""The tools that list one patient's records: medications, allergies, observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from agentkit.mcp import ToolError, ToolServer
from agentkit_servers.ehr import parameters as p
from agentkit_servers.ehr import queries
from agentkit_servers.ehr.answers import Records as RecordsAnswer
from agentkit_servers.ehr.chart import Chart, Window, within
from agentkit_servers.ehr.queries import Records
from agentkit_servers.ehr.wording import understood
from agentkit_servers.schemas import optional

MedicationSource = Literal["request", "statement"]
MedicationStatus = Literal[
    "active", "on-hold", "cancelled", "completed", "stopped", "draft", "unknown", "intended", "not-taken"
]
Intent = Literal[
    "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"
]
AllergyStatus = Literal["active", "inactive", "resolved"]
Category = Literal[
    "laboratory", "vital-signs", "social-history", "survey", "imaging", "procedure", "exam", "therapy", "activity"
]
ObservationStatus = Literal["registered", "preliminary", "final", "amended", "corrected", "cancelled", "unknown"]

_SOURCES: Final = {"request": "MedicationRequest", "statement": "MedicationStatement"}


def register_medications(server: ToolServer, chart: Chart) -> None:
    """Add the tool that lists medications."""

    @server.tool(title="List medications")
    async def list_medications(
        patient: p.PatientReference,
        sources: Annotated[
            list[MedicationSource] | None,
            Field(title="Sources", description="Only orders, or only what was reported.", json_schema_extra=optional),
        ] = None,
        status: Annotated[
            list[MedicationStatus] | None,
            Field(
                title="Medication status",
                description="Only medications in these states; all when left out.",
                examples=[["active"]],
                json_schema_extra=optional,
            ),
        ] = None,
        intent: Annotated[
            list[Intent] | None,
            Field(title="Intent", description="Only orders with these intents.", json_schema_extra=optional),
        ] = None,
        codes: p.Codes = None,
        include_entered_in_error: p.WithWithdrawn = False,
        limit: p.Limit = p.DEFAULT_LIMIT,
        cursor: p.Cursor = None,
        detail: p.Detail = "brief",
        max_chars: p.MaxChars = p.MAX_CHARS,
    ) -> RecordsAnswer:
        """List the medications of one patient: drugs, prescriptions and what the patient reports to take.

        Each line has dosage, status and intent, those in force first. Says apart: no known medications, nothing
        recorded.
        """
        person = await chart.person(patient)
        wanted = Records(
            patient=patient.removeprefix("Patient/"),
            types=tuple(_SOURCES[source] for source in dict.fromkeys(sources or ("request", "statement"))),
            tokens=_tokens(status=status, intent=intent, code=codes),
            withdrawn=include_entered_in_error,
        )
        return await chart.answer(
            wanted,
            person=person,
            what="medications",
            window=Window(limit, cursor, detail, max_chars),
            arguments={
                "sources": sources,
                "status": status,
                "intent": intent,
                "codes": codes,
                "error": wanted.withdrawn,
            },
            filters=_filters(sources=sources, status=status, intent=intent, codes=codes),
        )


def register_allergies(server: ToolServer, chart: Chart) -> None:
    """Add the tool that lists allergies."""

    @server.tool(title="List allergies")
    async def list_allergies(
        patient: p.PatientReference,
        clinical_status: Annotated[
            list[AllergyStatus] | None,
            Field(
                title="Clinical status",
                description="Only allergies in these states.",
                examples=[["active"]],
                json_schema_extra=optional,
            ),
        ] = None,
        include_inactive: Annotated[
            bool,
            Field(title="Include inactive", description="Also show allergies that are inactive or resolved."),
        ] = False,
        include_entered_in_error: p.WithWithdrawn = False,
        limit: p.Limit = p.DEFAULT_LIMIT,
        cursor: p.Cursor = None,
        detail: p.Detail = "brief",
        max_chars: p.MaxChars = p.MAX_CHARS,
    ) -> RecordsAnswer:
        """List the allergies and intolerances of one patient, with reaction, severity and criticality.

        Says apart: no known allergies (somebody asked and recorded it), and nothing recorded (nobody wrote it down).
        """
        person = await chart.person(patient)
        wanted = Records(
            patient=patient.removeprefix("Patient/"),
            types=("AllergyIntolerance",),
            tokens=_tokens(**{"clinical-status": clinical_status}),
            withdrawn=include_entered_in_error,
            current=not include_inactive and clinical_status is None,
        )
        return await chart.answer(
            wanted,
            person=person,
            what="allergies",
            window=Window(limit, cursor, detail, max_chars),
            arguments={"status": clinical_status, "inactive": include_inactive, "error": wanted.withdrawn},
            filters=_filters(clinical_status=clinical_status),
        )


def register_observations(server: ToolServer, chart: Chart) -> None:
    """Add the tool that searches observations."""

    @server.tool(title="Search observations")
    async def search_observations(
        patient: p.PatientReference,
        text: Annotated[
            str | None,
            Field(
                title="Name of the measurement",
                description="Name of the laboratory test, vital sign or other measurement, in plain words.",
                examples=["HbA1c", "creatinine", "blood pressure"],
                min_length=1,
                max_length=200,
                json_schema_extra=optional,
            ),
        ] = None,
        category: Annotated[
            list[Category] | None,
            Field(
                title="Category",
                description="Only these categories of observations, such as laboratory results or vital signs.",
                examples=[["laboratory"]],
                json_schema_extra=optional,
            ),
        ] = None,
        codes: p.Codes = None,
        date_from: p.DateFrom = None,
        date_to: p.DateTo = None,
        latest_per_code: Annotated[
            bool,
            Field(title="Latest only", description="Only the newest result of each measurement, without its history."),
        ] = False,
        status: Annotated[
            list[ObservationStatus] | None,
            Field(
                title="Result status",
                description="Only results in these states.",
                examples=[["final", "amended", "corrected"]],
                json_schema_extra=optional,
            ),
        ] = None,
        include_entered_in_error: p.WithWithdrawn = False,
        limit: p.Limit = p.DEFAULT_LIMIT,
        cursor: p.Cursor = None,
        detail: p.Detail = "brief",
        max_chars: p.MaxChars = p.MAX_CHARS,
    ) -> RecordsAnswer:
        """Search the observations of one patient: laboratory results (labs), vital signs, other measurements.

        Newest first, so several dates show the trend. Each line has value, unit, reference range, abnormal flag and
        status exactly as recorded.
        """
        person = await chart.person(patient)
        wording = understood(text or "")
        for measure in wording.measures:
            if not await chart.store.ask(queries.is_measure(measure)):
                raise _unknown_measure()
        categories = category or ([wording.category] if wording.category else None)
        since, until = within(date_from, date_to)
        wanted = Records(
            patient=patient.removeprefix("Patient/"),
            types=("Observation",),
            tokens=_tokens(category=categories, code=codes, status=status),
            measures=wording.measures,
            since=since,
            until=until,
            withdrawn=include_entered_in_error,
            latest=latest_per_code,
        )
        return await chart.answer(
            wanted,
            person=person,
            what="observations",
            window=Window(limit, cursor, detail, max_chars),
            arguments={
                "text": text,
                "category": category,
                "codes": codes,
                "from": date_from,
                "to": date_to,
                "latest": latest_per_code,
                "status": status,
                "error": wanted.withdrawn,
            },
            filters=_filters(
                name_of_the_measurement=wording.measures,
                category=categories,
                codes=codes,
                earliest_date=date_from,
                latest_date=date_to,
                status=status,
            ),
        )


def _tokens(**accepted: Sequence[str] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((parameter, tuple(codes)) for parameter, codes in accepted.items() if codes)


def _filters(**given: object) -> list[str]:
    """The filters that were given, in words."""
    return [name.replace("_", " ") for name, value in given.items() if value]


def _unknown_measure() -> ToolError:
    return ToolError(
        "text: no measurement known here goes by these words.",
        code="unsupported-search",
        hint='Use the usual name of the test alone, for example "HbA1c", or leave the name out to see everything.',
    )
