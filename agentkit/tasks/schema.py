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
    # Lists and counts go over the number of a scope: an index of integers is read six times as fast as one of texts.
    # `listed` is that number, negative once the task was erased. `folded`: up to which version the artifact rows hold
    # what the events say. `turn`: the version of the user's message that is worked on. `worker`: the process.
    Migration(
        room="tasks",
        number=2,
        sql="""
        CREATE TABLE scopes (
            number INTEGER PRIMARY KEY,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            UNIQUE (tenant, owner, agent_id)
        );
        INSERT INTO scopes (tenant, owner, agent_id) SELECT DISTINCT tenant, owner, agent_id FROM tasks;
        ALTER TABLE tasks ADD COLUMN listed INTEGER;
        ALTER TABLE tasks ADD COLUMN turn INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE tasks ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tasks ADD COLUMN worker INTEGER NOT NULL DEFAULT 0;
        UPDATE tasks SET listed = CASE WHEN deleted IS NULL THEN 1 ELSE -1 END * (
            SELECT number FROM scopes
            WHERE scopes.tenant = tasks.tenant AND scopes.owner = tasks.owner AND scopes.agent_id = tasks.agent_id
        );
        DROP INDEX tasks_by_context;
        DROP INDEX tasks_by_update;
        CREATE INDEX tasks_listed ON tasks (listed, updated, key, state);
        CREATE INDEX tasks_of_context ON tasks (context_id, listed);
        CREATE INDEX tasks_to_scrub ON tasks (key) WHERE deleted IS NOT NULL AND body <> '';
        ALTER TABLE events ADD COLUMN request TEXT;
        CREATE TABLE artifacts (
            task INTEGER NOT NULL,
            id TEXT NOT NULL,
            version INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (task, id)
        ) WITHOUT ROWID;
        CREATE TABLE conversation_state (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            agent_id TEXT NOT NULL,
            context_id TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            updated INTEGER NOT NULL,
            PRIMARY KEY (context_id, key, tenant, owner, agent_id)
        ) WITHOUT ROWID;
        """,
        postgres="""
        CREATE FUNCTION agentkit_notify_task() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('agentkit_tasks', NEW.key || ' ' || NEW.id);
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tasks_notify AFTER INSERT OR UPDATE ON tasks
            FOR EACH ROW EXECUTE FUNCTION agentkit_notify_task();
        """,
    ),
    # `opens`: the task opened its context, which is kept so many microseconds after what happened last in it, with 0
    # for ever. `sent`: when a user's message came in, since its text, and the moment with it, may be erased.
    Migration(
        room="tasks",
        number=3,
        sql="""
        ALTER TABLE tasks ADD COLUMN opens INTEGER;
        UPDATE tasks SET opens = 0 WHERE key IN (SELECT min(key) FROM tasks GROUP BY context_id, abs(listed));
        CREATE INDEX tasks_opening ON tasks (listed, key) WHERE opens IS NOT NULL;
        CREATE INDEX tasks_expiring ON tasks ((created + opens)) WHERE opens > 0 AND deleted IS NULL;
        ALTER TABLE events ADD COLUMN sent INTEGER;
        """,
    ),
)
"""For `Database.open`."""
