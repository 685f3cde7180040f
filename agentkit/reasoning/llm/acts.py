"""What a model may decide, as functions it can call: one for each act, one for each tool on offer.

Only what stands in the situation has a function, so a tool or an expert that does not exist cannot be chosen, whatever
a model writes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import (
    Act,
    Answer,
    Ask,
    CallTool,
    Candidate,
    Decline,
    Delegate,
    DelegateTogether,
    Situation,
    Tool,
)

_LONGEST_TEXT: Final = 20_000
_LONGEST_ARGUMENTS: Final = 65_536
_MOST_PIECES: Final = 8
_MOST_NAMES: Final = 20
_LONGEST_NAME: Final = 60
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")


class Unfit(Exception):
    """What a model wrote is no decision; the text tells the model why."""


@dataclass(frozen=True, slots=True)
class Option:
    """A function a model can call.

    Attributes:
        name: Fits the naming rules of OpenAI-compatible endpoints, and is unique.
        description: What it does.
        schema: JSON Schema of its arguments.
        act: Makes the act of arguments that fit the schema.
    """

    name: str
    description: str
    schema: JsonObject
    act: Callable[[JsonObject], Act]


def options(situation: Situation) -> tuple[Option, ...]:
    """What may be decided in a situation."""
    found = [*_talking(situation), *_calling(situation.tools), *_delegating(situation.experts)]
    return tuple(found)


def chosen(name: str, written: str | Mapping[str, object] | None, offered: Sequence[Option]) -> Act:
    """The act a model's call stands for.

    Args:
        name: The function it called.
        written: The arguments, as JSON text or read already.
        offered: What it could call.

    Raises:
        Unfit: There is no such function, or the arguments do not fit it.
    """
    option = next((one for one in offered if one.name == name), None)
    if option is None:
        raise Unfit(f"There is no such function. Call one of: {', '.join(one.name for one in offered)}.")
    arguments = _read(written)
    if not js.fits(arguments, option.schema, option.schema):
        raise Unfit(_misfit(arguments, option.schema))
    return option.act(arguments)


def _talking(situation: Situation) -> tuple[Option, ...]:
    results = _results(situation)
    return (
        Option(
            "answer",
            "Give the final answer to the user. Use only what the results and the user say.",
            _object({"text": _text("The answer.")}),
            lambda given: Answer(str(given["text"]), results),
        ),
        Option(
            "ask",
            "Ask the user for what is missing or ambiguous.",
            _object(
                {
                    "question": _text("The question, in one or two sentences."),
                    "missing": {
                        "type": "array",
                        "items": {"type": "string", "maxLength": _LONGEST_NAME},
                        "maxItems": _MOST_NAMES,
                        "description": "Names of the arguments that are missing.",
                    },
                },
                ("question",),
            ),
            lambda given: Ask(str(given["question"]), _names(given.get("missing"))),
        ),
        Option(
            "decline",
            "Say that this cannot be done with the functions and experts on offer, and what could be asked instead.",
            _object({"text": _text("What to tell the user.")}),
            lambda given: Decline(str(given["text"])),
        ),
    )


def _calling(tools: Sequence[Tool]) -> list[Option]:
    taken: set[str] = set()
    found: list[Option] = []
    for tool in tools:
        name = _named(f"call_{tool.name}", taken)
        effect = "" if tool.read_only else "\nThis changes something: call it only when the user asked for that."
        found.append(Option(name, f"{tool.description}{effect}".strip(), _arguments(tool), _call(tool.name)))
    return found


def _call(tool: str) -> Callable[[JsonObject], Act]:
    return lambda given: CallTool(tool, given, reason="a model chose it")


def _delegating(experts: Sequence[Candidate]) -> list[Option]:
    if not experts:
        return []
    names: list[Json] = [expert.name for expert in experts]
    piece = _object(
        {
            "expert": {"type": "string", "enum": names, "description": "Who shall do it."},
            "text": _text("What the expert shall do, with every name, date and value it needs."),
        }
    )
    one = Option("delegate", "Give one expert the work, or the next piece of it.", piece, _delegation)
    if len(experts) == 1:
        return [one]
    pieces: JsonObject = {"type": "array", "items": piece, "minItems": 2, "maxItems": _MOST_PIECES}
    together = Option(
        "delegate_together",
        "Give several experts their pieces at once. Only where no piece needs what another one finds.",
        _object({"pieces": pieces}),
        lambda given: DelegateTogether(tuple(_delegation(one) for one in _objects(given["pieces"]))),
    )
    return [one, together]


def _delegation(given: JsonObject) -> Delegate:
    return Delegate(str(given["expert"]), str(given["text"]), reason="a model chose it")


def _results(situation: Situation) -> tuple[Json, ...]:
    """The structured results an answer rests on."""
    found = [one.data for one in situation.observations if one.current and not one.failed and one.data is not None]
    return (*found, *(item for one in situation.delegations for item in one.data))


def _named(name: str, taken: set[str]) -> str:
    plain = _NO_NAME.sub("_", name)[:_LONGEST_NAME]
    unique, number = plain, 2
    while unique in taken:
        unique, number = f"{plain}_{number}", number + 1
    taken.add(unique)
    return unique


def _arguments(tool: Tool) -> JsonObject:
    """The tool's own schema; endpoints want an object, and a schema of somebody else may be anything."""
    schema = tool.input_schema
    return schema if schema.get("type") == "object" else {**schema, "type": "object"}


def _read(written: str | Mapping[str, object] | None) -> JsonObject:
    text = written if isinstance(written, str) else json.dumps(written or {})
    if len(text) > _LONGEST_ARGUMENTS:
        raise Unfit(f"The arguments are longer than {_LONGEST_ARGUMENTS} characters.")
    try:
        value: Json = json.loads(text or "{}", parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Unfit("The arguments are no JSON object.") from None
    if not isinstance(value, dict):
        raise Unfit("The arguments are no JSON object.")
    return value


def _no_number(_: str) -> NoReturn:
    raise ValueError("no JSON number")


def _finite(text: str) -> float:
    return number if math.isfinite(number := float(text)) else _no_number(text)


def _misfit(arguments: JsonObject, schema: JsonObject) -> str:
    """What is wrong with arguments, by name."""
    here = js.resolve(schema, schema)
    known = js.properties(here)
    wrong = [name for name, part in known.items() if name in arguments and not js.fits(arguments[name], part, schema)]
    foreign = [name for name in arguments if name not in known] if here.get("additionalProperties") is False else []
    faults = (
        ("missing", sorted(js.required(here) - arguments.keys())),
        ("not what its schema allows", wrong),
        ("no argument of this function", foreign[:_MOST_NAMES]),
    )
    told = [f"{', '.join(names)}: {fault}" for fault, names in faults if names]
    return f"The arguments do not fit. {'; '.join(told) or 'Read the schema again'}. Ask the user for what is unknown."


def _object(properties: JsonObject, needed: Sequence[str] | None = None) -> JsonObject:
    names: list[Json] = [*(properties if needed is None else needed)]
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _text(description: str) -> JsonObject:
    return {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT, "description": description}


def _names(value: Json) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _objects(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
