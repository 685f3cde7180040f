"""The key that signs access tokens, kept over restarts so that a client's cached token stays good."""

from __future__ import annotations

from typing import Final

from agentkit.errors import ConfigurationError
from agentkit.oauth.keys import SigningKeys
from agentkit.storage import Connection, Database
from agentkit.storage.sealing import KEY_VARIABLE, Sealer

_NAME: Final = "signing"


async def load_signing_keys(database: Database, sealer: Sealer) -> SigningKeys:
    """The stored key, or a new one where there is none or the seal cannot be opened any more.

    Args:
        database: Opened with the platform's migrations.
        sealer: Opens and seals it (design D13).

    Raises:
        StorageError: The database refused.
        ConfigurationError: What was sealed is no key.
    """

    def read(connection: Connection) -> bytes | None:
        row = connection.execute("SELECT sealed FROM platform_keys WHERE name = ?", (_NAME,)).fetchone()
        return None if row is None else bytes(row[0])

    sealed = await database.read(read)
    pem = None if sealed is None else sealer.open(sealed, _NAME)
    if pem is not None:
        return SigningKeys.from_pem(pem.encode())
    keys = SigningKeys()
    fresh = sealer.seal(keys.to_pem().decode(), _NAME)

    def write(connection: Connection) -> bytes:
        """Put the new key where nobody else was faster; what lies there then."""
        if sealed is None:
            connection.execute(
                "INSERT INTO platform_keys (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (_NAME, fresh)
            )
        else:
            connection.execute(
                "UPDATE platform_keys SET sealed = ? WHERE name = ? AND sealed = ?", (fresh, _NAME, sealed)
            )
        row = connection.execute("SELECT sealed FROM platform_keys WHERE name = ?", (_NAME,)).fetchone()
        return bytes(row[0])

    kept = await database.write(write)
    if kept == fresh:
        return keys
    if (pem := sealer.open(kept, _NAME)) is None:
        raise ConfigurationError(KEY_VARIABLE, "differs from that of another process on the same database")
    return SigningKeys.from_pem(pem.encode())
