"""Reading what an author sent: a refusal of a spec becomes a refusal of the JSON it was read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from agentkit.errors import SpecError, WireError
from agentkit.wire.reader import Reader

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def read_word(reader: Reader, key: str, words: type[E], *, without: frozenset[E] = frozenset()) -> E | None:
    """An optional word as a member of its enum.

    Args:
        reader: The object it stands in.
        key: The field.
        words: The enum.
        without: Members that this wire does not know.

    Raises:
        WireError: It is another word.
    """
    value = reader.optional_text(key)
    if value is None:
        return None
    known = [word for word in words if word not in without]
    found = next((word for word in known if word.value == value), None)
    if found is None:
        shown = ", ".join(repr(word.value) for word in known)
        raise WireError(reader.at(key), "value", f"must be one of {shown}")
    return found


def read_spec(reader: Reader, make: Callable[[], T], fields: Mapping[str, str]) -> T:
    """Make a spec, and say in the wire's words what it refuses.

    Args:
        reader: The object the spec is read from.
        make: Reads the fields and makes the spec.
        fields: The wire's names of a spec's fields, where they differ.

    Raises:
        WireError: A field does not fit, or the spec refuses it.
    """
    try:
        return make()
    except SpecError as error:
        steps = (step.partition("[") for step in error.field.split(".")[1:])
        field = ".".join(fields.get(name, name) + bracket + rest for name, bracket, rest in steps)
        message = error.message.removeprefix(f"{error.field}: ")
        raise WireError(reader.at(field), "value", message, remedy=error.remedy) from None
