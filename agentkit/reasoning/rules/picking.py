"""A choice that is not said in its own words: a search over what can be chosen finds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning.protocol import Answer, Ask, CallTool, Observation, Tool
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.directories import Directory, directory_of
from agentkit.reasoning.rules.facts import chosen, flatten
from agentkit.reasoning.rules.goals import Goal
from agentkit.reasoning.rules.links import Record
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.placing import accepts
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.subjects import Value
from agentkit.reasoning.rules.turn import Turn
from agentkit.reasoning.rules.vocabulary import FILLER_WORDS, OUTDATED_WORDS, SYMBOLS
from agentkit.reasoning.rules.words import Word, name_stems, stems_of, words

_EDITION: Final = re.compile(r"[@#|]")
_OUTDATED: Final = stems_of(OUTDATED_WORDS)
_MOST_WORDS: Final = 4
_MOST_RECORDS: Final = 200


def pick(parameter: Parameter, goal: Goal, turn: Turn) -> Value | CallTool | Ask | Answer | None:
    """Find the choice a message means.

    Returns:
        The choice; or the search that leads to it, a question which one is meant, or word that there is none; None
        where nothing on offer lists what can be chosen.
    """
    directory = directory_of(parameter, goal.tool, turn.tools)
    if directory is None:
        return None
    asked = _query(directory, goal)
    for observation in reversed(turn.current):
        if observation.tool == directory.tool.name and observation.arguments == asked:
            return _one_of(directory, observation, parameter, goal)
    return CallTool(
        directory.tool.name, asked, reason="the request does not name one of the choices in their own words"
    )


def _one_of(directory: Directory, found: Observation, parameter: Parameter, goal: Goal) -> Value | Ask | Answer | None:
    records = _records(directory, found, parameter)
    if not records:
        return None if found.failed else Answer(phrases.not_found(parameter, found))
    exact = [one for one in records if _is_called(one, str(next(iter(found.arguments.values()), "")))]
    fitting = exact if len(exact) == 1 else _narrowed(records, goal)
    pick = fitting[0] if len(fitting) == 1 else chosen(fitting, goal.reading, pointing=False)
    return Value(pick.value) if pick else phrases.which(parameter, fitting)


def _narrowed(records: Sequence[Record], goal: Goal) -> Sequence[Record]:
    """Those that need nothing the message does not speak of, while others need other things; none that is outdated."""
    fields = [one.name for one in parameters(goal.tool) if one.kind is Kind.OTHER]
    needs = [{str(item) for name in fields for item in _list(one.facts.get(name))} for one in records]
    common = set[str].intersection(*needs) if needs else set[str]()
    spoken = {word.stem for word in goal.reading.words}
    unsaid = [sum(not spoken >= set(name_stems(item)) for item in every - common) for every in needs]
    least = min(unsaid, default=0)
    kept = [one for one, count in zip(records, unsaid, strict=True) if count == least]
    current = [
        one for one in kept if not any(_is_outdated(name) and value is True for name, value in one.facts.items())
    ]
    return current or kept


def _is_outdated(name: str) -> bool:
    return not _OUTDATED.isdisjoint(name_stems(name))


def _is_called(record: Record, query: str) -> bool:
    """The very words of the search are one of its names, or the initials of one."""
    wanted = "".join(word.flat for word in words(query))
    names = [text for text in flatten(record.facts).values() if isinstance(text, str)]
    whole = {"".join(word.flat for word in words(part)) for text in names for part in re.split(r"[()]", text)}
    return bool(wanted) and wanted in whole | {"".join(word.flat[:1] for word in words(text)) for text in names}


def _records(directory: Directory, found: Observation, parameter: Parameter) -> list[Record]:
    data = found.data if isinstance(found.data, dict) else {}
    kept: dict[str, Record] = {}
    for item in _list(data.get(directory.listed))[:_MOST_RECORDS]:
        value = item.get(directory.name) if isinstance(item, dict) else None
        choice = _as_choice(value, parameter) if isinstance(value, str) else None
        if choice is not None and isinstance(item, dict):
            kept.setdefault(choice, Record(choice, item))
    return list(kept.values())


def _as_choice(value: str, parameter: Parameter) -> str | None:
    """The choice a name stands for, with or without an edition behind it."""
    return next((one for one in (value, _EDITION.split(value)[0]) if one in parameter.choices), None)


def _query(directory: Directory, goal: Goal) -> JsonObject:
    if directory.searched is None:
        return {}
    for reading in (goal.reading, *([goal.carried] if goal.carried else [])):
        text = " ".join(word.text for word in _topic(reading, goal.tool, directory.tool))
        if text and accepts(directory.searched, text, directory.tool):
            return {directory.searched.name: text}
    return {}


def _topic(reading: Reading, *tools: Tool) -> list[Word]:
    """The first words of a message that neither describe the tools nor name a value."""
    own = {
        piece for tool in tools for piece in (*name_stems(tool.name), *(word.stem for word in words(tool.description)))
    }
    found: list[Word] = []
    content = reading.outside((*reading.dates, *reading.times, *reading.quantities))
    for word in content:
        rest = reading.text[word.end :].lstrip(" :=")
        cue = rest[:1].isdigit() or (rest.startswith(("of ", "is ")) and rest[3:4].isdigit())
        heads = not found and word.code_like and word.lower not in SYMBOLS
        if word.stem in own or word.lower in FILLER_WORDS or (cue and not heads):
            continue
        found.append(word)
    coded = [word for word in found if word.code_like]
    return (coded or found)[:_MOST_WORDS]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
