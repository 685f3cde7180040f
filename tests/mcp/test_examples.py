"""The example that a refusal shows fits the schema and the tool, whatever the type is (MCP-SRV-06)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from inspect import Parameter, Signature
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    UUID4,
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FutureDate,
    RootModel,
    Strict,
    create_model,
)
from pydantic import Json as JsonText
from typing_extensions import TypeAliasType, TypedDict

from agentkit.mcp import ToolError
from agentkit.mcp.tools.errors import properties
from agentkit.mcp.tools.input import ToolInput, tool_input

LIMIT = 1_000_000
T = TypeVar("T")


class Colour(Enum):
    RED = "red"
    NONE = 0


class Rank(IntEnum):
    FIRST = 5


class Tree(BaseModel):
    value: int
    left: Tree | None = None
    rest: list[Tree] = []


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    given: int = Field(alias="theGiven")
    other: str = Field("x", validation_alias="theOther")


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = Field(9, ge=1)


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str = Field(min_length=2)


class Exact(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    day: date
    ids: set[UUID]
    colour: Colour
    pair: tuple[int, str]


class Of(BaseModel, Generic[T]):
    one: T
    more: list[T]


class Counts(RootModel[dict[str, int]]):
    pass


@dataclass
class Span:
    first: date
    last: date = date(2020, 1, 1)


class Partial(TypedDict, total=False):
    words: list[str]


class Point(NamedTuple):
    x: int
    y: float = 0


def even(value: int) -> int:
    if value % 2:
        raise ToolError("value: must be even", code="odd")
    return value


Nested = TypeAliasType("Nested", "int | list[Nested]")
Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
KINDS: list[Any] = [
    *(str, int, float, bool, date, datetime, time, timedelta, UUID, UUID4, Decimal, bytes, AnyUrl, AwareDatetime),
    *(Colour, Rank, Tree, Renamed, Cat, Cat | Dog, Pet, Exact, Of[int], Of[date], Counts, Span, Partial, Point, Nested),
    *(set[int], frozenset[str], tuple[int, str], tuple[int, ...], dict[int, str], dict[Literal["a", "b"], int]),
    *(JsonText[int], Literal[1, "a"], Literal["only"], int | str | None, Annotated[date, Strict()]),
    Annotated[int, Field(gt=5, lt=7)],
    Annotated[int, Field(multiple_of=7, gt=10)],
    Annotated[int, Field(le=-1000)],
    Annotated[float, Field(gt=0, lt=0.1)],
    Annotated[float, Field(multiple_of=0.5, ge=3)],
    Annotated[Decimal, Field(gt=0, le=1, decimal_places=2)],
    Annotated[str, Field(min_length=7, max_length=8)],
    Annotated[str, Field(max_length=1)],
    Annotated[str, Field(pattern=r"^[A-Z]\d{2}$")],
    Annotated[list[int], Field(min_length=3, max_length=3)],
    Annotated[set[str], Field(min_length=3)],
    Annotated[dict[str, int], Field(min_length=2)],
]
# What these refuse, no schema says; nested in others they may have no example.
UNSAID: list[Any] = [FutureDate, Annotated[int, AfterValidator(even)]]


@st.composite
def models(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    kinds = draw(st.lists(inner, min_size=1, max_size=3))
    fields: dict[str, Any] = {f"field{index}": (kind, ...) for index, kind in enumerate(kinds)}
    return create_model("Made", **fields)


def types() -> st.SearchStrategy[Any]:
    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            models(inner),
            inner.map(lambda kind: list[kind]),
            inner.map(lambda kind: dict[str, kind]),
            inner.map(lambda kind: tuple[kind, kind]),
            inner.map(lambda kind: Annotated[list[kind], Field(min_length=1)]),
        )

    return st.recursive(st.sampled_from(KINDS), wider, max_leaves=3)


def taking(annotation: object) -> ToolInput:
    parameter = Parameter("value", Parameter.KEYWORD_ONLY, annotation=annotation)
    return tool_input("s.tool", print, Signature([parameter]), {})


def shown(tool: ToolInput) -> Any:
    with pytest.raises(ToolError) as caught:
        tool.read({}, LIMIT)
    assert caught.value.text == "value: is required"
    hint = caught.value.hint or ""
    before, found, text = hint.partition("value, for example ")
    assert (before, bool(found), text[-1:]) == ("", True, "."), hint
    return json.loads(text[:-1])


@pytest.mark.parametrize("kind", KINDS + UNSAID, ids=lambda kind: str(kind).partition(" at 0x")[0])
def test_every_kind_of_argument_has_an_example_that_the_tool_takes(kind: Any) -> None:
    tool = taking(kind)
    value = shown(tool)
    jsonschema.validate({"value": value}, tool.schema)
    assert set(tool.read({"value": value}, LIMIT)) == {"value"}


@settings(max_examples=60, deadline=None)
@given(kind=types())
def test_what_is_made_of_them_has_one_too(kind: Any) -> None:
    tool = taking(kind)
    value = shown(tool)
    jsonschema.validate({"value": value}, tool.schema)
    assert set(tool.read({"value": value}, LIMIT)) == {"value"}


def test_the_authors_own_example_comes_first_unless_it_is_wrong() -> None:
    assert shown(taking(Annotated[int, Field(examples=[41])])) == 41
    assert shown(taking(Annotated[int, Field(examples=["no number", 42])])) == 42


def test_where_nothing_that_fits_is_known_no_example_misleads() -> None:
    described = Annotated[str, Field(pattern=r"^ZZ-\d{9}!$", description="Number of the sample")]
    with pytest.raises(ToolError) as caught:
        taking(described).read({}, LIMIT)
    assert caught.value.hint == "value (Number of the sample)."
    with pytest.raises(ToolError) as caught:
        taking(Annotated[str, Field(pattern=r"^ZZ-\d{9}!$")]).read({}, LIMIT)
    assert caught.value.hint is None


def test_a_strict_type_takes_what_its_schema_says() -> None:
    sent = {"day": "2026-01-31", "ids": [], "colour": "red", "pair": [1, "x"]}
    (exact,) = taking(Exact).read({"value": sent}, LIMIT).values()
    assert exact == Exact(day=date(2026, 1, 31), ids=set(), colour=Colour.RED, pair=(1, "x"))
    with pytest.raises(ToolError, match=r"value\.pair\.0"):
        taking(Exact).read({"value": sent | {"pair": ["1", "x"]}}, LIMIT)


def test_the_schema_of_a_union_asks_for_the_tag_that_tells_its_members_apart() -> None:
    tool = taking(Pet)
    for untagged in ({}, {"lives": 3}):
        assert not jsonschema.Draft202012Validator(tool.schema).is_valid({"value": untagged})  # pyright: ignore[reportUnknownMemberType]
        with pytest.raises(ToolError):
            tool.read({"value": untagged}, LIMIT)
    assert properties(tool.schema)["value"]["discriminator"]


def test_no_character_of_a_wrong_value_is_repeated() -> None:
    for kind in (UUID, AnyUrl):
        with pytest.raises(ToolError) as caught:
            taking(kind).read({"value": "q!"}, LIMIT)
        assert "q" not in caught.value.text
        assert "found" not in caught.value.text


def test_of_many_wrong_values_the_first_are_named() -> None:
    with pytest.raises(ToolError, match=r"value\.9: [^;]+; and 990 more$"):
        taking(list[int]).read({"value": ["x"] * 1000}, LIMIT)
