"""JSON text: what is refused, and what is written."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.errors import WireError
from agentkit.models import Json
from agentkit.wire.jsontext import MAX_DEPTH, dump_json, parse_json


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":NaN}',
        b"\xff",
        b'{"a":"\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        '{"a":"\\ud800"}'.encode("utf-16"),
        b"[" * 100_000,
        b"9" * 5000,
        b'{"a":1e400}',
        b"[-1E999]",
        b"1e400",
        b'{"a": [1.5E+0400 ]}',
        b"9" * 250 + b"e99",
        b"-" + b"1" * 400 + b".0",
    ],
    ids=range(15),
)
def test_what_is_not_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(WireError) as refused:
        parse_json(body)
    assert refused.value.reason == "json"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_document_may_be_nested_so_deeply_and_no_deeper(opening: str) -> None:
    """What lies deeper could be written into the store and never be read again (CLI-10)."""

    def nested(depth: int) -> bytes:
        return (opening * depth + "1" + {"[": "]", "{": "}"}[opening[0]] * depth).encode()

    assert parse_json(nested(MAX_DEPTH))
    with pytest.raises(WireError) as refused:
        parse_json(nested(MAX_DEPTH + 1), "answer")
    assert (refused.value.path, refused.value.reason) == ("answer", "depth")


def test_brackets_side_by_side_or_in_text_are_no_depth() -> None:
    flat: list[Json] = ["[[[[" * MAX_DEPTH, {}]
    many: list[Json] = [flat] * MAX_DEPTH
    assert parse_json(dump_json(many)) == many


DOCUMENTS: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def _written(document: Json, indent: int | None) -> bytes:
    return json.dumps(document, indent=indent).encode()


def _careful(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refused, parse_float=_finite)
    except ValueError:
        return WireError


def _refused(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(_written, DOCUMENTS, st.sampled_from([None, 1]))
    | st.text('0123456789eE+-.,:[]{}" \\ntruefals', max_size=30).map(str.encode)
    | st.from_regex(rb"-?[0-9]{1,4}(\.[0-9]{1,4})?[eE][+-]?[0-9]{1,4}", fullmatch=True)
)
def test_a_document_means_what_the_standard_library_says(body: bytes) -> None:
    """Two parsers read it, a quick one and a careful one; nobody may tell which."""
    try:
        parsed: object = parse_json(body)
    except WireError:
        parsed = WireError
    expected = _careful(body)
    assert (parsed, repr(parsed)) == (expected, repr(expected))


def test_a_surrogate_pair_is_unicode() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_numbers_that_json_cannot_say_are_written_as_null() -> None:
    assert dump_json({"a": float("inf"), "b": float("nan"), "c": 1.5, "d": "\u00e9"}) == (
        '{"a":null,"b":null,"c":1.5,"d":"\u00e9"}'.encode()
    )
