"""The check of values against JSON Schema, as far as tools use it."""

from __future__ import annotations

import pytest

from agentkit.models import Json, JsonObject
from agentkit.reasoning.jsonschema import fits, is_identifying, matches


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ("a", {"type": "string"}, True),
        (1, {"type": "string"}, False),
        (True, {"type": "integer"}, False),
        (1, {"type": "boolean"}, False),
        (2.0, {"type": "integer"}, True),
        (2.5, {"type": "integer"}, False),
        (None, {"type": ["string", "null"]}, True),
        ("a", {"enum": ["a", "b"]}, True),
        (True, {"enum": [1]}, False),
        ("L-12", {"pattern": "^L-[0-9]+$"}, True),
        ("xL-12", {"pattern": "^L-[0-9]+$"}, False),
        ("2025-02-03", {"type": "string", "format": "date"}, True),
        ("2025", {"type": "string", "format": "date"}, False),
        ("2025-02-03\n", {"type": "string", "format": "date"}, False),
        ("a" * 400, {"pattern": "^a+$"}, True),
        ("a" * 400, {"pattern": "^b+$"}, False),
        ("any", {"pattern": "(?=of another dialect)"}, True),
        ("any", {"pattern": "("}, True),
        (float("inf"), {"type": "number"}, False),
        (10**400, {"type": "number"}, True),
        ("", {"minLength": 1}, False),
        (7, {"minimum": 1, "maximum": 6}, False),
        (6, {"exclusiveMaximum": 6}, False),
        (["a", 1], {"type": "array", "items": {"type": "string"}}, False),
        (["a"], {"type": "array", "items": {"type": "string"}, "minItems": 2}, False),
        ({}, {"type": "object", "required": ["x"]}, False),
        ({"y": 1}, {"properties": {"x": {}}, "additionalProperties": False}, False),
        ({"x": "1"}, {"properties": {"x": {"type": "integer"}}}, False),
        ("a", {"anyOf": [{"type": "integer"}, {"type": "string"}]}, True),
        (None, {"anyOf": [{"type": "integer"}, {"type": "string"}]}, False),
        ("a", {"allOf": [{"type": "string"}, {"minLength": 2}]}, False),
        ("L-1", {"$ref": "#/$defs/loan"}, True),
        ("M-1", {"$ref": "#/$defs/loan"}, False),
        ("a", False, False),
        ("a", True, True),
    ],
)
def test_a_value_fits_its_schema_or_not(value: Json, schema: Json, expected: bool) -> None:
    root: JsonObject = {"$defs": {"loan": {"pattern": "^L-"}}}
    assert fits(value, schema, root) is expected


@pytest.mark.parametrize("pattern", ["(", "[", "a|" * 1001, "(?=a)a", "((a{1,999}){1,999}){1,999}"])
def test_a_pattern_that_is_broken_unknown_or_too_large_matches_nothing(pattern: str) -> None:
    assert not matches(pattern, "a" * 60)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 60),
        ("^(a|a){28}$", "a" * 28),
        ("^(.*,){11}x$", "a," * 60 + "x"),
        ("(x+x+)+y", "x" * 299 + "y"),
    ],
)
def test_a_pattern_that_could_track_back_for_ever_is_used_in_linear_time(pattern: str, text: str) -> None:
    """A foreign pattern on foreign text, on the event loop: an engine that tracks back needs hours for the second."""
    assert matches(pattern, text)
    assert not matches(pattern, f"{text[:-1]}!")


@pytest.mark.parametrize("word", ["allOf", "anyOf"])
def test_references_that_multiply_at_every_step_are_followed_so_far_only(word: str) -> None:
    steps: JsonObject = {"12": {"type": "string" if word == "allOf" else "integer"}}
    for number in range(12):
        following: Json = {"$ref": f"#/$defs/{number + 1}"}
        repeated: list[Json] = [following] * 9
        steps[str(number)] = {word: repeated}
    root: JsonObject = {"$defs": steps}
    assert fits("x", {"$ref": "#/$defs/0"}, root)


@pytest.mark.parametrize(
    "pattern", ["^Thing/[A-Za-z0-9.-]{1,64}$", r"^\d{4}(-\d{2}){0,2}$", "^qs_[+*|(]{3,}$", "^(a|b)$"]
)
def test_an_ordinary_pattern_is_used(pattern: str) -> None:
    assert any(matches(pattern, text) for text in ("Thing/1", "2025-01-02", "qs_+*|", "a"))


def test_only_a_pattern_that_no_word_matches_identifies() -> None:
    assert is_identifying("^L-[0-9]{4}$")
    assert not is_identifying("^[A-Za-z0-9-]+$")
