"""Questions to the store as hand-written SQL; each is a function of an open connection.

Patient questions start at the compartment table; every filter is one EXISTS on a covering index (clinical reference
1.14). Values are always bound, never written into the SQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.dates import Span
from agentkit_servers.ehr.resource import Resource

# Confidentiality "restricted" and "very restricted", psychotherapy notes, substance use records (rule R5).
_NOT_WITHHELD: Final = (
    "NOT EXISTS(SELECT 1 FROM tok t WHERE t.rid=c.rid AND t.p='security'"
    " AND t.code IN ('r', 'v', 'psythpn', '42cfrpart2'))"
)
_NOT_WITHDRAWN: Final = "NOT EXISTS(SELECT 1 FROM tok t WHERE t.rid=c.rid AND t.p='withdrawn')"

_DATED: Final = "EXISTS(SELECT 1 FROM dat d WHERE d.rid=c.rid AND d.p='date'"


class Position(NamedTuple):
    """The place of a record in the order of answers."""

    rank: int
    newest: int
    rid: int


class Match(NamedTuple):
    """A record that was found, and its place."""

    resource: Resource
    position: Position


@dataclass(frozen=True, slots=True)
class Records:
    """Which records of a patient are wanted.

    Attributes:
        patient: The patient's id.
        types: Resource types.
        tokens: Parameter and accepted codes (`code` or `system|code`); all parameters must match (EHR-S09).
        measures: Alternatives of words; an observation must answer to all words of one alternative.
        since: Only records of this time or later (EHR-S21 `ge`).
        until: Only records of this time or earlier (EHR-S21 `le`).
        withdrawn: Include what was entered in error (EHR-D1).
        current: Only what is in force.
        latest: Only the newest of each measurement.
    """

    patient: str
    types: tuple[str, ...]
    tokens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    measures: tuple[tuple[str, ...], ...] = ()
    since: Span | None = None
    until: Span | None = None
    withdrawn: bool = False
    current: bool = False
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A page of records and what was left out of it.

    Attributes:
        matches: The records, at most as many as asked for.
        more: There are further records.
        total: Of all pages.
        entered_in_error: Matching records that were left out because they were withdrawn.
        withheld: Matching records that were left out because their labels forbid showing them.
        not_current: Matching records that were left out because they are not in force.
    """

    matches: tuple[Match, ...]
    more: bool
    total: int
    entered_in_error: int
    withheld: int
    not_current: int


Question = Callable[[sqlite3.Connection], Found]


def find(records: Records, limit: int, after: Position | None = None) -> Question:
    """Find a page of records: what must be seen first, then what is in force, then newest first."""

    def ask(connection: sqlite3.Connection) -> Found:
        where, values = _where(records)
        visible = [*where, _NOT_WITHHELD]
        shown = visible if records.withdrawn else [*visible, _NOT_WITHDRAWN]
        source = _source([*shown, "c.rank<2"] if records.current else shown, latest=records.latest)
        seek = "" if after is None else "WHERE (c.rank, c.newest, c.rid) > (?, ?, ?)"
        rows = connection.execute(
            f"SELECT r.body, c.rank, c.newest, c.rid FROM {source} JOIN res r ON r.rid=c.rid {seek}"  # noqa: S608
            " ORDER BY c.rank, c.newest, c.rid LIMIT ?",
            (*values, *(after or ()), limit + 1),
        ).fetchall()
        return Found(
            matches=tuple(Match(fhir.parse(row[0]), Position(row[1], row[2], row[3])) for row in rows[:limit]),
            more=len(rows) > limit,
            total=_count(connection, source, values),
            entered_in_error=0
            if records.withdrawn
            else _count(connection, _source([*visible, f"NOT {_NOT_WITHDRAWN}"]), values),
            withheld=_count(connection, _source([*where, f"NOT {_NOT_WITHHELD}"]), values),
            not_current=_count(connection, _source([*shown, "c.rank=2"]), values) if records.current else 0,
        )

    return ask


