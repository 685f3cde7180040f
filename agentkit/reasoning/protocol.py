"""What a reasoner sees and what it may decide.

A reasoner knows neither MCP nor A2A: it is shown a `Situation` and answers with one `Act`. Whoever asked carries the
act out, adds what came of it and asks again, until the act is an `Answer`, an `Ask` or a `Decline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agentkit.models import Json, JsonObject, Role


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer.

    Attributes:
        name: Unique among the tools of a situation.
        description: Text for the reasoner.
        input_schema: JSON Schema of the arguments.
        output_schema: JSON Schema of the structured result, where the server tells it.
        read_only: The tool changes nothing.
    """

    name: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An expert to whom work can be delegated, with the tools it has (empty when unknown)."""

    name: str
    description: str
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Utterance:
    """An earlier turn of the context.

    Attributes:
        role: Who spoke.
        text: What was said.
        expert: Who answered it, where an expert did.
        asks: It was a question to the user.
    """

    role: Role
    text: str
    expert: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Observation:
    """What came of a tool call, in this turn or an earlier one of the same context.

    Attributes:
        tool: The tool that was called.
        arguments: With what.
        text: The tool's answer for reading; on failure what it said.
        data: The structured answer, or None.
        failed: The tool reported a failure.
        code: The machine-readable code of a failure, when the tool gave one.
        current: The call was made for the present message.
        expert: Who called it, where an expert of an orchestrator did.
    """

    tool: str
    arguments: JsonObject
    text: str = ""
    data: Json = None
    failed: bool = False
    code: str | None = None
    current: bool = True
    expert: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Passage:
    """Something from earlier in the context that bears on the text and stands neither in history nor observations.

    Attributes:
        kind: Who said it, `user` or `agent`; or that it came with a message, `part`, or was produced, `artifact`.
        text: What was said; data as JSON, a file by name and type.
        source: The expert it came from, where one did.
    """

    kind: str
    text: str
    source: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Delegation:
    """What an expert did for the present message.

    Attributes:
        expert: Who worked.
        text: The answer, question or failure.
        data: Structured results.
        asks: It needs an answer of the user.
        failed: It could not finish.
        declined: It cannot do such a thing at all.
    """

    expert: str
    text: str
    data: tuple[Json, ...] = ()
    asks: bool = False
    failed: bool = False
    declined: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Situation:
    """Everything a decision rests on; holds no credential.

    Attributes:
        text: What the user says now.
        data: Data parts of the message.
        instructions: The prompt of the agent or expert that decides.
        history: Earlier turns of the context, oldest first.
        observations: Tool results of the context, oldest first.
        recalled: What else the memory of the context holds that bears on the text, best first.
        tools: What may be called (for an expert).
        experts: To whom may be delegated (for an orchestrator).
        delegations: What experts did for the present message, in order.
    """

    text: str
    data: tuple[Json, ...] = ()
    instructions: str = ""
    history: tuple[Utterance, ...] = ()
    observations: tuple[Observation, ...] = ()
    tools: tuple[Tool, ...] = ()
    experts: tuple[Candidate, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    recalled: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class CallTool:
    """Call one tool; `reason` says why, in words without values."""

    tool: str
    arguments: JsonObject
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Delegate:
    """Give an expert a piece of the work; `reason` says why, in words without values."""

    expert: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class DelegateTogether:
    """Give several experts their pieces at once; none of them needs what another one finds.

    What came of them stands in `Situation.delegations` in the order of the pieces, whoever was ready first.
    """

    delegations: tuple[Delegate, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The work is done: text for the user and the results it rests on."""

    text: str
    data: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Ask:
    """Something is missing or ambiguous: a question to the user; `missing` names the arguments."""

    text: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Decline:
    """It cannot be done with what is on offer; the text says so plainly and what could be asked instead."""

    text: str


Act = CallTool | Delegate | DelegateTogether | Answer | Ask | Decline
"""One decision."""


class Reasoner(Protocol):
    """Decides the next act.

    Called again after each `CallTool`, `Delegate` or `DelegateTogether` with what came of it. Must be deterministic or
    bounded by itself: the caller ends a turn after a limited number of acts.
    """

    async def decide(self, situation: Situation) -> Act:
        """Decide what to do next.

        Args:
            situation: What is known now.

        Returns:
            One act; a tool or expert it names is one of the situation's.
        """
        ...
