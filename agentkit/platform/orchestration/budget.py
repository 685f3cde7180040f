"""What one turn may use up, counted over everybody who works on it."""

from __future__ import annotations

import asyncio

from agentkit.errors import TurnLimitExceeded
from agentkit.platform.settings import PlatformLimits


class TurnBudget:
    """Counts what the work on one message uses; each method raises `TurnLimitExceeded` when there is nothing left.

    Attributes:
        deadline: When the turn's time is over, in seconds of the event loop's clock.
    """

    __slots__ = ("_calls", "_decisions", "_delegations", "_limits", "_output", "deadline")

    def __init__(self, limits: PlatformLimits) -> None:
        """Begin to count; the time begins now."""
        self._limits = limits
        self._decisions = 0
        self._delegations = 0
        self._calls = 0
        self._output = 0
        self.deadline = asyncio.get_running_loop().time() + limits.turn_seconds

    def decide(self) -> None:
        """Count one decision."""
        self._check_output()
        self._decisions += 1
        if self._decisions > self._limits.decisions:
            raise TurnLimitExceeded("decisions", self._limits.decisions)

    def delegate(self, pieces: int) -> None:
        """Count pieces of work that are given to experts."""
        self._delegations += pieces
        if self._delegations > self._limits.delegations:
            raise TurnLimitExceeded("delegations", self._limits.delegations)

    def call(self) -> None:
        """Count one tool call."""
        self._check_output()
        self._calls += 1
        if self._calls > self._limits.tool_calls:
            raise TurnLimitExceeded("tool_calls", self._limits.tool_calls)

    def produce(self, size: int) -> None:
        """Count bytes that were made or said."""
        self._output += size
        self._check_output()

    def find(self, size: int) -> None:
        """Count bytes that a call brought.

        It has happened and is told of, whatever it brought: where that is too much, the next decision or call is one
        too many. This raises nothing.
        """
        self._output += size

    def _check_output(self) -> None:
        if self._output > self._limits.output_bytes:
            raise TurnLimitExceeded("output_bytes", self._limits.output_bytes)

    def late(self) -> TurnLimitExceeded:
        """The error for a turn whose time is over."""
        return TurnLimitExceeded("seconds", self._limits.turn_seconds)
