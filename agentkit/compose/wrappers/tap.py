"""An ear at an agent."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeAlias

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.continuation import detach
from agentkit.compose.outcome import LEFT_ALONE
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.compose.wrappers.wrapper import Update, Wrapper, ending, inside
from agentkit.errors import SpecError
from agentkit.models import Event, Message, StatusUpdate

PATIENCE: Final = 1.0
"""Seconds that an async observer may take for one update before it is left."""

Observer: TypeAlias = Callable[[Update, RunContext], "Awaitable[None] | None"]
"""Told an update, and the context of the agent it comes from; sync or async."""

_log = logging.getLogger("agentkit.compose")


class Tap(Wrapper):
    """Tells an observer what an agent does: every update, the last one included.

    An observer changes nothing: what it raises is logged by its class and forgotten, and one that takes too long for
    an update is left. After a crash, steps that were recorded are told by what came of them. What is told is content:
    an observer that writes it down is responsible for it.
    """

    def __init__(self, agent: Agent, observer: Observer) -> None:
        """Wrap an agent.

        Args:
            agent: Whom to listen to.
            observer: Told each update with its context; a sync one must be quick.

        Raises:
            SpecError: The observer cannot be called.
        """
        super().__init__(agent)
        if not callable(observer):
            raise SpecError("Tap.observer", f"is a {type(observer).__name__}; it must be a function")
        self._observer = observer

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the agent and tell of it."""
        meter = Meter(context.meter)
        turn = Turn(self.agent, message, inside(context, meter=meter))
        async with aclosing(turn.events()) as updates:
            async for update in updates:
                await self._tell(update, context)
                yield update
        end = charged(ending(turn.outcome, context), meter.total)
        await self._tell(end, context)
        yield end

    async def _tell(self, update: Update, context: RunContext) -> None:
        if isinstance(update, StatusUpdate):
            update, _ = detach(update)
        try:
            told = self._observer(update, context)
            if inspect.isawaitable(told):
                async with asyncio.timeout(PATIENCE):
                    await told
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            _log.warning("an observer of agent %s cancelled itself", self.agent.name)
        except LEFT_ALONE:
            raise
        except BaseException as error:
            _log.warning("an observer of agent %s raised %s", self.agent.name, type(error).__name__)
