"""From a resource to its index rows, by a compact table of search parameters (clinical reference 1.14, 1.16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.dates import OPEN_FUTURE, Span, period, span_of
from agentkit_servers.ehr.normal import normalised, words
from agentkit_servers.ehr.resource import Resource

Names = Mapping[str, tuple[str, ...]]
"""LOINC code to the names people use for it."""

LOINC: Final = "http://loinc.org"

# Parameter to the paths of its CodeableConcepts, codes or booleans.
_TOKENS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "Patient": {"gender": ("gender",), "active": ("active",)},
    "AllergyIntolerance": {
        "code": ("code", "reaction.substance"),
        "category": ("category",),
        "clinical-status": ("clinicalStatus",),
        "verification-status": ("verificationStatus",),
    },
    "Condition": {
        "code": ("code",),
        "category": ("category",),
        "clinical-status": ("clinicalStatus",),
        "verification-status": ("verificationStatus",),
    },
    "DocumentReference": {"status": ("status",), "type": ("type",), "category": ("category",)},
    "Encounter": {"status": ("status",), "type": ("type",)},
    "Immunization": {"status": ("status",), "code": ("vaccineCode",)},
    "List": {"status": ("status",), "code": ("code",), "empty-reason": ("emptyReason",)},
    "MedicationRequest": {"status": ("status",), "intent": ("intent",), "code": ("medicationCodeableConcept",)},
    "MedicationStatement": {"status": ("status",), "code": ("medicationCodeableConcept",)},
    "Observation": {
        "code": ("code", "component.code"),
        "category": ("category",),
        "status": ("status",),
    },
    "Procedure": {"status": ("status",), "code": ("code",)},
}

# The date of a record, first path that is present; a path to a Period ends in `.start`.
_DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "AllergyIntolerance": ("recordedDate", "onsetDateTime"),
    "Condition": ("onsetDateTime", "onsetPeriod.start", "recordedDate"),
    "DocumentReference": ("date",),
    "Encounter": ("period.start",),
    "Immunization": ("occurrenceDateTime",),
    "List": ("date",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod.start", "dateAsserted"),
    "Observation": ("effectiveDateTime", "effectivePeriod.start", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod.start"),
}

_CURRENT: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "AllergyIntolerance": ("clinicalStatus.coding.code", frozenset({"active"})),
    "Condition": ("clinicalStatus.coding.code", frozenset({"active", "recurrence", "relapse"})),
    "MedicationRequest": ("status", frozenset({"active", "on-hold", "draft", "unknown"})),
    "MedicationStatement": ("status", frozenset({"active", "intended", "on-hold", "unknown"})),
}

ENTERED_IN_ERROR: Final = "entered-in-error"


class Token(NamedTuple):
    """A searchable code."""

    parameter: str
    code: str
    system: str


@dataclass(slots=True)
class Index:
    """Everything that is stored beside a resource."""

    patient: str | None
    rank: int
    newest: int
    tokens: list[Token] = field(default_factory=list[Token])
    strings: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    dates: list[tuple[str, Span]] = field(default_factory=list[tuple[str, Span]])


def index(resource: Resource, names: Names) -> Index:
    """The index rows of a resource."""
    kind = str(resource.get("resourceType"))
    span = record_span(resource)
    # A record without a date sorts behind all that have one.
    entry = Index(subject(resource), rank(resource), -span.low if span else OPEN_FUTURE)
    for parameter, paths in _TOKENS.get(kind, {}).items():
        entry.tokens += (token for path in paths for token in _tokens(resource, parameter, path))
    entry.tokens += (Token("security", code.casefold(), system) for system, code in fhir.labels(resource))
    if is_entered_in_error(resource):
        entry.tokens.append(Token("withdrawn", ENTERED_IN_ERROR, ""))
    if span:
        entry.dates.append(("date", span))
    if kind == "Patient":
        _index_person(resource, entry)
    if kind == "Observation":
        entry.tokens.append(_key(resource))
        entry.strings += (("measure", name) for name in measure_names(resource, names))
    return entry


def subject(resource: Resource) -> str | None:
    """The id of the patient a resource is about."""
    if resource.get("resourceType") == "Patient":
        return fhir.text(resource, "id")
    reference = fhir.text(resource, "subject.reference") or fhir.text(resource, "patient.reference") or ""
    kind, _, identity = reference.partition("/")
    return identity if kind == "Patient" and identity else None


def record_date(resource: Resource) -> str | None:
    """The date of a record as it was written."""
    for path in _DATES.get(str(resource.get("resourceType")), ()):
        if found := fhir.text(resource, path):
            return found
    return None


def record_span(resource: Resource) -> Span | None:
    """The time a record covers."""
    for path in _DATES.get(str(resource.get("resourceType")), ()):
        if found := fhir.text(resource, path):
            base, _, last = path.rpartition(".")
            return period(found, fhir.text(resource, f"{base}.end")) if last == "start" else span_of(found)
    return None


def is_current(resource: Resource) -> bool:
    """Whether a medication, allergy or problem is in force; records of other kinds always are."""
    path, states = _CURRENT.get(str(resource.get("resourceType")), ("", frozenset[str]()))
    return not path or fhir.text(resource, path) in states


def rank(resource: Resource) -> int:
    """The place of a record among its kind: 0 what must be seen first, 1 what is in force, 2 what is past."""
    if not is_current(resource):
        return 2
    return 0 if fhir.text(resource, "criticality") == "high" else 1


def is_entered_in_error(resource: Resource) -> bool:
    """Whether a record was withdrawn (EHR-D1)."""
    stated = (fhir.text(resource, "status"), fhir.text(resource, "verificationStatus.coding.code"))
    return ENTERED_IN_ERROR in stated


def measure_names(resource: Resource, names: Names) -> Iterator[str]:
    """Every name an observation answers to, normalised."""
    found: dict[str, None] = {}
    for concept in (*fhir.each(resource, "code"), *fhir.each(resource, "component.code")):
        for name in (*fhir.values(concept, "text"), *fhir.values(concept, "coding.display")):
            found[" ".join(words(str(name)))] = None
        for system, code in fhir.codings(concept):
            for name in names.get(code, ()) if system == LOINC else ():
                found[" ".join(words(name))] = None
    return iter(found)


def _key(resource: Resource) -> Token:
    """What makes two observations measurements of the same thing: the first code, else the name."""
    concept = fhir.at(resource, "code")
    for system, code in fhir.codings(concept):
        return Token("key", code.casefold(), system)
    return Token("key", normalised(fhir.label(concept)), "")


def _tokens(resource: Resource, parameter: str, path: str) -> Iterator[Token]:
    for value in fhir.values(resource, path):
        if isinstance(value, bool):
            yield Token(parameter, str(value).lower(), "")
        elif isinstance(value, str):
            yield Token(parameter, value.casefold(), "")
    for concept in fhir.each(resource, path):
        yield from (Token(parameter, code.casefold(), system) for system, code in fhir.codings(concept))


def _index_person(resource: Resource, entry: Index) -> None:
    for path, parameter in (("name.family", "family"), ("name.given", "given")):
        for value in fhir.values(resource, path):
            entry.strings.append((parameter, normalised(str(value))))
            entry.strings += (("name", word) for word in words(str(value)))
    for identifier in fhir.each(resource, "identifier"):
        value = fhir.text(identifier, "value")
        if value is not None:
            entry.tokens.append(Token("identifier", value.casefold(), fhir.text(identifier, "system") or ""))
    for contact in fhir.each(resource, "telecom"):
        if fhir.text(contact, "system") == "phone":
            entry.tokens.append(Token("phone", digits(fhir.text(contact, "value") or ""), ""))
    born = span_of(fhir.text(resource, "birthDate") or "")
    if born:
        entry.dates.append(("birthdate", born))


def digits(number: str) -> str:
    """The digits of a telephone number."""
    return "".join(character for character in number if character.isdigit())
