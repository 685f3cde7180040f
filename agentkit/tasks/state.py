"""What agents keep of a conversation, in the store of the tasks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

from agentkit.errors import EngineError
from agentkit.models import Json
from agentkit.tasks.codec import micros
from agentkit.tasks.repository import Repository, Scope

REMEMBERED: Final = 64
"""So many values are kept in memory during a turn; more are read from the store again."""

LONGEST_KEY: Final = 1024


class StoredState:
    """A `ConversationState` of one caller, agent and context; an agent that never uses it pays nothing.

    While a turn is at work, what was read or written is not read again. Turns of the same context that are at work at
    once in this process share one (`States`), so that each sees at once what another one wrote; those of other
    processes see it when theirs begins.
    """

    __slots__ = ("__weakref__", "_clock", "_context_id", "_known", "_repository", "_scope")

    def __init__(self, repository: Repository, scope: Scope, context_id: str, clock: Callable[[], datetime]) -> None:
        """Belong to a context."""
        self._repository = repository
        self._scope = scope
        self._context_id = context_id
        self._clock = clock
        self._known: dict[str, str] | None = None

    async def read(self, key: str) -> Json:
        """What was kept under a key; None for nothing.

        Raises:
            StorageError: The store refused.
        """
        known = self._known or {}
        if key in known:
            return json.loads(known[key])
        value = await self._repository.state(self._scope, self._context_id, key)
        known = self._known or {}
        if key in known:
            return json.loads(known[key])  # another turn wrote it meanwhile
        self._remember(key, json.dumps(value))
        return value

    async def write(self, key: str, value: Json) -> None:
        """Keep a small value; None forgets the key.

        Raises:
            EngineError: The key is too long, or the value is too large or not made of JSON values.
            StorageError: The store refused.
        """
        if not key or len(key) > LONGEST_KEY:
            raise EngineError(
                "A key of the conversation's state is empty or too long.",
                remedy=f"Use the agent's path and a name, at most {LONGEST_KEY} characters.",
            )
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise EngineError(f"The value of {key} is not made of JSON values.") from None
        await self._repository.keep_state(self._scope, self._context_id, key, value, micros(self._clock()))
        self._remember(key, text)

    def _remember(self, key: str, text: str) -> None:
        known = self._known = self._known if self._known is not None else {}
        known.pop(key, None)
        if len(known) >= REMEMBERED:
            del known[next(iter(known))]
        known[key] = text


class States:
    """The states of the contexts in which a turn is at work in this process; those of others are let go of."""

    def __init__(self, repository: Repository, clock: Callable[[], datetime]) -> None:
        """Keep values in a store."""
        self._repository = repository
        self._clock = clock
        self._at_work: WeakValueDictionary[tuple[Scope, str], StoredState] = WeakValueDictionary()

    def of(self, scope: Scope, context_id: str) -> StoredState:
        """The one state of a context, as long as anybody holds it."""
        state = self._at_work.get((scope, context_id))
        if state is None:
            state = StoredState(self._repository, scope, context_id, self._clock)
            self._at_work[scope, context_id] = state
        return state
