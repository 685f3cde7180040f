"""How an expert decides: what is wanted, what is missing for it, and the next call, answer or question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning.protocol import Act, Answer, Ask, CallTool, Observation, Situation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.described import is_open
from agentkit.reasoning.rules.exchanges import Exchange, open_exchange, posed
from agentkit.reasoning.rules.filling import fill
from agentkit.reasoning.rules.follow_ups import follow, replaced
from agentkit.reasoning.rules.goals import Goal, goals
from agentkit.reasoning.rules.open_objects import open_value
from agentkit.reasoning.rules.parameters import Kind, parameters
from agentkit.reasoning.rules.picking import pick
from agentkit.reasoning.rules.placing import accepts
from agentkit.reasoning.rules.remarks import remarks
from agentkit.reasoning.rules.rendering import failure, joined, lacks, parsed, readable
from agentkit.reasoning.rules.subjects import Value, doubted, is_wanted, resolve
from agentkit.reasoning.rules.turn import Turn
from agentkit.reasoning.rules.vocabulary import INPUT_FAULTS
from agentkit.reasoning.rules.words import name_stems, stems_of

_MOST_NAMED: Final = 5
_INPUT_FAULTS: Final = stems_of(INPUT_FAULTS)


def decide_with_tools(situation: Situation) -> Act:
    """Decide for an expert that has tools."""
    turn = Turn.of(situation)
    exchange = open_exchange(turn)
    if turn.current and turn.current[-1].failed:
        return _failed(turn.current[-1], exchange, turn)
    if exchange and turn.reading.stops:
        return Answer("I stopped asking. Nothing more is entered unless you go on with it.")
    if exchange and not turn.current:
        return _answering(exchange, turn) or Ask(_led(exchange.observation, turn), (exchange.answer.name,))
    if turn.current:
        question = posed(turn.current[-1], turn)
        if question:
            return Ask(_led(turn.current[-1], turn), (question.answer.name,))
        if exchange and turn.current[0].tool == exchange.tool.name:
            return Answer(_led(turn.current[-1], turn), _data(turn.current))
    return _pursue(goals(turn), turn)


def _pursue(wanted: Sequence[Goal], turn: Turn) -> Act:
    if not wanted:
        return (
            _summed_up(turn.current, turn)
            if turn.current
            else phrases.declined(turn.tools, understood=bool(turn.reading.content))
        )
    done: list[Observation] = []
    for goal in wanted:
        step = _advance(goal, turn)
        if not isinstance(step, Observation):
            return _guarded(step, turn) if isinstance(step, CallTool) else _after(done, step, turn)
        done.append(step)
    return _summed_up(done, turn)


def _advance(goal: Goal, turn: Turn) -> Observation | Act:
    """The result of a goal, or the next act towards it."""
    if goal.picked and turn.ambiguity and goal.tool.name == turn.ambiguity.observation.tool:
        return Answer(phrases.chosen(goal.picked), (goal.picked.facts,))
    for observation in reversed(turn.current):
        if observation.tool == goal.tool.name:
            return _introduction(observation, turn) if goal.introduces else observation
    reserved = goal.reading.called if _has_subject(goal, turn) else ()
    filling = fill(goal.tool, goal.reading, reserved=(*reserved, *goal.elsewhere))
    arguments = filling.arguments
    gone = frozenset[str]()
    if goal.carried is not None:
        follow(goal.tool, goal.reading, goal.carried, filling)
        gone = replaced(goal.tool, goal.reading, filling)
        arguments = {name: value for name, value in _carried(goal, arguments).items() if name not in gone}
    complete = _with_ids(arguments, goal, turn, gone)
    if not isinstance(complete, dict):
        return complete
    looked_up = _with_lookups(complete, goal, turn)
    if not isinstance(looked_up, dict):
        return looked_up
    arguments = looked_up
    missing = [one for one in parameters(goal.tool) if one.required and one.name not in arguments]
    if missing:
        return phrases.missing(
            goal.tool,
            missing,
            turn.tools,
            list(dict.fromkeys(span.value for span in goal.reading.called))[:_MOST_NAMED],
        )
    return CallTool(goal.tool.name, arguments, reason="its description fits the request best")


def _introduction(observation: Observation, turn: Turn) -> Observation | Ask:
    """Who was named is found, and nothing was asked about them yet."""
    for parameter in (one for tool in turn.tools for one in parameters(tool) if one.identifies):
        found = turn.found(observation, parameter)
        if found and len(found.records) > 1:
            return phrases.which(parameter, found.records)
        if found and found.records:
            return phrases.introduced(parameter, found.records[0], readable(observation), turn.tools)
    return observation


def _with_ids(arguments: JsonObject, goal: Goal, turn: Turn, gone: frozenset[str]) -> JsonObject | Act:
    """The arguments with the ids nobody says in words, or what to do to get one; those of `gone` must be said."""
    for parameter in parameters(goal.tool):
        if parameter.identifies and parameter.name in arguments:
            doubt = doubted(parameter, arguments[parameter.name], goal, turn)
            if doubt:
                return doubt
        if parameter.name in arguments or parameter.name in gone:
            continue
        if not parameter.identifies or not is_wanted(parameter, goal, turn):
            continue
        found = resolve(parameter, goal, turn)
        if isinstance(found, Value):
            if accepts(parameter, found.value, goal.tool):
                arguments = {**arguments, parameter.name: found.value}
        elif found is not None:
            return found
    return arguments


def _with_lookups(arguments: JsonObject, goal: Goal, turn: Turn) -> JsonObject | Act:
    """The arguments with a choice that only a search can find, and with what another tool describes."""
    for parameter in parameters(goal.tool):
        if not parameter.required or parameter.name in arguments:
            continue
        found: JsonObject | Value | Act | None = None
        if is_open(parameter):
            found = open_value(parameter, arguments, goal, turn)
        elif parameter.names_things:
            found = pick(parameter, goal, turn)
        if isinstance(found, Value | dict):
            value: Json = found.value if isinstance(found, Value) else found
            arguments = {**arguments, parameter.name: value}
        elif found is not None:
            return found
    return arguments


def _has_subject(goal: Goal, turn: Turn) -> bool:
    """The tool works on something another tool finds, so names in the message belong to that."""
    takes = parameters(goal.tool)
    return any(one.identifies and is_wanted(one, goal, turn) for one in takes) and bool(goal.reading.called)


def _carried(goal: Goal, arguments: JsonObject) -> JsonObject:
    """Add what the earlier message said, except whom it was about."""
    before = goal.carried
    if before is None:
        return arguments
    kept = fill(goal.tool, before, arguments, reserved=before.called)
    own = {one.name: one for one in parameters(goal.tool)}
    fresh_dates = any(own[name].kind is Kind.DATE for name in arguments if name in own)
    return {
        name: value
        for name, value in kept.arguments.items()
        if name in arguments
        or ((goal.completes or own[name].kind is not Kind.ID) and not (fresh_dates and own[name].kind is Kind.DATE))
    }


def _guarded(act: CallTool, turn: Turn) -> Act:
    """Never make the same call twice for one message."""
    for observation in turn.current:
        if observation.tool == act.tool and observation.arguments == act.arguments:
            return Answer(readable(observation), _data([observation]))
    return act


def _answering(exchange: Exchange, turn: Turn) -> CallTool | None:
    text = turn.situation.text.strip()
    if not text or not accepts(exchange.answer, text, exchange.tool):
        return None
    return CallTool(
        exchange.tool.name,
        {**exchange.identifiers, exchange.answer.name: text},
        reason="the last result posed a question and the user answered",
    )


def _failed(observation: Observation, exchange: Exchange | None, turn: Turn) -> Act:
    done = _results(turn)
    return _after(done, _told_failure(observation, exchange), turn)


def _results(turn: Turn) -> list[Observation]:
    """What was found for the message already, without the searches that only led to it."""
    found = [one for one in turn.current if not one.failed]
    ids = [one for tool in turn.tools for one in parameters(tool) if one.identifies]
    return [one for one in found if not any(turn.found(one, parameter) for parameter in ids)]


def _told_failure(observation: Observation, exchange: Exchange | None) -> Act:
    said = failure(observation)
    code = observation.code or _code_in(observation)
    if exchange and observation.tool == exchange.tool.name:
        return Ask(said, (exchange.answer.name,))
    if not _INPUT_FAULTS.isdisjoint(name_stems(code.replace("-", "_"))):
        return Ask(said)
    return Answer(said if said[:1].isupper() else f"That did not work: {said}")


def _code_in(observation: Observation) -> str:
    data = observation.data if isinstance(observation.data, dict) else parsed(observation.text)
    if not isinstance(data, dict):
        return ""
    inner = data.get("error")
    code = (inner if isinstance(inner, dict) else data).get("code")
    return code if isinstance(code, str) else ""


def _summed_up(done: Sequence[Observation], turn: Turn) -> Answer | Ask:
    text = joined([*(_led(observation, turn) for observation in done), *remarks(turn)])
    lacking = tuple(name for observation in done for name in lacks(observation))
    return Ask(text, lacking) if lacking else Answer(text, _data(done))


def _after(done: Sequence[Observation], act: Act, turn: Turn) -> Act:
    """What was found already is told with the question or answer that ends the turn."""
    if not done:
        return act
    before = joined([_led(observation, turn) for observation in done])
    match act:
        case Ask(text, missing):
            return Ask(joined([before, text]), missing)
        case Answer(text, data):
            return Answer(joined([before, text]), (*_data(done), *data))
        case _:
            return act


def _led(observation: Observation, turn: Turn) -> str:
    """The text of a result, with the name of its subject in front where the text does not tell it."""
    text = readable(observation)
    tool = turn.tool(observation.tool)
    name = turn.name_of(tool, observation) if tool else None
    if not name or name.casefold() in text.casefold():
        return text
    return f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"


def _data(observations: Sequence[Observation]) -> tuple[Json, ...]:
    return tuple(one.data for one in observations if one.data is not None)
