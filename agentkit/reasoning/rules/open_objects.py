"""An argument that is an open object: another tool says what it holds, and the messages say the values."""

from __future__ import annotations

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Act, Ask, CallTool, Observation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.described import Description, Entry, described_by, entries
from agentkit.reasoning.rules.goals import Goal
from agentkit.reasoning.rules.measuring import answered, quantity_template, values
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.rendering import lacks
from agentkit.reasoning.rules.turn import Turn


def open_value(parameter: Parameter, arguments: JsonObject, goal: Goal, turn: Turn) -> JsonObject | Act | None:
    """What an open object holds for a message.

    Args:
        parameter: It takes the object.
        arguments: What the tool is called with beside it.
        goal: What is wanted.
        turn: The situation.

    Returns:
        The object; or the call that tells what it holds, or a question for its values; None where no tool on offer
        describes it, or not with these arguments.
    """
    description = described_by(goal.tool, parameter, turn.tools)
    if description is None or not all(name in arguments for name in description.takes):
        return None
    asked = {name: arguments[name] for name in description.takes}
    told = _told(description, asked, turn)
    if told is None:
        return CallTool(description.tool.name, asked, reason="it says what the other tool needs")
    known = entries(description, told)
    if told.failed or not known:
        return None
    bare = any(one.kind is Kind.ENUM and one.name in arguments.keys() - asked.keys() for one in parameters(goal.tool))
    template = _template(parameter)
    found: dict[str, Json] = {}
    for reading in _readings(goal, turn):
        found |= values(known, reading, template, bare=bare)
    lone = _lone(goal, turn)
    for one in known:
        value = answered(one, goal.reading, template) if one.key == lone and one.key not in found else None
        if value is not None:
            found[one.key] = value
    return found or _needed(known, parameter)


def _lone(goal: Goal, turn: Turn) -> str | None:
    """The one value the tool lacked when it was called last, which the user was asked for."""
    if goal.carried is None:
        return None
    called = [one for one in turn.earlier if one.tool == goal.tool.name]
    lacking = lacks(called[-1]) if called else ()
    return lacking[0] if len(lacking) == 1 else None


def _told(description: Description, asked: JsonObject, turn: Turn) -> Observation | None:
    for observation in reversed(turn.own):
        if observation.tool == description.tool.name and observation.arguments == asked:
            return observation
    return None


def _readings(goal: Goal, turn: Turn) -> list[Reading]:
    """The messages that give values, oldest first: since the request that the present one goes on with."""
    if goal.carried is None:
        return [goal.reading]
    said = [turn.reread(one.text) for one in turn.situation.history if one.role == "user"]
    since = next((index for index in range(len(said) - 1, -1, -1) if said[index].text == goal.carried.text), 0)
    return [*said[since:], goal.reading]


def _template(parameter: Parameter) -> JsonObject | None:
    examples: Json = parameter.schema.get("examples") or js.as_object(parameter.whole).get("examples")
    for example in examples if isinstance(examples, list) else ():
        template = quantity_template(example)
        if template:
            return template
    return None


def _needed(known: tuple[Entry, ...], parameter: Parameter) -> Ask:
    needed = [one for one in known if one.needed] or list(known)
    return phrases.needed([one.spoken for one in needed], tuple(one.key for one in needed) or (parameter.name,))
