"""Tools whose calls are counted, bounded and, on a durable engine, recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agentkit.experts import Toolbox
from agentkit.models import JsonObject
from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.journal import Journal
from agentkit.reasoning import Observation, Tool

TOO_LARGE = "result-too-large"
"""The code of a failed call whose result was larger than a turn may take in."""


class MeasuredToolbox:
    """A toolbox for one piece of work of one turn."""

    def __init__(self, toolbox: Toolbox, budget: TurnBudget, journal: Journal, largest: int) -> None:
        """Wrap a toolbox.

        Args:
            toolbox: Whose tools.
            budget: Counts the calls and what they bring.
            journal: Records them.
            largest: Bytes that one result may have as JSON; it goes into the memory and into artifacts.
        """
        self._toolbox = toolbox
        self._budget = budget
        self._journal = journal
        self._largest = largest
        self._read_only = frozenset[str]()

    async def list_tools(self) -> Sequence[Tool]:
        """The tools."""
        tools = await self._toolbox.list_tools()
        self._read_only = frozenset(tool.name for tool in tools if tool.read_only)
        return tools

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        """Call a tool.

        Raises:
            TurnLimitExceeded: There were too many calls before, or they brought too much.
            UnknownOutcome: A crash interrupted the call, and the tool does more than read.
            McpError: The server cannot be used.
        """
        self._budget.call()

        async def call() -> Observation:
            return self._bounded(await self._toolbox.call(name, arguments))

        observation = await self._journal.called(call, read_only=name in self._read_only)
        self._budget.find(_size(observation))
        return observation

    def _bounded(self, observation: Observation) -> Observation:
        size = _size(observation)
        if size <= self._largest:
            return observation
        text = (
            f"The result has {size} bytes; {self._largest} are taken. Ask for less, for example with a narrower search."
        )
        return Observation(observation.tool, observation.arguments, text, failed=True, code=TOO_LARGE)


def _size(observation: Observation) -> int:
    """Bytes as JSON, of text and data each."""
    data = observation.data
    return len(observation.text.encode()) + (0 if data is None else len(json.dumps(data, ensure_ascii=False).encode()))
