"""Where an id comes from: the message, a result of this turn, a choice, a search, or what was spoken of before."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning.protocol import Answer, Ask, CallTool, Observation, Tool
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.choice import takes_anything
from agentkit.reasoning.rules.facts import chosen, contradicted, named_in, unmentioned_names
from agentkit.reasoning.rules.filling import fill
from agentkit.reasoning.rules.goals import Goal, pick_in_history
from agentkit.reasoning.rules.links import Link, Record, suppliers
from agentkit.reasoning.rules.parameters import Parameter, parameters
from agentkit.reasoning.rules.placing import Filling, accepts
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.turn import Found, Turn
from agentkit.reasoning.rules.values import Span

_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Value:
    """A value for a parameter."""

    value: Json


Resolution = Value | CallTool | Ask | Answer | None
"""A value, what to do to get one, or None where nothing leads to one."""


def resolve(parameter: Parameter, goal: Goal, turn: Turn, stack: tuple[str, ...] = ()) -> Resolution:
    """Find the value of a parameter that takes an id.

    Args:
        parameter: It takes an id nobody gave in words.
        goal: What the value is needed for.
        turn: The situation.
        stack: Names of the tools that wait for it.

    Returns:
        A value, a call that finds one, a question which one is meant, or word that there is none; None when neither
        the message nor the context says anything about it.
    """
    stack = stack or (goal.tool.name,)
    if goal.picked is not None and accepts(parameter, goal.picked.value, goal.tool):
        return Value(goal.picked.value)
    links = [link for link in suppliers(parameter, turn.tools) if link.tool.name not in stack]
    if links and goal.reading.relative:
        return None
    seen = _found_now(parameter, goal, turn, links, guarded=len(stack) == 1 and not goal.confirmed)
    if seen is not None:
        return seen
    named = bool(goal.reading.called)
    search = _search(goal.reading, links, goal, turn, stack)
    if search is not None:
        return search
    if not named or goal.reading.refers_back:
        known = _known(parameter, goal, turn)
        if known is not None:
            return known
    if goal.carried is not None and not named:
        search = _search(goal.carried, links, goal, turn, stack)
        if search is not None:
            return search
    return _catalogue(links, turn)


def doubted(parameter: Parameter, value: Json, goal: Goal, turn: Turn) -> CallTool | Ask | Answer | None:
    """A message gives an id and the full name of somebody: look up whether they belong together."""
    if not any(" " in span.value for span in goal.reading.names) or goal.picked or goal.confirmed:
        return None
    record = turn.record(parameter, value)
    if record is not None:
        return None if named_in(record, goal.reading) else phrases.do_not_match(parameter, value)
    links = suppliers(parameter, turn.tools)
    if any(one.tool == link.tool.name for one in turn.current for link in links):
        return phrases.do_not_match(parameter, value)
    return _search(replace(goal.reading, data=()), links, goal, turn, (goal.tool.name,))


def is_wanted(parameter: Parameter, goal: Goal, turn: Turn) -> bool:
    """Whether an id is needed: required, or optional while the message speaks of somebody only it can name."""
    if parameter.required:
        return True
    if not suppliers(parameter, turn.tools):
        return False
    takes_names = any(one.kind.name == "NAME" for one in parameters(goal.tool))
    return goal.picked is not None or (not takes_names and (bool(goal.reading.names) or goal.reading.refers_back))


def _found_now(parameter: Parameter, goal: Goal, turn: Turn, links: list[Link], *, guarded: bool) -> Resolution:
    finders = {link.tool.name for link in links}
    for observation in reversed(turn.current):
        if observation.tool not in finders:
            continue
        found = turn.found(observation, parameter)
        if found is not None:
            return _one_of(found, parameter, goal, turn, guarded=guarded)
    return None


def _one_of(found: Found, parameter: Parameter, goal: Goal, turn: Turn, *, guarded: bool) -> Resolution:
    if not found.records:
        return Answer(phrases.not_found(parameter, found.observation), _data(found.observation))
    record = found.records[0]
    if len(found.records) > 1:
        pick = chosen(found.records, goal.reading, pointing=False)
        if pick is None:
            return phrases.which(parameter, found.records)
        record = pick
    elif guarded and not goal.tool.read_only and unmentioned_names(_all_found(turn, found), _named(goal.reading)):
        return phrases.is_it(parameter, record)
    return Value(record.value)


def _named(reading: Reading) -> tuple[Span, ...]:
    return (*reading.names, *reading.quoted)


def _all_found(turn: Turn, found: Found) -> list[Record]:
    """Everything found in this turn: a name may belong to the thing that led to this one."""
    known = list(found.records)
    for observation in turn.current:
        tool = turn.tool(observation.tool)
        for other in (one for every in turn.tools for one in parameters(every) if one.identifies):
            more = turn.found(observation, other) if tool else None
            known += more.records if more else ()
    return known


def _search(
    reading: Reading, links: list[Link], goal: Goal, turn: Turn, stack: tuple[str, ...]
) -> CallTool | Ask | Answer | None:
    """A call of a finder with what the message says, the one that uses most of it first."""
    if len(stack) > _MAX_DEPTH:
        return None
    fillings = [(link.tool, fill(link.tool, reading, finding=True)) for link in links]
    useful = [(tool, filling) for tool, filling in fillings if _says_something(tool, filling)]
    for tool, filling in sorted(useful, key=lambda pair: -len(pair[1].used)):
        act = _complete(tool, filling.arguments, goal, turn, stack)
        if act is not None:
            return act
    for link in links:
        if any(one.required and one.identifies for one in parameters(link.tool)):
            act = _complete(link.tool, {}, goal, turn, stack)
            if act is not None:
                return act
    return None


def _complete(
    tool: Tool, arguments: JsonObject, goal: Goal, turn: Turn, stack: tuple[str, ...]
) -> CallTool | Ask | Answer | None:
    """A call with everything the tool requires, found by further calls where need be."""
    for parameter in parameters(tool):
        if not parameter.required or parameter.name in arguments:
            continue
        if not parameter.identifies:
            return None
        found = resolve(parameter, goal, turn, (*stack, tool.name))
        if not isinstance(found, Value):
            return found
        if not accepts(parameter, found.value, tool):
            return None
        arguments = {**arguments, parameter.name: found.value}
    return CallTool(tool.name, arguments, reason="the request names something whose reference is not known yet")


def _says_something(tool: Tool, filling: Filling) -> bool:
    """The message gave the finder more than a filter: something that names what is looked for."""
    kinds = {one.name: one for one in parameters(tool)}
    return any(
        kinds[name].kind.name in {"NAME", "TEXT", "ID"} or kinds[name].role.name == "BIRTH"
        for name in filling.arguments
    )


def _known(parameter: Parameter, goal: Goal, turn: Turn) -> Value | Ask | None:
    """The thing spoken of last; nothing when the last search found none, for then it is not what was spoken of."""
    for observation in reversed(turn.earlier):
        used = turn.used(observation, parameter)
        if used is not None and not observation.failed and accepts(parameter, used, goal.tool):
            return _still_meant(parameter, used, goal, turn)
        if used is None and observation.failed and _is_search(observation, parameter, turn):
            return None
        found = turn.found(observation, parameter)
        if found is None:
            continue
        if len(found.records) == 1:
            return _still_meant(parameter, found.records[0].value, goal, turn)
        settled = pick_in_history(found, turn)
        if settled:
            return _still_meant(parameter, settled.value, goal, turn)
        return phrases.which(parameter, found.records) if found.records else None
    return None


def _still_meant(parameter: Parameter, value: Json, goal: Goal, turn: Turn) -> Value | Ask | None:
    """The thing spoken of last, unless a pronoun or a name says that the user speaks of another."""
    record = turn.record(parameter, value)
    if record is None or goal.confirmed:
        return Value(value)
    if contradicted(record, goal.reading) or _another_named(record, turn):
        return None if turn.reading.negates else phrases.is_still(parameter, record)
    return Value(value)


def _another_named(record: Record, turn: Turn) -> bool:
    """The name the user said last is neither the record's nor one that was looked for or looked at since."""
    said = [turn.reread(one.text) for one in turn.situation.history if one.role is Role.USER]
    named = next((reading.names for reading in reversed(said) if reading.names), ())
    sent = json.dumps([one.arguments for one in turn.earlier if not one.failed], ensure_ascii=False).casefold()
    unknown = unmentioned_names([record], named)
    return any(span.value.casefold() not in sent for span in unknown)


def _is_search(observation: Observation, parameter: Parameter, turn: Turn) -> bool:
    return any(link.tool.name == observation.tool for link in suppliers(parameter, turn.tools))


def _catalogue(links: list[Link], turn: Turn) -> CallTool | None:
    """A list of everything there is, from which the message may have named one."""
    called = {observation.tool for observation in turn.current}
    for link in links:
        if not takes_anything(link.tool) and link.tool.name not in called:
            return CallTool(link.tool.name, {}, reason="the request names one of a list that is not known yet")
    return None


def _data(observation: Observation) -> tuple[Json, ...]:
    return () if observation.data is None else (observation.data,)
