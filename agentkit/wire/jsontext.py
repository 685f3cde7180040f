"""JSON text in both directions, with limits that keep a document storable and readable."""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Final, NoReturn, cast

from pydantic_core import from_json, to_json

from agentkit.errors import WireError
from agentkit.models import Json

MAX_DEPTH: Final = 64
"""Deepest nesting of a document; protobuf stops at 100, pydantic cannot read back what it wrote beyond 200."""

_FORMS: Final = bytes.maketrans(b"E123456789}] \t\r\n", b"e000000000" + b"," * 6)
_LARGE_EXPONENT: Final = re.compile(rb"e\+?000+(?:,|$)")
_LONG_NUMBER: Final = b"0" * 200
"""What alone can be too large, in a document with one character for each kind of them."""


def parse_json(body: bytes, path: str = "") -> Json:
    """Parse a JSON document in UTF-8, which a byte order mark may open.

    Raises:
        WireError: It is not JSON, a number or text in it has no value, or it is nested too deeply; the error tells the
            position, not the content.
    """
    value = _parse_plain(body)
    if value is None:
        value = _parse_carefully(body, path)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise WireError(path, "depth", f"is nested deeper than {MAX_DEPTH} levels")
    return value


def _parse_plain(body: bytes) -> Json:
    """What nearly every document is, parsed in half the time; None for one to be looked at carefully."""
    forms = body.translate(_FORMS)
    if _LONG_NUMBER in forms or _LARGE_EXPONENT.search(forms):
        return None
    try:
        # Only keys are kept for the next document: values may be patient data.
        return cast(Json, from_json(body, allow_inf_nan=False, cache_strings="keys"))
    except ValueError:
        return None


def _parse_carefully(body: bytes, path: str) -> Json:
    try:
        # Decoded here: json.loads lets encoded surrogates pass, and UTF-16, in which the escaped ones would be missed.
        text = body.removeprefix(codecs.BOM_UTF8).decode()
        value = cast(Json, json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole))
        if b"\\ud" in body.lower():
            _refuse_lone_surrogates(value)
    except (ValueError, RecursionError) as error:
        position = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise WireError(path, "json", f"is not valid JSON{position}") from None
    return value


def is_too_deep(value: Json) -> bool:
    """Whether arrays and objects lie in each other more than `MAX_DEPTH` times."""
    layer: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        layer = [inner for outer in layer for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not layer:
            return False
    return True


def dump_json(document: Json) -> bytes:
    """UTF-8 on one line; NaN and infinity, which JSON cannot say, become null, as the store keeps them."""
    return to_json(document, inf_nan_mode="null")


def _inside(value: Json) -> list[Json]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
        case _:
            return []


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _whole(text: str) -> int:
    """A whole number; one beyond every double could be stored, and then be told to nobody who reads protobuf."""
    _finite(text)
    return int(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _refuse_lone_surrogates(value: Json) -> None:
    """JSON can escape half a surrogate pair; no database and no socket takes it."""
    json.dumps(value, ensure_ascii=False).encode()
