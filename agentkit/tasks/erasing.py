"""Jobs that delete: what was said is scrubbed and the audit row stays, or a task that is old goes as a whole.

Tasks are first marked, which hides them, and then scrubbed in batches: no transaction grows with what is deleted, and
what a crash leaves marked is scrubbed by the next deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.storage import Connection
from agentkit.tasks.acceptance import SCOPE
from agentkit.tasks.erasure import DeleteHook
from agentkit.tasks.repository import Scope
from agentkit.tasks.selection import Age

BATCH: Final = 100
"""So many tasks are scrubbed in one transaction."""

_SWEPT: Final = 5000
_ENDED: Final = "('completed', 'failed', 'canceled', 'rejected')"
_WAITING: Final = "('input-required', 'auth-required')"
_EXPIRED: Final = (
    "SELECT context_id, tenant, owner, agent_id FROM tasks AS first"
    " WHERE opens > 0 AND deleted IS NULL AND created + opens <= ?"
    " AND opens + (SELECT max(updated) FROM tasks WHERE context_id = first.context_id AND listed = first.listed) <= ?"
    " ORDER BY created + opens LIMIT ?"
)
_HAND_ON: Final = (
    "UPDATE tasks SET opens = ? WHERE key = (SELECT min(key) FROM tasks WHERE context_id = ? AND listed = ?)"
)
_MARK: Final = "UPDATE tasks SET deleted = ?, listed = -listed"


def mark_context(connection: Connection, scope: Scope, context_id: str, now: int) -> int:
    """Hide the tasks of a context and delete its state; returns how many tasks there were."""
    own = (scope.tenant, scope.owner, scope.agent_id)
    marked = 0
    while True:
        # Again, because another process may have opened a task in the context before it saw the first rows marked.
        found = connection.execute(
            f"{_MARK} WHERE context_id = ? AND listed = {SCOPE}", (now, context_id, *own)
        ).rowcount
        if not found:
            break
        marked += found
    connection.execute(
        "DELETE FROM conversation_state WHERE context_id = ? AND tenant = ? AND owner = ? AND agent_id = ?",
        (context_id, *own),
    )
    return marked


def expired(connection: Connection, now: int, limit: int) -> list[tuple[Scope, str]]:
    """Contexts that nothing has happened in for as long as they are kept; those that were opened first come first."""
    rows = connection.execute(_EXPIRED, (now, now, limit)).fetchall()
    return [(Scope(*scope), context_id) for context_id, *scope in rows]


def mark_expired(connection: Connection, now: int, limit: int) -> list[tuple[Scope, str]]:
    """Hide some contexts whose time is over; returns which."""
    found = expired(connection, now, limit)
    for scope, context_id in found:
        mark_context(connection, scope, context_id, now)
    return found


def mark_owned(connection: Connection, tenant: str, owner: str | None, now: int) -> int:
    """Hide some tasks of an owner, or of a tenant; returns how many, 0 when there are no more."""
    whose, values = _whose(tenant, owner)
    rows = connection.execute(
        f"SELECT key FROM tasks WHERE listed IN (SELECT number FROM scopes WHERE {whose}) LIMIT ?",  # noqa: S608
        (*values, BATCH),
    ).fetchall()
    connection.executemany(f"{_MARK} WHERE key = ? AND listed > 0", [(now, key) for (key,) in rows])
    return len(rows)


def forget_owned(connection: Connection, tenant: str, owner: str | None) -> None:
    """Delete the state of all conversations of an owner, or of a tenant."""
    whose, values = _whose(tenant, owner)
    connection.execute(f"DELETE FROM conversation_state WHERE {whose}", values)  # noqa: S608


def scrub(connection: Connection, hooks: Sequence[DeleteHook]) -> list[tuple[int, str]]:
    """Remove the content of some tasks that are marked; returns keys and ids of those it did."""
    rows = connection.execute(
        "SELECT key, id FROM tasks WHERE deleted IS NOT NULL AND body <> '' ORDER BY key LIMIT ?", (BATCH,)
    ).fetchall()
    _tell(hooks, connection, rows)
    keys = [(key,) for key, _ in rows]
    connection.executemany("UPDATE events SET body = '', request = NULL WHERE task = ?", keys)
    connection.executemany("DELETE FROM artifacts WHERE task = ?", keys)
    connection.executemany("UPDATE tasks SET body = '', continuation = NULL WHERE key = ?", keys)
    return rows


def retire(connection: Connection, hooks: Sequence[DeleteHook], age: Age, limit: int) -> list[tuple[int, str]]:
    """Delete some tasks that are old as a whole; returns their keys and ids."""
    rows = connection.execute(
        "SELECT key, id, opens, listed, context_id, tenant, owner, agent_id FROM tasks"  # noqa: S608
        f" WHERE (updated < ? AND state IN {_ENDED}) OR (updated < ? AND state IN {_WAITING}) OR deleted < ?"
        " ORDER BY key LIMIT ?",
        (age.ended_before, age.waiting_before, age.ended_before, limit),
    ).fetchall()
    done = [(row[0], row[1]) for row in rows]
    _tell(hooks, connection, done)
    keys = [(key,) for key, _ in done]
    connection.executemany("DELETE FROM events WHERE task = ?", keys)
    connection.executemany("DELETE FROM artifacts WHERE task = ?", keys)
    connection.executemany("DELETE FROM tasks WHERE key = ?", keys)
    # What is left of a context is opened by the oldest task of it that is left.
    connection.executemany(_HAND_ON, [(row[2], row[4], row[3]) for row in rows if row[2] is not None])
    connection.executemany(
        "DELETE FROM conversation_state WHERE context_id = ? AND tenant = ? AND owner = ? AND agent_id = ?"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.context_id = ? AND listed = {SCOPE})",
        [(*place, *place) for place in {tuple(row[4:]) for row in rows}],
    )
    return done


def sweep_sends(connection: Connection, after: str) -> str | None:
    """Delete which messages came in for tasks that are gone, some at a time.

    Args:
        connection: To write to.
        after: Where the last call ended; at first empty.

    Returns:
        Where to go on; None at the end.
    """
    rows = connection.execute(
        "SELECT message_id FROM sends WHERE message_id > ? ORDER BY message_id LIMIT ?", (after, _SWEPT)
    ).fetchall()
    if not rows:
        return None
    last: str = rows[-1][0]
    connection.execute(
        "DELETE FROM sends WHERE message_id > ? AND message_id <= ?"
        " AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = sends.task_id)",
        (after, last),
    )
    return last


def _whose(tenant: str, owner: str | None) -> tuple[str, tuple[str, ...]]:
    return ("tenant = ?", (tenant,)) if owner is None else ("tenant = ? AND owner = ?", (tenant, owner))


def _tell(hooks: Sequence[DeleteHook], connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    ids = [task_id for _, task_id in rows]
    for hook in hooks if ids else ():
        hook(connection, ids)
