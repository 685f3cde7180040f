"""What an MCP client gives back: plain values, without a type of the SDK."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

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
from pydantic import BaseModel
from pydantic_core import to_json

from agentkit.credentials import withhold, withhold_text
from agentkit.errors import McpProtocolError, ToolFailed
from agentkit.models import Json, JsonObject
from agentkit.tracing import Span
from agentkit.wire.jsontext import MAX_DEPTH, is_too_deep

_AS_IT_IS: Final = re.compile(r"[A-Za-z0-9._~+=-]+")


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
    hints, kept = tool.annotations, _kept_from(tool, secrets)
    read_only = bool(hints and hints.read_only_hint)
    title = tool.title or (hints.title if hints else None)
    return ToolInfo(
        name=withhold_text(tool.name, kept),
        title=title and withhold_text(title, kept),
        description=withhold_text(tool.description or "", kept),
        input_schema=cast(
            "JsonObject", withhold(cast("JsonObject", tool.input_schema), kept) if kept else tool.input_schema
        ),
        output_schema=cast(
            "JsonObject | None",
            withhold(cast("JsonObject | None", tool.output_schema), kept) if kept else tool.output_schema,
        ),
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
    kept = _kept_from(result, secrets)
    text = withhold_text("\n".join(_text(block) for block in result.content), kept)
    data = withhold(cast("Json", result.structured_content), kept) if kept else cast("Json", result.structured_content)
    if not result.is_error:
        return ToolResult(text, data)
    error = cast("JsonObject | None", withhold(_error_body(data, result.content), kept))
    if error is None:
        raise ToolFailed(server, tool, text)
    said = " ".join(part for part in (error.get("message"), error.get("hint")) if isinstance(part, str) and part)
    code = error.get("code")
    raise ToolFailed(server, tool, said or text, code=code if isinstance(code, str) and _is_word(code) else None)


def _kept_from(said: BaseModel, secrets: Collection[str]) -> Collection[str]:
    """The secrets to look for in every text: none, where it is certain that none was said.

    A secret of ordinary characters stands in JSON as it is, and looking once through that costs nearly nothing.
    """
    if not secrets or not all(map(_AS_IT_IS.fullmatch, secrets)):
        return secrets
    try:
        said_as_json = to_json(said)
    except ValueError:
        return secrets
    return secrets if any(secret.encode() in said_as_json for secret in secrets) else ()


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


def told(span: Span, arguments: Mapping[str, Json], result: ToolResult) -> ToolResult:
    """A result, whose text goes to the span of its call where somebody switched content on (design D11)."""
    if span.wants_content:
        span.content(asked=json.dumps(arguments), answered=result.text)
    return result
