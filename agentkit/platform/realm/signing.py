"""The key that signs access tokens, kept over restarts so that a client's cached token stays good."""

from __future__ import annotations

from typing import Final

from agentkit.oauth.keys import SigningKeys
from agentkit.storage import Connection, Database
from agentkit.storage.sealing import Sealer

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

    def write(connection: Connection) -> None:
        connection.execute(
            "INSERT INTO platform_keys (name, sealed) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
            (_NAME, fresh),
        )

    await database.write(write)
    return keys
