"""What Corti says, in the words of a turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentkit.compose.agent import RunContext
from agentkit.compose.outcome import status_update
from agentkit.errors import WireError
from agentkit.models import (
    ArtifactUpdate,
    Event,
    Json,
    JsonObject,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
)

if TYPE_CHECKING:
    from agentkit.client import Reply


def shown(event: Event, context: RunContext) -> Iterator[StatusUpdate | ArtifactUpdate]:
    """What an event of a stream tells while the task is at work: artifacts, and what the agent says meanwhile."""
    match event:
        case ArtifactUpdate():
            yield event.model_copy(
                update={"task_id": context.task_id, "context_id": context.context_id, "metadata": None}
            )
        case Task():
            for artifact in event.artifacts:
                yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
            yield from _said_meanwhile(event.status.state, event.status.message, context)
        case StatusUpdate():
            yield from _said_meanwhile(event.status.state, event.status.message, context)
        case Message():
            pass


def produced(reply: Reply, context: RunContext) -> Iterator[ArtifactUpdate]:
    """The artifacts of a reply."""
    for artifact in reply.artifacts:
        yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)


def words(reply: Reply, context: RunContext, message_id: str | None = None) -> Message | None:
    """What the agent says at the end, as a message of this task; None where it says nothing.

    Args:
        reply: What came back.
        context: Of the agent.
        message_id: Another id for the message.
    """
    said = reply.message
    if said is None:
        return None
    changes: dict[str, object] = {"task_id": context.task_id, "context_id": context.context_id, "role": Role.AGENT}
    return said.model_copy(update={**changes, **({"message_id": message_id} if message_id else {})})


def text_of(fields: JsonObject, key: str) -> str | None:
    """A text in a continuation."""
    value = fields.get(key)
    return value if isinstance(value, str) else None


def kept_parts(waiting: JsonObject) -> tuple[Part, ...]:
    """The parts in a continuation: what was asked before a credential was found missing.

    Raises:
        WireError: They cannot be read.
    """
    kept = waiting.get("parts")
    if kept is None:
        return ()
    try:
        return tuple(Part.model_validate(part) for part in kept) if isinstance(kept, list) else ()
    except ValueError:
        raise WireError("continuation.parts", "value", "cannot be read") from None


def kept_place(reply: Reply, message: Message, context: RunContext) -> JsonObject:
    """The continuation of a task that waits: where it does, or what to ask again in a context with the credential."""
    if isinstance(reply.answer, Task) and reply.state is TaskState.INPUT_REQUIRED:
        return {"contextId": reply.answer.context_id, "taskId": reply.answer.id}
    kept = (*kept_parts(context.continuation or {}), *message.parts)
    parts: list[Json] = [part.model_dump(mode="json", exclude_unset=True) for part in kept]
    return {"parts": parts}


def _said_meanwhile(state: TaskState, said: Message | None, context: RunContext) -> Iterator[StatusUpdate]:
    if said is None or state.is_settled:
        return
    own = {"task_id": context.task_id, "context_id": context.context_id, "role": Role.AGENT}
    yield status_update(context, TaskState.WORKING, said.model_copy(update=own))
