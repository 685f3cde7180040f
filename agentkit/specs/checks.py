"""The checks that specs share; each refusal names the spec and its field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from agentkit.errors import SpecError

if TYPE_CHECKING:
    from agentkit.models import Json, JsonObject

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_DEPTH: Final = 64
_SPACES: Final = re.compile(r"[\x00-\x20\x7f]")


def at(spec: object, name: str) -> str:
    """The path of a field, for example `AgentSpec.name`."""
    return f"{type(spec).__name__}.{name}"


def put_field(spec: object, name: str, value: object) -> None:
    """Set a field of a frozen spec while it is made."""
    object.__setattr__(spec, name, value)


def check_words(spec: object, *names: str) -> None:
    """Texts that say something.

    Raises:
        SpecError: One is blank or no text.
    """
    for name in names:
        value: object = getattr(spec, name)
        if not isinstance(value, str) or not value.strip():
            raise SpecError(at(spec, name), "must be a text that is not empty")


def check_optional_words(spec: object, *names: str) -> None:
    """Texts that say something, or None.

    Raises:
        SpecError: One is blank or something else.
    """
    check_words(spec, *(name for name in names if getattr(spec, name) is not None))


def check_optional_texts(spec: object, *names: str) -> None:
    """Texts or None.

    Raises:
        SpecError: One is something else.
    """
    for name in names:
        value: object = getattr(spec, name)
        if value is not None and not isinstance(value, str):
            raise SpecError(at(spec, name), "must be a text or None")


def check_flags(spec: object, *names: str) -> None:
    """True or False.

    Raises:
        SpecError: One is something else.
    """
    for name in names:
        if not isinstance(getattr(spec, name), bool):
            raise SpecError(at(spec, name), "must be True or False")


def read_word(spec: object, name: str, words: type[E]) -> E:
    """A word as a member of its enum.

    Raises:
        SpecError: It is not one of them.
    """
    try:
        return words(getattr(spec, name))
    except ValueError:
        known = ", ".join(repr(word.value) for word in words)
        raise SpecError(at(spec, name), f"must be one of {known}") from None


def read_items(spec: object, name: str, *kinds: type[T]) -> tuple[T, ...]:
    """A list of the given kinds as a tuple.

    Raises:
        SpecError: It is no list, or an item is of another kind or a blank text.
    """
    value: object = getattr(spec, name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SpecError(at(spec, name), "must be a list")
    items: list[T] = []
    for index, item in enumerate(cast(Sequence[object], value)):
        if not isinstance(item, kinds) or (isinstance(item, str) and not item.strip()):
            known = ", ".join(kind.__name__ for kind in kinds)
            raise SpecError(f"{at(spec, name)}[{index}]", f"must be one of: {known}")
        items.append(item)
    return tuple(items)


def check_http_url(spec: object, name: str) -> None:
    """An absolute http or https URL without credentials.

    Raises:
        SpecError: It is something else, or holds what might be a secret.
    """
    value: object = getattr(spec, name)
    parts = _split(value) if isinstance(value, str) and _SPACES.search(value) is None else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SpecError(at(spec, name), "must be an absolute http or https URL")
    if parts.username is not None or parts.query:
        raise SpecError(
            at(spec, name),
            "must hold no user, password or query",
            remedy="Credentials travel as Token or ClientCredentials.",
        )


def read_json_object(spec: object, name: str) -> JsonObject:
    """A JSON object, all the way down, as a copy: what the author does to the original later changes no spec.

    Raises:
        SpecError: It is something else; the error tells where, not what.
    """
    value: object = getattr(spec, name)
    if not isinstance(value, dict):
        raise SpecError(at(spec, name), "must be a JSON object (a dict)")
    return cast("JsonObject", _read_json(cast(object, value), at(spec, name), 0))


def _read_json(value: object, place: str, depth: int) -> Json:
    if depth > _DEPTH:
        raise SpecError(place, f"is nested deeper than {_DEPTH} levels")
    match value:
        case None | str() | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case list():
            items = cast(list[object], value)
            return [_read_json(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(items)]
        case dict():
            fields: dict[str, Json] = {}
            for key, item in cast(Mapping[object, object], value).items():
                if not isinstance(key, str):
                    raise SpecError(place, "has a key that is no text")
                fields[key] = _read_json(item, f"{place}.{key}", depth + 1)
            return fields
        case _:
            raise SpecError(place, "is no JSON value")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets that hold no address, a port that is none
        return None
    return parts
