"""Registered clients that outlive the process; another process may add and remove them meanwhile."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from agentkit.errors import ConfigurationError
from agentkit.oauth.clients import RegisteredClient
from agentkit.oauth.secrets import SecretChecker, hash_secret
from agentkit.oauth.verified import is_time
from agentkit.storage import Connection, Database

# It stands in forms, in Basic headers, in commands and in `ID:SECRET`.
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@/+-]{0,127}")
_KEPT: Final = 2
_COLUMNS: Final = "id, scopes, resources, serves"


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client as it is kept.

    Attributes:
        client: Who it is and what it may ask for.
        created: Seconds since the epoch.
        secrets: When each of its valid secrets ends, the newest first; None is never.
    """

    client: RegisteredClient
    created: float
    secrets: tuple[float | None, ...]


class StoredClients:
    """Clients in a database, with their secrets as scrypt hashes; every question reads what is there now.

    A client whose secret is changed has two for a while: the new one, and the one before until it ends.
    """

    def __init__(self, database: Callable[[], Database], clock: Callable[[], float] = time.time) -> None:
        """Keep clients in what `database` gives; `clock` gives seconds since the epoch."""
        self._database = database
        self._clock = clock
        self._checker = SecretChecker()

    async def add(self, client: RegisteredClient, secret: str) -> None:
        """Register a client.

        Raises:
            ConfigurationError: The id is taken or has other signs than letters, digits and `._~@/+-`, or the secret
                is empty.
            StorageError: The database refused.
        """
        if not _ID.fullmatch(client.client_id):
            raise ConfigurationError(
                "client id", "must be up to 128 letters, digits and ._~@/+-, and begin with a letter or a digit"
            )
        secret_hash = await _hashed(client.client_id, secret)
        now = self._clock()

        def write(connection: Connection) -> bool:
            known = connection.execute("SELECT 1 FROM oauth_clients WHERE id = ?", (client.client_id,)).fetchone()
            if known is not None:
                return False
            values = (json.dumps(client.scopes), json.dumps(client.resources), json.dumps(client.serves), now)
            connection.execute(
                f"INSERT INTO oauth_clients ({_COLUMNS}, created) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
                (client.client_id, *values),
            )
            _insert_secret(connection, client.client_id, secret_hash, now)
            return True

        if not await self._database().write(write):
            raise ConfigurationError(
                f"client {client.client_id}", "is registered already", remedy="Choose another id, or remove it first."
            )

    async def remove(self, client_id: str) -> None:
        """Remove a client: it gets no more tokens, and introspection calls those it has inactive.

        Raises:
            ConfigurationError: There is no such client.
            StorageError: The database refused.
        """

        def write(connection: Connection) -> int:
            return connection.execute("DELETE FROM oauth_clients WHERE id = ?", (client_id,)).rowcount

        if not await self._database().write(write):
            raise _unknown(client_id)

    async def rotate_secret(self, client_id: str, secret: str, *, keep: float) -> None:
        """Give a client another secret.

        Args:
            client_id: Whose.
            secret: The new one.
            keep: Seconds for which the one before stays valid; the one before that ends now.

        Raises:
            ConfigurationError: There is no such client, the secret is empty, or `keep` is no time that ends.
            StorageError: The database refused.
        """
        if not is_time(self._clock() + keep) or keep < 0:
            raise ConfigurationError("keep", "must be 0 or more seconds, and end")
        known = await self._hashes(client_id)
        secret_hash = await _hashed(client_id, secret, like=known[0] if known else None)
        now = self._clock()

        def write(connection: Connection) -> bool:
            if connection.execute("SELECT 1 FROM oauth_clients WHERE id = ?", (client_id,)).fetchone() is None:
                return False
            _end_secrets(connection, client_id, now + keep)
            _insert_secret(connection, client_id, secret_hash, now)
            connection.execute(
                "DELETE FROM oauth_secrets WHERE client_id = ? AND (expires <= ? OR number NOT IN"
                " (SELECT number FROM oauth_secrets WHERE client_id = ? ORDER BY number DESC LIMIT ?))",
                (client_id, now, client_id, _KEPT),
            )
            return True

        if not await self._database().write(write):
            raise _unknown(client_id)

    async def end_old_secret(self, client_id: str) -> None:
        """End the secret before the current one now.

        Raises:
            ConfigurationError: There is no such client.
            StorageError: The database refused.
        """

        def write(connection: Connection) -> bool:
            if connection.execute("SELECT 1 FROM oauth_clients WHERE id = ?", (client_id,)).fetchone() is None:
                return False
            connection.execute("DELETE FROM oauth_secrets WHERE client_id = ? AND expires IS NOT NULL", (client_id,))
            return True

        if not await self._database().write(write):
            raise _unknown(client_id)

    async def records(self) -> tuple[ClientRecord, ...]:
        """All clients, by id."""
        now = self._clock()

        def read(connection: Connection) -> tuple[ClientRecord, ...]:
            rows = connection.execute(f"SELECT {_COLUMNS}, created FROM oauth_clients ORDER BY id")  # noqa: S608
            ends = "SELECT expires FROM oauth_secrets WHERE client_id = ? AND (expires IS NULL OR expires > ?)"
            return tuple(
                ClientRecord(
                    _client(row),
                    row[4],
                    tuple(end for (end,) in connection.execute(f"{ends} ORDER BY number DESC", (row[0], now))),
                )
                for row in rows.fetchall()
            )

        return await self._database().read(read)

    async def authenticate(self, client_id: str, secret: str) -> RegisteredClient | None:
        """The client whose secret this is, or None."""
        hashes = await self._hashes(client_id)
        matches = await self._checker.matches(secret, hashes, time.monotonic())
        return await self.find(client_id) if matches else None

    async def find(self, client_id: str) -> RegisteredClient | None:
        """The client with this id, unauthenticated."""

        def read(connection: Connection) -> RegisteredClient | None:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM oauth_clients WHERE id = ?", (client_id,))  # noqa: S608
            row = rows.fetchone()
            return None if row is None else _client(row)

        return await self._database().read(read)

    async def scopes(self) -> frozenset[str]:
        """What all of them together may ask for."""
        return frozenset(scope for record in await self.records() for scope in record.client.scopes)

    async def _hashes(self, client_id: str) -> list[str]:
        now = self._clock()

        def read(connection: Connection) -> list[str]:
            rows = connection.execute(
                "SELECT hash FROM oauth_secrets WHERE client_id = ? AND (expires IS NULL OR expires > ?)"
                " ORDER BY number DESC",
                (client_id, now),
            )
            return [secret_hash for (secret_hash,) in rows]

        return await self._database().read(read)


def _insert_secret(connection: Connection, client_id: str, secret_hash: str, now: float) -> None:
    connection.execute(
        "INSERT INTO oauth_secrets (client_id, hash, created) VALUES (?, ?, ?)", (client_id, secret_hash, now)
    )


def _end_secrets(connection: Connection, client_id: str, end: float) -> None:
    connection.execute(
        "UPDATE oauth_secrets SET expires = ? WHERE client_id = ? AND (expires IS NULL OR expires > ?)",
        (end, client_id, end),
    )


def _client(row: tuple[str, str, str, str]) -> RegisteredClient:
    client_id, *lists = row[:4]
    scopes, resources, serves = (tuple[str, ...](json.loads(text)) for text in lists)
    return RegisteredClient(client_id, scopes, resources, serves)


def _unknown(client_id: str) -> ConfigurationError:
    shown = client_id if _ID.fullmatch(client_id) else "with this id"
    return ConfigurationError(f"client {shown}", "is not registered", remedy="See agentkit clients list.")


async def _hashed(client_id: str, secret: str, *, like: str | None = None) -> str:
    if not secret:
        raise ConfigurationError(f"client {client_id}", "has no secret")
    return await anyio.to_thread.run_sync(lambda: hash_secret(secret, like=like))
