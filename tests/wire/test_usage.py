"""Tokens and credits out of metadata (V1-OBJ-21, V1-RPC-04, V2-OBJ-14)."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.models import Json, TokenUsage
from agentkit.wire.usage import read_usage
from tests.wire import strategies

CASES: list[tuple[dict[str, Any], TokenUsage]] = [
    (
        {"credits": 0.0125, "_usage": {"input_tokens": 100, "output_tokens": 20}},
        TokenUsage(input_tokens=100, output_tokens=20, total_tokens=120, credits=0.0125),
    ),
    ({"credits": 2}, TokenUsage(credits=2)),
    ({"credits": 0}, TokenUsage()),
    ({"_usage": {"input_tokens": 3}}, TokenUsage(input_tokens=3, total_tokens=3)),
    (
        {
            "$usage": {
                "model": "corti-default",
                "inputTokens": 100,
                "outputTokens": 20,
                "totalTokens": 130,
                "cachedInputTokens": 40,
                "cacheCreationInputTokens": 5,
                "credits": 0.5,
            }
        },
        TokenUsage(
            input_tokens=100,
            output_tokens=20,
            total_tokens=130,
            cached_input_tokens=40,
            cache_creation_input_tokens=5,
            credits=0.5,
            model="corti-default",
        ),
    ),
    (
        {"$usage": {"inputTokens": "many", "outputTokens": -1, "totalTokens": 7, "credits": True, "model": 7}},
        TokenUsage(total_tokens=7),
    ),
]


@pytest.mark.parametrize(("metadata", "usage"), CASES)
def test_usage_is_read_from_the_metadata_of_both_generations(metadata: dict[str, Any], usage: TokenUsage) -> None:
    assert read_usage(metadata) == usage


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"credits": None},
        {"credits": "1"},
        {"credits": math.nan},
        {"credits": math.inf},
        {"credits": 10**400},
        {"_usage": []},
        {"$usage": {"inputTokens": None}},
        {"$usage": {"model": "corti-default"}},
    ],
)
def test_metadata_without_usage_tells_none(metadata: dict[str, Any] | None) -> None:
    assert read_usage(metadata) is None


@settings(max_examples=100, deadline=None)
@given(strategies.json, strategies.json)
def test_no_metadata_breaks_a_turn(value: Json, other: Json) -> None:
    for metadata in (
        {"$usage": value, "credits": other},
        {"_usage": value, "credits": other},
        {"$usage": {"inputTokens": value, "model": other, "credits": value}},
    ):
        usage = read_usage(metadata)
        assert usage is None or usage.total_tokens >= 0


counts = st.integers(0, 10**6)
usages = st.builds(
    TokenUsage,
    input_tokens=counts,
    output_tokens=counts,
    total_tokens=counts,
    cached_input_tokens=counts,
    cache_creation_input_tokens=counts,
    credits=st.integers(0, 1000).map(float),
    model=st.none() | st.sampled_from(["a", "b"]),
)


@settings(max_examples=60, deadline=None)
@given(usages)
def test_nothing_adds_nothing(usage: TokenUsage) -> None:
    assert usage + TokenUsage() == usage == TokenUsage() + usage


def test_usage_adds_up_and_keeps_a_model_only_where_it_is_one() -> None:
    first = TokenUsage(input_tokens=1, output_tokens=2, total_tokens=3, cached_input_tokens=1, credits=0.5, model="a")
    second = TokenUsage(input_tokens=10, total_tokens=10, cache_creation_input_tokens=4, credits=0.25, model="a")
    assert first + second == TokenUsage(
        input_tokens=11,
        output_tokens=2,
        total_tokens=13,
        cached_input_tokens=1,
        cache_creation_input_tokens=4,
        credits=0.75,
        model="a",
    )
    assert (first + TokenUsage(total_tokens=1, model="b")).model is None
