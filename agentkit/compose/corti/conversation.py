"""Which Corti context belongs to a conversation: kept in the state of the conversation, so it survives restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from agentkit.compose.agent import RunContext


class Remote:
    """The Corti context of a conversation and the task that is at work or waits in it, while a turn holds them."""

    def __init__(self, context: RunContext, context_id: str | None = None, task_id: str | None = None) -> None:
        """Start from what is known."""
        self.context_id = context_id
        self.task_id = task_id
        self._context = context
        self._kept = (context_id, task_id)

    @classmethod
    async def read(cls, context: RunContext) -> Remote:
        """What the conversation knows."""
        kept = await context.state.read(_key(context))
        fields = kept if isinstance(kept, dict) else {}
        context_id, task_id = fields.get("contextId"), fields.get("taskId")
        return cls(
            context,
            context_id if isinstance(context_id, str) else None,
            task_id if isinstance(task_id, str) else None,
        )

    async def learn(self, context_id: str | None, task_id: str | None = None) -> None:
        """Keep where the turn goes on at Corti; without a context nothing is kept."""
        self.context_id, self.task_id = context_id, task_id
        if (context_id, task_id) == self._kept:
            return
        self._kept = (context_id, task_id)
        task = {} if task_id is None else {"taskId": task_id}
        await self._context.state.write(
            _key(self._context), None if context_id is None else {"contextId": context_id, **task}
        )


class Conversations:
    """The Corti contexts of conversations. The first message of a conversation is sent alone, so that it gets one."""

    def __init__(self) -> None:
        """Nobody has begun yet."""
        self._beginnings: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def enter(self, context: RunContext, waiting_in: str | None) -> AsyncGenerator[Remote]:
        """Where to send.

        Args:
            context: Of the agent.
            waiting_in: The Corti context in which a task waits for this answer.
        """
        known = await Remote.read(context)
        known.context_id = waiting_in or known.context_id
        if known.context_id is not None:
            yield known
            return
        caller = context.caller
        key = (caller.tenant, caller.owner, context.context_id, context.path)
        beginning = self._beginnings.get(key) or asyncio.Lock()
        self._beginnings[key] = beginning
        async with beginning:
            yield await Remote.read(context)


def _key(context: RunContext) -> str:
    return f"{'/'.join(context.path)}/corti"
