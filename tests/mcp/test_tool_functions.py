"""Which functions become tools, how their parameters are described, and what they return (MCP-SRV-01, MCP-SRV-02)."""

from __future__ import annotations

import functools
import json
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, cast

import jsonschema
import pytest
import typing_extensions
from mcp import Client
from mcp.server.mcpserver import Context, Image, Resolve
from mcp_types import CallToolResult, ImageContent, TextContent, Tool
from pydantic import BaseModel, Field, RootModel, WithJsonSchema, computed_field

from agentkit.errors import SpecError
from agentkit.mcp import ToolServer

if typing.TYPE_CHECKING:
    from collections import OrderedDict

pytestmark = pytest.mark.anyio


class LabPage(BaseModel):
    """Laboratory results."""

    lines: list[str]
    next_page: str | None = None


@dataclass
class Ward:
    """A ward."""

    name: str
    free: int = 0

    def to_text(self) -> str:
        return f"{self.name}: {self.free}"


class Row(typing.TypedDict):
    name: str
    due: NotRequired[date]


class Table(typing_extensions.TypedDict):
    rows: list[Row]


class Node(BaseModel):
    """A tree."""

    name: str
    children: list[Node] = []


class Totals(BaseModel, extra="forbid"):
    """Numbers."""

    values: list[int]

    @computed_field
    def total(self) -> int:
        return sum(self.values)


class Names(RootModel[list[str]]):
    """Only names."""


THREE: Any = Field(default_factory=lambda: [3])


async def listed(server: ToolServer) -> Tool:
    async with Client(server.mcp) as client:
        (tool,) = (await client.list_tools()).tools
    return tool


async def answer(function: Callable[..., Awaitable[object]], **arguments: object) -> tuple[Tool, CallToolResult]:
    """The tool as listed, and one answer as the SDK's client has checked it."""
    server = ToolServer("s")
    server.tool(function)
    async with Client(server.mcp) as client:
        (tool,) = (await client.list_tools()).tools
        return tool, await client.call_tool(tool.name, dict(arguments))


def text_of(result: CallToolResult) -> str:
    assert not result.is_error, result
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


async def test_a_plain_function_is_a_tool_with_and_without_parentheses() -> None:
    server = ToolServer("lab-lookup")

    @server.tool
    async def latest_results(patient: str, codes: list[str] | None = None) -> LabPage:
        "Newest laboratory results of a patient."
        return LabPage(lines=[patient, *(codes or [])])

    @server.tool()
    async def oldest_results(patient: str, codes: list[str] | None = None) -> LabPage:
        "Oldest laboratory results of a patient."
        return await latest_results(patient, codes)

    @server.tool(title="Some results")
    async def some_results(patient: str) -> LabPage:
        "Some laboratory results of a patient."
        return await latest_results(patient)

    assert server.tool_names == ("latest_results", "oldest_results", "some_results")
    async with Client(server.mcp) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool("latest_results", {"patient": "p-1", "codes": ["718-7"]})
    assert [tool.title for tool in tools] == [None, None, "Some results"]
    assert tools[0].description == "Newest laboratory results of a patient."
    assert tools[0].input_schema["required"] == ["patient"]
    assert tools[0].input_schema["properties"]["patient"] == {"title": "Patient", "type": "string"}
    assert result.structured_content == {"lines": ["p-1", "718-7"], "next_page": None}


async def test_the_docstring_describes_parameters_and_the_model_does_not_see_those_sections() -> None:
    server = ToolServer("s")

    @server.tool
    async def results(
        patient: str, codes: list[str], table: Table, count: Annotated[int, Field(description="How many")] = 3
    ) -> LabPage:
        """Newest laboratory results.

        Use it for trends.

        Args:
            patient: The patient's id,
                for example p-1.
            codes (list[str]): LOINC codes.
            table: A table.
            count: Is described in its annotation.

        Example:
            p-1, 718-7

        Returns:
            A page.

        Raises:
            ToolError: There is no such patient.
        """
        return LabPage(lines=[patient, *codes, str(table), str(count)])

    tool = await listed(server)
    assert tool.description == "Newest laboratory results.\n\nUse it for trends.\n\nExample:\n    p-1, 718-7"
    described = {name: schema.get("description") for name, schema in tool.input_schema["properties"].items()}
    assert described == {
        "patient": "The patient's id, for example p-1.",
        "codes": "LOINC codes.",
        "table": "A table.",
        "count": "How many",
    }


class Greeter:
    """Greets; not for the model."""

    def __init__(self, word: str) -> None:
        self._word = word

    async def __call__(self, who: str, times: int = 1) -> str:
        """Greet somebody."""
        return f"{self._word} {who}" * times


