"""Protobuf makes every number of a data part a double; whole ones are restored (design D12)."""

from __future__ import annotations

from agentkit.models import Json


def with_integers(value: Json) -> Json:
    """The same with integers where a double holds one exactly."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case dict():
            return {key: with_integers(item) for key, item in value.items()}
        case list():
            return [with_integers(item) for item in value]
        case _:
            return value
