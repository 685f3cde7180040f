"""What foreign servers answer becomes plain values, whatever the content is."""

from __future__ import annotations

import pytest
from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

from agentkit.errors import ToolFailed
from agentkit.mcp import ToolInfo, ToolResult
from agentkit.mcp.client.results import read_result, read_tool


def text(value: str) -> TextContent:
    return TextContent(type="text", text=value)


def test_every_kind_of_content_has_a_reading() -> None:
    blocks: list[ContentBlock] = [
        text("words"),
        ResourceLink(type="resource_link", uri="file:///a", name="a", title="A file"),
        EmbeddedResource(type="resource", resource=TextResourceContents(uri="x:1", text="inside")),
        EmbeddedResource(type="resource", resource=BlobResourceContents(uri="x:2", blob="AAAA")),
        ImageContent(type="image", data="AAAA", mime_type="image/png"),
    ]
    result = read_result("s", "t", CallToolResult(content=blocks))
    assert result == ToolResult(
        "words\nA file <file:///a>\ninside\n[resource]\n[image/png, 4 characters of base64]", None
    )


FAILURES: list[tuple[CallToolResult, str | None, str]] = [
    (CallToolResult(content=[text("plain words")]), None, "plain words"),
    (CallToolResult(content=[text("{not json")]), None, "{not json"),
    (CallToolResult(content=[text('{"error": "x"}')]), None, '{"error": "x"}'),
    (CallToolResult(content=[text('{"error": {"code": "gone", "message": "m"}}')]), "gone", "m"),
    (CallToolResult(content=[text('{"error": {"code": "a b c!", "message": "m"}}')]), None, "m"),
    (CallToolResult(content=[text('{"error": {"code": "gone"}}')]), "gone", '{"error": {"code": "gone"}}'),
    (CallToolResult(content=[text("t")], structured_content={"error": {"code": "c", "hint": "h"}}), "c", "h"),
    (CallToolResult(content=[text("a"), text("{}")]), None, "a\n{}"),
]


@pytest.mark.parametrize(("result", "code", "said"), FAILURES)
def test_a_failure_keeps_the_words_and_the_code_where_there_is_one(
    result: CallToolResult, code: str | None, said: str
) -> None:
    with pytest.raises(ToolFailed) as caught:
        read_result("s", "t", result.model_copy(update={"is_error": True}))
    assert (caught.value.code, caught.value.tool_text) == (code, said)


def test_a_tool_without_hints_is_taken_for_one_that_writes() -> None:
    bare = read_tool(Tool(name="t", input_schema={"type": "object"}))
    assert bare == ToolInfo("t", "", {"type": "object"})
    assert (bare.read_only, bare.destructive, bare.repeatable) == (False, True, False)


@pytest.mark.parametrize(
    ("hints", "read_only", "destructive", "repeatable"),
    [
        (ToolAnnotations(read_only_hint=True), True, False, True),
        (ToolAnnotations(idempotent_hint=True), False, True, True),
        (ToolAnnotations(destructive_hint=False), False, False, False),
    ],
)
def test_hints_of_a_tool_decide_whether_a_call_may_be_repeated(
    hints: ToolAnnotations, read_only: bool, destructive: bool, repeatable: bool
) -> None:
    tool = read_tool(Tool(name="t", input_schema={"type": "object"}, annotations=hints))
    assert (tool.read_only, tool.destructive, tool.repeatable) == (read_only, destructive, repeatable)
