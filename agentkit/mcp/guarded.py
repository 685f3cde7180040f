"""The SDK's server with limits and one shape of failure around every call."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import traceback
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError as McpToolError
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, ValidationError

from agentkit import tracing
from agentkit.errors import SpecError
from agentkit.mcp.tool_errors import ToolError, error_result, invalid_arguments, properties, unknown_arguments
from agentkit.models import JsonObject

logger = logging.getLogger(__name__)


@runtime_checkable
class Readable(Protocol):
    """A result that knows how to say itself in words; the words become the text of the MCP result."""

    def to_text(self) -> str:
        """The result for a reader, a model or a person."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call of a tool may take: seconds, and characters of its answer."""

    timeout: float
    output: int


class GuardedServer(MCPServer):
    """Every call has limits, and every failure the shape of `ToolError`; `ToolServer` is the public face."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.limits: dict[str, Limits] = {}

    def register(
        self,
        function: Callable[..., Awaitable[object]],
        name: str | None,
        title: str | None,
        annotations: ToolAnnotations,
        limits: Limits,
    ) -> None:
        """Add a tool.

        Raises:
            SpecError: The function cannot be a tool; see `ToolServer.tool`.
        """
        tool = name or str(getattr(function, "__name__", ""))
        place = f"{self.name}.{tool}"
        _check_function(place, function)
        if tool in self.limits:
            raise SpecError(place, "another tool has this name")
        self.add_tool(_readable(function), tool, title, inspect.getdoc(function), annotations)
        schema = self._input_schema(tool)
        schema["additionalProperties"] = False
        for parameter, wanted in properties(schema).items():
            if not wanted.get("description"):
                self.remove_tool(tool)
                raise SpecError(
                    f"{place}.{parameter}",
                    "has no description",
                    remedy='Write Annotated[<type>, Field(description="...")]: the model chooses arguments by it.',
                )
        self.limits[tool] = limits

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; a failure is a result with `isError`, an unknown tool a protocol error (MCP-SRV-07)."""
        limits = self.limits.get(name)
        if limits is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {name[:64]}")
        with tracing.span("mcp.tool", {"mcp.server.name": self.name, "mcp.tool.name": name}) as span:
            try:
                return await self._limited_call(name, arguments, context, limits)
            except ToolError as failure:
                span.set("error.type", failure.code)
                logger.info("tool %s of %s failed: %s", name, self.name, failure.code)
                return error_result(failure)

    async def _limited_call(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None, limits: Limits
    ) -> CallToolResult | InputRequiredResult:
        schema = self._input_schema(name)
        if unknown := [given for given in arguments if given not in properties(schema)]:
            raise unknown_arguments(unknown, schema)
        try:
            with anyio.fail_after(limits.timeout):
                result = await super().call_tool(name, arguments, context)
        except TimeoutError:
            raise ToolError(
                f"The tool did not finish within {limits.timeout:g} seconds.",
                code="timeout",
                retryable=True,
                hint="Ask for less at once, or try again later.",
            ) from None
        except McpToolError as wrapped:
            raise self._explained(name, wrapped, schema) from None
        if isinstance(result, CallToolResult):
            _check_size(result, limits.output)
        return result

    def _explained(self, name: str, wrapped: McpToolError, schema: JsonObject) -> ToolError:
        cause = wrapped.__cause__
        if isinstance(cause, ToolError):
            return cause
        if isinstance(wrapped, UnexpectedToolError):
            reference = uuid.uuid4().hex[:12]
            logger.error(
                "tool %s of %s crashed with %s (reference %s) at %s",
                name,
                self.name,
                type(cause).__name__,
                reference,
                _where(cause),
            )
            return ToolError(f"The tool failed unexpectedly (reference {reference}).", code="internal-error")
        if isinstance(cause, ValidationError):
            return invalid_arguments(cause, schema)
        return ToolError(str(cause) if cause else str(wrapped))

    def _input_schema(self, name: str) -> JsonObject:
        tool = self._tool_manager.get_tool(name)
        return tool.parameters if tool else {}


def _readable(function: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """The same function for the SDK: a model that can say itself in words does so."""

    @functools.wraps(function)
    async def call(*args: object, **kwargs: object) -> object:
        result = await function(*args, **kwargs)
        if not isinstance(result, BaseModel):
            return result
        text = result.to_text() if isinstance(result, Readable) else result.model_dump_json(by_alias=True)
        return CallToolResult(
            content=[TextContent(type="text", text=text)],
            structured_content=result.model_dump(mode="json", by_alias=True),
        )

    return call


def _check_function(place: str, function: Callable[..., Awaitable[object]]) -> None:
    if not inspect.iscoroutinefunction(function):
        raise SpecError(place, "is not an async function", remedy="Write async def: a sync tool cannot be cancelled.")
    if not inspect.getdoc(function):
        raise SpecError(place, "has no docstring", remedy="Write one: it is the description the model reads.")


def _check_size(result: CallToolResult, limit: int) -> None:
    size = len(json.dumps(result.structured_content)) if result.structured_content is not None else 0
    size += sum(len(block.text) if isinstance(block, TextContent) else 0 for block in result.content)
    if size > limit:
        raise ToolError(
            f"The answer has {size} characters; at most {limit} are allowed.",
            code="too-large",
            hint="Narrow the request, or ask for fewer items at once.",
        )


def _where(error: BaseException | None) -> str:
    """The innermost places of a traceback, without the exception's text and without source lines."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)[-3:] if error else []
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
