"""A turn at work: its events come up, what they tell of ids is kept, and its end cleans up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Final

import anyio

from agentkit.a2a.remote.conversation import Conversations, Sent
from agentkit.a2a.remote.exchange import Exchange
from agentkit.a2a.remote.progress import Progress, Update
from agentkit.compose import RunContext
from agentkit.errors import AgentKitError, RemoteProtocolError, RequestTimeout, TaskNotFound
from agentkit.models import Event

CANCEL_SECONDS: Final = 5.0
"""How long a remote agent may take to cancel a task whose turn was cancelled here."""


END_SECONDS: Final = 0.05
"""How long a stream may stay open behind the event that settles its task."""


class Notes:
    """Keeps what a turn tells of the conversation: its context at once, its task where the engine is durable."""

    def __init__(
        self,
        conversations: Conversations,
        context: RunContext,
        sent: Sent,
        alone: AsyncExitStack,
        *,
        known: str | None,
    ) -> None:
        """Keep notes.

        Args:
            conversations: Where they are kept.
            context: Of our agent.
            sent: What is sent, or was sent before a crash.
            alone: Held while this turn may get the conversation its remote context.
            known: The remote context that is noted already.
        """
        self._conversations = conversations
        self._context = context
        self._sent = sent
        self._alone = alone
        self._context_id = known

    async def begin(self) -> None:
        """Note before it happens that the message is sent, so that after a crash it is looked for."""
        if self._context.engine.durable:
            await self._conversations.learn_turn(self._context, self._sent)

    async def take(self, progress: Progress) -> None:
        """Note what an event told."""
        if progress.context_id != self._context_id:
            self._context_id = progress.context_id
            await self._conversations.learn_context(self._context, progress.context_id)
            await self._alone.aclose()
        if self._context.engine.durable and progress.task_id != self._sent.task_id:
            sent = self._sent
            self._sent = Sent(sent.message_id, sent.run_id, sent.context_id, progress.task_id)
            await self._conversations.learn_turn(self._context, self._sent)

    async def forget(self) -> None:
        """The context, or a task in it, is gone at the remote agent: the next turn begins anew."""
        await self._conversations.learn_context(self._context, None)


class RemoteTurn:
    """One turn, from the first request to the event that settles it."""

    def __init__(self, context: RunContext, exchange: Exchange, progress: Progress) -> None:
        """Prepare; nothing is sent yet."""
        self._context = context
        self._exchange = exchange
        self.progress = progress

    async def updates(self, notes: Notes | None, *, is_sent: bool) -> AsyncGenerator[Update]:
        """What comes up of the turn, the update that ends it last.

        Args:
            notes: Keeps what is learned.
            is_sent: The message led to a task before; it is followed and not sent again.

        Raises:
            AgentKitError: See `Exchange`.
        """
        try:
            async with aclosing(self._taken(notes, is_sent=is_sent)) as updates:
                async for update in updates:
                    yield update
        except (asyncio.CancelledError, GeneratorExit):
            # On a durable engine the process may only be stopping, and the run goes on at its next start: there,
            # whoever cancels the task calls the agent's `cancel`.
            if not self._context.engine.durable:
                await self.stop()
            raise
        except TaskNotFound:
            if notes is not None:
                await notes.forget()
            raise
        except (RemoteProtocolError, RequestTimeout):
            await self.stop()
            raise

    async def _taken(self, notes: Notes | None, *, is_sent: bool) -> AsyncGenerator[Update]:
        progress = self.progress
        steps = [self._exchange.follow] if is_sent else [self._exchange.send, self._exchange.follow]
        for step in steps:
            async with aclosing(step()) as events:
                async for event in events:
                    updates = list(progress.take(event))
                    if notes is not None:
                        await notes.take(progress)
                    for update in updates:
                        yield update
                    if progress.end is not None:
                        await _let_end(events)
                        yield progress.end
                        return

    async def find(self) -> None:
        """Find the task that the message led to, where no event told before the crash.

        Raises:
            UnknownOutcome: It cannot be found.
        """
        if self.progress.task_id is None:
            self.progress.task_id = (await self._exchange.found_or_unknown()).id

    async def stop(self) -> None:
        """Cancel the remote task, whoever is cancelled here meanwhile; what fails there does not hold us up."""
        if self.progress.end is not None:
            return
        with anyio.move_on_after(CANCEL_SECONDS, shield=True), suppress(AgentKitError):
            await self._exchange.cancel()


async def _let_end(events: AsyncGenerator[Event]) -> None:
    """Let the server end its answer, as it must now (A2A-STR-02): read to its end, it leaves its connection free."""
    with suppress(TimeoutError, StopAsyncIteration, AgentKitError):
        async with asyncio.timeout(END_SECONDS):
            await anext(events)
