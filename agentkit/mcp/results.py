"""What an MCP client gives back: plain values, without a type of the SDK."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)

from agentkit.credentials import withhold, withhold_text
from agentkit.errors import McpProtocolError, ToolFailed
from agentkit.models import Json, JsonObject
from agentkit.wire.jsontext import MAX_DEPTH, is_too_deep


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool as its server describes it.

    Attributes:
        name: What calls name.
        title: The name for people.
        description: What it does, for a model.
        input_schema: JSON schema of the arguments.
        output_schema: JSON schema of the structured result, where the server gives one.
        read_only: The server says that it changes nothing.
        idempotent: The server says that repeating a call changes nothing more.
        destructive: The tool may delete or overwrite; true where the server does not say otherwise.
    """

    name: str
    description: str
    input_schema: JsonObject
    title: str | None = None
    output_schema: JsonObject | None = None
    read_only: bool = False
    idempotent: bool = False
    destructive: bool = True

    @property
    def repeatable(self) -> bool:
        """Whether a call may be sent again when its answer was lost."""
        return self.read_only or self.idempotent


@dataclass(frozen=True, slots=True, repr=False)
class ToolResult:
    """What a tool answered.

    Attributes:
        text: The readable answer.
        data: The structured answer, or None where the tool gives none.
    """

    text: str
    data: Json = None

    def __repr__(self) -> str:
        """Shows sizes: the answer may be patient data."""
        return f"ToolResult(text=<{len(self.text)} chars>, data={'<hidden>' if self.data is not None else None})"


def read_tool(tool: Tool, secrets: Collection[str] = ()) -> ToolInfo:
    """A tool of a listing, without the secrets that the server was sent."""
    hints = tool.annotations
    read_only = bool(hints and hints.read_only_hint)
    title = tool.title or (hints.title if hints else None)
    return ToolInfo(
        name=withhold_text(tool.name, secrets),
        title=title and withhold_text(title, secrets),
        description=withhold_text(tool.description or "", secrets),
        input_schema=cast("JsonObject", withhold(cast("JsonObject", tool.input_schema), secrets)),
        output_schema=cast("JsonObject | None", withhold(cast("JsonObject | None", tool.output_schema), secrets)),
        read_only=read_only,
        idempotent=bool(hints and hints.idempotent_hint),
        destructive=not read_only and not (hints and hints.destructive_hint is False),
    )


def read_result(server: str, tool: str, result: CallToolResult, secrets: Collection[str] = ()) -> ToolResult:
    """The result of a call.

    Args:
        server: The server's name.
        tool: The tool's name.
        result: What the SDK received.
        secrets: What the server was sent; a server that echoes it must not get it stored (design D4).

    Raises:
        ToolFailed: The tool reported a failure; code and text are taken from our error shape where it has one.
        McpProtocolError: The structured answer is nested too deeply to be kept.
    """
    if is_too_deep(cast("Json", result.structured_content)):
        raise McpProtocolError(server, f"its answer is nested deeper than {MAX_DEPTH} levels.")
    text = withhold_text("\n".join(_text(block) for block in result.content), secrets)
    data = withhold(cast("Json", result.structured_content), secrets)
    if not result.is_error:
        return ToolResult(text, data)
    error = cast("JsonObject | None", withhold(_error_body(data, result.content), secrets))
    if error is None:
        raise ToolFailed(server, tool, text)
    said = " ".join(part for part in (error.get("message"), error.get("hint")) if isinstance(part, str) and part)
    code = error.get("code")
    raise ToolFailed(server, tool, said or text, code=code if isinstance(code, str) and _is_word(code) else None)


def _error_body(data: Json, content: Sequence[ContentBlock]) -> JsonObject | None:
    candidates: list[object] = [data]
    if len(content) == 1 and isinstance(content[0], TextContent) and content[0].text.startswith("{"):
        try:
            candidates.append(json.loads(content[0].text))
        except (ValueError, RecursionError):
            return None
    for candidate in candidates:
        if isinstance(candidate, dict):
            error = cast("JsonObject", candidate).get("error")
            if isinstance(error, dict):
                return error
    return None


def _is_word(code: str) -> bool:
    """Codes go into messages and spans, so a server cannot put a sentence there."""
    return len(code) <= 64 and code.replace("-", "").replace("_", "").isalnum()


def _text(block: ContentBlock) -> str:
    match block:
        case TextContent():
            return block.text
        case ResourceLink():
            return f"{block.title or block.name} <{block.uri}>"
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return resource.text
        case ImageContent() | AudioContent():
            return f"[{block.mime_type}, {len(block.data)} characters of base64]"
        case _:
            return f"[{block.type}]"
