"""Decisions as JSON: how they are recorded, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final, cast

from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject
from agentkit.reasoning.protocol import Act, Answer, Ask, CallTool, Decline, Delegate, DelegateTogether

_WORDS: Final[Mapping[type[Act], str]] = MappingProxyType(
    {
        CallTool: "call-tool",
        Delegate: "delegate",
        DelegateTogether: "delegate-together",
        Answer: "answer",
        Ask: "ask",
        Decline: "decline",
    }
)


def dump_act(act: Act) -> JsonObject:
    """A decision as a JSON object whose `act` is its kind."""
    if isinstance(act, DelegateTogether):
        return {"act": _WORDS[DelegateTogether], "delegations": [dump_act(one) for one in act.delegations]}
    fields = cast("dict[str, Json]", asdict(act))
    return {"act": _WORDS[type(act)], **{name: _listed(value) for name, value in fields.items()}}


def load_act(record: Json) -> Act:
    """The decision that `dump_act` wrote.

    Raises:
        EngineError: It is none.
    """
    match record:
        case {"act": "call-tool", "tool": str(tool), "arguments": dict(arguments), "reason": str(reason)}:
            return CallTool(tool, arguments, reason)
        case {"act": "delegate", "expert": str(), "text": str(), "reason": str()}:
            return _delegate(record)
        case {"act": "delegate-together", "delegations": list(pieces)}:
            return DelegateTogether(tuple(map(_delegate, pieces)))
        case {"act": "answer", "text": str(text), "data": list(data)}:
            return Answer(text, tuple(data))
        case {"act": "ask", "text": str(text), "missing": list(missing)}:
            return Ask(text, tuple(map(str, missing)))
        case {"act": "decline", "text": str(text)}:
            return Decline(text)
        case _:
            raise _unreadable()


def _delegate(record: Json) -> Delegate:
    match record:
        case {"act": "delegate", "expert": str(expert), "text": str(text), "reason": str(reason)}:
            return Delegate(expert, text, reason)
        case _:
            raise _unreadable()


def _listed(value: Json | tuple[Json, ...]) -> Json:
    return list(value) if isinstance(value, tuple) else value


def _unreadable() -> EngineError:
    return EngineError("A recorded decision cannot be read.", remedy="Start a new task.")