async def test_methods_objects_and_functions_with_arguments_filled_in_are_tools_too() -> None:
    server, greeter = ToolServer("s"), Greeter("Hello")
    server.tool(greeter)
    server.tool(name="greet")(greeter.__call__)
    server.tool(name="greet_twice")(functools.partial(greeter.__call__, times=2))
    server.tool(name="greet_anna")(functools.partial(greeter, "Anna"))
    async with Client(server.mcp) as client:
        tools = (await client.list_tools()).tools
        answers = [text_of(await client.call_tool(name, {"who": "Bo"})) for name in server.tool_names[:3]]
        assert text_of(await client.call_tool("greet_anna", {})) == "Hello Anna"
    assert server.tool_names == ("Greeter", "greet", "greet_twice", "greet_anna")
    assert {tool.description for tool in tools} == {"Greet somebody."}
    assert answers == ["Hello Bo", "Hello Bo", "Hello BoHello Bo"]


NUMPY = """Newest laboratory results.

Use it for trends.

Parameters
----------
patient : str
    The patient's id,
    for example p-1.
codes : list of str, optional
    LOINC codes.

Returns
-------
LabPage
    A page.

Notes
-----
Newest first.
"""
SPHINX = """Newest laboratory results.

Use it for trends.

:param patient: The patient's id,
    for example p-1.
:param list[str] codes: LOINC codes.
:type patient: str
:returns: A page.
:raises ToolError: There is no such patient.

Newest first.
"""


@pytest.mark.parametrize(("text", "end"), [(NUMPY, "Notes\n-----\nNewest first."), (SPHINX, "Newest first.")])
async def test_other_styles_of_docstrings_are_read_too(text: str, end: str) -> None:
    server = ToolServer("s")

    async def results(patient: str, codes: list[str]) -> LabPage:
        return LabPage(lines=[patient, *codes])

    results.__doc__ = text
    server.tool(results)
    tool = await listed(server)
    assert tool.description == f"Newest laboratory results.\n\nUse it for trends.\n\n{end}"
    described = [schema.get("description") for schema in tool.input_schema["properties"].values()]
    assert described == ["The patient's id, for example p-1.", "LOINC codes."]


@pytest.mark.parametrize(
    "text",
    [
        "Answer: 3 --- 4.",
        "Times are given as :00 or :30.",
        "A table:\n\na | b\n--- | ---\n1 | 2",
        "Params\n\nmatter.",
        "Title\n-----\nText.",
    ],
)
async def test_what_only_looks_like_a_section_stays(text: str) -> None:
    server = ToolServer("s")

    async def results(patient: str) -> LabPage:
        return LabPage(lines=[patient])

    results.__doc__ = text
    server.tool(results)
    assert (await listed(server)).description == text


async def test_names_that_a_model_class_has_itself_are_good_names_for_parameters() -> None:
    async def find(schema: str, copy: int, model_config: str, json: bool, *, validate: str = "no") -> dict[str, object]:
        """Find."""
        return {"schema": schema, "copy": copy, "model_config": model_config, "json": json, "validate": validate}

    given: dict[str, object] = {"schema": "a", "copy": 1, "model_config": "b", "json": True}
    tool, result = await answer(find, **given)
    assert list(tool.input_schema["properties"]) == [*given, "validate"]
    assert tool.input_schema["properties"]["model_config"]["title"] == "Model Config"
    assert result.structured_content == given | {"validate": "no"}


async def test_defaults_in_every_spelling_reach_the_function() -> None:
    async def find(
        a: int = 1,
        b: int = Field(default=2, description="Two"),
        c: list[int] = THREE,
        d: date | None = None,
        e: Decimal = Decimal("1.5"),
    ) -> list[object]:
        """Find."""
        return [a, b, c, d, e]

    tool, result = await answer(find)
    assert "required" not in tool.input_schema
    assert result.structured_content == {"result": [1, 2, [3], None, "1.5"]}


