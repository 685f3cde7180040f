"""The SQL of the memory: jobs for a `Database`, each bounded by what it returns or writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple, cast

from agentkit.memory.items import DATA_LIMIT, TEXT_LIMIT, Item, Kind, Note, Scope
from agentkit.memory.stemming import words
from agentkit.models import Json
from agentkit.storage import Connection

INDEX_AFTER: Final = 64
"""So many items may wait for the index of words, for together they cost a fraction; a search reads them as well."""

_KINDS: Final = {kind.value: kind for kind in Kind}
_COLUMNS: Final = "place, kind, text, data, source, task_id, remembered"
_KEEP: Final = """
    INSERT INTO memory_contexts (tenant, owner, context_id, items, indexed, model, embedded)
    VALUES (?, ?, ?, ?, 0, '', 0)
    ON CONFLICT (tenant, owner, context_id) DO UPDATE SET items = memory_contexts.items + excluded.items
    RETURNING number, items, indexed
"""

ItemRow = tuple[int, str, str, str | None, str | None, str | None, str]


class ContextRow(NamedTuple):
    """A context as the memory keeps it: its number, and how far its items are indexed and embedded, by which model."""

    number: int
    items: int
    indexed: int
    model: str
    embedded: int

    def embedded_by(self, model: str) -> int:
        """The place up to which a model has seen the items."""
        return self.embedded if self.model == model else 0


def find_context(connection: Connection, scope: Scope) -> ContextRow | None:
    """The context of a scope, where something is remembered of it."""
    row = connection.execute(
        "SELECT number, items, indexed, model, embedded FROM memory_contexts"
        " WHERE tenant = ? AND owner = ? AND context_id = ?",
        (scope.tenant, scope.owner, scope.context_id),
    ).fetchone()
    return None if row is None else ContextRow(*row)


def keep(connection: Connection, scope: Scope, notes: Sequence[Note], turn: str | None, when: str) -> None:
    """Add notes to a context; those of a turn that is there already are not added again."""
    key = (scope.tenant, scope.owner, scope.context_id)
    number, items, indexed = connection.execute(_KEEP, (*key, len(notes))).fetchone()
    first = items - len(notes) + 1
    if turn is not None and first > 1 and _is_kept(connection, number, notes[0].task_id, turn):
        connection.execute("UPDATE memory_contexts SET items = ? WHERE number = ?", (first - 1, number))
        return
    connection.executemany(
        "INSERT INTO memory_items (context, place, kind, task_id, turn, source, text, data, remembered)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, place, note.kind.value, note.task_id, turn, note.source, _text(note.text), _dump(note.data), when)
            for place, note in enumerate(notes, first)
        ],
    )
    if items - indexed >= INDEX_AFTER:
        _index(connection, number, indexed, items)


def newest(connection: Connection, context: int, kinds: Sequence[Kind], limit: int) -> list[ItemRow]:
    """The newest items of some kinds, newest first."""
    if not kinds or limit < 1:
        return []
    parameters = [value for kind in kinds for value in (context, kind.value, limit)]
    return connection.execute(_newest(len(kinds)), (*parameters, limit)).fetchall()


def waiting(connection: Connection, context: int, after: int, limit: int = INDEX_AFTER) -> list[tuple[int, str]]:
    """Places and texts of some items behind a place, oldest first."""
    return connection.execute(
        "SELECT place, text FROM memory_items WHERE context = ? AND place > ? ORDER BY place LIMIT ?",
        (context, after, limit),
    ).fetchall()


def of_task(connection: Connection, context: int, task_id: str, limit: int) -> list[ItemRow]:
    """The newest items of one task of a context, newest first."""
    return connection.execute(
        f"SELECT {_COLUMNS} FROM memory_items WHERE task_id = ? AND context = ? ORDER BY place DESC LIMIT ?",  # noqa: S608
        (task_id, context, limit),
    ).fetchall()


def load(connection: Connection, context: int, places: Sequence[int]) -> dict[int, ItemRow]:
    """The items at some places, as far as they are there."""
    # One by one: for a list of places SQLite reads the whole context.
    sql = f"SELECT {_COLUMNS} FROM memory_items WHERE context = ? AND place = ?"  # noqa: S608
    found = (connection.execute(sql, (context, place)).fetchone() for place in places)
    return {row[0]: row for row in found if row is not None}


def erase(connection: Connection, scope: Scope) -> None:
    """Delete a context with everything that was made of it."""
    context = find_context(connection, scope)
    if context is None:
        return
    for table in ("memory_words", "memory_vectors", "memory_items"):
        connection.execute(f"DELETE FROM {table} WHERE context = ?", (context.number,))  # noqa: S608
    connection.execute("DELETE FROM memory_contexts WHERE number = ?", (context.number,))


def erase_tasks(connection: Connection, task_ids: Sequence[str]) -> set[int]:
    """Delete what is kept of some tasks; returns the numbers of their contexts.

    The words of an item are deleted by its text: that takes as long as they are many, not as the context is long.
    """
    contexts: set[int] = set()
    for task_id in task_ids:
        found = connection.execute(
            "SELECT context, place, text FROM memory_items WHERE task_id = ?", (task_id,)
        ).fetchall()
        connection.executemany(
            "DELETE FROM memory_words WHERE context = ? AND word = ? AND place = ?",
            [(context, word, place) for context, place, text in found for word in words(text)],
        )
        places = [(context, place) for context, place, _ in found]
        connection.executemany("DELETE FROM memory_vectors WHERE context = ? AND place = ?", places)
        connection.executemany("DELETE FROM memory_items WHERE context = ? AND place = ?", places)
        contexts.update(context for context, _ in places)
    return contexts


def item(row: ItemRow) -> Item:
    """What a row holds."""
    place, kind, text, data, source, task_id, remembered = row
    value = None if data is None else cast("Json", json.loads(data))
    return Item(place, Note(_KINDS[kind], text, value, source, task_id), datetime.fromisoformat(remembered))


def _is_kept(connection: Connection, context: int, task_id: str | None, turn: str) -> bool:
    sql = "SELECT 1 FROM memory_items WHERE task_id = ? AND context = ? AND turn = ? LIMIT 1"
    return connection.execute(sql, (task_id, context, turn)).fetchone() is not None


def _index(connection: Connection, context: int, indexed: int, items: int) -> None:
    rows = waiting(connection, context, indexed, items - indexed)
    # In the order of the table, so that each of its pages is written once.
    entries = sorted((word, place) for place, text in rows for word in words(text))
    connection.executemany(
        "INSERT INTO memory_words (context, word, place) VALUES (?, ?, ?)",
        [(context, word, place) for word, place in entries],
    )
    connection.execute("UPDATE memory_contexts SET indexed = ? WHERE number = ?", (items, context))


@lru_cache(maxsize=8)
def _newest(kinds: int) -> str:
    """Each kind by the index, and the newest of all of them: no sorting of a whole context."""
    one = (
        f"SELECT * FROM (SELECT {_COLUMNS} FROM memory_items WHERE context = ? AND kind = ?"  # noqa: S608
        " ORDER BY place DESC LIMIT ?) AS kind_{number}"
    )
    every = " UNION ALL ".join(one.format(number=number) for number in range(kinds))
    return f"{every} ORDER BY place DESC LIMIT ?"


def _text(text: str) -> str:
    """What of a text both databases take: neither half a surrogate pair nor a NUL, and no more than is kept."""
    if len(text) > TEXT_LIMIT:
        text = f"{text[: TEXT_LIMIT - 1]}…"
    if text.isascii():
        return text.replace("\x00", " ") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")


def _dump(data: Json) -> str | None:
    if data is None:
        return None
    dumped = json.dumps(data)
    return dumped if len(dumped) <= DATA_LIMIT else None
