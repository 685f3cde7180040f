"""A Python function as an agent."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Final, cast

from pydantic import BaseModel, ValidationError

from agentkit.compose.agent import RunContext
from agentkit.errors import EngineError, InputRequired, SpecError
from agentkit.models import AgentSkill, Event, JsonObject, Message, Role

Answer = str | Message | BaseModel | JsonObject
"""What a function of an agent may return."""

_ACCEPTED: Final = "Take one argument annotated str, Message or a pydantic model, and RunContext as a second if needed."


class FunctionAgent:
    """Answers with what a function returns.

    The function takes the message as `str` (its text), `Message`, or a pydantic model (the first data part that fits),
    and a `RunContext` as second argument when it asks for one. It returns `str`, `Message`, a pydantic model or a JSON
    object; the last two become a data part. A sync function runs in a thread. It may raise `InputRequired` to ask, and
    any other `AgentKitError` to fail with its text.
    """

    def __init__(
        self,
        function: Callable[..., Answer | Awaitable[Answer]],
        *,
        name: str | None = None,
        description: str | None = None,
        skills: tuple[AgentSkill, ...] | None = None,
    ) -> None:
        """Make an agent of a function.

        Args:
            function: Sync or async.
            name: The agent's name; the function's, with dashes, when None.
            description: What it is for; the first line of the function's docstring when None.
            skills: For its card; one skill made of name and description when None.

        Raises:
            SpecError: The signature is not one of those above.
        """
        own = getattr(function, "__name__", type(function).__name__)
        self._name = name or own.strip("_").replace("_", "-")
        documented = (inspect.getdoc(function) or "").partition("\n")[0]
        self._description = description or documented or f"Runs the function {own}"
        self._skills = skills
        self._function = function
        self._takes, self._wants_context = _signature(function, own)
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - the method itself is looked at, not callability
        )

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._name

    @property
    def description(self) -> str:
        """What the agent is for."""
        return self._description

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """What it can do, for its card."""
        if self._skills is not None:
            return self._skills
        return (AgentSkill(id=self._name, name=self._name, description=self._description, tags=("function",)),)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Call the function with the message and answer with what it returns."""
        arguments: list[object] = [_argument(self._takes, message)]
        if self._wants_context:
            arguments.append(context)
        call = partial(self._function, *arguments)
        result = await (cast(Awaitable[object], call()) if self._is_async else asyncio.to_thread(call))
        if inspect.isawaitable(result):
            result = await result
        yield _answer(result, context, self._name)

    async def cancel(self, context: RunContext) -> None:
        """Nothing goes on elsewhere; a sync function that was started runs to its end."""


def _signature(function: Callable[..., object], own: str) -> tuple[type[str | Message | BaseModel], bool]:
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
    takes = _kind(hints.get(positional[0].name))
    if takes is None:
        raise SpecError(f"{own}.{positional[0].name}", "has an annotation that is not supported", remedy=_ACCEPTED)
    wants_context = len(positional) > 1 and hints.get(positional[1].name) is RunContext
    if len(positional) > 1 and not wants_context and positional[1] in required:
        raise SpecError(f"{own}.{positional[1].name}", "is not annotated RunContext", remedy=_ACCEPTED)
    _check_result(hints.get("return", object), own)
    return takes, wants_context


_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _kind(hint: object) -> type[str | Message | BaseModel] | None:
    if hint is str:
        return str
    return hint if isinstance(hint, type) and issubclass(hint, BaseModel) else None


def _check_result(hint: object, own: str) -> None:
    named: object = typing.get_origin(hint) or hint
    # Unions and unresolved types are checked by what is returned.
    if not isinstance(named, type) or named is object or named.__module__ in {"types", "typing"}:
        return
    if not issubclass(named, str | BaseModel | dict):
        raise SpecError(
            f"{own}.return", "has an annotation that is not supported", remedy="Return str, Message, a model or a dict."
        )


def _argument(takes: type[str | Message | BaseModel], message: Message) -> object:
    if takes is str:
        return message.text
    if takes is Message:
        return message
    return _fitting(cast("type[BaseModel]", takes), message)


def _fitting(model: type[BaseModel], message: Message) -> BaseModel:
    faults: list[str] = []
    for value in message.data:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            # Places and kinds of the faults only, never the values.
            faults = faults or [
                f"{'.'.join(map(str, fault['loc'])) or 'data'} ({fault['type']})" for fault in error.errors()
            ]
    needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
    raise InputRequired(
        f"A data part for {model.__name__} is needed{f', with {needed}' if needed else ''}."
        + (f" The one given does not fit: {', '.join(faults)}." if faults else "")
    )


def _answer(result: object, context: RunContext, name: str) -> Message:
    match result:
        case Message():
            return result if result.role is Role.AGENT else result.model_copy(update={"role": Role.AGENT})
        case str():
            return Message.agent(result, context_id=context.context_id, task_id=context.task_id)
        case BaseModel():
            return _data_answer(cast(JsonObject, result.model_dump(mode="json")), context)
        case dict():
            return _data_answer(cast(JsonObject, result), context)
        case _:
            raise EngineError(
                f"The function of agent {name} returned {type(result).__name__}.",
                remedy="Return str, Message, a pydantic model or a JSON object.",
            )


def _data_answer(data: JsonObject, context: RunContext) -> Message:
    return Message.agent(data=(data,), context_id=context.context_id, task_id=context.task_id)
