"""Tools and schemas that are nonsense: only their own tool fails, in bounded time, and the client goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import Receive, Send

from agentkit.errors import McpProtocolError
from agentkit.mcp import McpClient
from agentkit.mcp.client.output_check import MOST_STEPS, OutputCheck, TooMuch, UnfitAnswer, UnusableSchema
from agentkit.testing.asgi import RoutedTransport
from tests.deadline import HANG
from tests.mcp.doubles import BAD_TOOL, GOOD_TOOL, Asked, Double, Modern, reply, result_of, text_of
from tests.mcp.library import ORIGIN, URL

pytestmark = pytest.mark.anyio

CANARY = "CANARY-Zx81-patient-text"
Schema = dict[str, Any]


@asynccontextmanager
async def listing(tools: list[Any], structured: object = None) -> AsyncGenerator[tuple[McpClient, Modern, Double]]:
    """A client of a server with these tools, each of which gives this structured answer."""

    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, text_of(asked, structuredContent=structured))

    server = Modern(answer, tools)
    double = Double(server)
    async with (
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: double}), timeout=HANG) as http,
        McpClient(URL, name="loans", http=http) as client,
    ):
        with anyio.fail_after(HANG):
            yield client, server, double


def tool(**fields: Any) -> Schema:
    return {**BAD_TOOL, **fields}


NONSENSE = [
    tool(inputSchema=5),
    tool(inputSchema=None),
    tool(inputSchema=[]),
    tool(name=None),
    tool(name=7),
    tool(description=["x"]),
    tool(outputSchema="x"),
    tool(annotations="x"),
    tool(annotations={"readOnlyHint": "perhaps"}),
    {"inputSchema": {"type": "object"}},
    {},
    None,
    "x",
    [1],
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda each: str(each)[:40])
async def test_a_tool_that_is_none_is_left_out_of_the_listing_and_the_others_work(nonsense: Any) -> None:
    async with listing([nonsense, GOOD_TOOL, nonsense]) as (client, _, _):
        assert [each.name for each in await client.list_tools()] == ["good"]
        assert (await client.call_tool("good")).text == "fine"


@pytest.mark.parametrize("tools", [{}, "x", 5, None])
async def test_a_listing_that_is_no_list_is_refused(tools: Any) -> None:
    async with listing(tools) as (client, server, _):
        with pytest.raises(McpProtocolError, match="does not fit"):
            await client.list_tools()
        server.tools = [GOOD_TOOL]
        assert (await client.call_tool("good")).text == "fine"


async def test_a_page_that_leads_to_itself_is_read_once() -> None:
    async with listing([GOOD_TOOL]) as (client, _, double):
        inner = double.answer

        async def endless(asked: Asked, receive: Receive, send: Send) -> None:
            if asked.wants == "tools/list":
                await reply(send, result_of(asked, {"tools": [GOOD_TOOL], "nextCursor": "again"}))
            else:
                await inner(asked, receive, send)

        double.answer = endless
        with pytest.raises(McpProtocolError, match="leads to itself"):
            await client.list_tools()
    assert sum(asked.wants == "tools/list" for asked in double.asked) == 2


def doubling(levels: int) -> Schema:
    """References that double at every step."""
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**steps, f"d{levels}": {"type": "object"}}}


UNUSABLE: list[tuple[str, Schema, str]] = [
    ("no type", {"type": 5}, "no JSON schema"),
    ("unknown type", {"type": "thing"}, "no JSON schema"),
    ("required is no list", {"required": CANARY}, "no JSON schema"),
    ("a loop", {"$ref": "#"}, "leads nowhere"),
    ("two loops", {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "nowhere"),
    ("a missing definition", {"$ref": f"#/$defs/{CANARY}"}, "leads nowhere"),
    ("a foreign address", {"$ref": "https://evil.example/schema"}, "leads nowhere"),
    ("much of it", {"properties": {f"p{n}": {"description": "x" * 100} for n in range(1000)}}, "longer than"),
    ("much work", doubling(40), "takes too long"),
]


@pytest.mark.parametrize(("schema", "why"), [case[1:] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE])
async def test_an_output_schema_that_cannot_be_used_costs_its_own_tool_only(schema: Schema, why: str) -> None:
    async with listing([GOOD_TOOL, tool(outputSchema=schema)], {"a": 1}) as (client, _, double):
        with pytest.raises(McpProtocolError, match=f"output schema of tool bad is not usable.*{why}") as caught:
            await client.call_tool("bad")
        assert CANARY not in str(caught.value)
        assert (await client.call_tool("good")).text == "fine"
    assert not any(asked.url.startswith("https://evil") for asked in double.asked)


async def test_an_answer_without_what_its_schema_promises_is_refused() -> None:
    async with listing([GOOD_TOOL, tool(outputSchema={"type": "object"})]) as (client, server, _):
        server.bad = Modern(server.bad).bad

        async def silent(asked: Asked, receive: Receive, send: Send) -> None:
            await reply(send, text_of(asked))

        server.bad = silent
        with pytest.raises(McpProtocolError, match="no structured answer"):
            await client.call_tool("bad")


async def test_a_schema_that_changed_since_the_listing_is_read_again_before_an_answer_is_refused() -> None:
    async with listing([tool(outputSchema={"type": "object", "required": ["old"]})], {"new": 1}) as (client, server, _):
        await client.list_tools()
        server.tools = [tool(outputSchema={"type": "object", "required": ["new"]})]
        assert (await client.call_tool("bad")).data == {"new": 1}


async def test_tools_are_listed_once_for_many_first_calls_and_for_a_missing_one_once_a_minute() -> None:
    async with listing([GOOD_TOOL, BAD_TOOL]) as (client, _, double):
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(client.call_tool, "good")
        assert sum(asked.wants == "tools/list" for asked in double.asked) == 1
        for _ in range(3):
            await client.call_tool("hidden")
    assert sum(asked.wants == "tools/list" for asked in double.asked) == 2


FITS: list[tuple[Schema, Any, bool]] = [
    ({"type": "string", "pattern": "^a+$"}, "aaa", True),
    ({"type": "string", "pattern": "^a+$"}, "aab", False),
    ({"type": "string", "pattern": "(a+)+$"}, "a" * 5000 + "b", False),
    ({"type": "string", "pattern": "(?=never)x"}, "y", True),  # look-around: another dialect, not checked
    ({"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}, {"n_a": 1}, True),
    ({"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}, {"n_a": "1"}, False),
    ({"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}, {"m_a": 1}, False),
    ({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, {"a": "x", "b": 1}, True),
    ({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, {"b": "x"}, False),
    ({"uniqueItems": True}, [1, 2, {"a": 1}], True),
    ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
    ({"properties": {"pattern": {"type": "integer"}}}, {"pattern": 1}, True),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"}, "1", False),
    ({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "integer"}}}, None, True),
    ({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "integer"}}}, "x", False),
]


@pytest.mark.parametrize(("schema", "answer", "fits"), FITS)
async def test_what_fits_a_schema_is_decided_as_json_schema_has_it(schema: Schema, answer: Any, fits: bool) -> None:
    check = OutputCheck(schema)
    for _ in range(2):
        if fits:
            await check.check(answer)
        else:
            with pytest.raises(UnfitAnswer):
                await check.check(answer)


async def test_a_large_answer_is_checked_to_its_end_beside_the_event_loop() -> None:
    rows = [{"n": number} for number in range(20_000)]
    schema = {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    await OutputCheck(schema).check(rows)
    with pytest.raises(UnfitAnswer):
        await OutputCheck(schema).check([*rows, {"n": "x"}])


def test_the_work_of_a_check_is_counted() -> None:
    with pytest.raises(TooMuch):
        OutputCheck(doubling(12)).check_within({}, 1_000)
    OutputCheck(doubling(12)).check_within({}, MOST_STEPS)
    with pytest.raises(UnusableSchema):
        OutputCheck({"type": "thing"}).check_within({}, 10)
