"""Several awaitables at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence


async def all_of(calls: Sequence[Awaitable[object]]) -> tuple[object, ...]:
    """Await all; when one raises, or we are cancelled, the others are stopped and waited for.

    Unlike a `TaskGroup` it raises what was raised, not a group with one error in it.
    """
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        running = [task for task in tasks if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
