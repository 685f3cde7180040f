"""Interviews on disk: they outlive connections and restarts, and are forgotten after thirty days."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, TypeVar

from agentkit.interviewing import Session
from agentkit_servers.database import LocalDatabase

T = TypeVar("T")

KEPT: Final = timedelta(days=30)
PREFIX: Final = "qs_"

_SCHEMA: Final = """
CREATE TABLE sessions(id TEXT PRIMARY KEY, body TEXT NOT NULL, updated TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_updated ON sessions(updated)
"""


class Sessions:
    """The interviews of one server.

    A session id is the only key to an interview, so it is random and long, and never in an error text or a log.

    Args:
        location: A path, a URL `sqlite:///path`, or None for memory.
    """

    def __init__(self, location: str | None = None) -> None:
        """Keep the location; nothing is opened yet."""
        self._database = LocalDatabase(location, schema=_SCHEMA, version=2)

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Have the database open while a block runs.

        Raises:
            StorageError: The database cannot be opened.
        """
        return self._database.opened()

    async def add(self, session: Session, now: datetime) -> str:
        """Store a new interview, drop the expired ones, and return its id.

        Raises:
            StorageError: The database cannot be used.
        """
        identity = PREFIX + secrets.token_urlsafe(16)

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sessions WHERE updated<?", ((now - KEPT).isoformat(),))
            connection.execute(
                "INSERT INTO sessions(id, body, updated) VALUES (?, ?, ?)",
                (identity, session.model_dump_json(), now.isoformat()),
            )

        await self._database.run(job)
        return identity

    async def change(self, identity: str, now: datetime, change: Callable[[Session], tuple[Session, T]]) -> T | None:
        """Change an interview as one transaction.

        Args:
            identity: Its id.
            now: The time of the change.
            change: From the stored session to the new one and a result.

        Returns:
            The result, None when there is no such interview.

        Raises:
            StorageError: The database cannot be used.
        """

        def job(connection: sqlite3.Connection) -> T | None:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT body FROM sessions WHERE id=? AND updated>=?", (identity, (now - KEPT).isoformat())
            ).fetchone()
            if row is None:
                return None
            session, result = change(Session.model_validate_json(row[0]))
            connection.execute(
                "UPDATE sessions SET body=?, updated=? WHERE id=?",
                (session.model_dump_json(), now.isoformat(), identity),
            )
            return result

        return await self._database.run(job)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()
