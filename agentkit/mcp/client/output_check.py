"""Does a structured answer fit the schema that its server gave? Both are the server's, so the work is bounded.

The SDK's own check would run a server's regular expressions in a backtracking engine, follow references that double at
every step and look into schemas of megabytes, all on the event loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, cast

import anyio.to_thread
from jsonschema import ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry
from referencing.exceptions import Unresolvable

from agentkit.models.patterns import expression

SCHEMA_LIMIT: Final = 100_000
"""Characters of JSON that an output schema may have."""

STEPS: Final = 20_000
"""Keywords of a schema that a check may look at on the event loop; about 50 ms."""

THREAD_STEPS: Final = 100_000
STEPS_PER_VALUE: Final = 10
MOST_STEPS: Final = 1_000_000
"""Keywords that a check may look at in a thread, where an answer is large; some seconds."""

_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class UnfitAnswer(Exception):
    """The answer does not fit; says why without its content."""


class UnusableSchema(Exception):
    """The schema cannot be checked against; says why without its content."""


class TooMuch(Exception):
    """The check takes more steps than it was given."""


class OutputCheck:
    """Checks the structured answers of one tool; the schema is compiled by the first of them.

    Patterns are matched in linear time by an engine without look-around; those it does not know are not checked.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Check against `schema`, as it was listed."""
        self.schema = schema
        self._validator: Validator | None = None
        self._steps = [0]

    async def check(self, structured: object) -> None:
        """Look at the structured content of a result.

        Raises:
            UnfitAnswer: It does not fit.
            UnusableSchema: The schema is no JSON schema, refers to what it does not hold, or is too much work.
        """
        try:
            self.check_within(structured, STEPS)
        except TooMuch:
            try:
                beside, steps = OutputCheck(self.schema), THREAD_STEPS + STEPS_PER_VALUE * _values(structured)
                await anyio.to_thread.run_sync(
                    beside.check_within, structured, min(steps, MOST_STEPS), abandon_on_cancel=True
                )
            except TooMuch:
                raise UnusableSchema("checking it takes too long") from None

    def check_within(self, structured: Any, steps: int) -> None:
        """The same in this thread, in at most so many steps.

        Raises:
            TooMuch: It takes more.
            UnfitAnswer: It does not fit.
            UnusableSchema: The schema cannot be used.
        """
        for _, keyword in self._errors(structured, steps, 1):
            raise UnfitAnswer(keyword)

    def faults(self, structured: object, most: int) -> list[tuple[str, str]]:
        """Where a value does not fit, as the path to the place, and by which keyword; it may take seconds.

        Args:
            structured: The value.
            most: At most so many faults.

        Raises:
            UnusableSchema: The schema is no JSON schema, refers to what it does not hold, or is too much work.
        """
        steps = THREAD_STEPS + STEPS_PER_VALUE * _values(structured)
        try:
            return self._errors(structured, min(steps, MOST_STEPS), most)
        except TooMuch:
            raise UnusableSchema("checking it takes too long") from None

    def _errors(self, structured: Any, steps: int, most: int) -> list[tuple[str, str]]:
        if self._validator is None:
            self._validator = _compiled(self.schema, self._steps)
        self._steps[0] = steps
        try:
            errors = islice(self._validator.iter_errors(structured), most)
            return [("/".join(map(str, error.absolute_path)), str(error.validator)) for error in errors]
        except TooMuch:
            raise
        except (Unresolvable, RecursionError) as problem:
            raise UnusableSchema(f"a reference in it leads nowhere ({type(problem).__name__})") from None
        except Exception as problem:  # a keyword with a value that the metaschema lets pass
            raise UnusableSchema(f"it cannot be applied ({type(problem).__name__})") from None


def _compiled(schema: Mapping[str, Any], steps: list[int]) -> Validator:
    try:
        if len(json.dumps(schema)) > SCHEMA_LIMIT:
            raise UnusableSchema(f"it is longer than {SCHEMA_LIMIT} characters")
        kind = validator_for(schema)
        kind.check_schema(dict(schema))
        return _bounded(kind, steps)(cast("dict[str, Any]", schema), registry=Registry())
    except SchemaError:
        raise UnusableSchema("it is no JSON schema") from None
    except (ValueError, RecursionError) as problem:
        raise UnusableSchema(f"it cannot be read ({type(problem).__name__})") from None


def _bounded(kind: type[Validator], steps: list[int]) -> type[Validator]:
    """The same keywords, each of which counts as a step; those that can be made slow are our own."""
    own: dict[str, _Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    known = cast("Mapping[str, _Keyword]", kind.VALIDATORS)
    keywords = {name: _counted(own.get(name, function), steps) for name, function in known.items()}
    return cast("type[Validator]", extend(kind, keywords))


def _counted(keyword: _Keyword, steps: list[int]) -> _Keyword:
    def step(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError] | None:
        steps[0] -= 1
        if steps[0] < 0:
            raise TooMuch
        return keyword(validator, value, instance, schema)

    return step


def _values(value: object) -> int:
    match value:
        case dict():
            return 1 + sum(map(_values, cast("dict[str, object]", value).values()))
        case list():
            return 1 + sum(map(_values, cast("list[object]", value)))
        case _:
            return 1


def _matches(pattern: object, text: str) -> bool:
    """Whether a pattern is found in a text; one that this engine does not know is found everywhere."""
    known = expression(pattern) if isinstance(pattern, str) else None
    return known is None or known.is_found_in(text)


def _pattern(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    del validator, schema
    if isinstance(instance, str) and not _matches(value, instance):
        yield ValidationError("pattern")


def _pattern_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    del schema
    if not isinstance(instance, dict):
        return
    for pattern, wanted in cast("dict[str, Any]", value).items():
        if expression(pattern) is not None:
            for name, item in cast("dict[str, Any]", instance).items():
                if _matches(pattern, name):
                    yield from validator.descend(item, wanted, path=name)


def _additional_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in cast("dict[str, Any]", instance).items():
        if name in named or any(_matches(pattern, name) for pattern in patterns):
            continue
        if value is False:
            yield ValidationError("additionalProperties")
        else:
            yield from validator.descend(item, value, path=name)


def _unique_items(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    del validator, schema
    if value is True and isinstance(instance, list):
        items = cast("list[object]", instance)
        if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
            yield ValidationError("uniqueItems")
