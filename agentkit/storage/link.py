"""What a worker needs of a database system beside executing SQL."""

from __future__ import annotations

from typing import Protocol

from agentkit.errors import StorageError
from agentkit.storage.connection import Connection


class Link(Protocol):
    """A connection to a database with its transactions; made, used and closed in one thread.

    `COMMIT`, `ROLLBACK` and savepoints are spelled the same everywhere; what differs is here.
    """

    @property
    def connection(self) -> Connection:
        """For jobs."""
        ...

    @property
    def refusals(self) -> type[Exception]:
        """What the driver raises."""
        ...

    def begin(self) -> None:
        """Start a transaction, on a new connection where the old one broke."""
        ...

    def in_transaction(self) -> bool:
        """There is something to commit or to roll back."""
        ...

    def may_repeat(self, error: Exception) -> bool:
        """The transaction lost against another one, and did nothing: it may be tried again as it is."""
        ...

    def explain(self, error: Exception) -> StorageError:
        """The error as a caller sees it: never with a value that was to be stored."""
        ...

    def sessions(self) -> tuple[int, frozenset[int]]:
        """The number of this process among those that use the database, and the numbers of all that are alive."""
        ...

    def erase_traces(self) -> None:
        """Make sure that what was deleted cannot be read from the files that SQL does not reach."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
