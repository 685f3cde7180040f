"""Typed outputs as an author writes them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from agentkit.specs.checks import (
    check_flags,
    check_optional_texts,
    check_words,
    put_field,
    read_json_object,
    read_word,
)
from agentkit.specs.words import Transition

if TYPE_CHECKING:
    from agentkit.models import JsonObject


@dataclass(frozen=True, slots=True)
class OutputSchemaSpec:
    """An output the agent can give as data: a connector `schema` of v2 (V2-OBJ-08).

    The agent sees a tool of this name. Calling it with arguments that fit the schema stores them as a data part and
    ends the turn without another call of the model; `reply.data` holds them.

    Attributes:
        name: The tool's name; unique within the agent.
        schema: A JSON Schema.
        description: When to use it.
        transition: The state the turn ends in; a word is accepted.
        enabled: False keeps the output configured and unused (V2-OBJ-09).

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    name: str
    schema: JsonObject = field(hash=False)
    _: KW_ONLY
    description: str | None = None
    transition: Transition = Transition.COMPLETE
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        check_words(self, "name")
        put_field(self, "schema", read_json_object(self, "schema"))
        check_optional_texts(self, "description")
        put_field(self, "transition", read_word(self, "transition", Transition))
        check_flags(self, "enabled")
