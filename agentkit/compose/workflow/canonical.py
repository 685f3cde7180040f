"""One spelling for each JSON value (RFC 8785), and the hash of it."""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal
from typing import Final

from agentkit.models import Json

_LARGEST_PLAIN: Final = 21
_SMALLEST_PLAIN: Final = -6


def canonical_hash(value: Json) -> str:
    """SHA-256 over the canonical spelling, as hexadecimal digits.

    Raises:
        ValueError: The value holds NaN or an infinity, which JSON does not know.
    """
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Json) -> str:
    """The canonical spelling of a value: the same for values that are equal.

    Whole numbers keep all their digits, also where a double would lose some: two proposals must not share a hash.

    Raises:
        ValueError: The value holds NaN or an infinity.
    """
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
        case float():
            return _number(value)
        case list():
            return f"[{','.join(map(canonical, value))}]"
        case dict():
            # Names are sorted by their UTF-16 code units (RFC 8785, section 3.2.3).
            names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
            return f"{{{','.join(f'{canonical(name)}:{canonical(value[name])}' for name in names)}}}"


def _number(value: float) -> str:
    """A double as ECMAScript writes it."""
    if not math.isfinite(value):
        raise ValueError("JSON knows neither NaN nor infinities")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, minus = "".join(map(str, digits)), "-" if sign else ""
    point = len(text) + int(exponent)
    if len(text) <= point <= _LARGEST_PLAIN:
        return f"{minus}{text}{'0' * (point - len(text))}"
    if 0 < point <= _LARGEST_PLAIN:
        return f"{minus}{text[:point]}.{text[point:]}"
    if _SMALLEST_PLAIN < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{fraction}e{point - 1:+d}"
