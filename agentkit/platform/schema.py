"""The tables of the platform."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        "platform",
        1,
        """
        CREATE TABLE platform_agents (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_type TEXT NOT NULL,
            ephemeral INTEGER NOT NULL,
            created TEXT NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX platform_agents_owner ON platform_agents (tenant, owner, number);
        CREATE INDEX platform_agents_ephemeral ON platform_agents (created) WHERE ephemeral = 1;
        CREATE TABLE platform_tokens (
            agent_id TEXT NOT NULL REFERENCES platform_agents (id) ON DELETE CASCADE,
            server_id TEXT NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (agent_id, server_id)
        );
        """,
    ),
    Migration("platform", 2, "CREATE TABLE platform_keys (name TEXT PRIMARY KEY, sealed BLOB NOT NULL);"),
    Migration(
        "platform",
        3,
        """
        DROP TABLE platform_tokens;
        DROP TABLE platform_agents;
        CREATE TABLE platform_agents (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            visibility TEXT NOT NULL,
            expires TEXT,
            gone TEXT,
            version INTEGER NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX platform_agents_tenant ON platform_agents (tenant, number) WHERE gone IS NULL;
        CREATE INDEX platform_agents_name ON platform_agents (tenant, name) WHERE gone IS NULL;
        CREATE INDEX platform_agents_expires ON platform_agents (expires) WHERE expires IS NOT NULL;
        CREATE TABLE platform_inline_experts (
            id TEXT NOT NULL PRIMARY KEY,
            agent_id TEXT NOT NULL REFERENCES platform_agents (id) ON DELETE CASCADE
        );
        CREATE INDEX platform_inline_experts_agent ON platform_inline_experts (agent_id);
        CREATE TABLE platform_tokens (
            agent_id TEXT NOT NULL REFERENCES platform_agents (id) ON DELETE CASCADE,
            server_id TEXT NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (agent_id, server_id)
        );
        """,
    ),
)
"""Agents, and what is sealed: static tokens of MCP servers and the key that signs access tokens."""
