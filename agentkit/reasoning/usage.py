"""What a reasoner's model uses up, told to whoever runs the turn."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from agentkit.models import TokenUsage


class Counting:
    """The sum of what was spent in a `counting` block.

    Attributes:
        total: The sum so far.
        times: How often something was told.
    """

    __slots__ = ("times", "total")

    def __init__(self) -> None:
        """Begin at nothing."""
        self.total = TokenUsage()
        self.times = 0


_CURRENT: Final = ContextVar[Counting | None]("agentkit.reasoning.usage", default=None)


def spent(usage: TokenUsage) -> None:
    """Tell what one call of a model used; outside of a `counting` block nobody is told."""
    counting = _CURRENT.get()
    if counting is not None:
        counting.total += usage
        counting.times += 1


@contextmanager
def counting() -> Generator[Counting, None, None]:
    """Sum what is spent inside of the block, also by tasks that are started in it.

    A block inside of another one counts for itself alone: a nested turn has a sum of its own, and whoever opened it
    tells the outer one with `spent`.
    """
    held = Counting()
    token = _CURRENT.set(held)
    try:
        yield held
    finally:
        _CURRENT.reset(token)
