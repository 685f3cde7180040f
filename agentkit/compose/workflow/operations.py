"""What an agent's function can do besides answering: the other half of `RunContext`."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias

from pydantic import BaseModel

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.workflow.decision import Deciders, Decision, Proposal
from agentkit.engine import Effect, LookUp, Work
from agentkit.errors import EngineError
from agentkit.models import Artifact, Json, JsonObject, Message, Part, Role

Said: TypeAlias = str | Message | BaseModel | JsonObject
"""What can be said to an agent."""

SHORT_SECONDS: Final = 60.0
"""A wait up to this long stays in the process; a longer one ends the run, which goes on at the moment."""


class Operations(Protocol):
    """Carries out what a `RunContext` is asked for; the arguments are those of its methods."""

    def call(self, agent: Agent, message: Said, key: str | None) -> Coroutine[None, None, Message]:
        """Have another agent do one turn."""
        ...

    def approve(
        self, question: str, proposal: Proposal, by: Deciders | None, expires_in: timedelta | None, key: str | None
    ) -> Coroutine[None, None, Decision]:
        """Have the caller decide."""
        ...

    def ask(
        self, question: str, model: type[BaseModel] | None, schema: JsonObject | None, key: str | None
    ) -> Coroutine[None, None, object]:
        """Ask the caller."""
        ...

    def sleep(self, until: float | timedelta | datetime, key: str | None) -> Coroutine[None, None, None]:
        """Wait."""
        ...

    def step(self, key: str, work: Work, effect: Effect, look_up: LookUp | None) -> Coroutine[None, None, Json]:
        """Execute one piece of work."""
        ...

    def publish(self, output: str | Artifact) -> Coroutine[None, None, None]:
        """Show partial output."""
        ...


def parts_of(said: Said) -> tuple[Part, ...]:
    """What is said, as parts of a message."""
    match said:
        case Message():
            return said.parts
        case str():
            return (Part(text=said),)
        case BaseModel():
            return (Part(data=said.model_dump(mode="json")),)
        case _:
            return (Part(data=said),)


def spoken(said: Said, cause: Message, child: RunContext, ordinal: int) -> Message:
    """What is said to an agent as a user's message; its id is the same whenever the same call is made."""
    return Message(
        role=Role.USER,
        parts=parts_of(said),
        message_id=outbound_id(cause, child, ordinal),
        context_id=child.context_id,
        task_id=child.task_id,
    )


def now() -> datetime:
    """The time, with time zone."""
    return datetime.now(UTC)


def moment_of(until: float | timedelta | datetime) -> datetime:
    """When a wait is over.

    Raises:
        EngineError: The moment has no time zone, or the duration is no number.
    """
    if isinstance(until, datetime):
        if until.tzinfo is None:
            raise EngineError("A moment to wait for has no time zone.", remedy="Use datetime.now(UTC) + ... .")
        return until
    try:
        wait = until if isinstance(until, timedelta) else timedelta(seconds=until)
        return now() + max(wait, timedelta())
    except (OverflowError, ValueError):
        raise EngineError("A time to wait is no number of seconds that a clock can show.") from None


def seconds_until(moment: datetime) -> float:
    """How long it is until then; 0 when it has passed."""
    return max(0.0, (moment - now()).total_seconds())
