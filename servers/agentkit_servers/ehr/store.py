"""The embedded store: FHIR resources of synthetic patients in SQLite, read-only once filled."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from importlib import resources
from typing import TypeVar, cast

from agentkit_servers.database import LocalDatabase
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.indexing import Names, index
from agentkit_servers.ehr.normal import words
from agentkit_servers.ehr.schema import SCHEMA, VERSION

T = TypeVar("T")


class EhrStore:
    """Holds the resources and answers questions about them in worker threads.

    Args:
        location: A path, a URL `sqlite:///path`, or None for memory. A new database is filled with the bundled
            patients; an existing one is used as it is.
    """

    def __init__(self, location: str | None = None) -> None:
        """Keep the location; nothing is opened yet."""
        self._database = LocalDatabase(location, schema=SCHEMA, version=VERSION, fill=_fill)

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run a question (see `queries`) in a worker thread.

        Raises:
            StorageError: The database cannot be used.
        """
        return await self._database.run(question)

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Have the database open while a block runs.

        Raises:
            StorageError: The database cannot be opened.
        """
        return self._database.opened()

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def bundled_resources() -> Iterator[str]:
    """The resources of the bundled patients, patient by patient, one JSON text each."""
    folder = resources.files("agentkit_servers.ehr") / "data" / "patients"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".ndjson"):
            yield from file.read_text(encoding="utf-8").splitlines()


def bundled_names() -> Names:
    """The names people use for measurements, by LOINC code."""
    file = resources.files("agentkit_servers.ehr") / "data" / "measurement_names.json"
    table = cast("dict[str, list[str]]", json.loads(file.read_text(encoding="utf-8"))["names"])
    return {code: tuple(names) for code, names in table.items()}


def add(connection: sqlite3.Connection, body: str, names: Names) -> None:
    """Store a resource, as the very text it came in, with its index rows."""
    resource = fhir.parse(body)
    entry = index(resource, names)
    kind, identity = str(resource.get("resourceType")), str(resource.get("id"))
    rid = connection.execute("INSERT INTO res(type, id, body) VALUES (?, ?, ?)", (kind, identity, body)).lastrowid
    if entry.patient:
        connection.execute(
            "INSERT INTO comp(pid, type, rank, newest, rid) VALUES (?, ?, ?, ?, ?)",
            (entry.patient, kind, entry.rank, entry.newest, rid),
        )
    connection.executemany(
        "INSERT INTO tok(rid, p, code, sys) VALUES (?, ?, ?, ?)",
        ((rid, *token) for token in dict.fromkeys(entry.tokens)),
    )
    connection.executemany("INSERT INTO str(rid, p, norm) VALUES (?, ?, ?)", ((rid, *row) for row in entry.strings))
    connection.executemany(
        "INSERT INTO dat(rid, p, lo, hi) VALUES (?, ?, ?, ?)", ((rid, name, *span) for name, span in entry.dates)
    )
    connection.executemany(
        "INSERT OR IGNORE INTO names(norm) VALUES (?)", ((norm,) for name, norm in entry.strings if name == "measure")
    )


def _fill(connection: sqlite3.Connection) -> None:
    names = bundled_names()
    for body in bundled_resources():
        add(connection, body, names)
    connection.executemany("INSERT OR IGNORE INTO names(norm) VALUES (?)", ((name,) for name in _known_names(names)))
    connection.execute("INSERT INTO meta(key, value) VALUES ('cursor-key', ?)", (secrets.token_hex(32),))
    connection.execute("ANALYZE")


def _known_names(names: Names) -> Iterator[str]:
    return (" ".join(words(name)) for group in names.values() for name in group)
