"""What the signature of a card covers: the card without its signatures, as RFC 8785 writes it (A2A-SIG-01)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, cast

from a2a.types import AgentCard
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from agentkit.errors import CardUntrusted
from agentkit.models import Json, JsonObject

MAX_DEPTH: Final = 64
"""Deepest nesting of a card that is looked at."""

_SAFE_INTEGER: Final = 2**53
_WRITTEN_OUT: Final = 1e21
_SMALLEST_WRITTEN_OUT: Final = 1e-6


def canonical(value: Json) -> bytes:
    """A JSON value as RFC 8785 writes it: keys by UTF-16 units, numbers as ECMAScript does, nothing escaped needlessly.

    Raises:
        CardUntrusted: It has no such form: a number is too large or the nesting too deep.
    """
    return "".join(_written(value, 1)).encode()


def card_forms(document: JsonObject) -> tuple[JsonObject, ...]:
    """The forms of a card that signers in the field sign, without signatures, the most complete one first.

    They are the document as it is sent; the card that the protocol knows in it, as section 8.4 of the specification
    wants it; and that one without empty members, which is what the SDK signs. For most cards two of them are the same.

    Args:
        document: The card as JSON.

    Raises:
        CardUntrusted: It is no card.
    """
    sent: JsonObject = {name: value for name, value in document.items() if name != "signatures"}
    card = AgentCard()
    try:
        ParseDict(sent, card, ignore_unknown_fields=True, max_recursion_depth=MAX_DEPTH)
        known: JsonObject = MessageToDict(card)
    except (ParseError, RecursionError, ValueError):
        raise CardUntrusted("signature", "The document is no agent card.") from None
    filled = cast(JsonObject, _filled(known) or {})
    forms = [sent]
    for form in (known, filled):
        if form not in forms:
            forms.append(form)
    return tuple(forms)


def _filled(value: Json) -> Json:
    """The value without empty texts, lists and objects; None where nothing is left."""
    if isinstance(value, dict):
        kept: JsonObject = {name: full for name, member in value.items() if (full := _filled(member)) is not None}
        return kept or None
    if isinstance(value, list):
        members: list[Json] = [full for member in value if (full := _filled(member)) is not None]
        return members or None
    return None if value == "" else value


def _written(value: Json, depth: int) -> Iterable[str]:
    if depth > MAX_DEPTH:
        raise CardUntrusted("signature", f"The card is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        yield "{"
        for place, name in enumerate(sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))):
            yield f"{',' if place else ''}{_text(name)}:"
            yield from _written(value[name], depth + 1)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for place, member in enumerate(value):
            yield "," if place else ""
            yield from _written(member, depth + 1)
        yield "]"
    elif isinstance(value, str):
        yield _text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _number(value)
    else:
        yield json.dumps(value)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CardUntrusted("signature", "A text of the card is no Unicode.") from None
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """ECMAScript's way: the shortest digits that give the number back, written out between 1e-6 and 1e21."""
    if isinstance(value, int) and abs(value) < _SAFE_INTEGER:
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        raise CardUntrusted("signature", "A number of the card has no value.")
    if number == 0:
        return "0"
    # repr() finds the shortest digits too, and only writes them in another way.
    _, digits, exponent = Decimal(repr(abs(number))).normalize().as_tuple()
    significant = "".join(map(str, digits))
    point = len(significant) + int(exponent)
    sign = "-" if number < 0 else ""
    size = abs(number)
    if _SMALLEST_WRITTEN_OUT <= size < _WRITTEN_OUT:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{significant}"
        if len(significant) <= point:
            return f"{sign}{significant}{'0' * (point - len(significant))}"
        return f"{sign}{significant[:point]}.{significant[point:]}"
    rest = f".{significant[1:]}" if len(significant) > 1 else ""
    return f"{sign}{significant[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
