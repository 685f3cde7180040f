"""Values of observations as they were recorded: comparators, components and absent values stay visible (EHR-D4)."""

from __future__ import annotations

from collections.abc import Iterator

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.resource import Resource

NO_VALUE = "no value recorded"


def measured(resource: Resource) -> str:
    """The value of an observation; its components on one line, for example `132/84 mmHg` for a blood pressure."""
    own = _value(resource)
    parts = list(fhir.each(resource, "component"))
    if not parts:
        return own or NO_VALUE
    flattened = ", ".join(
        f"{fhir.label(fhir.at(part, 'code'), 'unnamed')} {_value(part) or NO_VALUE}{_bracketed(part)}" for part in parts
    )
    return f"{own}, {flattened}" if own else flattened


def interpretation(resource: Resource) -> str:
    """Interpretation and reference range, for example `H, ref 4.0-5.6`."""
    return ", ".join(_interpretation(resource))


def _bracketed(part: Resource) -> str:
    found = interpretation(part)
    return f" ({found})" if found else ""


def _value(resource: Resource) -> str | None:
    quantity = fhir.at(resource, "valueQuantity")
    number = fhir.text(quantity, "value")
    if number is not None:
        unit = fhir.text(quantity, "unit") or fhir.text(quantity, "code") or "(unit not recorded)"
        return f"{fhir.text(quantity, 'comparator') or ''}{number} {unit}"
    concept = fhir.at(resource, "valueCodeableConcept")
    for found in (
        fhir.label(concept),
        fhir.text(resource, "valueString"),
        fhir.text(resource, "valueInteger"),
        fhir.text(resource, "valueBoolean"),
        fhir.text(resource, "valueDateTime"),
    ):
        if found:
            return found
    reason = fhir.at(resource, "dataAbsentReason")
    return f"no value ({fhir.label(reason)})" if reason else None


def _interpretation(resource: Resource) -> Iterator[str]:
    for concept in fhir.each(resource, "interpretation"):
        yield fhir.text(concept, "coding.code") or fhir.label(concept)
    for reference in fhir.each(resource, "referenceRange"):
        low, high = fhir.text(reference, "low.value"), fhir.text(reference, "high.value")
        if low and high:
            yield f"ref {low}-{high}"
        elif low or high:
            yield f"ref {'>=' if low else '<='}{low or high}"
        elif stated := fhir.text(reference, "text"):
            yield f"ref {stated}"