def find_all(wanted: Sequence[Records], limit: int) -> Callable[[sqlite3.Connection], tuple[Found, ...]]:
    """Answer several questions in one transaction, the first page of each."""

    def ask(connection: sqlite3.Connection) -> tuple[Found, ...]:
        return tuple(find(records, limit)(connection) for records in wanted)

    return ask


def patient(identity: str) -> Callable[[sqlite3.Connection], Resource | None]:
    """Read a patient by id."""

    def ask(connection: sqlite3.Connection) -> Resource | None:
        row = connection.execute("SELECT body FROM res WHERE type='Patient' AND id=?", (identity,)).fetchone()
        return fhir.parse(row[0]) if row else None

    return ask


def is_measure(words: Sequence[str]) -> Callable[[sqlite3.Connection], bool]:
    """Whether any measurement this store knows answers to all the words."""

    def ask(connection: sqlite3.Connection) -> bool:
        where, values = _named("norm", words)
        return bool(connection.execute(f"SELECT EXISTS(SELECT 1 FROM names WHERE {where})", values).fetchone()[0])  # noqa: S608

    return ask


def secret(connection: sqlite3.Connection) -> bytes:
    """The key that signs the cursors of this store."""
    return bytes.fromhex(connection.execute("SELECT value FROM meta WHERE key='cursor-key'").fetchone()[0])


def _source(where: Sequence[str], *, latest: bool = False) -> str:
    """The matching rows of the compartment as a table `c`; of each measurement only the newest when asked."""
    if not latest:
        return f"(SELECT c.rank, c.newest, c.rid FROM comp c WHERE {' AND '.join(where)}) c"  # noqa: S608
    ranked = "ROW_NUMBER() OVER (PARTITION BY k.code, k.sys ORDER BY c.rank, c.newest, c.rid) AS place"
    return (
        f"(SELECT rank, newest, rid FROM (SELECT c.rank, c.newest, c.rid, {ranked} FROM comp c"  # noqa: S608
        f" LEFT JOIN tok k ON k.rid=c.rid AND k.p='key' WHERE {' AND '.join(where)}) WHERE place=1) c"
    )


def _count(connection: sqlite3.Connection, source: str, values: Sequence[object]) -> int:
    count: int = connection.execute(f"SELECT COUNT(*) FROM {source}", values).fetchone()[0]  # noqa: S608
    return count


def _where(records: Records) -> tuple[list[str], list[object]]:
    where = ["c.pid=?", f"c.type IN ({_marks(records.types)})"]
    values: list[object] = [records.patient, *records.types]
    for parameter, accepted in records.tokens:
        clause, bound = _any_token(parameter, accepted)
        where.append(clause)
        values += bound
    if records.measures:
        clauses: list[str] = []
        for words in records.measures:
            clause, bound = _named("s.norm", words)
            clauses.append(f"({clause})")
            values += bound
        where.append(
            f"EXISTS(SELECT 1 FROM str s WHERE s.rid=c.rid AND s.p='measure' AND ({' OR '.join(clauses)}))"  # noqa: S608
        )
    if records.since is not None:
        where.append(f"{_DATED} AND (d.hi>? OR (d.lo>=? AND d.hi<=?)))")
        values += [records.since.high, *records.since]
    if records.until is not None:
        where.append(f"{_DATED} AND (d.lo<? OR (d.lo>=? AND d.hi<=?)))")
        values += [records.until.low, *records.until]
    return where, values


def _any_token(parameter: str, accepted: Sequence[str]) -> tuple[str, list[object]]:
    clauses: list[str] = []
    values: list[object] = [parameter]
    for token in accepted:
        system, bar, code = token.rpartition("|")
        clauses.append("(t.code=? AND t.sys=?)" if bar else "t.code=?")
        values += [code.casefold(), system] if bar else [code.casefold()]
    return f"EXISTS(SELECT 1 FROM tok t WHERE t.rid=c.rid AND t.p=? AND ({' OR '.join(clauses)}))", values  # noqa: S608


def _named(column: str, words: Sequence[str]) -> tuple[str, list[object]]:
    """Every word begins a word of the name; words hold letters and digits only, so nothing needs escaping."""
    return " AND ".join(f"' '||{column} LIKE ?" for _ in words), [f"% {word}%" for word in words]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)
