"""Canonical JSON (RFC 8785): equal values have one spelling and one hash."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.compose.workflow.canonical import canonical, canonical_hash
from agentkit.models import Json

SPELLED: list[tuple[Json, str]] = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (333333333.33333329, "333333333.3333333"),
    (1e30, "1e+30"),
    (4.50, "4.5"),
    (2e-3, "0.002"),
    (1e-27, "1e-27"),
    (1e21, "1e+21"),
    (1e20, "100000000000000000000"),
    (123456789012345680000.0, "123456789012345680000"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (-1.5e-9, "-1.5e-9"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (9007199254740993, "9007199254740993"),
    ('\u20ac$\u000f\nA\'B"\\\\"/', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
    ([], "[]"),
    ({"b": [1, {}], "a": "x"}, '{"a":"x","b":[1,{}]}'),
]


@pytest.mark.parametrize(("value", "text"), SPELLED)
def test_a_value_has_one_spelling(value: Json, text: str) -> None:
    assert canonical(value) == text


def test_names_are_sorted_by_their_utf_16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    spelled = json.loads(canonical(dict.fromkeys(names)))

    assert list(spelled) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_json_does_not_know_has_no_spelling(value: Json) -> None:
    with pytest.raises(ValueError, match="NaN"):
        canonical(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_the_spelling_reads_back_as_the_same_value(value: Json) -> None:
    assert json.loads(canonical(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_as_the_same_double(value: float) -> None:
    assert float(canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_names_does_not_matter(value: dict[str, int]) -> None:
    backwards: Json = dict(reversed(value.items()))

    assert canonical_hash(dict(value)) == canonical_hash(backwards)
