"""Which Corti context belongs to a conversation: kept in the state of the conversation, so it survives restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from agentkit.compose.agent import RunContext
from agentkit.models import Json, JsonObject

_MOST_TASKS: Final = 64
"""How many tasks at work are kept of a conversation: those that a crash left behind must not add up."""


class Remote:
    """The Corti context of a conversation and the task there that belongs to this very turn.

    Several turns of a conversation may be at work at once, also of one run that calls the agent more than once; each
    has a task of its own, so that none cancels another's.

    Attributes:
        context_id: Where the conversation goes on at Corti.
        task_id: What this turn set going there, while it is at work.
        tasks_of_run: What all calls of the agent in this run set going there.
    """

    def __init__(self, context: RunContext, writing: asyncio.Lock) -> None:
        """Nothing is known yet; `writing` is held while what is known changes."""
        self.context_id: str | None = None
        self.task_id: str | None = None
        self.tasks_of_run: tuple[str, ...] = ()
        self._context = context
        self._writing = writing
        self._place: JsonObject = {"run": context.run_id or context.task_id, "step": context.step_key}
        self._kept: tuple[str | None, str | None] = (None, None)

    async def read(self) -> Remote:
        """Learn what the conversation knows."""
        kept = await self._read()
        self.context_id = _text(kept, "contextId")
        of_run = [one for one in _tasks(kept) if one.get("run") == self._place["run"]]
        self.tasks_of_run = tuple(filter(None, (_text(one, "task") for one in of_run)))
        self.task_id = next((_text(one, "task") for one in of_run if one.get("step") == self._place["step"]), None)
        self._kept = (self.context_id, self.task_id)
        return self

    async def learn(self, context_id: str | None, task_id: str | None = None) -> None:
        """Keep where the conversation goes on at Corti, and what this turn has at work there."""
        self.context_id, self.task_id = context_id, task_id
        if (context_id, task_id) == self._kept:
            return
        self._kept = (context_id, task_id)
        async with self._writing:
            others: list[Json] = [one for one in _tasks(await self._read()) if not self._place.items() <= one.items()]
            ours: list[Json] = [] if task_id is None else [{**self._place, "task": task_id}]
            known: JsonObject = {} if context_id is None else {"contextId": context_id}
            if others or ours:
                known["tasks"] = [*others, *ours][-_MOST_TASKS:]
            await self._context.state.write(_key(self._context), known or None)

    async def _read(self) -> JsonObject:
        kept = await self._context.state.read(_key(self._context))
        return kept if isinstance(kept, dict) else {}


class Conversations:
    """The Corti contexts of conversations. The first message of a conversation is sent alone, so that it gets one."""

    def __init__(self) -> None:
        """Nobody has begun yet."""
        self._beginnings: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._writing: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def read(self, context: RunContext) -> Remote:
        """What the conversation knows."""
        return await Remote(context, _lock(self._writing, context)).read()

    @asynccontextmanager
    async def enter(self, context: RunContext, waiting_in: str | None) -> AsyncGenerator[Remote]:
        """Where to send.

        Args:
            context: Of the agent.
            waiting_in: The Corti context in which a task waits for this answer.
        """
        known = await self.read(context)
        known.context_id = waiting_in or known.context_id
        if known.context_id is not None:
            yield known
            return
        async with _lock(self._beginnings, context):
            yield await self.read(context)


def _lock(locks: WeakValueDictionary[Hashable, asyncio.Lock], context: RunContext) -> asyncio.Lock:
    caller = context.caller
    key = (caller.tenant, caller.owner, context.context_id, context.path)
    lock = locks.get(key)
    if lock is None:
        lock = locks[key] = asyncio.Lock()
    return lock


def _key(context: RunContext) -> str:
    return f"{'/'.join(context.path)}/corti"


def _tasks(kept: JsonObject) -> list[JsonObject]:
    tasks = kept.get("tasks")
    return [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []


def _text(fields: JsonObject, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) else None
