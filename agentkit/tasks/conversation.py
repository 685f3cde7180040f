"""What agents keep of a conversation: small values with a context, gone with it."""

from __future__ import annotations

import json
from typing import Final

from agentkit.errors import StateTooLarge
from agentkit.models import Json
from agentkit.storage import Connection
from agentkit.tasks.acceptance import SCOPE
from agentkit.tasks.codec import encode_json
from agentkit.tasks.repository import Scope

STATE_BYTES: Final = 64 * 1024
"""So large may a value be as JSON: state is for ids and small notes; results belong into artifacts."""

_OWN: Final = "context_id = ? AND key = ? AND tenant = ? AND owner = ? AND agent_id = ?"
_KEEP: Final = (
    "INSERT INTO conversation_state (context_id, key, tenant, owner, agent_id, value, updated)"  # noqa: S608
    " SELECT ?, ?, ?, ?, ?, ?, ? FROM tasks WHERE listed > 0"
    f" AND key = (SELECT key FROM tasks WHERE context_id = ? AND listed = {SCOPE} LIMIT 1){{lock}}"
    " ON CONFLICT (context_id, key, tenant, owner, agent_id)"
    " DO UPDATE SET value = excluded.value, updated = excluded.updated"
)


def encode_state(key: str, value: Json) -> str | None:
    """A value as it is kept; None for what is to be forgotten.

    Raises:
        StateTooLarge: It is larger than `STATE_BYTES`.
        EngineError: It is not made of JSON values.
    """
    if value is None:
        return None
    text = encode_json(value)
    size = len(text.encode())
    if size > STATE_BYTES:
        raise StateTooLarge(
            f"The state {key!r} has {size} bytes as JSON; {STATE_BYTES} are allowed.",
            remedy="Keep an id or a summary, and put what is large into an artifact or a store of your own.",
        )
    return text


def read_state(connection: Connection, scope: Scope, context_id: str, key: str) -> Json:
    """What is kept under a key; None for nothing."""
    row = connection.execute(
        f"SELECT value FROM conversation_state WHERE {_OWN}",  # noqa: S608
        (context_id, key, scope.tenant, scope.owner, scope.agent_id),
    ).fetchone()
    return None if row is None else json.loads(row[0])


def write_state(
    connection: Connection, scope: Scope, context_id: str, key: str, value: str | None, now: int, *, row_lock: str
) -> None:
    """Keep a value, or forget it; a context that is not there keeps nothing.

    Who hides the context waits for the transaction, so that the value is there to be deleted; takes
    `Database.row_lock`.
    """
    own = (scope.tenant, scope.owner, scope.agent_id)
    if value is None:
        connection.execute(f"DELETE FROM conversation_state WHERE {_OWN}", (context_id, key, *own))  # noqa: S608
    else:
        connection.execute(_KEEP.format(lock=row_lock), (context_id, key, *own, value, now, context_id, *own))
