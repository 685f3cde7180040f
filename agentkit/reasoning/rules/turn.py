"""A turn of an expert: the situation, read, with what is known from earlier results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from agentkit.models import Json, Role
from agentkit.reasoning.protocol import Observation, Situation, Tool
from agentkit.reasoning.rules.facts import label
from agentkit.reasoning.rules.links import Link, Record, records, same, supplies
from agentkit.reasoning.rules.parameters import Parameter, parameters
from agentkit.reasoning.rules.reading import MAX_TEXT, Reading, read


@dataclass(frozen=True, slots=True)
class Found:
    """What an observation says about a parameter: the records it returned."""

    observation: Observation
    link: Link
    records: tuple[Record, ...]


def asked(situation: Situation) -> bool:
    """Whether the last turn ended in a question to the user."""
    last = situation.history[-1] if situation.history else None
    return last is not None and last.role is Role.AGENT and last.asks


@dataclass(frozen=True)
class Turn:
    """One situation of an expert.

    Attributes:
        situation: As given.
        reading: The message, read with the vocabulary of the tools.
    """

    situation: Situation
    reading: Reading

    @classmethod
    def of(cls, situation: Situation) -> Turn:
        """Read a situation."""
        return cls(situation, read(situation.text, situation.tools, situation.data, answers=asked(situation)))

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools on offer."""
        return self.situation.tools

    @cached_property
    def own(self) -> tuple[Observation, ...]:
        """Results of the tools on offer; in one context others may have worked with other tools."""
        return tuple(one for one in self.situation.observations if self.tool(one.tool) is not None)

    @cached_property
    def current(self) -> tuple[Observation, ...]:
        """Results of calls made for this message."""
        return tuple(one for one in self.own if one.current)

    @cached_property
    def earlier(self) -> tuple[Observation, ...]:
        """Results of earlier turns, oldest first."""
        return tuple(one for one in self.own if not one.current)

    def tool(self, name: str) -> Tool | None:
        """The tool of a name, if it is on offer."""
        return next((tool for tool in self.tools if tool.name == name), None)

    def reread(self, text: str) -> Reading:
        """An earlier message, read with the same vocabulary."""
        return Reading(text[:MAX_TEXT], self.reading.known)

    def found(self, observation: Observation, parameter: Parameter) -> Found | None:
        """What a successful result holds for a parameter; None when its tool is not one that finds such things."""
        tool = self.tool(observation.tool)
        if tool is None or observation.failed or _echoes(tool, parameter):
            return None
        link = supplies(tool, parameter)
        return Found(observation, link, tuple(records(observation, link.path))) if link else None

    def used(self, observation: Observation, parameter: Parameter) -> Json:
        """The value a call was made with for the same thing as the parameter; None when there was none."""
        tool = self.tool(observation.tool)
        if tool is None:
            return None
        names = [other.name for other in parameters(tool) if same(other, parameter)]
        return next((observation.arguments[name] for name in names if name in observation.arguments), None)

    def record(self, parameter: Parameter, value: Json) -> Record | None:
        """The record in which a value was found, in this turn or earlier."""
        for observation in reversed(self.situation.observations):
            found = self.found(observation, parameter)
            for record in found.records if found else ():
                if record.value == value:
                    return record
        return None

    def name_of(self, tool: Tool, observation: Observation) -> str | None:
        """What the subject of a call was called by the result that found it."""
        for parameter in parameters(tool):
            value = observation.arguments.get(parameter.name)
            record = self.record(parameter, value) if parameter.identifies and value is not None else None
            if record:
                return label(record)
        return None

    @cached_property
    def ambiguity(self) -> Found | None:
        """The last earlier result that found several things of which none was used since."""
        wanted = [one for tool in self.tools for one in parameters(tool) if one.identifies]
        for index in range(len(self.earlier) - 1, -1, -1):
            observation = self.earlier[index]
            for parameter in wanted:
                found = self.found(observation, parameter)
                if found is None:
                    continue
                values = [record.value for record in found.records]
                later = self.earlier[index + 1 :]
                if len(values) > 1 and not any(self.used(one, parameter) in values for one in later):
                    return found
                return None
        return None


def _echoes(tool: Tool, parameter: Parameter) -> bool:
    return any(other.required and same(other, parameter) for other in parameters(tool))
