"""A limit on the time of one turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import stop
from agentkit.compose.outcome import surfaced
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.compose.wrappers.wrapper import Wrapper, ending, inside
from agentkit.errors import AgentTimeout, SpecError
from agentkit.models import Event, Message


class Timeout(Wrapper):
    """Ends an agent's turn that takes too long.

    It is cancelled where it stands, and told to stop what goes on elsewhere. The turn then fails with `AgentTimeout`;
    artifacts it had yielded are kept. Each turn has all the time there is: a task that waits for an answer loses none
    of it. A sync function that runs in a thread is left, not stopped.
    """

    def __init__(self, agent: Agent, seconds: float) -> None:
        """Wrap an agent.

        Args:
            agent: Whom to limit.
            seconds: How long a turn may take.

        Raises:
            SpecError: It is no number of seconds above 0.
        """
        super().__init__(agent)
        if not seconds > 0:
            raise SpecError("Timeout.seconds", "must be above 0")
        self._seconds = seconds

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the agent for as long as it may."""
        meter = Meter(context.meter)
        child = inside(context, meter=meter)
        turn = Turn(self.agent, message, child)
        deadline = asyncio.get_running_loop().time() + self._seconds
        is_late = False
        async with aclosing(turn.events()) as updates:
            while not is_late:
                limit = asyncio.timeout_at(deadline)
                try:
                    # Around the wait alone: whoever reads our updates takes the time they need.
                    async with limit:
                        update = await anext(updates)
                except StopAsyncIteration:
                    # An agent may swallow its cancellation, and say something instead.
                    is_late = limit.expired()
                    break
                except TimeoutError:
                    is_late = True
                    break
                is_late = limit.expired()
                if not is_late:
                    yield update
        if is_late:
            await stop(self.agent, child)
            end = surfaced(AgentTimeout(self.name, self._seconds), message, context)
        else:
            end = ending(turn.outcome, context)
        yield charged(end, meter.total)
