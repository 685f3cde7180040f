"""How an agent comes to the earlier tasks that a message points to (A2A-TASK-02)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agentkit.models import Task

References = Callable[[], Awaitable[tuple[Task, ...]]]
"""Reads them: those of the same caller and conversation, others are left out."""


async def no_references() -> tuple[Task, ...]:
    """Those of a message that points to none."""
    return ()
