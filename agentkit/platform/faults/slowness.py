"""Experts that take their time: what a request asked for reaches the work it started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Wait = Callable[[], Awaitable[None]]

_held_up: ContextVar[Wait | None] = ContextVar("agentkit_held_up", default=None)


def hold_experts_up(wait: Wait | None) -> None:
    """Hold up each expert that works for this request, None holds up none; its task, and what it starts, see it."""
    _held_up.set(wait)


async def held_up() -> None:
    """Wait as long as the request asked for; at once where it asked for nothing."""
    wait = _held_up.get()
    if wait is not None:
        await wait()
