"""Patients: finding candidates by what was said about them, and naming them with as little as necessary (rule R5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import Candidate
from agentkit_servers.ehr.dates import day_of, span_of
from agentkit_servers.ehr.indexing import digits
from agentkit_servers.ehr.normal import normalised, words
from agentkit_servers.ehr.resource import Resource

_TAIL: Final = 4
_AFTER: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is known about the patient who is looked for; empty fields say nothing."""

    name: str | None = None
    family: str | None = None
    given: str | None = None
    birth_date: str | None = None
    identifier: str | None = None
    identifier_system: str | None = None
    gender: str | None = None
    phone: str | None = None

    @property
    def count(self) -> int:
        """How many independent facts these are; a name of several words counts as two."""
        single = (self.family, self.given, self.birth_date, self.gender, self.phone)
        return min(2, len(words(self.name or ""))) + sum(1 for fact in single if fact)

    @property
    def said(self) -> list[str]:
        """The names of the criteria that were given."""
        return [label for label, value in _labelled(self) if value]


class People(NamedTuple):
    """Who matches; `inactive` are the ids of matching records out of use that were left out."""

    found: tuple[Resource, ...]
    more: bool
    inactive: tuple[Resource, ...]


def search(criteria: Criteria, limit: int, *, include_inactive: bool) -> Callable[[sqlite3.Connection], People]:
    """Find all patients who match every criterion."""

    def ask(connection: sqlite3.Connection) -> People:
        where, values = _where(criteria)
        rows = connection.execute(
            f"SELECT r.body FROM res r WHERE r.type='Patient' AND {' AND '.join(where)} ORDER BY r.id LIMIT ?",  # noqa: S608
            (*values, limit + 1),
        ).fetchall()
        people = sorted((fhir.parse(row[0]) for row in rows[:limit]), key=lambda one: _order(criteria, one))
        shown = tuple(one for one in people if include_inactive or is_active(one))
        return People(shown, len(rows) > limit, tuple(one for one in people if one not in shown))

    return ask


def candidate(person: Resource, criteria: Criteria, today: date) -> Candidate:
    """A patient who matches, with the basis of the match."""
    matched = list(_basis(criteria, person))
    source = f"[{fhir.reference(person)} v{fhir.version(person)}]"
    line = f"{describe(person, today, tail=True)} {source}; matched on {', '.join(matched)}"
    return Candidate(
        patient=fhir.reference(person),
        version=fhir.version(person),
        name=full_name(person),
        birth_date=fhir.text(person, "birthDate"),
        sex=fhir.text(person, "gender") or "unknown",
        identifier_tail=_tail(person),
        active=is_active(person),
        deceased=deceased(person),
        replaced_by=replaced_by(person),
        matched_on=matched,
        line=line,
    )


def describe(person: Resource, today: date, *, tail: bool = False) -> str:
    """A patient in one line: name, sex, birth date, age, and what must not be overlooked."""
    born = fhir.text(person, "birthDate")
    facts = [full_name(person), fhir.text(person, "gender") or "sex not recorded"]
    facts.append(f"born {born}{_age(born, today, person)}" if born else "birth date not recorded")
    if tail and (last := _tail(person)):
        facts.append(f"record number ends {last}")
    died = deceased(person)
    if died:
        facts.append("DECEASED" if died == "yes" else f"DECEASED {died}")
    if not is_active(person):
        facts.append("RECORD NOT IN USE")
    successor = replaced_by(person)
    if successor:
        facts.append(f"replaced by {successor}")
    return ", ".join(facts)


def full_name(person: Resource) -> str:
    """Given and family names as recorded."""
    name = fhir.at(person, "name")
    return fhir.text(name, "text") or " ".join(
        str(part) for path in ("given", "family") for part in fhir.values(name, path)
    )


def is_active(person: Resource) -> bool:
    """Whether the record is in use."""
    return fhir.text(person, "active") != "false"


def deceased(person: Resource) -> str | None:
    """The date of death, `yes` where only the fact is recorded, None for the living."""
    when = day_of(fhir.text(person, "deceasedDateTime"))
    return when or ("yes" if fhir.text(person, "deceasedBoolean") == "true" else None)


def replaced_by(person: Resource) -> str | None:
    """The reference of the record that replaces this one."""
    for link in fhir.each(person, "link"):
        if fhir.text(link, "type") == "replaced-by":
            return fhir.text(link, "other.reference")
    return None


def _labelled(criteria: Criteria) -> Iterator[tuple[str, str | None]]:
    yield "name", criteria.name
    yield "family name", criteria.family
    yield "given name", criteria.given
    yield "birth date", criteria.birth_date
    yield "record number", criteria.identifier
    yield "sex", criteria.gender
    yield "phone", criteria.phone


def _where(criteria: Criteria) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []

    def rows_of(table: str, condition: str, *bound: object) -> None:
        where.append(f"r.rid IN (SELECT x.rid FROM {table} x WHERE {condition})")  # noqa: S608
        values.extend(bound)

    begins = [("name", word) for word in words(criteria.name or "")]
    begins += [
        (parameter, normalised(value))
        for parameter, value in (("family", criteria.family), ("given", criteria.given))
        if value
    ]
    for parameter, start in begins:
        rows_of("str", "x.p=? AND x.norm>=? AND x.norm<?", parameter, start, start + _AFTER)
    if criteria.identifier:
        rows_of("tok", "x.p='identifier' AND x.code=?", criteria.identifier.strip().casefold())
    if criteria.identifier and criteria.identifier_system:
        rows_of("tok", "x.p='identifier' AND x.sys=?", criteria.identifier_system)
    if criteria.gender:
        rows_of("tok", "x.p='gender' AND x.code=?", criteria.gender)
    if criteria.phone:
        rows_of("tok", "x.p='phone' AND x.code=?", digits(criteria.phone))
    born = span_of(criteria.birth_date or "")
    if born:
        # A birth date recorded as a year is a candidate for every day of that year; the basis of the match says so.
        rows_of("dat", "x.p='birthdate' AND x.lo<? AND x.hi>?", born.high, born.low)
    return where, values


def _basis(criteria: Criteria, person: Resource) -> Iterator[str]:
    own = {
        word
        for path in ("name.given", "name.family")
        for part in fhir.values(person, path)
        for word in words(str(part))
    }
    if criteria.name:
        yield "full words of the name" if set(words(criteria.name)) <= own else "beginning of the name"
    for path, value, label in (("family", criteria.family, "family name"), ("given", criteria.given, "given name")):
        if value:
            recorded = {normalised(str(part)) for part in fhir.values(person, f"name.{path}")}
            yield label if normalised(value) in recorded else f"beginning of the {label}"
    if criteria.birth_date:
        same = fhir.text(person, "birthDate") == criteria.birth_date
        yield "birth date" if same else "birth date as far as it is recorded or given"
    for label, value in _labelled(criteria):
        if value and label in {"record number", "sex", "phone"}:
            yield label


def _order(criteria: Criteria, person: Resource) -> tuple[bool, str, str, str]:
    inexact = any(basis.startswith("beginning") for basis in _basis(criteria, person))
    return inexact, normalised(full_name(person)), fhir.text(person, "birthDate") or "", fhir.reference(person)


def _tail(person: Resource) -> str | None:
    value = fhir.text(person, "identifier.value")
    return value[-_TAIL:] if value else None


def _age(born: str, today: date, person: Resource) -> str:
    if deceased(person) or len(born) != len("2000-01-01"):
        return ""
    try:
        birthday = date.fromisoformat(born)
    except ValueError:
        return ""
    years = today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))
    return f" ({years} years)"
