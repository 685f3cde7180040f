"""The common ground of the models of Corti's REST API, whose fields are spelled in camelCase on the wire (REST-01).

One class serves both directions. What an author writes is checked when it is made and refused with a `SpecError`; what
a server answers is read by `agentkit.wire.rest` and may hold words, fields and dates that this version does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self, cast

from pydantic import (
    ConfigDict,
    ModelWrapValidatorHandler,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import PydanticCustomError

from agentkit.errors import SpecError
from agentkit.models.base import Model

ANSWER: Final = "answer"
"""The validation context of a server's answer: unknown words and unreadable dates are tolerated there (CLI-12)."""


class RestModel(Model):
    """A `Model` whose wire names are the camelCase of its attributes."""

    nullable: ClassVar[frozenset[str]] = frozenset()
    """Fields whose None is sent, as null; None elsewhere is the same as leaving the field out."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, allow_inf_nan=False
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Ids, states and sizes."""
        for name, shown in super().__repr_args__():
            value: object = getattr(self, str(name))
            is_state = name in {"status", "source"} and isinstance(value, StrEnum)
            yield name, str(value) if is_state else shown

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, data: object, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if info.context == ANSWER:
            return handler(cls._without_nulls(data))
        try:
            return handler(cls._as_written(data))
        except ValidationError as error:
            place, why = fault(error)
            raise SpecError(f"{cls.__name__}.{to_snake(place)}" if place else cls.__name__, why) from None

    @classmethod
    def _without_nulls(cls, data: object) -> object:
        """Null counts as absent (SDKC-06)."""
        if not isinstance(data, dict):
            return data
        known = {str(field.validation_alias) for field in cls.model_fields.values()}
        fields = cast("dict[str, object]", data)
        return {key: value for key, value in fields.items() if value is not None or key not in known}

    @classmethod
    def _as_written(cls, data: object) -> object:
        """None counts as not given, save where Corti takes a null; a misspelt field would be lost without a word."""
        if not isinstance(data, dict):
            return data
        names = {str(field.validation_alias): name for name, field in cls.model_fields.items()}
        given = {names.get(key, key): value for key, value in cast("dict[str, object]", data).items()}
        for name in given:
            if name not in cls.model_fields:
                raise SpecError(
                    f"{cls.__name__}.{name}", "is no field", remedy=f"There are {', '.join(names.values())}."
                )
        return {name: value for name, value in given.items() if value is not None or name in cls.nullable}


def fault(error: ValidationError) -> tuple[str, str]:
    """Place and reason of the first thing that does not fit; neither quotes a value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ""
    for step in first["loc"]:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
    why = first["msg"] if first["type"] == _UNKNOWN_WORD else _REASONS.get(first["type"])
    return place, why or "does not fit"


def one_of(words: type[StrEnum]) -> PlainValidator:
    """A word of an enum; an answer may hold others, which are kept as they are (CLI-12).

    Args:
        words: What may be sent.
    """

    def read(value: object, info: ValidationInfo) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "must be a string")
        if value in words.__members__.values():
            return words(value)
        if info.context == ANSWER:
            return value
        raise PydanticCustomError(_UNKNOWN_WORD, "must be one of {known}", {"known": ", ".join(words)})

    return PlainValidator(read)


def word(words: type[StrEnum], value: str, field: str) -> str:
    """A word of an enum as it is sent.

    Args:
        words: What may be sent.
        value: What an author gave.
        field: The argument it was given for.

    Raises:
        SpecError: It is no word of the enum.
    """
    if value not in words.__members__.values():
        raise SpecError(field, f"must be one of {', '.join(words)}")
    return str(value)


def _read_time(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> datetime | None:
    if info.context != ANSWER:
        return None if value is None else _in_utc(handler(value))
    if not isinstance(value, str) or value[4:5] != "-":
        return None  # pydantic takes a bare number for seconds since 1970
    try:
        return _in_utc(handler(value))
    except (ValidationError, OverflowError):
        return None


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _read_date(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> date | None:
    if info.context != ANSWER:
        return None if value is None else handler(value)
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _write_date(value: date | None) -> str | None:
    return None if value is None else f"{value.isoformat()}T00:00:00.000Z"


_UNKNOWN_WORD: Final = "unknown_word"

Time = Annotated[datetime | None, WrapValidator(_read_time)]
"""A moment, in UTC; without zone it is taken for UTC. None where an answer holds something else (CLI-12)."""

Day = Annotated[date | None, WrapValidator(_read_date), PlainSerializer(_write_date)]
"""A day; sent as its midnight in UTC, as Corti's own SDK sends it. None where an answer holds no date (CLI-12)."""

_REASONS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "holds half a surrogate pair",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "too_short": "must not be empty",
    "tuple_type": "must be an array",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "datetime_type": "must be a date with time",
    "datetime_parsing": "must be a date with time",
    "datetime_from_date_parsing": "must be a date with time",
    "date_type": "must be a date",
    "date_parsing": "must be a date",
    "date_from_datetime_parsing": "must be a date",
    "date_from_datetime_inexact": "must be a date without time",
}


class UsageInfo(RestModel):
    """What a call cost.

    Attributes:
        credits_consumed: Credits.
    """

    credits_consumed: float | None = None
