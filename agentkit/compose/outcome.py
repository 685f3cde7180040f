"""What a turn of an agent came to, and how errors become states."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final
from uuid import uuid4

from agentkit.compose.agent import RunContext
from agentkit.compose.continuation import AGENT_KEY, CONTINUATION_KEY, STEP_KEY, retry_later
from agentkit.errors import AgentKitError, AuthRequired, EngineError, InputRequired, McpAuthRequired, UnknownOutcome
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
from agentkit.models.base import assembled

LEFT_ALONE: Final = (GeneratorExit, KeyboardInterrupt, SystemExit)
"""What ends more than a turn; anything else that an agent raises ends its turn, whatever it derives from."""

_log = logging.getLogger("agentkit.compose")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended.

    Attributes:
        state: A terminal or interrupted state; `working` for a turn that goes on by itself at `wake`.
        message: The final answer, the question, or why it failed.
        artifacts: What the turn produced.
        metadata: Of the last status update, without the continuation and the timer.
        continuation: What the agent wants back when it is resumed (`RunContext.continuation`).
        wake: When it wants to go on without an answer.
    """

    state: TaskState
    message: Message | None = None
    artifacts: tuple[Artifact, ...] = ()
    metadata: JsonObject | None = None
    continuation: JsonObject | None = None
    wake: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """The agent goes on later: when it is answered, has its credential, or its moment has come."""
        return self.state.is_interrupted or self.wake is not None

    @property
    def text(self) -> str:
        """The text of the message; empty without one."""
        return self.message.text if self.message else ""


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
        case _:  # pyright: ignore[reportUnnecessaryComparison] - agents are written by others
            raise EngineError(
                f"The agent {'/'.join(context.path)} yielded a {type(event).__name__}.",
                remedy="Yield StatusUpdate, ArtifactUpdate, Message or Task.",
            )


def status_update(
    context: RunContext, state: TaskState, message: Message | None = None, metadata: JsonObject | None = None
) -> StatusUpdate:
    """A status update of the context's task."""
    # Built from checked values only, which need no validation.
    status = assembled(TaskStatus, {"state": state} if message is None else {"state": state, "message": message}, {})
    fields: dict[str, object] = {"task_id": context.task_id, "context_id": context.context_id, "status": status}
    if metadata is not None:
        fields["metadata"] = metadata
    return assembled(StatusUpdate, fields, {})


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
            if isinstance(error, UnknownOutcome):
                metadata[STEP_KEY] = error.step
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


class iterating(AbstractAsyncContextManager[AsyncIterator[Event]]):  # noqa: N801 - reads as a function
    """Iterate over a run; one that can be closed is closed at the end, also when it is left early."""

    __slots__ = ("_events",)

    def __init__(self, events: AsyncIterator[Event]) -> None:
        """Take over the events of a run."""
        self._events = events

    async def __aenter__(self) -> AsyncIterator[Event]:
        """The events."""
        return self._events

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        close: Callable[[], Awaitable[None]] | None = getattr(self._events, "aclose", None)
        if close is not None:
            await close()
