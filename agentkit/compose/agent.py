"""The one thing that can be run, chained, nested and served: an `Agent`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

from agentkit.compose.gathering import all_of
from agentkit.compose.given import Tally
from agentkit.compose.members import require_agent
from agentkit.compose.references import References, no_references
from agentkit.compose.state import ConversationState, ShortState
from agentkit.compose.usage import Meter
from agentkit.credentials import NO_CREDENTIALS, Credentials
from agentkit.engine import Effect, Engine, LookUp, Work
from agentkit.models import AgentSkill, Artifact, Event, Json, JsonObject, Message

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from pydantic import BaseModel

    from agentkit.compose.workflow.decision import Deciders, Decision, Proposal
    from agentkit.compose.workflow.operations import Operations, Said

_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_M = TypeVar("_M", bound="BaseModel")


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


@dataclass(frozen=True)
class RunContext:
    """What a run knows about itself, and what it can do besides answering.

    `call`, `gather` and `step` work in every agent. In a `@workflow` they are recorded, and there are `approve`, `ask`,
    `sleep` and `publish`, too.

    Attributes:
        context_id: The conversation.
        task_id: The task this run works on.
        caller: Who asks.
        credentials: Those the message brought for servers this agent names (`mcp_names`); process memory only.
        resumed: The run continues a task that was interrupted, instead of starting one.
        engine: Executes steps.
        run_id: Names this turn of the task to the engine; the task's id where none is given.
        state: What agents keep of the conversation.
        path: Names of the agents from the root to this one.
        metadata: Of the request that brought the message (A2A `SendMessageRequest.metadata`).
        continuation: What this very agent left behind when it was interrupted (`agentkit.compose.continuation`).
        references: Reads the tasks of this conversation that the message names in `reference_task_ids` (A2A-TASK-02).
        meter: Told what each leaf used, by the combination around it.
        wrapped: How many wrappers stand around the agent, which leave no trace in the path.
        rounds: Which round, attempt or call of each loop, retry and workflow around the agent this is; keeps keys of
            steps apart.
        in_step: What happens here is part of a recorded step, which is recorded as a whole, with its agent's effect.
        given: Digests of what the calls of workflows around this were given; a step that is recorded is only for that.
        tally: Shared by all agents that work on this turn.
        operations: What a workflow does for `call`, `approve` and the like; None elsewhere.
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
    references: References = field(default=no_references, repr=False, compare=False)
    meter: Meter | None = field(default=None, repr=False, compare=False)
    wrapped: int = 0
    rounds: tuple[int | str, ...] = ()
    in_step: bool = False
    given: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally, repr=False, compare=False)
    operations: Operations | None = field(default=None, repr=False, compare=False)

    @property
    def step_key(self) -> str:
        """Names this call of the agent in the run: its path and, where it is called again, which call this is."""
        path = "/".join(map(_escaped, self.path))
        return f"{path}#{'.'.join(map(str, self.rounds))}" if self.rounds else path

    def child(self, name: str, *, resumed: bool | None = None, continuation: JsonObject | None = None) -> RunContext:
        """The context for a nested agent; without `resumed` it is resumed when this one is."""
        # A third of what `dataclasses.replace` costs, and every call of every composition makes one.
        made = object.__new__(RunContext)
        made.__dict__.update(self.__dict__, path=(*self.path, name), continuation=continuation, operations=None)
        if resumed is not None:
            made.__dict__["resumed"] = resumed
        return made

    async def step(self, key: str, work: Work, *, effect: Effect, look_up: LookUp | None = None) -> Json:
        """Execute one piece of work; recorded where the engine is durable, except inside a recorded agent.

        Args:
            key: Names the step; outside a workflow unique in the run of this agent.
            work: What to do; returns what is recorded.
            effect: What a second execution after a crash would do.
            look_up: For `lookup`: asks whether an interrupted step happened.

        Raises:
            UnknownOutcome: The step was interrupted by a crash, and nobody knows whether it happened.
        """
        return await self._operations.step(key, work, effect, look_up)

    def call(self, agent: Agent, message: Said, *, key: str | None = None) -> Coroutine[None, None, Message]:
        """Have another agent do one turn; its partial output and artifacts come up with its path.

        In a workflow the call is a step: it is not made again after a crash or a pause, and what the agent asks is
        asked by the workflow. Its key is given out when `call` is called, not when it is awaited.

        Args:
            agent: Whom to call.
            message: What to say: a message, a text, a pydantic model or a JSON object.
            key: Tells several calls of the same agent apart, where the order in which they are made may vary.

        Returns:
            The agent's answer: the parts of its message and the data of its artifacts.

        Raises:
            StepFailed: The agent failed, rejected the message, or nobody knows whether it did its work.
            EngineError: The workflow was changed while the task waited.
            SpecError: It is no agent.
        """
        require_agent("ctx.call", agent)
        return self._operations.call(agent, message, key)

    @overload
    def gather(self, one: Awaitable[_A], two: Awaitable[_B], /) -> Coroutine[None, None, tuple[_A, _B]]: ...

    @overload
    def gather(
        self, one: Awaitable[_A], two: Awaitable[_B], three: Awaitable[_C], /
    ) -> Coroutine[None, None, tuple[_A, _B, _C]]: ...

    @overload
    def gather(self, *calls: Awaitable[_A]) -> Coroutine[None, None, tuple[_A, ...]]: ...

    def gather(self, *calls: Awaitable[object]) -> Coroutine[None, None, tuple[object, ...]]:
        """Await several calls at once; when one fails, the others are stopped before its error is raised."""
        return all_of(calls)

    async def publish(self, output: str | Artifact) -> None:
        """Show a text or an artifact to whoever follows the task, before the answer is there."""
        await self._operations.publish(output)

    def approve(
        self,
        question: str,
        *,
        proposal: Proposal = None,
        by: Deciders | None = None,
        expires_in: timedelta | None = None,
        key: str | None = None,
    ) -> Coroutine[None, None, Decision]:
        """Have the caller decide; the task waits, for minutes or days, and costs nothing meanwhile.

        Args:
            question: What is asked, readable without the proposal.
            proposal: What is approved; the decision holds for exactly this (its hash is part of the question).
            by: Who may decide: an owner, several, or a function of the caller; everybody who may continue the task
                when None.
            expires_in: A later decision counts as declined. The question says until when; nobody is woken then, it
                waits until somebody answers or cancels the task.
            key: Tells several approvals apart, where the order in which they are asked may vary.

        Raises:
            EngineError: Outside a `@workflow`; or the workflow proposes something else than was approved.
        """
        return self._operations.approve(question, proposal, by, expires_in, key)

    @overload
    def ask(self, question: str, *, key: str | None = None) -> Coroutine[None, None, str]: ...

    @overload
    def ask(self, question: str, *, model: type[_M], key: str | None = None) -> Coroutine[None, None, _M]: ...

    @overload
    def ask(self, question: str, *, schema: JsonObject, key: str | None = None) -> Coroutine[None, None, Json]: ...

    def ask(
        self,
        question: str,
        *,
        model: type[BaseModel] | None = None,
        schema: JsonObject | None = None,
        key: str | None = None,
    ) -> Coroutine[None, None, object]:
        """Ask the caller; an answer that does not fit is asked for again.

        Args:
            question: What is asked.
            model: What the answer must fit; it comes as an instance.
            schema: JSON Schema of the answer, in place of a model. Without both the answer is a text.
            key: Tells several questions apart, where the order in which they are asked may vary.

        Raises:
            EngineError: Outside a `@workflow`.
        """
        return self._operations.ask(question, model, schema, key)

    def sleep(self, until: float | timedelta | datetime, *, key: str | None = None) -> Coroutine[None, None, None]:
        """Wait for seconds or until a moment with time zone; also across restarts, a long wait costs nothing.

        Raises:
            EngineError: A long wait outside a `@workflow`.
        """
        return self._operations.sleep(until, key)

    @property
    def _operations(self) -> Operations:
        if self.operations is not None:
            return self.operations
        from agentkit.compose.workflow.plain import PlainOperations  # it runs agents, and they run with contexts

        return PlainOperations(self)


def _escaped(name: str) -> str:
    """A name in which nothing looks like the end of it."""
    return name.replace("%", "%25").replace("/", "%2F").replace("#", "%23").replace("~", "%7E")


class Agent(Protocol):
    """Whatever can be chained, nested and served.

    `run` yields events until the turn is over:

    - `StatusUpdate` with state `working` while it goes on, with a message where there is something to say;
    - `ArtifactUpdate` for results;
    - at the end one `Message`, the final answer, which completes the task; or a `StatusUpdate` whose state is terminal
      or interrupted (`input-required`, `auth-required`). A run that ends with neither completes without a message.

    Events carry the ids of the run's context. A raised `AgentKitError` fails the task with its message; any other
    exception fails it with a neutral text. Cancellation is Python's: `run` is cancelled, then `cancel` is called.

    What else an agent may say about itself, all of it optional, is listed in `agentkit.compose.facets`.
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
