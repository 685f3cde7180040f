"""A Python function as an agent."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from functools import partial
from typing import Final, Generic, TypedDict, Unpack, cast, overload

from pydantic import BaseModel
from typing_extensions import TypeVar

from agentkit.compose.agent import RunContext
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.named import Named
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.signature import Answer, answer_of, argument_of, read_signature, schema_of
from agentkit.compose.usage import NOTHING, USAGE_KEY, Usage, charged
from agentkit.engine import Effect
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Event, Json, JsonObject, Message, Role, TaskState

In = TypeVar("In", bound="str | Message | BaseModel", default="Message")
Out = TypeVar("Out", bound="Answer", default="Answer")

_TEXT: Final = ("text/plain",)
_JSON: Final = ("application/json",)


class FunctionOptions(TypedDict, total=False):
    """What `FunctionAgent` may be told about a function.

    Attributes:
        name: The agent's name; the function's, with dashes, where none is given.
        description: What it is for; the first line of the function's docstring where none is given.
        skills: For its card; one skill made of name and description where none are given.
        effect: What a second call after a crash would do; `once`, the careful one, where nothing is said. Only durable
            compositions and `Retry` ask for it.
        look_up: For `effect="lookup"`: takes the function's arguments, and returns what the earlier call returned, or
            None when it surely did not happen. It raises `UnknownOutcome` when it cannot tell.
        credentials: Names of the MCP servers whose credentials the function gets in `RunContext.credentials`; none
            where nothing is said.
    """

    name: str | None
    description: str | None
    skills: tuple[AgentSkill, ...] | None
    effect: Effect
    look_up: Callable[..., Awaitable[Answer | None]] | None
    credentials: Collection[str]


class FunctionAgent(Named, Generic[In, Out]):
    """Answers with what a function returns.

    The function takes the message as `str` (its text), `Message`, or a pydantic model (the first data part that fits),
    and a `RunContext` as second argument when it asks for one. It returns `str`, `Message`, a pydantic model or a JSON
    object; the last two become a data part. A sync function runs in a thread. It may raise `InputRequired` to ask, and
    any other `AgentKitError` to fail with its text. What it used it may tell as `agentkit.usage` in the metadata of a
    `Message` that it returns.

    Attributes:
        input_schema: JSON Schema of the data part it takes; None where it takes text or whole messages.
        output_schema: JSON Schema of the data part it answers with; None where it promised none.
        effect: What a second call would do.
        mcp_names: The MCP servers whose credentials it gets.
    """

    @overload
    def __init__(self, function: Callable[[In], Awaitable[Out]], **options: Unpack[FunctionOptions]) -> None: ...
    @overload
    def __init__(
        self,
        function: Callable[[In, RunContext], Awaitable[Out]],
        **options: Unpack[FunctionOptions],
    ) -> None: ...
    @overload
    def __init__(self, function: Callable[[In], Out], **options: Unpack[FunctionOptions]) -> None: ...
    @overload
    def __init__(self, function: Callable[[In, RunContext], Out], **options: Unpack[FunctionOptions]) -> None: ...

    def __init__(self, function: Callable[..., Answer | Awaitable[Answer]], **options: Unpack[FunctionOptions]) -> None:
        """Make an agent of a function.

        Args:
            function: Sync or async.
            options: See `FunctionOptions`.

        Raises:
            SpecError: The signature is not one of those above, or an option does not fit or is not known.
        """
        if unknown := sorted(set(options) - FunctionOptions.__optional_keys__):
            known = ", ".join(sorted(FunctionOptions.__optional_keys__))
            raise SpecError(f"FunctionAgent.{unknown[0]}", "is not known", remedy=f"Known: {known}.")
        own = getattr(function, "__name__", type(function).__name__)
        self._name = options.get("name") or own.strip("_").replace("_", "-")
        documented = (inspect.getdoc(function) or "").partition("\n")[0]
        self._description = options.get("description") or documented or f"Runs the function {own}"
        self._skills = options.get("skills")
        self._function = function
        self._signature = read_signature(function, own)
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - the method itself is looked at, not callability
        )
        self.effect: Final[Effect] = _effect(options)
        self._look_up = options.get("look_up")
        self.mcp_names: Final = frozenset(_names(options.get("credentials", ())))
        self.input_schema: Final = schema_of(self._signature.takes)
        self.output_schema: Final = schema_of(self._signature.gives)

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """What it can do, for its card; the fields of its data parts stand in the description."""
        if self._skills is not None:
            return self._skills
        told = [self._description]
        told += [f"{what}: {_fields(schema)}." for what, schema in self._schemas().items()]
        skill = AgentSkill(
            id=self._name,
            name=self._name,
            description="\n".join(told),
            tags=("function",),
            input_modes=_TEXT if self._signature.takes is str else _JSON if self.input_schema else (),
            output_modes=_JSON if self.output_schema else (),
        )
        return (skill,)

    def message_of(self, value: In) -> Message:
        """A user's message that the function takes as this value."""
        match value:
            case Message():
                return value
            case str():
                return Message.user(value)
            case _:
                return Message.user(data=(value.model_dump(mode="json"),))

    def result_of(self, answer: Message) -> Out:
        """What the function returned, read from its answer.

        Raises:
            InputRequired: The message is no answer of this agent.
        """
        gives = self._signature.gives
        found = answer.text if gives is None and answer.text else argument_of(gives or Message, answer)
        if gives is None and isinstance(found, Message) and found.data:
            found = found.data[0]
        return cast("Out", found)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Call the function with the message and answer with what it returns."""
        call = partial(self._function, *self._arguments(message, context))
        result = await (cast("Awaitable[object]", call()) if self._is_async else asyncio.to_thread(call))
        if inspect.isawaitable(result):
            result = await result
        answer = answer_of(result, context, self._name, self._signature.gives)
        used = Usage.of(answer.metadata)
        if used == NOTHING:
            yield answer
            return
        told = {key: value for key, value in (answer.metadata or {}).items() if key != USAGE_KEY}
        answer = answer.model_copy(update={"metadata": told or None})
        yield charged(status_update(context, TaskState.COMPLETED, answer), used)

    async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
        """What came of an interrupted call, as the author's `look_up` tells; None when it surely did not happen.

        Raises:
            UnknownOutcome: It cannot be told.
        """
        if self._look_up is None:
            return None
        found = await self._look_up(*self._arguments(message, context))
        if found is None:
            return None
        answer = answer_of(found, context, self._name, self._signature.gives)
        # The same id whenever it is looked up.
        fixed = answer.model_copy(update={"message_id": outbound_id(message, context), "role": Role.AGENT})
        return Outcome(TaskState.COMPLETED, fixed)

    async def cancel(self, context: RunContext) -> None:
        """Nothing goes on elsewhere; a sync function that was started runs to its end."""

    def _arguments(self, message: Message, context: RunContext) -> list[object]:
        taken = argument_of(self._signature.takes, message)
        return [taken, context] if self._signature.wants_context else [taken]

    def _schemas(self) -> dict[str, JsonObject]:
        both = {"Takes a data part with": self.input_schema, "Gives a data part with": self.output_schema}
        return {what: schema for what, schema in both.items() if schema is not None}


def _effect(options: FunctionOptions) -> Effect:
    effect = options.get("effect", "once")
    if effect not in ("idempotent", "lookup", "once"):
        raise SpecError("FunctionAgent.effect", "must be idempotent, lookup or once")
    if (effect == "lookup") is not (options.get("look_up") is not None):
        raise SpecError(
            "FunctionAgent.look_up",
            'belongs to effect="lookup", and it to that',
            remedy="Give both, or neither.",
        )
    return effect


def _names(given: Collection[str]) -> list[str]:
    if isinstance(given, str) or not all(name.strip() for name in given):
        raise SpecError("FunctionAgent.credentials", 'must be names of MCP servers, for example ("ehr",)')
    return [name.strip() for name in given]


def _fields(schema: JsonObject) -> str:
    """The fields of a model as words for a card: names and types, the optional ones marked."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return "no fields"
    needed = required if isinstance(required, list) else []
    told = [
        f"{name} ({_type(one)}{'' if name in needed else ', optional'})"
        for name, one in properties.items()
        if isinstance(one, dict)
    ]
    return ", ".join(told) or "no fields"


def _type(field: JsonObject) -> Json:
    return field.get("type") or "any of several types"
