"""What agents are given, as short digests: a record is only for what it was made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from agentkit.errors import EngineError

if TYPE_CHECKING:
    from agentkit.compose.agent import RunContext
    from agentkit.engine import Engine
    from agentkit.models import JsonObject, Part

MAX_DEPTH: Final = 32
"""Agents nested deeper are taken for a composition that contains itself."""

MOST_RECURSIONS: Final = 1_000
"""So many turns of agents that are nested in themselves, three deep or deeper, may one turn of a task have."""

_NESTED: Final = 3
_REMEDY: Final = "Check that no composition contains itself."
_DIGITS: Final = 12
_POINT: Final = re.compile(r"\d[.eE]")
_RECORDED: Final = re.compile(rf"(.+)~([0-9a-f]{{{_DIGITS}}}(?:\.[0-9a-f]{{{_DIGITS}}})*)", re.DOTALL)


class Tally:
    """What all agents share that work on one turn of a task."""

    __slots__ = ("_recorded", "_recursions")

    def __init__(self) -> None:
        """Begin at nothing."""
        self._recursions = 0
        self._recorded: dict[str, tuple[str, ...]] | None = None

    def recorded(self, engine: Engine, run_id: str) -> Mapping[str, tuple[str, ...]]:
        """Steps that an earlier process recorded or began in this very turn, with the digests of what they were given.

        The first call must come before this process records anything.
        """
        if self._recorded is None:
            self._recorded = dict(map(_read, engine.recorded(run_id)))
        return self._recorded

    def enter(self, context: RunContext) -> None:
        """Count an agent that is nested in itself.

        Raises:
            EngineError: It is nested too deep, or there were too many such agents: however deep each of them is,
                together they would never end.
        """
        path = context.path
        if len(path) + context.wrapped > MAX_DEPTH:
            raise EngineError(f"Agents are nested deeper than {MAX_DEPTH}.", remedy=_REMEDY)
        if path and path.count(path[-1]) >= _NESTED:
            self._recursions += 1
            if self._recursions > MOST_RECURSIONS:
                raise EngineError(
                    f"Agents that are nested in themselves were asked more than {MOST_RECURSIONS} times.",
                    remedy=_REMEDY,
                )


def recorded_key(step_key: str, given: tuple[str, ...]) -> str:
    """Under which key an engine records a step that was given this; `Tally.recorded` reads it."""
    return f"{step_key}~{'.'.join(given)}"


def digest_of_parts(parts: Iterable[Part]) -> str:
    """The same for parts that say the same, also after they were stored."""
    # The fields as they are: a dump would cost more than all else that a step costs in this process.
    fields = [{**vars(part), **(part.model_extra or {})} for part in parts]
    return digest_of([{name: value for name, value in one.items() if value is not None} for one in fields])


def digest_of(value: object) -> str:
    """The same for values that are equal as JSON; short, for it tells apart what one author's code gives."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    if _POINT.search(text):
        text = json.dumps(json.loads(text, parse_float=_number), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _plain(value: object) -> JsonObject:
    """A file as JSON: the one model inside a part."""
    if not isinstance(value, BaseModel):
        raise TypeError(type(value).__name__)
    return value.model_dump(mode="json", exclude_none=True)


def _number(text: str) -> float | int:
    # Databases may drop the point of a whole number.
    number = float(text)
    return int(number) if number.is_integer() else number


def _read(key: str) -> tuple[str, tuple[str, ...]]:
    found = _RECORDED.fullmatch(key)
    return (key, ()) if found is None else (found[1], tuple(found[2].split(".")))
