"""What came of tool calls as JSON: how it is recorded, kept with a conversation, and read again."""

from __future__ import annotations

from typing import cast

from agentkit.models import Json, JsonObject
from agentkit.reasoning.protocol import Observation


def dump_observation(observation: Observation) -> JsonObject:
    """What was called and what came of it; not by whom, and for which message."""
    return {
        "tool": observation.tool,
        "arguments": observation.arguments,
        "text": observation.text,
        "data": observation.data,
        "failed": observation.failed,
        "code": observation.code,
    }


def load_observation(record: Json, *, current: bool, expert: str | None = None) -> Observation | None:
    """What `dump_observation` wrote; None for anything else.

    Args:
        record: As JSON.
        current: The call was made for the present message.
        expert: Who called.
    """
    match record:
        case {"tool": str(tool), "arguments": dict(arguments), "text": str(text), "failed": bool(failed)}:
            kept = cast("JsonObject", record)
            code = kept.get("code")
            code = code if isinstance(code, str) else None
            return Observation(tool, arguments, text, kept.get("data"), failed, code, current, expert)
        case _:
            return None
