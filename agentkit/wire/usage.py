"""What a turn used, out of the metadata of its task or last status (V1-OBJ-21, V1-RPC-04, V2-OBJ-14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.models import Json, JsonObject, TokenUsage

USAGE_KEY: Final = "$usage"
"""Where v2 tells what a turn used, in the metadata of its task or last status (V2-OBJ-14)."""

_LARGEST: Final = 2**53
_V1_TOKENS: Final = ("input_tokens", "output_tokens", "total_tokens")
_V2_TOKENS: Final = {
    "input_tokens": "inputTokens",
    "output_tokens": "outputTokens",
    "total_tokens": "totalTokens",
    "cached_input_tokens": "cachedInputTokens",
    "cache_creation_input_tokens": "cacheCreationInputTokens",
}


def read_usage(metadata: Mapping[str, Json] | None) -> TokenUsage | None:
    """Tokens and credits; None where the metadata tells neither.

    Both generations are read: `$usage` of v2, `_usage` and `credits` of v1. A count that is no number from zero up is
    passed over, for usage is beside the point of a turn and must not break it.
    """
    if not metadata:
        return None
    counts: dict[str, int] = {}
    match metadata.get(USAGE_KEY), metadata.get("_usage"):
        case dict() as told, _:
            counts = {name: number for name, key in _V2_TOKENS.items() if (number := _count(told.get(key))) is not None}
        case _, dict() as told:
            counts = {name: number for name in _V1_TOKENS if (number := _count(told.get(name))) is not None}
        case _:
            told = {}
    price = _number(told.get("credits"))
    price = _number(metadata.get("credits")) if price is None else price
    if not counts and price is None:
        return None
    model = told.get("model")
    both = counts.get("input_tokens", 0) + counts.get("output_tokens", 0)
    return TokenUsage.model_validate(
        {"total_tokens": both, **counts, "credits": price or 0.0, "model": model if isinstance(model, str) else None}
    )


def encode_usage(used: TokenUsage) -> JsonObject:
    """What a turn used, as v2 tells it under `$usage`."""
    counts = {key: getattr(used, name) for name, key in _V2_TOKENS.items()}
    model: JsonObject = {} if used.model is None else {"model": used.model}
    return {**model, **counts, "credits": used.credits}


def encode_v1_usage(metadata: Mapping[str, Json]) -> JsonObject:
    """What v1 tells in place of `$usage`: `_usage` and `credits` (V1-OBJ-21)."""
    used = read_usage(metadata)
    if used is None:
        return {}
    tokens: JsonObject = {"input_tokens": used.input_tokens, "output_tokens": used.output_tokens}
    return {"_usage": tokens, "credits": used.credits}


def _count(value: Json) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= _LARGEST else None
