"""What is said beside a result: what was searched for, what was left out, what was not done."""

from __future__ import annotations

import json
from typing import Final

from agentkit.reasoning.rules.facts import flatten
from agentkit.reasoning.rules.parameters import Kind, Role, parameters
from agentkit.reasoning.rules.rendering import NOTHING_FOUND, listed, readable
from agentkit.reasoning.rules.turn import Turn
from agentkit.reasoning.rules.values import DateSpan

_OF_THINGS: Final = frozenset({Role.BIRTH, Role.PLAIN})


def remarks(turn: Turn) -> list[str]:
    """Say what the calls searched for in words, and which times they left out: no filter comes or goes in silence."""
    sent = json.dumps([observation.arguments for observation in turn.current], ensure_ascii=False)
    dates = [span for span in turn.reading.dates if not any(one in sent for one in (span.value, span.first))]
    left = [span.value for span in dates if not _told_apart(span, turn)]
    left += [span.value for span in turn.reading.vague_times]
    notes = [f"Not taken into account, because nothing here takes it: {listed(left, 'and')}."] if left else []
    return [*_searched_for(turn), *notes, *_unchanged(turn)]


def _unchanged(turn: Turn) -> list[str]:
    """A change was asked for beside what was read; nobody shall believe that it was made."""
    called = [turn.tool(observation.tool) for observation in turn.current]
    if not turn.reading.changes or not all(tool is not None and tool.read_only for tool in called):
        return []
    asked_for = listed(list(dict.fromkeys(word.lower for word in turn.reading.changes)), "and")
    return [f"Nothing was changed, although you also asked me to {asked_for}: I only looked things up."]


def _told_apart(span: DateSpan, turn: Turn) -> bool:
    """The date says which of several things is meant: it is one of what was looked at."""
    if span.within or span.role not in _OF_THINGS or (span.role is Role.PLAIN and turn.reading.requests):
        return False
    for observation in turn.current:
        tool = turn.tool(observation.tool)
        for parameter in parameters(tool) if tool else ():
            value = observation.arguments.get(parameter.name)
            record = turn.record(parameter, value) if parameter.identifies and value is not None else None
            if record and any(span.value in str(fact) for fact in flatten(record.facts).values()):
                return True
    return False


def _searched_for(turn: Turn) -> list[str]:
    found: list[str] = []
    for observation in turn.current:
        tool = turn.tool(observation.tool)
        for parameter in parameters(tool) if tool else ():
            value = observation.arguments.get(parameter.name)
            if not isinstance(value, str) or parameter.kind not in {Kind.TEXT, Kind.NAME}:
                continue
            if parameter.kind is Kind.NAME and readable(observation) != NOTHING_FOUND:
                continue
            told = f"{observation.text} {json.dumps(observation.data, ensure_ascii=False)}".casefold()
            if value.casefold() not in told:
                found.append(f'I searched for "{value}".')
    return list(dict.fromkeys(found))
