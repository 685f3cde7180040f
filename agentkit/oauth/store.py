"""All that an authorization server keeps, in one database: clients, keys and revoked tokens (design D6, D13)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from agentkit.errors import StorageError
from agentkit.oauth.issuing import DEFAULT_LIFETIME
from agentkit.oauth.schema import MIGRATIONS
from agentkit.oauth.stored_clients import StoredClients
from agentkit.oauth.stored_keys import StoredKeys
from agentkit.storage import Connection, Database
from agentkit.storage.files import parse
from agentkit.storage.sealing import Sealer, find_key


class StoredRevocations:
    """Revoked tokens in a database, until they have expired."""

    def __init__(self, database: Callable[[], Database], clock: Callable[[], float] = time.time) -> None:
        """Keep them in what `database` gives; `clock` gives seconds since the epoch."""
        self._database = database
        self._clock = clock

    async def add(self, token_id: str, expires_at: float) -> None:
        """Revoke a token, and forget those that have expired."""
        now = self._clock()

        def write(connection: Connection) -> None:
            connection.execute("DELETE FROM oauth_revocations WHERE expires <= ?", (now,))
            connection.execute("INSERT OR REPLACE INTO oauth_revocations VALUES (?, ?)", (token_id, expires_at))

        await self._database().write(write)

    async def has(self, token_id: str) -> bool:
        """Whether a token was revoked."""

        def read(connection: Connection) -> bool:
            found = connection.execute("SELECT 1 FROM oauth_revocations WHERE id = ?", (token_id,)).fetchone()
            return found is not None

        return await self._database().read(read)


class IssuerStore:
    """A database of an authorization server; several processes may have it open, and each sees what the others do.

    `clients`, `keys` and `revoked` can be handed to `authorization_server` before the store is open. It is opened by
    `async with`; `await keys.load()` then reads or makes the signing key.

    A new file has mode 0600. Secrets of clients are in it as scrypt hashes, the private key is sealed with
    `AGENTKIT_SECRET_KEY` or with the key file beside the database.
    """

    def __init__(
        self,
        url: str | Path | None,
        *,
        secret_key: str | None = None,
        lifetime: float = DEFAULT_LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use a database.

        Args:
            url: `sqlite:///path`, a path, or None for a private one in memory.
            secret_key: 32 bytes in URL-safe base64; by default the variable, else the key file.
            lifetime: Seconds that tokens live.
            clock: Seconds since the epoch.

        Raises:
            StorageError: The address names another database system.
        """
        self._url = url
        self._path = parse(url)
        self._secret_key = secret_key
        self._sealer: Sealer | None = None
        self._database: Database | None = None
        self.lifetime = lifetime
        self.clients = StoredClients(self._opened, clock)
        self.keys = StoredKeys(self._opened, self._sealing, lifetime, clock=clock)
        self.revoked = StoredRevocations(self._opened, clock)

    async def __aenter__(self) -> Self:
        """Open the database, and make it where it is missing.

        Raises:
            StorageError: The file cannot be used, somebody uses it alone, or the store is open.
        """
        if self._database is not None:
            raise StorageError("The store of the authorization server is open already.")
        self._database = await Database.open(self._url, MIGRATIONS, shared=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    def _opened(self) -> Database:
        if self._database is None:
            raise StorageError("The store of the authorization server is not open.", remedy="Use it by async with.")
        return self._database

    async def _sealing(self) -> Sealer:
        if self._sealer is None:
            self._sealer = Sealer(await asyncio.to_thread(find_key, self._secret_key, self._path))
        return self._sealer
