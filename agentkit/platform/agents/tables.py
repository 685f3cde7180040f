"""The SQL of agents: what is asked for, and what is written together."""

from __future__ import annotations

from typing import Final

from agentkit.errors import AgentKitError
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.rows import name_key
from agentkit.storage import Connection

BY_ID: Final = (
    "SELECT id, tenant, owner, visibility, expires, version, body FROM platform_agents WHERE id = ? AND gone IS NULL"
)
OF_EXPERT: Final = (
    "SELECT id, tenant, owner, visibility, expires, version, body FROM platform_agents"
    " WHERE id = (SELECT agent_id FROM platform_inline_experts WHERE id = ?) AND gone IS NULL"
)
LIST: Final = (
    "SELECT number, id, tenant, owner, visibility, expires, version, body FROM platform_agents"
    " WHERE tenant = ? AND gone IS NULL AND (expires IS NULL OR expires > ?)"
    " AND (owner = ? OR visibility = 'public') AND number > ? ORDER BY number"
)
ALIVE: Final = (
    "SELECT 1 FROM platform_agents WHERE id IN (SELECT ? UNION ALL SELECT agent_id FROM platform_inline_experts"
    " WHERE id = ?) AND gone IS NULL AND (expires IS NULL OR expires > ?)"
)
EXPIRED: Final = "SELECT id FROM platform_agents WHERE expires <= ?"
_TAKEN: Final = (
    "SELECT 1 FROM platform_agents WHERE tenant = ? AND gone IS NULL AND (expires IS NULL OR expires > ?)"
    " AND name = ? AND (owner = ? OR visibility <> 'private') AND id <> ?"
)


class NameTaken(AgentKitError):
    """Another living agent that the caller can see has the name (V2-EP-01)."""


def bury(connection: Connection, agent_id: str, now: str | None) -> bool:
    """A tombstone tells an id that was used from one that never was (V2-EP-05), and nothing else."""
    drop_belongings(connection, agent_id)
    return bool(
        connection.execute(
            "UPDATE platform_agents SET gone = ?, name = '', body = '', expires = NULL, version = version + 1"
            " WHERE id = ? AND gone IS NULL",
            (now, agent_id),
        ).rowcount
    )


def require_free(connection: Connection, record: AgentRecord, now: str | None, lock: str | None) -> None:
    """Refuse a name that another living agent has which the owner can see.

    Args:
        connection: Of the job that writes the name.
        record: The agent that is to have it.
        now: Who has expired by then is not alive.
        lock: `Database.name_lock`, so that no other process takes the name in between.

    Raises:
        NameTaken: There is one.
    """
    own = record.ownership
    if lock is not None:
        connection.execute(lock, (f"platform_agents {own.tenant}",))
    taken = connection.execute(
        _TAKEN,
        (own.tenant, now, name_key(record.name), own.owner, record.id),
    ).fetchone()
    if taken:
        raise NameTaken("An agent of this name exists already.", remedy="Choose another name.")


def put_belongings(connection: Connection, record: AgentRecord, tokens: list[tuple[str, str, bytes]]) -> None:
    """Write the ids of the inline experts, and the sealed tokens."""
    connection.executemany(
        "INSERT INTO platform_inline_experts (id, agent_id) VALUES (?, ?)",
        [(expert.id, record.id) for expert in record.inline_experts()],
    )
    connection.executemany("INSERT INTO platform_tokens (agent_id, server_id, sealed) VALUES (?, ?, ?)", tokens)


def drop_belongings(connection: Connection, agent_id: str) -> None:
    """Delete what `put_belongings` wrote."""
    connection.execute("DELETE FROM platform_inline_experts WHERE agent_id = ?", (agent_id,))
    connection.execute("DELETE FROM platform_tokens WHERE agent_id = ?", (agent_id,))
