"""The tools of several servers under one roof, each under a name of its own."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from agentkit.experts.events import Step
from agentkit.experts.toolbox import Toolbox
from agentkit.reasoning import CallTool, Observation, Tool


@dataclass(frozen=True, slots=True)
class _Place:
    server: str
    name: str
    toolbox: Toolbox


class Offer:
    """What a worker can call, and where each call goes."""

    def __init__(self, tools: tuple[Tool, ...], places: Mapping[str, _Place]) -> None:
        """Take the offered tools with the place of each."""
        self.tools = tools
        self._places = places

    @classmethod
    async def of(cls, toolboxes: Mapping[str, Toolbox]) -> Self:
        """Ask every server for its tools; a name that occurs twice gets its server's name in front.

        Raises:
            McpError: A server cannot be used.
        """
        listed = [(server, box, tool) for server, box in toolboxes.items() for tool in await box.list_tools()]
        count = Counter(tool.name for _, _, tool in listed)
        tools: list[Tool] = []
        places: dict[str, _Place] = {}
        for server, box, tool in listed:
            name = tool.name if count[tool.name] == 1 else _unique(_prefixed(server, tool.name), {*places, *count})
            places[name] = _Place(server, tool.name, box)
            tools.append(tool if tool.name == name else replace(tool, name=name))
        return cls(tuple(tools), places)

    def server(self, offered: str) -> str:
        """The server of an offered tool; empty when there is no such tool."""
        return self._places[offered].server if offered in self._places else ""

    def name(self, offered: str) -> str:
        """The name of an offered tool on its server."""
        return self._places[offered].name if offered in self._places else offered

    async def call(self, expert: str, act: CallTool) -> tuple[Step, Observation]:
        """Carry a call out and measure it.

        Raises:
            McpError: The server cannot be used.
        """
        started = time.perf_counter()
        if act.tool in self._places:
            place = self._places[act.tool]
            observed = await place.toolbox.call(place.name, act.arguments)
            observation = replace(observed, tool=act.tool, current=True)
        else:
            known = ", ".join(tool.name for tool in self.tools) or "none"
            observation = Observation(
                act.tool,
                act.arguments,
                text=f"There is no such tool. Known: {known}.",
                failed=True,
                code="unknown-tool",
            )
        step = Step(
            expert=expert,
            server=self.server(act.tool),
            tool=self.name(act.tool),
            arguments=act.arguments,
            duration_ms=(time.perf_counter() - started) * 1000,
            failed=observation.failed,
            code=observation.code,
            result=observation.text if observation.data is None else observation.data,
            observation=observation,
        )
        return step, observation


def _prefixed(server: str, tool: str) -> str:
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', server)}__{tool}"


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
