"""The tables of the task service."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        room="tasks",
        number=1,
        sql="""
        CREATE TABLE tasks (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            context_id TEXT NOT NULL,
            state TEXT NOT NULL,
            version INTEGER NOT NULL,
            said INTEGER NOT NULL,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            deleted INTEGER,
            body TEXT NOT NULL,
            continuation TEXT
        );
        CREATE INDEX tasks_by_context ON tasks (context_id, tenant, owner, agent_id);
        CREATE INDEX tasks_by_update ON tasks (tenant, owner, agent_id, updated);
        CREATE INDEX tasks_unsettled ON tasks (key) WHERE state IN ('submitted', 'working');
        CREATE TABLE events (
            task INTEGER NOT NULL,
            version INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            talk INTEGER NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (task, version)
        ) WITHOUT ROWID;
        CREATE TABLE sends (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            context_id TEXT NOT NULL,
            message_id TEXT NOT NULL,
            task_id TEXT NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (message_id, context_id, tenant, owner, agent_id)
        ) WITHOUT ROWID;
        """,
    ),
)
"""For `Database.open`."""
