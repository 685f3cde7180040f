"""Tools that ask: a result that poses a question, and the tool that takes the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Observation, Tool
from agentkit.reasoning.rules.choice import is_question, rank
from agentkit.reasoning.rules.facts import flatten
from agentkit.reasoning.rules.links import records, supplies
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.turn import Turn
from agentkit.reasoning.rules.words import flat

_MAX_OPTION: Final = 60


@dataclass(frozen=True, slots=True)
class Exchange:
    """An open question.

    Attributes:
        observation: The result that poses it.
        question: The question itself.
        tool: The tool that takes the answer.
        identifiers: The arguments that say what is answered.
        answer: The parameter for the user's words.
    """

    observation: Observation
    question: Json
    tool: Tool
    identifiers: JsonObject
    answer: Parameter


def posed(observation: Observation, turn: Turn) -> Exchange | None:
    """The question a result poses, when there is a tool to answer it with."""
    source = turn.tool(observation.tool)
    if source is None or observation.failed or not isinstance(observation.data, dict):
        return None
    question = _question(observation.data, source)
    if question is None:
        return None
    for tool in turn.tools:
        answer = _free_text(tool)
        identifiers = _identifiers(tool, source, observation)
        if answer and identifiers:
            return Exchange(observation, question, tool, identifiers, answer)
    return None


def open_exchange(turn: Turn) -> Exchange | None:
    """The question that waits for the present message; None when there is none or the user went on to other things."""
    for index in range(len(turn.earlier) - 1, -1, -1):
        observation = turn.earlier[index]
        exchange = posed(observation, turn)
        if exchange is None:
            if _closes(observation, turn):
                return None
            continue
        return None if _abandoned(exchange, turn) or _asks_otherwise(exchange, turn) else exchange
    return None


def _closes(observation: Observation, turn: Turn) -> bool:
    """A result of an answering tool that poses no further question ends the exchange."""
    tool = turn.tool(observation.tool)
    return tool is not None and not observation.failed and _free_text(tool) is not None and not tool.read_only


def _asks_otherwise(exchange: Exchange, turn: Turn) -> bool:
    reading = turn.reading
    if reading.stops or not reading.requests or names_option(exchange, turn):
        return False
    return any(one.tool.name != exchange.tool.name for one in rank(reading, turn.tools))


def names_option(exchange: Exchange, turn: Turn) -> bool:
    """The message holds one of the options of the question."""
    said = flat(turn.reading.text)
    return any(flat(option) and flat(option) in said for option in _texts(exchange.question))


def _texts(value: Json, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value] if len(value) <= _MAX_OPTION else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _texts(item, depth + 1)] if depth < 5 else []


def _abandoned(exchange: Exchange, turn: Turn) -> bool:
    """The user said to stop after the question was put."""
    history = turn.situation.history
    words = max(_all_texts(exchange.question), key=len, default="")
    put = [index for index, one in enumerate(history) if one.role is Role.AGENT and words and words in one.text]
    later = history[put[-1] + 1 :] if put else ()
    return any(one.role is Role.USER and turn.reread(one.text).stops for one in later)


def _all_texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for text in flatten(js.as_object(value)).values() if isinstance(text, str)]


def _question(data: JsonObject, source: Tool) -> Json:
    root = source.output_schema or {}
    known = js.properties(js.resolve(root, root))
    for name, value in data.items():
        if any(" " in text.strip() for text in _all_texts(value)) and is_question(name, known.get(name, {}), root):
            return value
    return None


def _free_text(tool: Tool) -> Parameter | None:
    """The parameter for what a person says: the one required string that is neither id, date nor choice."""
    texts = [
        one
        for one in parameters(tool)
        if one.required and one.kind in {Kind.TEXT, Kind.OTHER, Kind.NAME} and not one.many and _takes_words(one, tool)
    ]
    return texts[0] if len(texts) == 1 else None


def _takes_words(parameter: Parameter, tool: Tool) -> bool:
    return js.fits("in plain words, then", parameter.whole, tool.input_schema)


def _identifiers(tool: Tool, source: Tool, observation: Observation) -> JsonObject:
    found: JsonObject = {}
    free = _free_text(tool)
    for parameter in parameters(tool):
        if not parameter.required or (free and parameter.name == free.name):
            continue
        link = supplies(source, parameter)
        values = records(observation, link.path) if link else []
        if len(values) != 1:
            return {}
        found[parameter.name] = values[0].value
    return found
