"""How a Python function takes a message and answers it: read from its annotations."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from pydantic import BaseModel, ValidationError

from agentkit.compose.agent import RunContext
from agentkit.errors import EngineError, InputRequired, SpecError
from agentkit.models import JsonObject, Message, Part, Role

Answer = str | Message | BaseModel | Mapping[str, object]
"""What a function of an agent may return; a mapping must be a JSON object, which is checked when it is returned."""

Taken = type[str | Message | BaseModel]
"""As what a function takes a message: its text, itself, or a model read from a data part."""

_ACCEPTED: Final = "Take one argument annotated str, Message or a pydantic model, and RunContext as a second if needed."
_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    Attributes:
        takes: As what it takes the message.
        gives: The pydantic model it returns; None for anything else.
        wants_context: It takes the `RunContext` as second argument.
    """

    takes: Taken
    gives: type[BaseModel] | None
    wants_context: bool


def read_signature(function: Callable[..., object], own: str) -> Signature:
    """Read the annotations of a function.

    Args:
        function: A function, a method or an object that can be called.
        own: What errors call it.

    Raises:
        SpecError: It takes or gives something that no message can be; the error names the argument.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
        target = function if inspect.isroutine(function) else type(function).__call__
        hints = typing.get_type_hints(target)
    except (NameError, TypeError, ValueError) as error:
        raise SpecError(own, "its annotations cannot be read", remedy=_ACCEPTED) from error
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise SpecError(own, "is a generator", remedy="Return the answer, or write an Agent class that yields events.")
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    required = [one for one in parameters if one.default is one.empty and one.kind not in _VARIADIC]
    if not positional or any(one not in positional[:2] for one in required):
        raise SpecError(own, "takes other arguments than a message and a context", remedy=_ACCEPTED)
    takes = kind_of(hints.get(positional[0].name))
    if takes is None:
        problem = "has an annotation that is not supported" if positional[0].name in hints else "has no annotation"
        raise SpecError(f"{own}.{positional[0].name}", problem, remedy=_ACCEPTED)
    wants_context = len(positional) > 1 and hints.get(positional[1].name) is RunContext
    if len(positional) > 1 and not wants_context and positional[1] in required:
        raise SpecError(f"{own}.{positional[1].name}", "is not annotated RunContext", remedy=_ACCEPTED)
    return Signature(takes, _given(hints.get("return", object), own), wants_context)


def kind_of(hint: object) -> Taken | None:
    """As what an argument of this annotation takes a message; None where it cannot."""
    if hint is str:
        return str
    return hint if isinstance(hint, type) and issubclass(hint, BaseModel) else None


def argument_of(takes: Taken, message: Message) -> object:
    """A message as a function takes it: text, the message, or the first data part that fits the model.

    Raises:
        InputRequired: No data part fits; the text names the fields and what is wrong with them, never a value.
    """
    if takes is str:
        return message.text
    if takes is Message:
        return message
    return _fitting(cast("type[BaseModel]", takes), message)


def answer_of(result: object, context: RunContext, name: str, gives: type[BaseModel] | None = None) -> Message:
    """What a function returned as the agent's answer: text, or one data part.

    Args:
        result: What it returned.
        context: Of the agent.
        name: Of the agent, for errors.
        gives: The model it promised; a JSON object that fits is taken, too.

    Raises:
        EngineError: It returned something that no message can be, or not what it promised.
    """
    if gives is not None and gives is not Message and not isinstance(result, gives):
        result = _promised(result, gives, name)
    match result:
        case Message():
            return result if result.role is Role.AGENT else result.model_copy(update={"role": Role.AGENT})
        case str():
            return Message.agent(result, context_id=context.context_id, task_id=context.task_id)
        case BaseModel():
            return _data_answer(result.model_dump(mode="json"), context, name)
        case Mapping():
            return _data_answer(dict(cast("Mapping[str, object]", result)), context, name)
        case _:
            raise EngineError(
                f"The function of agent {name} returned {type(result).__name__}.",
                remedy="Return str, Message, a pydantic model or a JSON object.",
            )


def schema_of(kind: object) -> JsonObject | None:
    """The JSON Schema of a data part for a model; None for text and whole messages."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Message:
        return cast(JsonObject, kind.model_json_schema())
    return None


def _given(hint: object, own: str) -> type[BaseModel] | None:
    named: object = typing.get_origin(hint) or hint
    # Unions and unresolved types are checked by what is returned.
    if not isinstance(named, type) or named is object or named.__module__ in {"types", "typing"}:
        return None
    if not issubclass(named, str | BaseModel | Mapping):
        raise SpecError(
            f"{own}.return", "has an annotation that is not supported", remedy="Return str, Message, a model or a dict."
        )
    return named if issubclass(named, BaseModel) else None


def _fitting(model: type[BaseModel], message: Message) -> BaseModel:
    faults: list[str] = []
    for value in message.data:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            faults = faults or _faults(error)
    needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
    raise InputRequired(
        f"A data part for {model.__name__} is needed{f', with {needed}' if needed else ''}."
        + (f" The one given does not fit: {', '.join(faults)}." if faults else "")
    )


def _promised(result: object, gives: type[BaseModel], name: str) -> BaseModel:
    try:
        return gives.model_validate(result)
    except ValidationError as error:
        raise EngineError(
            f"The function of agent {name} returned {type(result).__name__}; it promised {gives.__name__}: "
            f"{', '.join(_faults(error))}."
        ) from None


def _faults(error: ValidationError) -> list[str]:
    # Places and kinds of the faults only, never the values.
    return [f"{'.'.join(map(str, fault['loc'])) or 'data'} ({fault['type']})" for fault in error.errors()]


def _data_answer(data: dict[str, object], context: RunContext, name: str) -> Message:
    try:
        part = Part.model_validate({"data": data})
    except ValidationError as error:
        raise EngineError(
            f"The function of agent {name} returned what is no JSON: {', '.join(_faults(error))}."
        ) from None
    return Message(role=Role.AGENT, parts=(part,), context_id=context.context_id, task_id=context.task_id)
