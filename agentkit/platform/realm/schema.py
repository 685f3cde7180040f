"""The tables of the realms: sessions of people, their refresh tokens as hashes, and what ended early."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        "realm",
        1,
        """
        CREATE TABLE realm_sessions (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            client TEXT NOT NULL,
            username TEXT NOT NULL,
            started REAL NOT NULL,
            expires REAL NOT NULL
        );
        CREATE INDEX realm_sessions_user ON realm_sessions (tenant, username, started);
        CREATE INDEX realm_sessions_expiry ON realm_sessions (expires);
        CREATE TABLE realm_refresh_tokens (
            digest TEXT PRIMARY KEY,
            session TEXT NOT NULL REFERENCES realm_sessions (id) ON DELETE CASCADE,
            scope TEXT NOT NULL,
            expires REAL NOT NULL,
            used INTEGER NOT NULL
        );
        CREATE INDEX realm_refresh_tokens_session ON realm_refresh_tokens (session);
        CREATE INDEX realm_refresh_tokens_expiry ON realm_refresh_tokens (expires);
        CREATE TABLE realm_ended (id TEXT PRIMARY KEY, expires REAL NOT NULL);
        """,
    ),
)
"""Sessions, refresh tokens, and the ids of tokens and sessions that ended before they expired."""
