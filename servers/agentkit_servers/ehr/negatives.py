"""Positive negatives: "no known allergies" is a finding, an empty list is not (clinical reference 1.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import State
from agentkit_servers.ehr.dates import day_of
from agentkit_servers.ehr.indexing import is_entered_in_error, record_date
from agentkit_servers.ehr.resource import Resource

SNOMED: Final = "http://snomed.info/sct"
ABSENT_UNKNOWN: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

_NO_KNOWN_SNOMED: Final = frozenset({"716186003", "409137002", "429625007", "428607008"})
_NO_KNOWN: Final = frozenset(
    f"no-known-{what}"
    for what in (
        "allergies",
        "medication-allergies",
        "environmental-allergies",
        "food-allergies",
        "problems",
        "medications",
        "procedures",
        "immunizations",
        "devices",
    )
)
_DENIES_ALL_SNOMED: Final = frozenset({"716186003"})
_DENIES_ALL: Final = frozenset(
    f"no-known-{what}" for what in ("allergies", "problems", "medications", "procedures", "immunizations")
)
_NO_INFO: Final = frozenset(
    f"no-{what}-info" for what in ("allergy", "problem", "medication", "procedure", "immunization", "device")
)
_NOT_PERMITTED: Final = frozenset({"withheld"})

_CODE: Final = {
    "AllergyIntolerance": "code",
    "Condition": "code",
    "Immunization": "vaccineCode",
    "MedicationRequest": "medicationCodeableConcept",
    "MedicationStatement": "medicationCodeableConcept",
    "Procedure": "code",
}

# LOINC codes of the lists that stand for a section.
LISTS: Final = {
    "AllergyIntolerance": "48765-2",
    "MedicationRequest": "10160-0",
    "MedicationStatement": "10160-0",
    "Condition": "11450-4",
    "Immunization": "11369-6",
    "Procedure": "47519-4",
}


@dataclass(frozen=True, slots=True)
class Absence:
    """What the chart says about there being nothing."""

    state: State
    text: str


def is_no_known(resource: Resource) -> bool:
    """Whether a record says that there is nothing of its kind."""
    concept = _concept(resource)
    return fhir.has_code(concept, SNOMED, _NO_KNOWN_SNOMED) or fhir.has_code(concept, ABSENT_UNKNOWN, _NO_KNOWN)


def denies_everything(resource: Resource) -> bool:
    """Whether a record denies everything of its kind; "no known drug allergies" beside a food allergy does not."""
    concept = _concept(resource)
    return fhir.has_code(concept, SNOMED, _DENIES_ALL_SNOMED) or fhir.has_code(concept, ABSENT_UNKNOWN, _DENIES_ALL)


def is_no_info(resource: Resource) -> bool:
    """Whether a record says that nobody knows."""
    return fhir.has_code(_concept(resource), ABSENT_UNKNOWN, _NO_INFO)


def is_statement_of_absence(resource: Resource) -> bool:
    """Whether a record is no finding but a statement that there is none, or that nobody knows."""
    return is_no_known(resource) or is_no_info(resource)


def absence(records: Iterable[Resource], lists: Iterable[Resource], what: str) -> Absence:
    """What the chart says when it holds no finding of a kind.

    Args:
        records: Records of the kind that are statements of absence.
        lists: Lists with an `emptyReason` for the kind.
        what: What is missing, in the plural, for example `allergies`.
    """
    stated = [record for record in records if not is_entered_in_error(record)]
    for record in stated:
        if is_no_known(record):
            name = fhir.label(_concept(record), f"No known {what}")
            return Absence(State.NONE_KNOWN, f"{_upper(name)} ({_source(record)}).")
    for record in lists:
        reason = fhir.text(record, "emptyReason.coding.code") or "unknown"
        if reason == "nilknown":
            return Absence(State.NONE_KNOWN, f"No known {what} ({_source(record)}).")
        if reason in _NOT_PERMITTED:
            return Absence(State.NOT_PERMITTED, f"The {what} of this patient are withheld ({_source(record)}).")
        asked = "nobody has asked" if reason == "notasked" else f"reason given: {reason}"
        return Absence(State.NOT_RECORDED, f"Nothing recorded about {what}: {asked} ({_source(record)}).")
    for record in stated:
        return Absence(State.NOT_RECORDED, f"Nothing recorded about {what}: nobody knows ({_source(record)}).")
    return Absence(
        State.NOT_RECORDED,
        f"Nothing recorded about {what}. That does not mean that there are none: nobody wrote it down.",
    )


def _concept(resource: Resource) -> Resource:
    return fhir.at(resource, _CODE.get(str(resource.get("resourceType")), "code"))


def _source(resource: Resource) -> str:
    day = day_of(record_date(resource))
    return f"recorded {day or 'without a date'} [{fhir.reference(resource)} v{fhir.version(resource)}]"


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
