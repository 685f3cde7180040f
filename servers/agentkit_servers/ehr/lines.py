"""Records in one line each: `2026-03-02 HbA1c 8.1 % (H, ref 4.0-5.6) final [Observation/o17 v2]`.

Nothing is rounded or completed; every label that changes the meaning stays on the line (EHR-D2 to EHR-D5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.dates import day_of
from agentkit_servers.ehr.indexing import record_date
from agentkit_servers.ehr.measures import interpretation, measured
from agentkit_servers.ehr.negatives import is_no_known
from agentkit_servers.ehr.resource import Resource

UNDATED: Final = "undated"


@dataclass(frozen=True, slots=True)
class Line:
    """A record, rendered.

    Attributes:
        ref: Reference of the record.
        version: Its version.
        date: Its date as written, or None.
        status: Its status.
        what: The middle of the line: what is recorded.
        elements: Named elements for full detail.
        key: Equal for records that say the same (EHR-B4).
    """

    ref: str
    version: str
    date: str | None
    status: str
    what: str
    elements: Mapping[str, str]
    key: str

    def render(self, *, count: int = 1, first_date: str | None = None) -> str:
        """The whole line, on its own or for several equal records."""
        when = moment(self.date)
        if count > 1:
            when = f"{moment(first_date)} to {when} ({count} times)"
        return f"{when} {self.what} [{self.ref} v{self.version}]"


def moment(date: str | None) -> str:
    """A date for reading: as it was written, without seconds and zone."""
    return date.replace("T", " ", 1)[:16] if date else UNDATED


Elements = dict[str, str]


def line_of(resource: Resource) -> Line:
    """Render a record of any kind this server shows."""
    kind = str(resource.get("resourceType"))
    what, status, elements = _RENDERERS.get(kind, _other)(resource)
    note = fhir.text(resource, "note.text")
    if note:
        elements["note"] = note
    return Line(
        ref=fhir.reference(resource),
        version=fhir.version(resource),
        date=record_date(resource),
        status=status,
        what=what,
        elements={name: value for name, value in elements.items() if value},
        key=f"{kind}|{what}",
    )


def _observation(resource: Resource) -> tuple[str, str, Elements]:
    status = fhir.text(resource, "status") or "unknown"
    name = fhir.label(fhir.at(resource, "code"), "unnamed observation")
    value = measured(resource)
    flags = interpretation(resource)
    return (
        f"{name} {value}{f' ({flags})' if flags else ''} {status}",
        status,
        {
            "name": name,
            "value": value,
            "interpretation": flags,
            "code": ", ".join("|".join(pair) for pair in fhir.codings(fhir.at(resource, "code"))),
            "category": fhir.text(resource, "category.coding.code") or "",
            "method": fhir.label(fhir.at(resource, "method")),
            "performer": fhir.text(resource, "performer.display") or "",
        },
    )


def _medication(resource: Resource) -> tuple[str, str, Elements]:
    status = fhir.text(resource, "status") or "unknown"
    name = fhir.label(fhir.at(resource, "medicationCodeableConcept"), "unnamed medication")
    statement = resource.get("resourceType") == "MedicationStatement"
    intent = "reported" if statement else fhir.text(resource, "intent") or "unknown intent"
    dosage = fhir.text(resource, "dosageInstruction.text") or fhir.text(resource, "dosage.text") or ""
    reason = fhir.label(fhir.at(resource, "reasonCode"))
    stopped = fhir.label(fhir.at(resource, "statusReason"))
    labels = [
        "NOT TO BE GIVEN" if fhir.text(resource, "doNotPerform") == "true" else "",
        status,
        intent,
        f"reason for the status: {stopped}" if stopped else "",
    ]
    until = day_of(fhir.text(resource, "effectivePeriod.end"))
    return (
        f"{name}{f', {dosage}' if dosage else ''}{f' (until {until})' if until else ''}; {_joined(labels)}",
        status,
        {
            "name": name,
            "dosage": dosage,
            "intent": intent,
            "reason": reason,
            "status reason": stopped,
            "code": ", ".join("|".join(pair) for pair in fhir.codings(fhir.at(resource, "medicationCodeableConcept"))),
            "source": fhir.text(resource, "informationSource.display") or "",
            "requester": fhir.text(resource, "requester.display") or "",
        },
    )


def _allergy(resource: Resource) -> tuple[str, str, Elements]:
    clinical = fhir.text(resource, "clinicalStatus.coding.code") or "status not recorded"
    verification = fhir.text(resource, "verificationStatus.coding.code") or "verification not recorded"
    substance = fhir.label(fhir.at(resource, "code"), "unnamed substance")
    kind = fhir.text(resource, "type") or "type not recorded"
    criticality = fhir.text(resource, "criticality")
    reactions: list[str] = []
    for reaction in fhir.each(resource, "reaction"):
        shown = " and ".join(fhir.label(sign) for sign in fhir.each(reaction, "manifestation"))
        severity = fhir.text(reaction, "severity")
        reactions.append(f"{shown or 'not described'}{f' ({severity})' if severity else ''}")
    if is_no_known(resource):
        return f"{substance}; {clinical}, {verification}", clinical, {"substance": substance}
    facts = [
        kind,
        f"criticality {criticality}" if criticality else "criticality not recorded",
        f"reaction {'; '.join(reactions)}" if reactions else "reaction not recorded",
    ]
    return (
        f"{substance}: {_joined(facts)}; {clinical}, {verification}",
        clinical,
        {
            "substance": substance,
            "type": kind,
            "criticality": criticality or "",
            "reaction": "; ".join(reactions),
            "verification": verification,
            "category": ", ".join(str(value) for value in fhir.values(resource, "category")),
            "code": ", ".join("|".join(pair) for pair in fhir.codings(fhir.at(resource, "code"))),
            "onset": fhir.text(resource, "onsetDateTime") or "",
            "recorder": fhir.text(resource, "recorder.display") or "",
        },
    )


def _condition(resource: Resource) -> tuple[str, str, Elements]:
    clinical = fhir.text(resource, "clinicalStatus.coding.code") or "status not recorded"
    verification = fhir.text(resource, "verificationStatus.coding.code") or "verification not recorded"
    name = fhir.label(fhir.at(resource, "code"), "unnamed problem")
    shown = [verification.upper() if verification == "refuted" else verification, clinical]
    if verification == "refuted":
        shown = shown[:1]
    return f"{name}; {_joined(shown)}", clinical, {"name": name, "verification": verification}


def _dated(path: str, default: str) -> Callable[[Resource], tuple[str, str, Elements]]:
    def render(resource: Resource) -> tuple[str, str, Elements]:
        status = fhir.text(resource, "status") or "unknown"
        name = fhir.label(fhir.at(resource, path)) or fhir.text(resource, "description") or default
        extra = fhir.text(resource, "docStatus") or ""
        return f"{name}; {_joined([status, extra])}", status, {"name": name}

    return render


def _other(resource: Resource) -> tuple[str, str, Elements]:
    status = fhir.text(resource, "status") or "unknown"
    return f"{resource.get('resourceType')}; {status}", status, {}


def _joined(facts: list[str]) -> str:
    return ", ".join(fact for fact in facts if fact)


_RENDERERS: Final[Mapping[str, Callable[[Resource], tuple[str, str, Elements]]]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "DocumentReference": _dated("type", "unnamed document"),
    "Encounter": _dated("type", "encounter"),
    "Immunization": _dated("vaccineCode", "unnamed vaccine"),
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "Observation": _observation,
    "Procedure": _dated("code", "unnamed procedure"),
}
