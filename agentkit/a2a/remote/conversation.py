"""What is kept of a conversation with a remote agent: its context there, and turns that a crash may interrupt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from agentkit.compose import RunContext
from agentkit.models import Json, JsonObject

_MOST_TURNS: Final = 16


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent to the remote agent, or was about to be.

    Attributes:
        message_id: Under which id.
        run_id: In which run.
        context_id: In which context of the remote agent; None for the first message of one.
        task_id: The task it led to there, once an event has told; not yet the one that it continues.
    """

    message_id: str
    run_id: str
    context_id: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation of one caller.

    Attributes:
        context_id: Its context at the remote agent.
        turns: What was sent on a durable engine, the latest last; bounded.
    """

    context_id: str | None = None
    turns: tuple[Sent, ...] = ()

    def turn(self, message_id: str) -> Sent | None:
        """What was sent under an id."""
        return next((sent for sent in self.turns if sent.message_id == message_id), None)

    def with_turn(self, sent: Sent) -> Conversation:
        """The same with a turn, in place of the one with its id."""
        others = (one for one in self.turns if one.message_id != sent.message_id)
        return replace(self, turns=(*others, sent)[-_MOST_TURNS:])


class Conversations:
    """Reads and writes `RunContext.state`, one change after the other; the first turn of a conversation is alone.

    The state belongs to one caller and one conversation, so no two callers share a context at the remote agent.
    """

    def __init__(self) -> None:
        """Nothing is kept here but who is writing."""
        self._writing: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._beginning: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def read(self, context: RunContext) -> Conversation:
        """What is known."""
        return _decoded(await context.state.read(_key(context)))

    async def learn_context(self, context: RunContext, context_id: str | None) -> None:
        """Keep the remote context; None forgets one that the remote agent has lost."""
        async with self._changing(context):
            known = await self.read(context)
            if known.context_id != context_id:
                await self._write(context, replace(known, context_id=context_id))

    async def learn_turn(self, context: RunContext, sent: Sent) -> None:
        """Keep what a crash must not lose: that a message is sent, and which task it led to."""
        async with self._changing(context):
            await self._write(context, (await self.read(context)).with_turn(sent))

    @asynccontextmanager
    async def beginning(self, context: RunContext) -> AsyncGenerator[None]:
        """Held by the turn that gets the remote context, so that two at once do not get two."""
        async with _lock(self._beginning, context):
            yield

    @asynccontextmanager
    async def _changing(self, context: RunContext) -> AsyncGenerator[None]:
        async with _lock(self._writing, context):
            yield

    async def _write(self, context: RunContext, conversation: Conversation) -> None:
        await context.state.write(_key(context), _encoded(conversation))


def _lock(locks: WeakValueDictionary[Hashable, asyncio.Lock], context: RunContext) -> asyncio.Lock:
    key = (context.caller.tenant, context.caller.owner, context.context_id, context.path)
    lock = locks.get(key)
    if lock is None:
        lock = locks[key] = asyncio.Lock()
    return lock


def _key(context: RunContext) -> str:
    return "/".join((*context.path, "#remote"))


def _encoded(conversation: Conversation) -> JsonObject:
    turns: list[Json] = [
        {"message": one.message_id, "run": one.run_id, "context": one.context_id, "task": one.task_id}
        for one in conversation.turns
    ]
    return {"context": conversation.context_id, "turns": turns}


def _decoded(value: Json) -> Conversation:
    if not isinstance(value, dict):
        return Conversation()
    turns = value.get("turns")
    entries = [one for one in turns if isinstance(one, dict)] if isinstance(turns, list) else []
    return Conversation(
        _text(value, "context"),
        tuple(
            Sent(_text(one, "message") or "", _text(one, "run") or "", _text(one, "context"), _text(one, "task"))
            for one in entries
        ),
    )


def _text(fields: JsonObject, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) and value else None
