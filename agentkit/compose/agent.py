"""The one thing that can be run, chained, nested and served: an `Agent`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from agentkit.compose.usage import Meter
from agentkit.credentials import NO_CREDENTIALS, Credentials
from agentkit.engine import Effect, Engine, LookUp, Work
from agentkit.models import AgentSkill, Event, Json, JsonObject, Message


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key of ownership (A2A-SEC-04).

    Attributes:
        owner: `iss|sub` of the token, else the client id; empty for the one anonymous caller of a local server.
        tenant: The tenant the caller belongs to.
        bearer: The caller's own token, for servers that inherit it (MCPAUTH-05); never shown.
    """

    owner: str = ""
    tenant: str = ""
    bearer: str | None = field(default=None, repr=False, compare=False)


class ConversationState(Protocol):
    """What agents keep of a conversation between its turns, for example which context a remote agent gave it.

    It belongs to one caller, one served agent and one context, outlives the process where the task service does, and
    goes with the context. Keys begin with the path of the agent (`RunContext.path`), so that no two agents share one.
    """

    async def read(self, key: str) -> Json:
        """What was kept under a key; None for nothing."""
        ...

    async def write(self, key: str, value: Json) -> None:
        """Keep a small value, never a credential; None forgets the key."""
        ...


class ShortState:
    """A `ConversationState` that ends with the run; for agents that are run without a task service."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._kept: dict[str, Json] = {}

    async def read(self, key: str) -> Json:
        """What was kept under a key; None for nothing."""
        return self._kept.get(key)

    async def write(self, key: str, value: Json) -> None:
        """Keep a value; None forgets the key."""
        self._kept[key] = value


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run knows about itself.

    Attributes:
        context_id: The conversation.
        task_id: The task this run works on.
        caller: Who asks.
        credentials: Those the message brought, for the leaf that names their server; process memory only.
        resumed: The run continues a task that was interrupted, instead of starting one.
        engine: Executes steps.
        run_id: Names this turn of the task to the engine; the task's id where none is given.
        state: What agents keep of the conversation.
        path: Names of the agents from the root to this one.
        metadata: Of the request that brought the message (A2A `SendMessageRequest.metadata`).
        continuation: What this very agent left behind when it was interrupted (`agentkit.compose.continuation`).
        meter: Told what each leaf used, by the combination around it.
        wrapped: How many wrappers stand around the agent, which leave no trace in the path.
        rounds: Which round or attempt of each loop and retry around the agent this is; keeps keys of steps apart.
    """

    context_id: str
    task_id: str
    caller: Caller
    engine: Engine
    run_id: str = ""
    state: ConversationState = field(default_factory=ShortState, repr=False)
    credentials: Credentials = field(default_factory=lambda: NO_CREDENTIALS)
    resumed: bool = False
    path: tuple[str, ...] = ()
    metadata: JsonObject | None = field(default=None, repr=False)
    continuation: JsonObject | None = field(default=None, repr=False)
    meter: Meter | None = field(default=None, repr=False, compare=False)
    wrapped: int = 0
    rounds: tuple[int, ...] = ()

    async def step(self, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None) -> Json:
        """Execute one piece of work under a key that is unique in the run; recorded where the engine is durable.

        Raises:
            UnknownOutcome: The step was interrupted by a crash, and nobody knows whether it happened.
        """
        step_key = "/".join((*self.path, key))
        return await self.engine.step(self.run_id or self.task_id, step_key, work, effect=effect, look_up=look_up)

    def child(self, name: str, *, resumed: bool | None = None, continuation: JsonObject | None = None) -> RunContext:
        """The context for a nested agent; without `resumed` it is resumed when this one is."""
        return replace(
            self,
            path=(*self.path, name),
            resumed=self.resumed if resumed is None else resumed,
            continuation=continuation,
        )


class Agent(Protocol):
    """Whatever can be chained, nested and served.

    `run` yields events until the turn is over:

    - `StatusUpdate` with state `working` while it goes on, with a message where there is something to say;
    - `ArtifactUpdate` for results;
    - at the end one `Message`, the final answer, which completes the task; or a `StatusUpdate` whose state is terminal
      or interrupted (`input-required`, `auth-required`). A run that ends with neither completes without a message.

    Events carry the ids of the run's context. A raised `AgentKitError` fails the task with its message; any other
    exception fails it with a neutral text. Cancellation is Python's: `run` is cancelled, then `cancel` is called.
    """

    @property
    def name(self) -> str:
        """The agent's name, unique among its siblings."""
        ...

    @property
    def description(self) -> str:
        """What the agent is for."""
        ...

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """What it can do, for its card."""
        ...

    def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        """Do one turn."""
        ...

    async def cancel(self, context: RunContext) -> None:
        """Stop what the turn set going elsewhere, for example a remote task."""
        ...
