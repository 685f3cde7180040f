"""Typed access to parsed JSON, with the path of whatever does not fit.

`null` counts as absent for optional fields (SDKC-06). Values never appear in errors, places do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, NoReturn, TypeVar, cast

from pydantic import ValidationError

from agentkit.errors import WireError
from agentkit.models import Json, JsonObject, Model
from agentkit.models.base import assembled

_LARGEST_COUNT: Final = 2**31 - 1
_FIELD_NAME: Final = re.compile(r"[A-Za-z$_][A-Za-z0-9_]{0,39}")

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Reader:
    """A JSON object and the place it was found at."""

    __slots__ = ("_fields", "path")

    def __init__(self, value: object, path: str) -> None:
        """Wrap a parsed JSON value.

        Raises:
            WireError: It is not an object.
        """
        self.path = path
        if not isinstance(value, dict):
            raise WireError(path, "type", "must be an object")
        self._fields = cast(JsonObject, value)

    def at(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def fail(self, key: str, reason: str, message: str) -> NoReturn:
        """Raise a `WireError` for a field."""
        raise WireError(self.at(key), reason, message)

    def has(self, key: str) -> bool:
        """Whether the field is given and not null."""
        return self._fields.get(key) is not None

    def mentions(self, key: str) -> bool:
        """Whether the field is given, be it null: a merge patch clears by null (V2-EP-04)."""
        return key in self._fields

    def only(self, known: frozenset[str]) -> None:
        """Refuse fields outside `known`, for objects that are closed (V2-OBJ-01).

        Raises:
            WireError: There is one; it is named only when it looks like a field's name.
        """
        foreign = next((key for key in self._fields if key not in known), None)
        if foreign is None:
            return
        if _FIELD_NAME.fullmatch(foreign):
            self.fail(foreign, "value", "is not known here")
        raise WireError(self.path, "value", "has a field that is not known here")

    def raw(self, key: str) -> Json:
        """The field as it is; None when absent."""
        return self._fields.get(key)

    def given(self, key: str) -> Json:
        """A field that must be there; null is a value.

        Raises:
            WireError: It is missing.
        """
        if key not in self._fields:
            self.fail(key, "missing", "is required")
        return self._fields[key]

    def text(self, key: str) -> str:
        """A required string.

        Raises:
            WireError: It is missing or not a string.
        """
        value = self._fields.get(key)
        if value is None:
            self.fail(key, "missing", "is required")
        if not isinstance(value, str):
            self.fail(key, "type", "must be a string")
        return value

    def words(self, key: str) -> str:
        """A required string that says something.

        Raises:
            WireError: It is missing, not a string, or blank.
        """
        value = self.text(key)
        if not value.strip():
            self.fail(key, "value", "must not be empty")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string or None.

        Raises:
            WireError: It is something else.
        """
        value = self._fields.get(key)
        if value is not None and not isinstance(value, str):
            self.fail(key, "type", "must be a string")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """A boolean or the default.

        Raises:
            WireError: It is something else.
        """
        value = self.optional_flag(key)
        return default if value is None else value

    def optional_flag(self, key: str) -> bool | None:
        """A boolean or None.

        Raises:
            WireError: It is something else.
        """
        value = self._fields.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, "type", "must be true or false")
        return value

    def count(self, key: str) -> int | None:
        """An integer from zero up, or None.

        Raises:
            WireError: It is something else.
        """
        value = self._fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(key, "type", "must be an integer")
        if not 0 <= value <= _LARGEST_COUNT:
            self.fail(key, "value", f"must be from 0 to {_LARGEST_COUNT}")
        return value

    def optional_object(self, key: str) -> JsonObject | None:
        """A JSON object or None.

        Raises:
            WireError: It is something else.
        """
        value = self._fields.get(key)
        if value is not None and not isinstance(value, dict):
            self.fail(key, "type", "must be an object")
        return value

    def items(self, key: str, decode: Callable[[object, str], T]) -> tuple[T, ...]:
        """The decoded items of an array; empty when absent.

        Raises:
            WireError: It is not an array, or an item does not fit.
        """
        value = self._fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fail(key, "type", "must be an array")
        place = self.at(key)
        return tuple([decode(item, f"{place}[{index}]") for index, item in enumerate(value)])

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; empty when absent.

        Raises:
            WireError: It is something else.
        """
        return self.items(key, _text)

    def nested(self, key: str, decode: Callable[[object, str], T]) -> T | None:
        """A decoded field, or None when absent.

        Raises:
            WireError: It does not fit.
        """
        value = self._fields.get(key)
        return None if value is None else decode(value, self.at(key))

    def unknown(self, known: frozenset[str], model: type[Model]) -> JsonObject:
        """The fields outside `known`, to be kept; one spelled like an attribute of the model cannot be and is left."""
        if self._fields.keys() <= known:
            return {}
        return {key: value for key, value in self._fields.items() if key not in known and key not in model.model_fields}

    def assemble(self, model: type[M], known: frozenset[str], /, **fields: object) -> M:
        """Make the model as `build` does, of fields that need no second look.

        Args:
            model: What to make.
            known: The names on the wire that `fields` were read from.
            fields: Each of exactly the declared type, as this reader, an enum or another `assemble` gave it; they fit
                together.
        """
        return assembled(model, fields, self.unknown(known, model))

    def build(self, model: type[M], known: frozenset[str], /, **fields: object) -> M:
        """Make the model from decoded fields and the unknown ones beside them.

        Raises:
            WireError: The fields do not fit together.
        """
        try:
            return model.model_validate({**self.unknown(known, model), **fields})
        except (ValidationError, RecursionError) as error:
            raise WireError(self.path, "value", f"is not a valid {model.__name__}") from _without_content(error)


def _without_content(error: Exception) -> Exception | None:
    """A validation error quotes nothing (`hide_input_in_errors`); a recursion error's frames might."""
    return error if isinstance(error, ValidationError) else None


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise WireError(path, "type", "must be a string")
    return value


def read_time(value: str | None) -> datetime | None:
    """An RFC 3339 time; None when there is none or it cannot be read (CLI-12). Without zone it is UTC."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_time(time: datetime) -> str:
    """RFC 3339 in UTC with `Z` and milliseconds, microseconds where there are some (A2A-JSON-02)."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    elif time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    precision = "microseconds" if time.microsecond % 1000 else "milliseconds"
    return f"{time.isoformat(timespec=precision).removesuffix('+00:00')}Z"


def put(target: JsonObject, fields: Mapping[str, Json]) -> JsonObject:
    """Add fields to a JSON object under construction, leaving out None and what is there already."""
    for key, value in fields.items():
        if value is not None:
            target.setdefault(key, value)
    return target
