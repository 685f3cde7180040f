"""The one thing that can be run, chained, nested and served: an `Agent`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from agentkit.credentials import NO_CREDENTIALS, Credentials
from agentkit.engine import Engine
from agentkit.models import AgentSkill, Event, JsonObject, Message

T = TypeVar("T")


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
        path: Names of the agents from the root to this one.
        metadata: Of the request that brought the message (A2A `SendMessageRequest.metadata`).
        continuation: What this very agent left behind when it was interrupted (`agentkit.compose.continuation`).
    """

    context_id: str
    task_id: str
    caller: Caller
    engine: Engine
    credentials: Credentials = field(default_factory=lambda: NO_CREDENTIALS)
    resumed: bool = False
    path: tuple[str, ...] = ()
    metadata: JsonObject | None = field(default=None, repr=False)
    continuation: JsonObject | None = field(default=None, repr=False)

    async def step(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Execute one piece of work under a key that is unique in the run; durable where the engine is."""
        return await self.engine.step(self.task_id, "/".join((*self.path, key)), work)

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
