"""The checks that specs share; each refusal names the spec and its field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from agentkit.errors import SpecError

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_DEPTH: Final = 64


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
        SpecError: It is no list, or an item is of another kind or an empty text.
    """
    value: object = getattr(spec, name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SpecError(at(spec, name), "must be a list")
    items: list[T] = []
    for index, item in enumerate(cast(Sequence[object], value)):
        if not isinstance(item, kinds) or item == "":
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
    parts = _split(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SpecError(at(spec, name), "must be an absolute http or https URL")
    if parts.username or parts.password or parts.query:
        raise SpecError(
            at(spec, name),
            "must hold no user, password or query",
            remedy="Credentials travel as Token or ClientCredentials.",
        )


def check_json_object(spec: object, name: str) -> None:
    """A JSON object, all the way down.

    Raises:
        SpecError: It is something else; the error tells where, not what.
    """
    value: object = getattr(spec, name)
    if not isinstance(value, dict):
        raise SpecError(at(spec, name), "must be a JSON object (a dict)")
    _check_json(value, at(spec, name), 0)  # pyright: ignore[reportUnknownArgumentType]


def _check_json(value: object, place: str, depth: int) -> None:
    if depth > _DEPTH:
        raise SpecError(place, f"is nested deeper than {_DEPTH} levels")
    match value:
        case None | str() | bool() | int():
            return
        case float() if math.isfinite(value):
            return
        case list():
            for index, item in enumerate(cast(list[object], value)):
                _check_json(item, f"{place}[{index}]", depth + 1)
        case dict():
            for key, item in cast(Mapping[object, object], value).items():
                if not isinstance(key, str):
                    raise SpecError(place, "has a key that is no text")
                _check_json(item, f"{place}.{key}", depth + 1)
        case _:
            raise SpecError(place, "is no JSON value")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # brackets that hold no address
        return None