RETURNS: list[tuple[object, object, str, object]] = [
    (LabPage, LabPage(lines=["a"]), '{"lines":["a"],"next_page":null}', {"lines": ["a"], "next_page": None}),
    (LabPage, {"lines": ["a"]}, '{"lines":["a"],"next_page":null}', {"lines": ["a"], "next_page": None}),
    (Ward, Ward("A", 3), "A: 3", {"name": "A", "free": 3}),
    (Ward | None, Ward("A", 3), "A: 3", {"result": {"name": "A", "free": 3}}),
    (Ward | None, None, "null", {"result": None}),
    (
        Row,
        {"name": "A", "due": date(2026, 1, 2)},
        '{"name":"A","due":"2026-01-02"}',
        {"name": "A", "due": "2026-01-02"},
    ),
    (Table, {"rows": [{"name": "A"}]}, '{"rows":[{"name":"A"}]}', {"rows": [{"name": "A"}]}),
    (list[Row], [{"name": "A"}], '[{"name":"A"}]', {"result": [{"name": "A"}]}),
    (list[str], ["a", "b"], '["a","b"]', {"result": ["a", "b"]}),
    (list[Ward], [Ward("A")], '[{"name":"A","free":0}]', {"result": [{"name": "A", "free": 0}]}),
    (tuple[int, str], (1, "a"), '[1,"a"]', {"result": [1, "a"]}),
    (dict[str, int], {"a": 1}, '{"a":1}', {"a": 1}),
    (dict, {"a": 1}, '{"a":1}', {"a": 1}),
    (Mapping[str, date], {"a": date(2026, 1, 2)}, '{"a":"2026-01-02"}', {"a": "2026-01-02"}),
    (dict[int, int], {1: 1}, '{"1":1}', {"result": {"1": 1}}),
    (str, "Grüße", "Grüße", {"result": "Grüße"}),
    (Literal["a", "b"], "a", "a", {"result": "a"}),
    (int, 7, "7", {"result": 7}),
    (bool, True, "true", {"result": True}),
    (LabPage | Ward, Ward("A", 3), "A: 3", {"result": {"name": "A", "free": 3}}),
    (Annotated[LabPage, "note"], LabPage(lines=[]), '{"lines":[],"next_page":null}', {"lines": [], "next_page": None}),
    (Node, Node(name="a"), '{"name":"a","children":[]}', {"name": "a", "children": []}),
    (Totals, Totals(values=[1, 2]), '{"values":[1,2],"total":3}', {"values": [1, 2], "total": 3}),
    (Names, Names(["a"]), '["a"]', {"result": ["a"]}),
]


@pytest.mark.parametrize(("kind", "value", "text", "structured"), RETURNS)
async def test_what_a_function_returns_is_text_and_structured_content_that_fits_its_schema(
    kind: object, value: object, text: str, structured: object
) -> None:
    async def give() -> object:
        """Give."""
        return value

    give.__annotations__["return"] = kind
    tool, result = await answer(give)
    assert text_of(result) == text
    assert result.structured_content == structured
    assert tool.output_schema is not None
    assert tool.output_schema["type"] == "object"
    jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    jsonschema.validate(structured, tool.output_schema)


@pytest.mark.parametrize(
    ("kind", "value", "text", "structured"),
    [
        (None, None, "Done.", None),
        (Any, {"a": date(2026, 1, 2)}, '{"a":"2026-01-02"}', {"a": "2026-01-02"}),
        (object, "words", "words", None),
        (object, Ward("A", 3), "A: 3", {"name": "A", "free": 3}),
        (object, ["a", 1], '["a",1]', None),
    ],
)
async def test_without_a_schema_there_is_still_a_sensible_text(
    kind: object, value: object, text: str, structured: object
) -> None:
    async def give() -> object:
        """Give."""
        return value

    give.__annotations__["return"] = kind
    tool, result = await answer(give)
    assert tool.output_schema is None
    assert (text_of(result), result.structured_content) == (text, structured)


async def test_content_blocks_and_results_of_the_sdk_pass_as_they_are() -> None:
    async def picture() -> list[Image | str]:
        """Show."""
        return [Image(data=b"x", format="png"), "a dot"]

    async def raw() -> CallToolResult:
        """Show."""
        return CallToolResult(content=[TextContent(type="text", text="raw")])

    tool, result = await answer(picture)
    assert tool.output_schema is None
    assert [type(block) for block in result.content] == [ImageContent, TextContent]
    assert text_of((await answer(raw))[1]) == "raw"


async def test_a_result_that_is_not_what_was_promised_is_a_crash_without_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def wrong() -> list[int]:
        """Give."""
        return cast("list[int]", ["CANARY-81"])

    _, result = await answer(wrong)
    assert result.is_error
    assert isinstance(block := result.content[0], TextContent)
    assert json.loads(block.text)["error"]["code"] == "internal-error"
    assert "CANARY-81" not in block.text + caplog.text


async def test_the_sdks_context_is_no_argument_of_the_model() -> None:
    async def show(ctx: Context[Any, Any], n: int = 1) -> str:
        """Show."""
        return f"{type(ctx).__name__} {n}"

    tool, result = await answer(show)
    assert list(tool.input_schema["properties"]) == ["n"]
    assert text_of(result) == "Context 1"


async def _positional(a: int, /) -> str:
    """Do."""
    return str(a)


async def _stars(*values: int) -> str:
    """Do."""
    return str(values)


async def _double_stars(**values: int) -> str:
    """Do."""
    return str(values)


async def _underscore(_a: int) -> str:
    """Do."""
    return str(_a)


async def _untyped(a) -> str:  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
    """Do."""
    return str(a)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


async def _unresolved(a: int, b: OrderedDict[str, int]) -> str:
    """Do."""
    return str((a, b))


