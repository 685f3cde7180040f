"""Tools from functions: schemas, readable text, limits, neutral errors, quiet logs (MCP-SRV, MCP-LOG, clinical 1.4)."""

from __future__ import annotations

import json
import logging
from typing import Annotated

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from agentkit.errors import SpecError
from agentkit.mcp import ToolError, ToolServer
from tests.deadline import HANG
from tests.mcp.library import CANARY, Waiting, library

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


async def call(server: ToolServer, name: str, arguments: dict[str, object], era: str = "auto") -> CallToolResult:
    with anyio.fail_after(HANG):
        async with Client(server.mcp, mode=era) as client:
            return await client.call_tool(name, arguments)


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def error_of(result: CallToolResult) -> dict[str, object]:
    assert result.is_error
    # Official clients check structured content against the output schema, also that of an error.
    assert result.structured_content is None
    body = json.loads(text_of(result))
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "retryable", "retry_after", "hint"}
    return body["error"]


@ERAS
async def test_tools_are_listed_in_the_order_of_their_registration_with_what_a_model_needs(era: str) -> None:
    server = library()
    async with Client(server.mcp, mode=era) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == list(server.tool_names) == ["find_books", "wait", "whoami"]
    found = tools[0]
    assert (found.title, found.description) == ("Find books", "Find books by words of their title.")
    assert found.annotations is not None
    assert (found.annotations.read_only_hint, found.annotations.idempotent_hint) == (True, True)
    assert tools[1].annotations is not None
    assert (tools[1].annotations.read_only_hint, tools[1].annotations.idempotent_hint) == (False, False)
    assert found.input_schema["properties"]["words"]["description"] == "Words of the title"
    assert found.input_schema["additionalProperties"] is False
    assert found.output_schema is not None
    assert found.output_schema["properties"]["books"]["type"] == "array"


@ERAS
async def test_a_model_becomes_structured_content_and_says_itself_in_words(era: str) -> None:
    result = await call(library(), "find_books", {"words": "moby"}, era)
    assert result.structured_content == {"books": [{"title": "Moby Dick", "due": "2026-12-01"}]}
    assert text_of(result) == "Moby Dick"


async def test_a_model_without_words_of_its_own_is_its_json() -> None:
    result = await call(library(), "whoami", {})
    assert json.loads(text_of(result)) == result.structured_content


@ERAS
async def test_a_failure_the_author_saw_coming_keeps_code_text_and_hint(era: str) -> None:
    error = error_of(await call(library(), "find_books", {"words": "nothing"}, era))
    assert error == {
        "code": "not-found",
        "message": "No book has these words.",
        "retryable": False,
        "retry_after": None,
        "hint": "Use fewer words.",
    }


async def test_a_failure_without_a_code_has_the_general_one() -> None:
    failure = ToolError("no", retryable=True, retry_after=5)
    assert (failure.code, failure.retryable, failure.retry_after, str(failure)) == ("tool-failed", True, 5, "no")


@ERAS
async def test_a_crash_is_neutral_for_the_model_and_its_text_is_not_logged(
    era: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = error_of(await call(library(), "find_books", {"words": "crash"}, era))
    assert error["code"] == "internal-error"
    message = str(error["message"])
    assert CANARY not in message
    assert CANARY not in caplog.text
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 1
    assert "RuntimeError" in logged[0].getMessage()
    assert "library.py" in logged[0].getMessage()
    reference = message.partition("reference ")[2].rstrip(").")
    assert reference in logged[0].getMessage()


@pytest.mark.parametrize(
    ("arguments", "field", "hint"),
    [
        ({}, "words: is required", 'words (Words of the title), for example "Moby".'),
        ({"words": 7}, "words: input should be a valid string", 'for example "Moby"'),
        ({"words": f"damn {CANARY}"}, "words: is not valid", 'for example "Moby"'),
        ({"words": "a", "sort": CANARY}, "sort: input should be 'title' or 'due'", 'for example "title"'),
        ({"words": "a", "before": CANARY}, "before: ", 'for example "1980-01-31"'),
        ({"words": "a", "weights": {CANARY: "x"}}, "weights.*: input should be a valid integer", "for example {}"),
        ({"words": "a", "titel": CANARY}, "titel: no such parameter", "are: words, sort, before, weights."),
        ({"words": "a", "titel": CANARY}, "titel: no such parameter", 'For example {"words": "Moby"}.'),
        ({"words": "a", f"{CANARY} !": 1}, "*: no such parameter", "are: words, sort, before, weights."),
    ],
)
async def test_bad_arguments_name_the_field_and_an_example_and_not_the_value(
    arguments: dict[str, object], field: str, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = error_of(await call(library(), "find_books", arguments))
    assert error["code"] == "invalid-input"
    assert field in str(error["message"])
    assert hint in str(error["hint"])
    assert CANARY not in f"{error}{caplog.text}"


@ERAS
async def test_a_tool_that_takes_too_long_is_cancelled_and_reported(era: str) -> None:
    waiting = Waiting()
    error = error_of(await call(library(waiting, timeout=0.01), "wait", {}, era))
    assert (error["code"], error["retryable"]) == ("timeout", True)
    assert waiting.cancelled.is_set()


async def test_an_answer_that_is_too_large_is_refused_with_advice() -> None:
    error = error_of(await call(library(), "find_books", {"words": "much"}))
    assert error["code"] == "too-large"
    assert "Narrow" in str(error["hint"])


@ERAS
async def test_an_unknown_tool_is_a_protocol_error(era: str) -> None:
    async with Client(library().mcp, mode=era) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("no_such_tool", {})
    assert caught.value.code == -32602


def test_building_a_server_leaves_the_root_logger_as_it_was() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for handler in handlers:
        root.removeHandler(handler)
    try:
        library()
        assert (root.handlers, root.level) == ([], level)
    finally:
        for handler in handlers:
            root.addHandler(handler)


class Out(BaseModel):
    n: int


async def test_what_cannot_be_a_good_tool_is_refused_when_it_is_registered() -> None:
    server = ToolServer("s")

    async def silent() -> Out:
        return Out(n=1)

    def blocking() -> Out:
        """Do something."""
        return Out(n=1)

    for function, why in ((silent, "docstring"), (blocking, "async")):
        with pytest.raises(SpecError, match=why):
            server.tool()(function)  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    assert server.tool_names == ()
    async with Client(server.mcp) as client:
        assert (await client.list_tools()).tools == []


def test_two_tools_cannot_have_one_name_and_a_server_needs_one() -> None:
    server = ToolServer("s")

    async def double(n: Annotated[int, Field(description="The number")]) -> Out:
        """Double a number."""
        return Out(n=2 * n)

    assert server.tool(name="twice", title="Twice")(double) is double
    with pytest.raises(SpecError, match="another tool"):
        server.tool(name="twice")(double)
    assert repr(server) == "ToolServer('s', tools=['twice'])"
    with pytest.raises(SpecError, match="empty"):
        ToolServer(" ")
