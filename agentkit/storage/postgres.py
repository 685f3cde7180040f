"""PostgreSQL by URL: a connection that comes back when it broke, and says which process of several this is."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import errors as refused
from psycopg.pq import TransactionStatus

from agentkit.errors import StorageError
from agentkit.storage.connection import Cursor
from agentkit.storage.migrations import Migration, migrate
from agentkit.storage.postgres_sql import numbered, spelled

SESSIONS: Final = 0x0A6E_7401
"""Class of the advisory locks that tell which processes use the database; the second number is that of the process."""

GRACE: Final = 60.0
"""Seconds after the connection came back in which who was alive before counts as alive."""

_MIGRATING: Final = 0x0A6E_7402
_CONNECT_SECONDS: Final = 10
_PREPARE_AFTER: Final = 2
_PLAIN_TABLES: Final = """
CREATE TABLE IF NOT EXISTS agentkit_migrations (room TEXT NOT NULL, number BIGINT NOT NULL, digest TEXT NOT NULL,
    applied TIMESTAMPTZ NOT NULL DEFAULT now(), PRIMARY KEY (room, number));
CREATE SEQUENCE IF NOT EXISTS agentkit_sessions AS INTEGER CYCLE;
"""
_ALIVE: Final = (
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

_log = logging.getLogger("agentkit.storage")


class PostgresConnection:
    """Implements `Connection` on psycopg."""

    def __init__(self, driver: psycopg.Connection) -> None:
        """Use an open connection."""
        self._driver = driver

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Cursor:
        """Execute one statement, prepared when it comes again."""
        return psycopg.RawCursor(self._driver).execute(numbered(sql).encode(), _storable(parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Cursor:
        """Execute one statement for each row, all in one round trip."""
        cursor = psycopg.RawCursor(self._driver)
        cursor.executemany(numbered(sql).encode(), [_storable(row) for row in parameters])
        return cursor


class PostgresLink:
    """Implements `Link`."""

    refusals: type[Exception] = psycopg.Error

    def __init__(self, url: str, *, begin: str, session: bool) -> None:
        """Connect.

        Args:
            url: Of the database.
            begin: Starts a transaction.
            session: Number this process among those that use the database, as long as it is connected.

        Raises:
            StorageError: The server cannot be reached, or refuses.
        """
        self._url = url
        self._begin = begin.encode()
        self._numbered = session
        self._held = False
        self._seen: frozenset[int] = frozenset()
        self._known: frozenset[int] = frozenset()
        self._renewed = 0.0
        self.session = 0
        self._driver = _connect(url)
        self.connection = PostgresConnection(self._driver)

    def begin(self) -> None:
        """Start a transaction; a connection that broke while nothing was under way is replaced unnoticed."""
        if self._numbered and not self._held and not self._driver.closed:
            self._hold_number()
        if not self._driver.closed:
            try:
                self._driver.execute(self._begin, prepare=False)
            except psycopg.OperationalError:
                if not self._driver.closed:
                    raise
            else:
                return
        self._renew()
        self._driver.execute(self._begin, prepare=False)

    def in_transaction(self) -> bool:
        """False also when the connection broke."""
        return not self._driver.closed and self._driver.info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def may_repeat(self, error: Exception) -> bool:
        """After a deadlock with another process."""
        return isinstance(error, (refused.DeadlockDetected, refused.SerializationFailure))

    def explain(self, error: Exception) -> StorageError:
        """Which kind of error, and where; PostgreSQL's own text may show the values."""
        if self._driver.closed:
            return StorageError(
                f"The connection to {shown(self._url)} broke; what was under way may be stored or not.",
                remedy="Try again; the next call connects anew.",
            )
        diagnosis = error.diag if isinstance(error, psycopg.Error) else None
        names = () if diagnosis is None else (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name)
        where = ", ".join(filter(None, names))
        kind = type(error).__name__ + (f" in {where}" if where else "")
        return StorageError(f"The database refused ({kind}).", remedy="Check free space and permissions at the server.")

    def sessions(self) -> tuple[int, frozenset[int]]:
        """The numbers that some connection holds a lock on; the server drops it with the connection.

        A restart of the server breaks the connections of all, and each comes back in its own time: for a while, those
        who were alive before count as alive.
        """
        try:
            rows = self._alive()
        except psycopg.OperationalError:
            if not self._driver.closed:
                raise
            self._renew()
            rows = self._alive()
        if time.monotonic() - self._renewed > GRACE:
            self._known = frozenset()
        self._seen = frozenset(row[0] for row in rows) | self._known
        return self.session, self._seen

    def erase_traces(self) -> None:
        """Nothing to do here: the server's write-ahead log and vacuum are in the hands of whoever runs it."""

    def close(self) -> None:
        """Close the connection."""
        self._driver.close()

    def prepare_tables(self, migrations: Sequence[Migration]) -> None:
        """Apply migrations, one process at a time.

        Raises:
            StorageError: A migration does not fit, or the server refuses.
        """
        driver = self._driver
        try:
            with driver.transaction():
                driver.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
                driver.execute(_PLAIN_TABLES)
                migrate(self.connection, migrations, spelled, lambda sql: _run(driver, sql))
            if self._numbered:
                self._take_number()
        except psycopg.Error as error:
            raise self.explain(error) from None

    def _alive(self) -> list[tuple[int]]:
        if self._numbered and not self._held:
            self._hold_number()
        return self._driver.execute(_ALIVE, (SESSIONS,)).fetchall()

    def _take_number(self) -> None:
        row = self._driver.execute("SELECT nextval('agentkit_sessions')").fetchone()
        self.session = row[0] if row else 0
        self._hold_number()

    def _hold_number(self) -> None:
        # Held by the old connection for as long as the server takes it for alive; then it is tried again.
        row = self._driver.execute("SELECT pg_try_advisory_lock(%s, %s)", (SESSIONS, self.session)).fetchone()
        self._held = row is not None and row[0]

    def _renew(self) -> None:
        self._driver.close()
        self._known, self._renewed = self._seen, time.monotonic()
        self._driver = _connect(self._url)
        self.connection = PostgresConnection(self._driver)
        if self._numbered:
            self._hold_number()
        _log.warning("connected to the database again")


