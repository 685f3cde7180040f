"""Properties of the way from a schema to a function's arguments (MCP-SRV-06, MCP-LOG-04)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypedDict

from agentkit.mcp.tools.errors import ToolError, properties
from agentkit.mcp.tools.input import ToolInput, tool_input

SECRET = "CANARYqz"
LIMIT = 1_000_000


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Dose(BaseModel):
    amount: float
    unit: Literal["mg", "g"] = "mg"


class Span(TypedDict):
    first: date
    last: date


SCALARS: list[Any] = [
    str,
    int,
    float,
    bool,
    date,
    Colour,
    Literal["a", "b"],
    Annotated[int, Field(ge=0, le=9)],
    Annotated[str, Field(min_length=1, max_length=20)],
]
COMPOUND: list[Any] = [Dose, Span, dict[str, int], dict[str, Dose]]


def types() -> st.SearchStrategy[Any]:
    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            inner.map(lambda kind: list[kind]),
            inner.map(lambda kind: dict[str, kind]),
            inner.map(lambda kind: kind | None if not isinstance(kind, str) else kind),
        )

    return st.recursive(st.sampled_from(SCALARS + COMPOUND), wider, max_leaves=4)


NAMES = st.one_of(
    st.sampled_from(["schema", "json", "copy", "model_config", "field_copy", "self", "cls", "value", "dict", "name"]),
    st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True),
).filter(lambda name: name not in {"if", "is", "in", "as", "or", "and", "not", "for", "def", "del", "try", "pass"})


@st.composite
def tools(draw: st.DrawFn) -> ToolInput:
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            annotation=draw(types()),
            default=draw(st.sampled_from([Parameter.empty, None])),
        )
        for name in names
    ]
    return tool_input("s.tool", print, Signature(parameters), {})


def values(schema: Mapping[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a model that reads the schema may send."""
    if "$ref" in schema:
        return values(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if "anyOf" in schema:
        return st.one_of([values(one, root) for one in schema["anyOf"]])
    return texts(schema) if schema.get("type") == "string" else typed(schema, root)


def texts(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates().map(date.isoformat)
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=schema.get("maxLength", 20))
    json_like = st.sampled_from(["null", "[1]", "{}", "7", "true", '"x"', "NaN"])
    return st.one_of(text, json_like).filter(lambda one: len(one) >= schema.get("minLength", 0))


def typed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(values(schema["items"], root), max_size=3)
        case "object" if "properties" in schema:
            wanted = {name: values(one, root) for name, one in schema["properties"].items()}
            required = set(schema.get("required", []))
            return st.fixed_dictionaries(
                {name: one for name, one in wanted.items() if name in required},
                optional={name: one for name, one in wanted.items() if name not in required},
            )
        case "object":
            return st.dictionaries(st.text("abc", max_size=3), values(schema["additionalProperties"], root), max_size=3)
        case _:
            return st.none()


def plain(value: Any) -> Any:
    """An argument as it was sent."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in value.model_fields_set}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [plain(one) for one in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


@settings(max_examples=50, deadline=None)
@given(tool=tools(), data=st.data())
def test_what_fits_the_schema_arrives_as_it_was_sent(tool: ToolInput, data: st.DataObject) -> None:
    jsonschema.Draft202012Validator.check_schema(tool.schema)
    sent = data.draw(values(tool.schema, tool.schema))
    jsonschema.validate(sent, tool.schema)
    arrived = tool.read(json.loads(json.dumps(sent)), LIMIT)
    assert set(sent) <= set(arrived) == set(properties(tool.schema))
    assert plain({name: arrived[name] for name in sent}) == sent


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.just(10**400),
        st.text(max_size=5).map(lambda text: SECRET + text),
        st.just("\ud800" + SECRET),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3).map(lambda text: SECRET + text), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(tool=tools(), data=st.data())
def test_whatever_else_is_sent_is_accepted_or_refused_by_name_without_its_value(
    tool: ToolInput, data: st.DataObject
) -> None:
    known = list(properties(tool.schema))
    names = st.one_of(st.sampled_from([*known, "unknown"]), st.text(max_size=4).map(lambda text: f"{SECRET} {text}"))
    sent = data.draw(st.dictionaries(names, JUNK, max_size=4))
    arrived, error = attempted(tool, sent)
    if error is None:
        assert set(arrived) == set(known)
        assert set(sent) <= set(known)
        return
    assert error.code == "invalid-input"
    assert SECRET not in f"{error.text}{error.hint}"
    assert error.text.encode()
    fields = [text.partition(":")[0].partition(".")[0] for text in error.text.split("; ")]
    assert set(fields) & {*known, "unknown", "*", "arguments"}


def attempted(tool: ToolInput, sent: Mapping[str, object]) -> tuple[dict[str, Any], ToolError | None]:
    try:
        return tool.read(sent, LIMIT), None
    except ToolError as error:
        return {}, error


def read(annotation: object, value: object) -> Any:
    parameter = Parameter("value", Parameter.KEYWORD_ONLY, annotation=annotation)
    return tool_input("s.tool", print, Signature([parameter]), {}).read({"value": value}, LIMIT)["value"]


@pytest.mark.parametrize(
    ("annotation", "sent", "arrived"),
    [
        (list[int], "[1, 2]", [1, 2]),
        (list[int] | None, "[1]", [1]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Dose, '{"amount": 1}', Dose(amount=1)),
        (list[str], '["[1]"]', ["[1]"]),
        (str, "[1]", "[1]"),
        (str | None, "null", "null"),
        (str | None, "{}", "{}"),
        (str | list[int], "[1]", "[1]"),
        (Any, "[1]", "[1]"),
        (Literal["[1]"], "[1]", "[1]"),
    ],
)
def test_only_where_no_text_is_wanted_is_a_text_taken_for_its_json(
    annotation: object, sent: object, arrived: object
) -> None:
    assert read(annotation, sent) == arrived


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: read(float, math.nan), "value: is not a finite number"),
    (lambda: read(Any, {"a": [math.inf]}), "value: is not a finite number"),
    (lambda: read(list[float], "[NaN]"), "value: is not a finite number"),
    (lambda: read(dict[str, Any], '{"a": -Infinity}'), "value: is not a finite number"),
    (lambda: read(Any, nested(65)), "value: is nested more than 64 levels deep"),
    (lambda: read(list[Any], "[" * 70 + "]" * 70), "value: is nested more than 64 levels deep"),
    (lambda: read(list[Any], "[" * 100_000), "value: input should be a valid list"),
    (lambda: read(list[int], '"[1]"'), "value: input should be a valid list"),
    (lambda: read(int, "9" * 5000), "value: "),
    (lambda: read(float, 10**400), "value"),
    (lambda: read(int, 1.5), "value: input should be a valid integer"),
    (lambda: read(str, "a\ud800"), "value: is not valid Unicode"),
    (lambda: read(Any, [{"\ud800": 1}]), "value: is not valid Unicode"),
    (lambda: read(int, None), "value: input should be a valid integer"),
    (lambda: read(list[Dose], [{"amount": "x"}]), "value.0.amount: input should be a valid number"),
    (lambda: read(Dose, {}), "value.amount: is required"),
]


@pytest.mark.parametrize(("attempt", "says"), BAD)
def test_what_no_function_could_use_is_refused_with_the_name_of_the_field(
    attempt: Callable[[], Any], says: str
) -> None:
    with pytest.raises(ToolError) as caught:
        attempt()
    assert caught.value.code == "invalid-input"
    assert says in caught.value.text
    assert read(Any, nested(64)) == nested(64)


def test_a_validator_of_the_author_may_say_what_is_wrong() -> None:
    def even(value: int) -> int:
        if value % 2:
            raise ToolError("value: must be even", code="odd")
        return value

    assert read(Annotated[int, AfterValidator(even)], 2) == 2
    with pytest.raises(ToolError, match="must be even"):
        read(Annotated[int, AfterValidator(even)], 3)


def test_names_that_hide_one_another_stay_apart() -> None:
    sent = {"copy": 1, "field_copy": 2, "field_copy_": 3}
    parameters = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=int) for name in sent]
    assert tool_input("s.tool", print, Signature(parameters), {}).read(sent, LIMIT) == sent
