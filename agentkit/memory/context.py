"""The memory of contexts on SQLite: lexical, strictly scoped, erasable (design, section 8)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from agentkit.memory.items import Item, Kind, Note, Scope
from agentkit.models import Json
from agentkit.storage import Connection, Database

_WORD: Final = re.compile(r"\w+")
_MAX_WORDS: Final = 24
_MAX_HITS: Final = 500
_NEWEST: Final = """
    SELECT id, kind, text, data, source, task_id, remembered FROM memory_items
    WHERE tenant = ? AND owner = ? AND context_id = ? AND kind IN (SELECT value FROM json_each(?))
    ORDER BY id DESC LIMIT ?
"""
_BY_NUMBER: Final = """
    SELECT id, kind, text, data, source, task_id, remembered FROM memory_items
    WHERE tenant = ? AND owner = ? AND context_id = ? AND id IN (SELECT value FROM json_each(?))
"""


def _now() -> datetime:
    return datetime.now(UTC)


class ContextMemory:
    """Remembers what was said and found in a context, and finds it again.

    The search is lexical: it matches words by their stem. Ranking uses nothing but the context's own items, so what
    stands in one context cannot even move the order of results in another (CTX-03).
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = _now) -> None:
        """Use a database that was opened with this room's `MIGRATIONS`."""
        self._database = database
        self._clock = clock

    async def remember(self, scope: Scope, notes: Sequence[Note]) -> None:
        """Keep notes, in order and all together."""
        if not notes:
            return
        when = self._clock().isoformat()
        key, token = _key(scope), scope.token
        rows = [
            (*key, token, note.task_id, note.kind.value, note.source, _storable(note.text), _dump(note.data), when)
            for note in notes
        ]

        def job(connection: Connection) -> None:
            for row in rows:
                (number,) = connection.execute(
                    "INSERT INTO memory_items"
                    " (tenant, owner, context_id, scope, task_id, kind, source, text, data, remembered)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    row,
                ).fetchone()
                connection.execute(
                    "INSERT INTO memory_index (rowid, scope, text) VALUES (?, ?, ?)", (number, token, row[7])
                )

        await self._database.write(job)

    async def search(self, scope: Scope, query: str, limit: int = 10) -> tuple[Item, ...]:
        """The items that share most words with a text, rare words counting more, best first.

        Args:
            scope: Where to look.
            query: Any text; it is not a query language.
            limit: At most so many items.
        """
        words = _words(query)
        if not words or limit < 1:
            return ()

        def job(connection: Connection) -> tuple[Item, ...]:
            best = _rank(connection, scope, words)[:limit]
            found = _load(connection, scope, best)
            return tuple(found[number] for number in best if number in found)

        return await self._database.read(job)

    async def recall(self, scope: Scope, kinds: Sequence[Kind], limit: int) -> tuple[Item, ...]:
        """The newest items of the given kinds, oldest first."""
        wanted = json.dumps([kind.value for kind in kinds])

        def job(connection: Connection) -> tuple[Item, ...]:
            rows = connection.execute(_NEWEST, (*_key(scope), wanted, max(limit, 0))).fetchall()
            return tuple(_item(row) for row in reversed(rows))

        return await self._database.read(job)

    async def observations(self, scope: Scope, limit: int = 50) -> tuple[Item, ...]:
        """The newest tool results of the context, oldest first."""
        return await self.recall(scope, (Kind.OBSERVATION,), limit)

    async def forget(self, scope: Scope) -> None:
        """Erase everything of a context, from the index too; nothing can bring it back (V1-CTXEP-02)."""

        def job(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO memory_index (memory_index, rowid, scope, text) SELECT 'delete', id, scope, text"
                " FROM memory_items WHERE tenant = ? AND owner = ? AND context_id = ?",
                _key(scope),
            )
            erased = connection.execute(
                "DELETE FROM memory_items WHERE tenant = ? AND owner = ? AND context_id = ?", _key(scope)
            ).rowcount
            if erased:
                # Until its segments are merged the index still holds the words of deleted rows.
                connection.execute("INSERT INTO memory_index (memory_index) VALUES ('optimize')")

        await self._database.write(job)
        await self._database.erase_traces()


def _rank(connection: Connection, scope: Scope, words: Sequence[str]) -> list[int]:
    """Numbers of matching items, best first; one look-up per word, weighted by how rare it is in this context."""
    total = connection.execute(
        "SELECT count(*) FROM memory_items WHERE tenant = ? AND owner = ? AND context_id = ?", _key(scope)
    ).fetchone()[0]
    scores: dict[int, float] = {}
    for word in words:
        hits = connection.execute(
            "SELECT rowid FROM memory_index WHERE memory_index MATCH ? ORDER BY rowid DESC LIMIT ?",
            (f'scope : "{scope.token}" AND text : "{word}"', _MAX_HITS),
        ).fetchall()
        for (number,) in hits:
            scores[number] = scores.get(number, 0.0) + math.log(1 + total / len(hits))
    return sorted(scores, key=lambda number: (-scores[number], -number))


def _load(connection: Connection, scope: Scope, numbers: Sequence[int]) -> dict[int, Item]:
    rows = connection.execute(_BY_NUMBER, (*_key(scope), json.dumps(list(numbers)))).fetchall()
    return {row[0]: _item(row) for row in rows}


def _item(row: tuple[int, str, str, str | None, str | None, str | None, str]) -> Item:
    number, kind, text, data, source, task_id, remembered = row
    value = None if data is None else cast(Json, json.loads(data))
    return Item(number, Note(Kind(kind), text, value, source, task_id), datetime.fromisoformat(remembered))


def _key(scope: Scope) -> tuple[str, str, str]:
    return scope.tenant, scope.owner, scope.context_id


def _words(query: str) -> list[str]:
    """The distinct words of a text; quoted one by one, so no text can be read as FTS5 syntax."""
    found = dict.fromkeys(word.casefold() for word in _WORD.findall(_storable(query)))
    return list(found)[:_MAX_WORDS]


def _storable(text: str) -> str:
    """SQLite takes neither half a surrogate pair nor, in the index, a NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")


def _dump(data: Json) -> str | None:
    return None if data is None else json.dumps(data)
