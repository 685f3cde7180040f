"""Reading FHIR resources as plain JSON: what is missing or of another type reads as absent, nothing raises.

Numbers are read as `Decimal`, so a stored `5.40` stays `5.40` (EHR-D4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import cast

Resource = Mapping[str, object]
"""A FHIR resource, or a part of one, as parsed JSON."""

_NOTHING: Resource = {}


def parse(body: str) -> Resource:
    """Parse a stored resource."""
    return cast("Resource", json.loads(body, parse_float=Decimal))


def at(resource: Resource, path: str) -> Resource:
    """The object at a dotted path, or an empty one; of a list, its first object."""
    return next(each(resource, path), _NOTHING)


def each(resource: Resource, path: str) -> Iterator[Resource]:
    """Every object at a dotted path, through all lists on the way."""
    for value in values(resource, path):
        if isinstance(value, dict):
            yield cast("Resource", value)


def values(resource: Resource, path: str) -> Iterator[object]:
    """Every value at a dotted path, through all lists on the way."""
    head, _, rest = path.partition(".")
    found = resource.get(head)
    for value in cast("list[object]", found) if isinstance(found, list) else [found]:
        if value is None:
            continue
        if not rest:
            yield value
        elif isinstance(value, dict):
            yield from values(cast("Resource", value), rest)


def text(resource: Resource, path: str) -> str | None:
    """The first value at a dotted path as text, exactly as recorded."""
    for value in values(resource, path):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | Decimal) and str(value).strip():
            return str(value)
    return None


def reference(resource: Resource) -> str:
    """`Type/id` of a resource."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def version(resource: Resource) -> str:
    """The version id; `1` where none is recorded."""
    return text(resource, "meta.versionId") or "1"


def codings(concept: Resource) -> Iterator[tuple[str, str]]:
    """`(system, code)` of every coding of a CodeableConcept; a missing system is the empty string."""
    for coding in each(concept, "coding"):
        code = text(coding, "code")
        if code is not None:
            yield text(coding, "system") or "", code


def labels(resource: Resource) -> Iterator[tuple[str, str]]:
    """`(system, code)` of every security label."""
    return codings({"coding": list(each(resource, "meta.security"))})


def has_code(concept: Resource, system: str, codes: frozenset[str]) -> bool:
    """Whether any coding of a CodeableConcept is one of the codes."""
    return any(found == system and code in codes for found, code in codings(concept))


def label(concept: Resource, default: str = "") -> str:
    """What a CodeableConcept is called: its text, else a display, else a code."""
    return text(concept, "text") or text(concept, "coding.display") or text(concept, "coding.code") or default


def first_code(resource: Resource, path: str) -> str | None:
    """The first code of the CodeableConcept at a path."""
    return text(resource, f"{path}.coding.code")
