"""What a turn of an agent came to, and how errors become states."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.continuation import AGENT_KEY, CONTINUATION_KEY, retried, retry_later
from agentkit.errors import AgentKitError, AuthRequired, EngineError, InputRequired, McpAuthRequired
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    JsonObject,
    Message,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.models.artifacts import ArtifactStore

MAX_DEPTH: Final = 32
"""Agents nested deeper are taken for a composition that contains itself."""

LEFT_ALONE: Final = (GeneratorExit, KeyboardInterrupt, SystemExit)
"""What ends more than a turn; anything else that an agent raises ends its turn, whatever it derives from."""

_log = logging.getLogger("agentkit.compose")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended.

    Attributes:
        state: A terminal or interrupted state.
        message: The final answer, the question, or why it failed.
        artifacts: What the turn produced.
        metadata: Of the last status update, without the continuation.
        continuation: What the agent wants back when it is resumed (`RunContext.continuation`).
    """

    state: TaskState
    message: Message | None = None
    artifacts: tuple[Artifact, ...] = ()
    metadata: JsonObject | None = None
    continuation: JsonObject | None = None

    @property
    def text(self) -> str:
        """The text of the message; empty without one."""
        return self.message.text if self.message else ""


class Turn:
    """One turn of one agent: pass its events on, then read how it ended."""

    def __init__(self, agent: Agent, message: Message, context: RunContext) -> None:
        """Prepare the turn; nothing runs before `events`."""
        self._agent = agent
        self._message = message
        self._context = context
        self._artifacts = ArtifactStore()
        self._end: StatusUpdate | None = None

    async def events(self) -> AsyncGenerator[StatusUpdate | ArtifactUpdate]:
        """Run the agent; yields what happens on the way, without the update that ends the turn.

        An error of the agent ends the turn as `surfaced` says; cancellation passes through.
        """
        try:
            _check_depth(self._context)
            message, context = retried(self._message, self._context)
            async with iterating(self._agent.run(message, context)) as run:
                async for event in run:
                    for update in as_updates(event, self._context):
                        if isinstance(update, ArtifactUpdate):
                            self._artifacts.add(update)
                        elif update.status.state.is_settled:
                            self._end = update
                            return
                        yield update
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._end = surfaced(EngineError("The agent cancelled itself."), self._message, self._context)
        except LEFT_ALONE:
            raise
        except BaseException as error:
            self._end = surfaced(error, retried(self._message, self._context)[0], self._context)

    @property
    def outcome(self) -> Outcome:
        """How the turn ended; a turn that said nothing completed without a message."""
        artifacts = self._artifacts.all()
        if self._end is None:
            return Outcome(TaskState.COMPLETED, artifacts=artifacts)
        metadata = dict(self._end.metadata or {})
        continuation = metadata.pop(CONTINUATION_KEY, None)
        return Outcome(
            self._end.status.state,
            self._end.status.message,
            artifacts,
            metadata or None,
            continuation if isinstance(continuation, dict) else None,
        )


async def collect(agent: Agent, message: Message, context: RunContext) -> Outcome:
    """Run one turn of an agent to its end.

    Args:
        agent: Whom to ask.
        message: What to ask.
        context: The context of this very agent (`RunContext.child`).

    Returns:
        State, message and artifacts. An agent's error is an outcome too, never raised.
    """
    turn = Turn(agent, message, context)
    async with aclosing(turn.events()) as events:
        async for _ in events:
            pass
    return turn.outcome


def _check_depth(context: RunContext) -> None:
    if len(context.path) + context.wrapped > MAX_DEPTH:
        raise EngineError(
            f"Agents are nested deeper than {MAX_DEPTH}.", remedy="Check that no composition contains itself."
        )


def as_updates(event: Event, context: RunContext) -> tuple[StatusUpdate | ArtifactUpdate, ...]:
    """An event in the words of updates with the context's ids: a final message completes, a task is taken apart.

    A state that is unknown to us is work: it is not settled, and must not outlive a crash.
    """
    match event:
        case StatusUpdate(status=TaskStatus(state=TaskState.UNKNOWN) as status):
            working = status.model_copy(update={"state": TaskState.WORKING})
            return as_updates(event.model_copy(update={"status": working}), context)
        case StatusUpdate() | ArtifactUpdate():
            if event.task_id == context.task_id and event.context_id == context.context_id:
                return (event,)
            return (event.model_copy(update={"task_id": context.task_id, "context_id": context.context_id}),)
        case Message():
            return (status_update(context, TaskState.COMPLETED, event),)
        case Task():
            produced = tuple(
                ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
                for artifact in event.artifacts
            )
            last = status_update(context, event.status.state, event.status.message, event.metadata)
            return (*produced, *as_updates(last, context))


def status_update(
    context: RunContext, state: TaskState, message: Message | None = None, metadata: JsonObject | None = None
) -> StatusUpdate:
    """A status update of the context's task."""
    # Built from checked values only; construction without validation is a fifth of the cost.
    status = TaskStatus.model_construct(
        {"state"} if message is None else {"state", "message"}, state=state, message=message
    )
    fields = {"task_id", "context_id", "status"} if metadata is None else None
    return StatusUpdate.model_construct(
        fields, task_id=context.task_id, context_id=context.context_id, status=status, metadata=metadata
    )


def surfaced(error: BaseException, asked: Message, context: RunContext) -> StatusUpdate:
    """What a task becomes by an error of its agent.

    `InputRequired` asks. `AuthRequired` and `McpAuthRequired` want a credential for the server they name; what was
    asked is kept, so that the credential alone is answer enough. Any other `AgentKitError` fails with its own text.
    What we did not raise could say anything, so it fails with a neutral text and a reference id, under which the log
    has its class and place.
    """
    metadata: JsonObject = {AGENT_KEY: "/".join(context.path)}
    match error:
        case InputRequired():
            state, text = TaskState.INPUT_REQUIRED, str(error)
        case AuthRequired() | McpAuthRequired():
            server = error.mcp_name if isinstance(error, AuthRequired) else error.server
            state, text = TaskState.AUTH_REQUIRED, str(error)
            metadata["mcp_name"] = server
            metadata[CONTINUATION_KEY] = retry_later(asked)
        case AgentKitError():
            state, text = TaskState.FAILED, str(error)
            metadata["error"] = type(error).__name__
        case _:
            reference = str(uuid4())
            frame = traceback.extract_tb(error.__traceback__)[-1]
            _log.error(
                "agent %s failed with %s at %s:%s, reference %s",
                "/".join(context.path),
                type(error).__name__,
                frame.filename,
                frame.lineno,
                reference,
            )
            state, text = TaskState.FAILED, f"The agent failed unexpectedly. Reference: {reference}."
            metadata["error"] = "unexpected"
    message = Message.agent(text, context_id=context.context_id, task_id=context.task_id)
    return status_update(context, state, message, metadata)


@asynccontextmanager
async def iterating(events: AsyncIterator[Event]) -> AsyncGenerator[AsyncIterator[Event]]:
    """Iterate over a run; one that can be closed is closed at the end, also when it is left early."""
    try:
        yield events
    finally:
        close: Callable[[], Awaitable[None]] | None = getattr(events, "aclose", None)
        if close is not None:
            await close()
