"""Turns of several agents at the same time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing, nullcontext
from typing import TypeAlias

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.channel import Channel
from agentkit.compose.outcome import Outcome
from agentkit.compose.turn import Turn
from agentkit.models import ArtifactUpdate, Message, StatusUpdate

Update: TypeAlias = StatusUpdate | ArtifactUpdate
"""What happens on the way."""


async def together(
    agents: Sequence[Agent], message: Message, children: Mapping[str, RunContext], limit: int
) -> AsyncGenerator[tuple[str, Update | Outcome]]:
    """Run one turn of each agent; when the iteration is left early, those that still run are cancelled.

    What they set going elsewhere goes on: on a durable engine the process may only be stopping.

    Args:
        agents: Whom to run.
        message: What each of them gets.
        children: Their contexts by name.
        limit: How many run at the same time.

    Yields:
        Whose it is, and an update or, as the last one of each agent, the outcome.
    """
    channel = Channel[tuple[str, Update]]()
    ended = deque[tuple[str, Outcome]]()
    slots = asyncio.Semaphore(limit) if limit < len(agents) else nullcontext()

    async def one(agent: Agent) -> None:
        name = agent.name
        async with slots:
            turn = Turn(agent, message, children[name])
            async with aclosing(turn.events()) as events:
                async for update in events:
                    await channel.put((name, update))
        ended.append((name, turn.outcome))
        channel.wake()

    tasks = [asyncio.create_task(one(agent)) for agent in agents]
    left = {agent.name for agent in agents}
    try:
        while left:
            await channel.changed()
            while happening := channel.take() or (ended.popleft() if ended else None):
                name, what = happening
                if isinstance(what, Outcome):
                    left.discard(name)
                yield name, what
    finally:
        await _stopped(tasks)


async def _stopped(tasks: Iterable[asyncio.Task[None]]) -> None:
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
