"""The table of push configurations; what is to be sent stands in the event log of the task."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        room="push",
        number=1,
        sql="""
        CREATE TABLE push_configs (
            task_id TEXT NOT NULL,
            id TEXT NOT NULL,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            context_id TEXT NOT NULL,
            url TEXT NOT NULL,
            sealed TEXT NOT NULL,
            delivered BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            due BIGINT NOT NULL,
            open BIGINT NOT NULL,
            PRIMARY KEY (task_id, id)
        );
        CREATE INDEX push_configs_due ON push_configs (due) WHERE open = 1;
        """,
    ),
)
"""For `Database.open`, beside those of the task service."""
