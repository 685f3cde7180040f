"""Questions whose answer has a type."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, cast

from pydantic import BaseModel, ValidationError

from agentkit.compose.agent import RunContext
from agentkit.compose.given import digest_of
from agentkit.compose.workflow.verdict import Unclear
from agentkit.errors import SpecError
from agentkit.models import Json, JsonObject, Message

QUESTION_TYPE: Final = "agentkit.question"
"""The `type` of the data part in which a typed question is asked."""


class TypedQuestion:
    """A question with what its answer must be: a text, an instance of a model, or JSON that fits a schema."""

    def __init__(self, text: str, model: type[BaseModel] | None, schema: JsonObject | None) -> None:
        """Take what `RunContext.ask` was given.

        Raises:
            SpecError: There is a model and a schema, or the schema is none.
        """
        if model is not None and schema is not None:
            raise SpecError("ask.schema", "there is a model already", remedy="Give one of the two.")
        if schema is not None:
            _check_schema(schema)
        self._text = text
        self._model = model
        self._schema = cast(JsonObject, model.model_json_schema()) if model is not None else schema

    @property
    def digest(self) -> str:
        """The same for the same question."""
        return digest_of([self._text, self._schema])

    def message(self, context: RunContext, why: str = "") -> Message:
        """The question; `why` says what was wrong with an answer before."""
        text = f"{why}\n{self._text}" if why else self._text
        data: tuple[JsonObject, ...] = ()
        if self._schema is not None:
            data = ({"type": QUESTION_TYPE, "question": self._text, "schema": self._schema},)
        return Message.agent(text, data=data, context_id=context.context_id, task_id=context.task_id)

    def read(self, answer: Message) -> Json:
        """The answer as JSON.

        Raises:
            Unclear: There is none, or it does not fit; the text names places and kinds of faults, never values.
        """
        if self._schema is None:
            if not answer.text.strip():
                raise Unclear("A text is needed.")
            return answer.text
        faults: list[str] = []
        for value in _candidates(answer):
            wrong = self._missing(value) or self._faults(value)
            if not wrong:
                return value
            faults = faults or wrong
        raise Unclear(f"The answer does not fit: {', '.join(faults[:5])}." if faults else "There is no answer yet.")

    def typed(self, value: Json) -> object:
        """A recorded answer as the workflow gets it."""
        return value if self._model is None else self._model.model_validate(value)

    def _missing(self, value: Json) -> list[str]:
        """What words lack that a form wants; nothing where the answer is no words, or may be."""
        schema = self._schema or {}
        if not isinstance(value, str) or schema.get("type") != "object":
            return []
        needed = schema.get("required")
        fields = ", ".join(map(str, needed)) if isinstance(needed, list) else ""
        return [f"data, or JSON,{f' with {fields}' if fields else ''} is needed"]

    def _faults(self, value: Json) -> list[str]:
        if self._model is not None:
            try:
                self._model.model_validate(value)
            except ValidationError as error:
                return [f"{'.'.join(map(str, one['loc'])) or 'answer'} ({one['type']})" for one in error.errors()]
            return []
        from jsonschema import Draft202012Validator  # a fifth of a second that only those who ask pay
        from referencing import Registry

        # An empty registry: a reference to somewhere else is never followed.
        validator = cast("_Validator", Draft202012Validator(self._schema or {}, registry=Registry()))
        return [
            f"{'.'.join(map(str, error.absolute_path)) or 'answer'} ({error.validator})"
            for error in validator.iter_errors(value)
        ]


class _Fault(Protocol):
    """What a validator tells about a fault."""

    absolute_path: Iterable[str | int]
    validator: str


class _Validator(Protocol):
    """The part of a JSON Schema validator that is used."""

    def iter_errors(self, instance: Json) -> Iterator[_Fault]: ...


def _candidates(answer: Message) -> Iterator[Json]:
    """What could be the answer: data parts first, then the text as JSON, then the text as it is."""
    yield from answer.data
    text = answer.text.strip()
    if text:
        try:
            yield cast(Json, json.loads(text))
        except (ValueError, RecursionError):
            yield text
        else:
            yield text


def _check_schema(schema: JsonObject) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        raise SpecError("ask.schema", "is no JSON Schema (2020-12)") from None