async def _unresolved_result() -> OrderedDict[str, int]:
    """Do."""
    raise AssertionError


async def _function(a: int, b: Callable[[], int]) -> str:
    """Do."""
    return str((a, b))


async def _class(a: ToolServer) -> str:
    """Do."""
    return str(a)


async def _asks_back(a: Annotated[str, Resolve(_positional)]) -> str:
    """Do."""
    return a


async def _result() -> ToolServer:
    """Do."""
    raise AssertionError


async def _generator() -> AsyncIterator[str]:
    """Do."""
    yield "a"


async def _only_sections(a: int) -> str:
    """
    Args:
        a: A number.
    """
    return str(a)


def _sync() -> str:
    """Do."""
    return ""


BAD: list[tuple[Any, str, str, str]] = [
    (_positional, "s._positional.a", "positional-only", "slash"),
    (_stars, "s._stars.values", r"with \*", "Name each"),
    (_double_stars, "s._double_stars.values", r"with \*\*", "Name each"),
    (_underscore, "s._underscore._a", "underscore", "name"),
    (_untyped, "s._untyped.a", "no type", "a: str"),
    (_unresolved, "s._unresolved.b", "OrderedDict", "module level"),
    (_unresolved_result, "s._unresolved_result.return", "OrderedDict", "module level"),
    (_function, "s._function.b", "no JSON schema describes", "Literal"),
    (_class, "s._class.a", "ToolServer", "model"),
    (_asks_back, "s._asks_back.a", "asking the client back", "argument"),
    (_result, "s._result.return", "ToolServer", "Return a model"),
    (_generator, "s._generator", "generator", "list"),
    (_only_sections, "s._only_sections", "no docstring", "description"),
    (_sync, "s._sync", "not an async function", "async def"),
]


@pytest.mark.parametrize(("function", "field", "why", "remedy"), BAD)
def test_a_function_that_cannot_be_a_tool_is_refused_with_name_parameter_and_remedy(
    function: Callable[..., Awaitable[object]], field: str, why: str, remedy: str
) -> None:
    server = ToolServer("s")
    with pytest.raises(SpecError, match=why) as caught:
        server.tool(function)
    assert caught.value.field == field
    assert remedy in str(caught.value.remedy)
    assert server.tool_names == ()


@pytest.mark.parametrize(
    ("bent", "where"),
    [
        ({"type": "strnig"}, "properties/a/type"),
        ({"type": 7}, "properties/a/type"),
        ({"properties": ["a"]}, "properties/a/properties"),
        ({"required": "a"}, "properties/a/required"),
        ({"properties": {}, "required": ["b"]}, "properties/a/required"),
        ({"enum": []}, "properties/a/enum"),
        ({"examples": "x"}, "properties/a/examples"),
        ({"$ref": "#/$defs/Nothing"}, "no JSON schema describes"),
        ({"anyOf": {}}, "properties/a/anyOf"),
        ({"items": [7]}, "properties/a/items"),
        ({"anyOf": [{"items": {"type": "x"}}]}, "properties/a/anyOf/0/items/type"),
        ({"examples": [float("nan")]}, "JSON cannot say"),
        ({"examples": [object()]}, "JSON cannot say"),
        ({"x-mcp-header": "not a header"}, "x-mcp-header"),
    ],
)
def test_a_schema_that_is_nonsense_is_refused_when_the_tool_is_registered(bent: dict[str, Any], where: str) -> None:
    async def find(a: str) -> str:
        """Find."""
        return a

    find.__annotations__["a"] = Annotated[str, WithJsonSchema(bent)]
    with pytest.raises(SpecError, match=where) as caught:
        ToolServer("s").tool(find)
    assert caught.value.field.startswith("s.find")


@pytest.mark.parametrize("name", ["", "find books", "ä", "x" * 129, "a/b"])
def test_a_name_that_clients_do_not_take_is_refused(name: str) -> None:
    async def find() -> str:
        """Find."""
        return ""

    with pytest.raises(SpecError, match="no name for a tool"):
        ToolServer("s").tool(name=name)(find)


@pytest.mark.parametrize("limit", ["timeout", "input_limit", "output_limit"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_that_no_call_keeps_is_refused(limit: str, value: int) -> None:
    async def find() -> str:
        """Find."""
        return ""

    options: dict[str, Any] = {limit: value}
    with pytest.raises(SpecError, match=limit):
        ToolServer("s").tool(**options)(find)


async def test_a_thousand_tools_are_listed_in_order_and_each_can_be_called() -> None:
    server = ToolServer("s")

    async def number(n: int) -> int:
        """Say a number."""
        return n

    names = [f"tool_{index:04}" for index in range(1000)]
    for name in names:
        server.tool(name=name)(number)
    async with Client(server.mcp) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == names
        assert (await client.call_tool(names[-1], {"n": 7})).structured_content == {"result": 7}
