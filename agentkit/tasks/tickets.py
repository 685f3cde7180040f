"""What a run is told: which turn of which task it carries out, as ids only (D13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from agentkit.errors import EngineError
from agentkit.models import JsonObject
from agentkit.tasks.repository import Scope, StoredTask
from agentkit.tracing import inject

_PARKED: Final = "agentkit.parked"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One run of a turn; a turn has more than one where it waits for timers.

    Attributes:
        scope: Whose task it is.
        task_id: The task.
        turn: Version of the user's message.
        run: Version of what the run began with: the message, or the update that set a timer.
        trace: `traceparent` of the request, so that a resumed run continues its trace.
    """

    scope: Scope
    task_id: str
    turn: int
    run: int
    trace: str | None = None

    @classmethod
    def of(cls, stored: StoredTask) -> Ticket:
        """The run that a stored task is at."""
        parked = Parked.read(stored.continuation)
        run = stored.turn if parked is None else parked.run
        return cls(stored.scope, stored.task.id, stored.turn, run)

    @classmethod
    def read(cls, payload: JsonObject) -> Ticket:
        """The ticket of a payload.

        Raises:
            EngineError: It is none.
        """
        match payload:
            case {
                "taskId": str(task_id),
                "version": int(turn),
                "run": int(run),
                "tenant": str(tenant),
                "owner": str(owner),
                "agentId": str(agent_id),
                **rest,
            }:
                trace = rest.get("traceparent")
                scope = Scope(tenant, owner, agent_id)
                return cls(scope, task_id, turn, run, trace if isinstance(trace, str) else None)
            case _:
                raise EngineError("A run was started with a payload that this agentkit does not know.")

    @property
    def run_id(self) -> str:
        """The id of the run, the same whenever the turn is sent."""
        return f"{self.task_id}.{self.run}"

    def payload(self) -> JsonObject:
        """For the engine."""
        payload: JsonObject = {
            "taskId": self.task_id,
            "version": self.turn,
            "run": self.run,
            "tenant": self.scope.tenant,
            "owner": self.scope.owner,
            "agentId": self.scope.agent_id,
        }
        return payload if self.trace is None else {**payload, "traceparent": self.trace}

    def traced(self) -> Ticket:
        """The ticket of a run below the current span."""
        carrier: dict[str, str] = {}
        inject(carrier)
        return replace(self, trace=carrier.get("traceparent"))

    def parked_at(self, run: int) -> Ticket:
        """The ticket of the run that goes on after a timer."""
        return replace(self, run=run)


@dataclass(frozen=True, slots=True)
class Parked:
    """How the continuation of a turn is kept that waits, or waited, for a timer.

    Attributes:
        run: The run that goes on.
        until: When; None once it has gone on.
        left: What the agent left behind.
    """

    run: int
    until: datetime | None
    left: JsonObject | None

    @classmethod
    def read(cls, continuation: JsonObject | None) -> Parked | None:
        """What was kept; None for a turn without timer."""
        kept = continuation.get(_PARKED) if continuation else None
        if not isinstance(kept, dict):
            return None
        run, until, left = kept.get("run"), kept.get("until"), kept.get("left")
        moment = datetime.fromisoformat(until) if isinstance(until, str) else None
        return cls(run if isinstance(run, int) else 0, moment, left if isinstance(left, dict) else None)

    def write(self) -> JsonObject:
        """As JSON."""
        until = None if self.until is None else self.until.isoformat()
        return {_PARKED: {"run": self.run, "until": until, "left": self.left}}


def left_behind(continuation: JsonObject | None) -> JsonObject | None:
    """What the agent left behind, with or without a timer."""
    parked = Parked.read(continuation)
    return continuation if parked is None else parked.left
