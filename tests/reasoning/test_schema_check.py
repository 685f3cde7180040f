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


@pytest.mark.parametrize("pattern", ["(a+)+$", "((a+))+$", "(a|a)*$", "(?:x{2,})*", "(", "[", "a" * 400])
def test_a_pattern_that_is_broken_or_may_run_forever_matches_nothing(pattern: str) -> None:
    assert not matches(pattern, "a" * 60)


@pytest.mark.parametrize(
    "pattern", ["^Thing/[A-Za-z0-9.-]{1,64}$", r"^\d{4}(-\d{2}){0,2}$", "^qs_[+*|(]{3,}$", "^(a|b)$"]
)
def test_an_ordinary_pattern_is_used(pattern: str) -> None:
    assert any(matches(pattern, text) for text in ("Thing/1", "2025-01-02", "qs_+*|", "a"))


def test_only_a_pattern_that_no_word_matches_identifies() -> None:
    assert is_identifying("^L-[0-9]{4}$")
    assert not is_identifying("^[A-Za-z0-9-]+$")
