"""Several pieces of work at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from typing import TypeVar

from agentkit.compose.channel import Channel
from agentkit.compose.gathering import all_of

T = TypeVar("T")


async def together(works: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[T]:
    """What all of them yield, as it comes; when one raises, or the iteration ends early, the others are stopped."""
    channel = Channel[T]()

    async def hand_over(work: AsyncGenerator[T]) -> None:
        async with aclosing(work) as events:
            async for event in events:
                await channel.put(event)

    everybody = asyncio.create_task(_stop_together([hand_over(work) for work in works]))
    async with aclosing(channel.during(everybody)) as items:
        async for item in items:
            yield item
    await everybody


async def _stop_together(works: Sequence[Coroutine[None, None, None]]) -> object:
    return await all_of(works)
