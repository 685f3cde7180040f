"""How a paused agent finds its place again.

An agent that ends a turn interrupted may put what it needs to go on into the metadata of that status update, under
`CONTINUATION_KEY`. The task service takes it out before anybody sees the event, keeps it with the task, and gives it
back as `RunContext.continuation` when the answer comes: also after a restart. It is content: it is scrubbed with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from agentkit.compose.agent import RunContext
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject, Message, Part, StatusUpdate

CONTINUATION_KEY: Final = "agentkit.continuation"
"""Where in the metadata of an interrupting status update the continuation travels."""

WAKE_KEY: Final = "agentkit.wake"
"""Beside a continuation in the metadata of a `working` update: when to go on, as ISO 8601 moment with zone.

Such an update ends the turn as a question does, but needs no answer: at the moment the agent is run again with the same
message, `resumed` and its continuation. Until then the task costs a row, nothing else.
"""

AGENT_KEY: Final = "agentkit.agent"
"""Where in metadata the path of the agent stands from which a state or part comes."""

STEP_KEY: Final = "agentkit.step"
"""Where in metadata the key of the step stands that failed, or whose outcome nobody knows."""

RECORD_KEY: Final = "agentkit.record"
"""In the metadata of an artifact: it tells what happened in the task (who approved what), and is nobody's input."""

PASSING_KEYS: Final = frozenset({AGENT_KEY, STEP_KEY, "mcp_name", "error", "agentkit.missing"})
"""What metadata tell of one state: who asks, what is missing or failed. With the next state it is not true any more."""

_RETRY: Final = "agentkit.retry"


def retry_later(message: Message) -> JsonObject:
    """A continuation that keeps what an agent was asked, for when the credential it lacks has come."""
    parts: list[Json] = [part.model_dump(mode="json", exclude_unset=True) for part in message.parts]
    return {_RETRY: parts}


def retried(message: Message, context: RunContext) -> tuple[Message, RunContext]:
    """What an agent that lacked a credential was asked before, when the answer held nothing but the credential."""
    left = context.continuation
    if left is None or _RETRY not in left:
        return message, context
    kept = left[_RETRY]
    if not message.parts and isinstance(kept, list):
        parts = tuple(Part.model_validate(one) for one in kept)
        message = message.model_copy(update={"message_id": message.message_id, "parts": parts})
    return message, replace(context, continuation=None)


def wake_moment(update: StatusUpdate) -> datetime | None:
    """When a turn that ends with this update wants to go on by itself; None where it does not."""
    text = (update.metadata or {}).get(WAKE_KEY)
    if not isinstance(text, str) or update.status.state.is_settled:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise EngineError("A timer has no readable moment.", remedy=f"Give {WAKE_KEY} as ISO 8601 moment.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def detach(update: StatusUpdate) -> tuple[StatusUpdate, JsonObject | None]:
    """The update without its continuation and timer, and the continuation."""
    metadata = update.metadata
    if not metadata or not (CONTINUATION_KEY in metadata or WAKE_KEY in metadata):
        return update, None
    rest = {key: value for key, value in metadata.items() if key not in (CONTINUATION_KEY, WAKE_KEY)}
    continuation = metadata.get(CONTINUATION_KEY)
    found = continuation if isinstance(continuation, dict) else None
    return update.model_copy(update={"metadata": rest or None}), found
