"""Signing keys that outlive the process; another process may rotate them meanwhile."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from jwt import PyJWK

from agentkit.errors import ConfigurationError, StorageError
from agentkit.models import JsonObject
from agentkit.oauth.keys import ACCESS_TOKEN, RetiredKey, SigningKeys
from agentkit.storage import Connection, Database
from agentkit.storage.sealing import KEY_VARIABLE, Sealer

LOOK_AFTER: Final = 1.0
"""Seconds after which a running server looks for a rotation."""

GRACE: Final = 60.0
"""Seconds for which a retired key is shown longer than its tokens live: a server may sign with it until it looks."""

logger = logging.getLogger(__name__)


class _Row(NamedTuple):
    key_id: str
    public: str
    sealed: bytes | None
    lifetime: float
    expires: float | None


class StoredKeys:
    """Keys in a database: the private half of the current one is sealed, those of the others are gone (design D13)."""

    def __init__(
        self,
        database: Callable[[], Database],
        sealer: Callable[[], Awaitable[Sealer]],
        lifetime: float,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep keys in what `database` gives.

        Args:
            database: Opened with the migrations of this room.
            sealer: Seals and opens the private keys.
            lifetime: Seconds that tokens live at most: so long is a key kept after its last token.
            clock: Seconds since the epoch.
            ticks: Seconds that only go forward.
        """
        self._database = database
        self._sealer = sealer
        self._lifetime = lifetime
        self._clock = clock
        self._ticks = ticks
        self._ring: SigningKeys | None = None
        self._seen: tuple[tuple[str, float | None], ...] = ()
        self._looked = -math.inf

    async def load(self) -> None:
        """Read the keys, and make the first one where there is none; before anything is signed or shown.

        Raises:
            ConfigurationError: The current key was sealed with another secret key, or the secret key cannot be used.
            StorageError: The database refused.
        """
        sealer = await self._sealer()
        now, lifetime = self._clock(), self._lifetime

        def write(connection: Connection) -> None:
            connection.execute("DELETE FROM oauth_keys WHERE expires <= ?", (now,))
            connection.execute(
                "UPDATE oauth_keys SET lifetime = ? WHERE expires IS NULL AND lifetime < ?", (lifetime, lifetime)
            )
            if _current(connection) is None:
                _insert(connection, sealer, lifetime, now)

        await self._database().write(write)
        await self._look()

    async def rotate(self, *, force: bool = False) -> str:
        """Sign with a new key from now on; the one before is shown until its last token has expired.

        Args:
            force: Replace a key that cannot be opened any more, because the secret key was lost.

        Returns:
            The new `kid`.

        Raises:
            ConfigurationError: The current key was sealed with another secret key than the one given here, which a
                running server would not be able to open either; or the secret key cannot be used.
            StorageError: The database refused.
        """
        sealer = await self._sealer()
        now, at_least = self._clock(), self._lifetime

        def write(connection: Connection) -> str:
            connection.execute("DELETE FROM oauth_keys WHERE expires <= ?", (now,))
            current = _current(connection)
            lifetime = at_least
            if current is not None:
                lifetime = max(lifetime, current.lifetime)
                if not force:
                    _opened(current, sealer)
                connection.execute(
                    "UPDATE oauth_keys SET sealed = NULL, expires = ? WHERE id = ?",
                    (now + lifetime + GRACE, current.key_id),
                )
            return _insert(connection, sealer, lifetime, now)

        key_id = await self._database().write(write)
        await self._database().erase_traces()
        if self._ring is not None:
            await self._look()
        return key_id

    async def refresh(self) -> None:
        """See a rotation by another process; the database is asked once in `LOOK_AFTER` seconds.

        Keys that cannot be opened are told in the log, and those before stay in use.

        Raises:
            StorageError: The database refused.
        """
        if self._ticks() - self._looked < LOOK_AFTER:
            return
        try:
            await self._look()
        except ConfigurationError as error:
            logger.error("the keys were rotated, and the old one goes on signing: %s", error)

    def sign(self, claims: JsonObject, *, kind: str = ACCESS_TOKEN) -> str:
        """A JWT with these claims, by the current key; `kind` is its `typ`."""
        return self._keys().sign(claims, kind=kind)

    def jwks(self) -> JsonObject:
        """The public keys of all tokens that may still be valid."""
        return self._keys().jwks()

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The public key with this id, after a look into the database where it is unknown."""
        found = await self._keys().find(key_id)
        if found is None:
            await self.refresh()
            found = await self._keys().find(key_id)
        return found

    def __repr__(self) -> str:
        """Names the current key, hides it."""
        return f"StoredKeys({self._ring.key_id if self._ring else None!r})"

    def _keys(self) -> SigningKeys:
        if self._ring is None:
            raise StorageError("The signing keys are not loaded.", remedy="Open the store and load its keys first.")
        return self._ring

    async def _look(self) -> None:
        self._looked = self._ticks()
        rows = await self._database().read(_rows)
        seen = tuple((row.key_id, row.expires) for row in rows)
        if seen == self._seen:
            return
        current = next((row for row in rows if row.expires is None), None)
        if current is None:
            raise ConfigurationError("signing key", "is missing in the database", remedy="Restart the server.")
        pem = _opened(current, await self._sealer())
        retired = [RetiredKey(json.loads(row.public), row.expires) for row in rows if row.expires is not None]
        self._ring = SigningKeys.from_pem(pem, retired=retired, clock=self._clock)
        self._seen = seen


def _rows(connection: Connection) -> list[_Row]:
    rows = connection.execute("SELECT id, public, sealed, lifetime, expires FROM oauth_keys ORDER BY created DESC, id")
    return [_Row(*row) for row in rows]


def _current(connection: Connection) -> _Row | None:
    return next((row for row in _rows(connection) if row.expires is None), None)


def _insert(connection: Connection, sealer: Sealer, lifetime: float, now: float) -> str:
    keys = SigningKeys()
    connection.execute(
        "INSERT INTO oauth_keys (id, public, sealed, lifetime, created) VALUES (?, ?, ?, ?, ?)",
        (keys.key_id, json.dumps(keys.public), sealer.seal(keys.to_pem().decode(), keys.key_id), lifetime, now),
    )
    return keys.key_id


def _opened(row: _Row, sealer: Sealer) -> bytes:
    pem = sealer.open(row.sealed or b"", row.key_id)
    if pem is None:
        raise ConfigurationError(
            KEY_VARIABLE,
            "does not open the signing key in the database",
            remedy="Give the key it was sealed with (the variable, or the .key file beside the database); if it is"
            " lost: agentkit clients rotate-keys --force.",
        )
    return pem.encode()
