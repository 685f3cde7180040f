"""Whether what happened for an utterance is right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from agentkit.models import Json, JsonObject, TaskState
from agentkit_servers.calculator import registry
from agentkit_servers.calculator.core.engine import run
from agentkit_servers.calculator.core.plain import BadInput
from tests.utterances.entries import Entry
from tests.utterances.invention import invented, plain
from tests.utterances.stage import Made, Played

LOOKUPS: Final = frozenset(
    {"find_patients", "find_inpatient", "search_calculators", "describe_calculator", "list_questionnaires"}
)
"""Tools that prepare an answer and give none themselves."""

_TODAY: Final = date(2026, 11, 21)
SAYS_NO: Final = re.compile(r"\b(?:cannot|could not|no|not|nothing|none|nobody|needed)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Judgement:
    """What was found.

    Attributes:
        fault: What was wrong; None where it was right.
        invented: Paths of arguments without a source, in any call of the conversation.
    """

    entry: Entry
    fault: str | None
    invented: tuple[str, ...]


def judge(played: Played) -> Judgement:
    """Judge one utterance."""
    without = tuple(f"{call.tool.name}: {path}" for call in played.calls for path in invented(call))
    fault = _answered(played) if played.entry.tool else _refused(played)
    return Judgement(played.entry, f"invented {', '.join(without)}" if without else fault, without)


def _answered(played: Played) -> str | None:
    entry = played.entry
    if not played.last:
        return f"called nothing ({played.state.value})"
    call, results = played.last[-1], played.results[-1]
    if (call.expert, call.tool.name) != (entry.expert, entry.tool):
        return f"ended with {call.tool.name} of {call.expert}"
    if results and all(one.failed for one in results):
        return f"{call.tool.name} failed"
    wrong = _differing(call, entry)
    return f"{call.tool.name} with another {', '.join(wrong)}" if wrong else None


def _differing(call: Made, entry: Entry) -> list[str]:
    """The arguments that differ from what is right."""
    schema = cast("dict[str, JsonObject]", call.tool.input_schema.get("properties", {}))
    given = {
        name: value
        for name, value in call.arguments.items()
        if not ("default" in schema.get(name, {}) and schema[name]["default"] == value)
    }
    if entry.tool == "calculate" and "inputs" in given and "inputs" in entry.arguments:
        return [] if _calculated(given) == _calculated(entry.arguments) else ["name or inputs"]
    wrong = [name for name, value in entry.arguments.items() if name not in given or not _same(given[name], value)]
    return wrong + [
        name
        for name, value in given.items()
        if name not in entry.arguments
        and not (name in entry.may and (entry.may[name] == "*" or _same(value, entry.may[name])))
    ]


def _calculated(arguments: JsonObject) -> object:
    """What the calculator reads: spellings and units of the same value are the same."""
    found, inputs = registry.find(str(arguments.get("name"))), arguments.get("inputs")
    if found is None or not isinstance(inputs, dict):
        return None
    units = arguments.get("units")
    try:
        done = run(found, inputs, units=units if units in {"us", "si"} else None, options=None, today=_TODAY)  # pyright: ignore[reportArgumentType]
    except BadInput as fault:
        return fault.field
    used = {one.name: round(one.value, 6) if isinstance(one.value, float) else one.value for one in done.inputs_used}
    return found.id, done.state, tuple(sorted(used.items()))


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return plain(one).strip() == plain(other).strip()
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(_key, one)) == sorted(map(_key, other))
    return one == other


def _key(value: Json) -> str:
    return plain(str(value))


def _refused(played: Played) -> str | None:
    entry = played.entry
    for call, results in zip(played.last, played.results, strict=True):
        if call.tool.name in entry.never and any(not one.failed for one in results):
            return f"called {call.tool.name}"
    if played.state is TaskState.INPUT_REQUIRED:
        return None
    answering = [call.tool.name for call in played.last if call.tool.name not in LOOKUPS]
    if answering and not _partial(played):
        return f"answered with {', '.join(answering)}"
    return None if SAYS_NO.search(played.text) else "did not say that it cannot"


def _partial(played: Played) -> bool:
    """A calculation that lists what is missing asks back."""
    results = [one for every in played.results for one in every if one.tool not in LOOKUPS]
    return bool(results) and all(
        one.failed or (isinstance(one.data, dict) and one.data.get("state") == "missing-inputs") for one in results
    )
