"""What a job sees of a database: the few calls that SQLite and PostgreSQL have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Row = Any
"""A tuple of columns; what they hold is known by whoever wrote the SQL, not by a type checker."""


class Cursor(Protocol):
    """What one statement came to."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        ...

    def fetchone(self) -> Row:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Row]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Row]:
        """The rows that are left, one by one."""
        ...


class Connection(Protocol):
    """Executes SQL with `?` for parameters; a `sqlite3.Connection` is one.

    The SQL is what both database systems understand: what an insert made is asked for by `RETURNING`.
    """

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Cursor:
        """Execute one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Cursor:
        """Execute one statement for each row of parameters."""
        ...


Job = Callable[[Connection], T]
"""What is done with a connection, in the database's thread; it may run while its caller is already gone.

It does nothing but work on the connection: after a deadlock it is run again.
"""
