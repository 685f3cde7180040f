"""The tables of a durable authorization server."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        "oauth",
        1,
        """
        CREATE TABLE oauth_clients (
            id TEXT PRIMARY KEY,
            scopes TEXT NOT NULL,
            resources TEXT NOT NULL,
            serves TEXT NOT NULL,
            created REAL NOT NULL
        );
        CREATE TABLE oauth_secrets (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
            hash TEXT NOT NULL,
            created REAL NOT NULL,
            expires REAL
        );
        CREATE INDEX oauth_secrets_client ON oauth_secrets (client_id, number);
        CREATE TABLE oauth_keys (
            id TEXT PRIMARY KEY,
            public TEXT NOT NULL,
            sealed BLOB,
            lifetime REAL NOT NULL,
            created REAL NOT NULL,
            expires REAL
        );
        CREATE UNIQUE INDEX oauth_keys_current ON oauth_keys ((1)) WHERE expires IS NULL;
        CREATE TABLE oauth_revocations (id TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX oauth_revocations_expiry ON oauth_revocations (expires);
        """,
    ),
)
"""Clients and the hashes of their secrets, keys with their private halves sealed, and revoked tokens."""
