"""The end of a process that served."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable
from typing import Final

_LAST_GRACE: Final = 2.0
"""Seconds for tasks that still run when everything has stopped."""


async def to_the_end(served: Awaitable[None]) -> None:
    """End the process with what it served, also where a tool does not let itself be cancelled: asyncio would wait."""
    await served
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left and (await asyncio.wait(left, timeout=_LAST_GRACE))[1]:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
