"""Erases what runs have recorded, for whoever erases what they worked on; needs no DBOS."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Final

from agentkit.storage import Connection

SCHEMA: Final = "agentkit_engine"
"""Where DBOS keeps its tables on PostgreSQL; on SQLite they lie beside all others."""

CANCELLED: Final = -1
"""Number of the record that says that a run is to end."""


def erase_records(connection: Connection, things: Sequence[str]) -> None:
    """Delete the records of runs named `<thing>.<anything>`, and have those end that are at work.

    It fits `Repository.on_delete` where engine and repository share a database, and does nothing where no engine keeps
    its runs in it.

    Args:
        connection: To the database, in the transaction that erases the things.
        things: What the runs worked on: ids of tasks.
    """
    plain = isinstance(connection, sqlite3.Connection)
    there = (
        "SELECT 1 FROM sqlite_master WHERE name = 'operation_outputs'"
        if plain
        else f"SELECT 1 FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename = 'operation_outputs'"  # noqa: S608
    )
    if connection.execute(there).fetchone() is None:
        return
    schema, wanted = "" if plain else f"{SCHEMA}.", frozenset(things)
    runs = connection.execute(f"SELECT workflow_uuid, status FROM {schema}workflow_status").fetchall()  # noqa: S608
    found = [(name, status) for name, status in runs if name.partition(":")[2].rpartition(".")[0] in wanted]
    # Runs that wait have recorded nothing, and find nothing to do when their moment comes.
    connection.executemany(
        f"DELETE FROM {schema}operation_outputs WHERE workflow_uuid = ? AND function_id > 0",  # noqa: S608
        [(name,) for name, _ in found],
    )
    connection.executemany(
        f"INSERT INTO {schema}operation_outputs"  # noqa: S608
        " (workflow_uuid, function_id, function_name, output, retention_timestamp)"
        f" VALUES (?, {CANCELLED}, 'note', 'null', ?) ON CONFLICT DO NOTHING",
        [(name, int(time.time() * 1000)) for name, status in found if status == "PENDING"],
    )
