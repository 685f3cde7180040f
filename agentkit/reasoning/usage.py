"""What a reasoner's model uses up, told to whoever runs the turn."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Self

from agentkit.models import TokenUsage
from agentkit.models.base import assembled

_NOTHING: Final = assembled(TokenUsage, {}, {})


class Counting(AbstractContextManager["Counting"]):
    """The sum of what is spent in a block; a class, since every decision opens one.

    Attributes:
        total: The sum so far.
        times: How often something was told.
    """

    __slots__ = ("_token", "times", "total")

    _token: Token[Counting | None]

    def __init__(self) -> None:
        """Begin at nothing."""
        self.total = _NOTHING
        self.times = 0

    def __enter__(self) -> Self:
        """Be told of what is spent from now on."""
        self._token = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Who was told before is told again."""
        _CURRENT.reset(self._token)


_CURRENT: Final = ContextVar[Counting | None]("agentkit.reasoning.usage", default=None)


def spent(usage: TokenUsage) -> None:
    """Tell what one call of a model used; outside of a `counting` block nobody is told."""
    counting = _CURRENT.get()
    if counting is not None:
        counting.total += usage
        counting.times += 1


def counting() -> Counting:
    """Sum what is spent inside of the block, also by tasks that are started in it.

    A block inside of another one counts for itself alone: a nested turn has a sum of its own, and whoever opened it
    tells the outer one with `spent`.
    """
    return Counting()
