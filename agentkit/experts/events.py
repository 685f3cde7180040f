"""What a `Worker` reports while it works and when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agentkit.errors import AgentKitError
from agentkit.models import Json, JsonObject
from agentkit.reasoning import Observation


class WorkerState(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    INPUT_REQUIRED = "input-required"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, repr=False)
class CallStarted:
    """A tool is about to be called."""

    expert: str
    server: str
    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """A tool was called.

    Attributes:
        expert: Who called.
        server: The server's name; empty for a tool that does not exist.
        tool: The tool's name on its server.
        arguments: With what.
        duration_ms: How long it took.
        failed: The tool reported a failure.
        code: The machine-readable code of the failure, when there is one.
        result: The structured result, or the text where there is none.
        observation: The same as a reasoner is shown it.
    """

    expert: str
    server: str
    tool: str
    arguments: JsonObject
    duration_ms: float
    failed: bool = False
    code: str | None = None
    result: Json = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True, repr=False)
class WorkerResult:
    """The end of a run.

    Attributes:
        text: The answer, the question, or why it failed.
        data: The structured results the answer rests on.
        state: `input-required` when the text is a question to the user.
        steps: Every tool call, in order.
        observations: What the calls brought, for `Situation.observations` of later turns of the context.
        missing: The arguments a question is about.
        declined: The expert cannot do what was asked.
        error: Why it failed: a server that could not be used, or too many steps.
    """

    text: str
    data: tuple[Json, ...] = ()
    state: WorkerState = WorkerState.COMPLETED
    steps: tuple[Step, ...] = ()
    observations: tuple[Observation, ...] = ()
    missing: tuple[str, ...] = ()
    declined: bool = False
    error: AgentKitError | None = None


WorkerEvent = CallStarted | Step | WorkerResult
"""What `Worker.run` yields."""