def shown(url: str) -> str:
    """The address of a database without user, password and parameters; without a place where it is misspelled.

    A password with `/`, `?` or `#` that is not percent-encoded ends up in other parts of the address.
    """
    parts = urlsplit(url)
    try:
        place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "postgresql://"
    return "postgresql://" if "@" in parts.path else f"postgresql://{place}{parts.path}"


def open_writer(url: str, migrations: Sequence[Migration]) -> PostgresLink:
    """Connect for writing, and bring the tables up to date.

    Raises:
        StorageError: The server cannot be reached or refuses, or a migration does not fit.
    """
    link = PostgresLink(url, begin="BEGIN", session=True)
    try:
        link.prepare_tables(migrations)
    except BaseException:
        link.close()
        raise
    return link


def open_reader(url: str) -> PostgresLink:
    """Connect for reading.

    Raises:
        StorageError: The server cannot be reached, or refuses.
    """
    return PostgresLink(url, begin="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", session=False)


def _storable(parameters: Sequence[object]) -> Sequence[object]:
    """PostgreSQL has no character 0 in texts; in an id that somebody chose it stands as U+FFFD."""
    if any(isinstance(one, str) and "\0" in one for one in parameters):
        return [one.replace("\0", "\ufffd") if isinstance(one, str) else one for one in parameters]
    return parameters


def _connect(url: str) -> psycopg.Connection:
    try:
        return psycopg.connect(url, autocommit=True, prepare_threshold=_PREPARE_AFTER, connect_timeout=_CONNECT_SECONDS)
    except psycopg.Error as error:
        kind = type(error).__name__
        raise StorageError(
            f"The database {shown(url)} cannot be reached ({kind}).",
            remedy="Check that the server runs, that the address is right, and that user and password are those of it.",
        ) from None


def _run(driver: psycopg.Connection, sql: str) -> None:
    driver.execute(sql.encode(), prepare=False)
