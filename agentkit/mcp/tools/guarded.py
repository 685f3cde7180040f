"""The SDK's server with limits and one shape of failure around every call."""

from __future__ import annotations

import logging
import re
import traceback
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError as McpToolError
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, Tool, ToolAnnotations

from agentkit import tracing
from agentkit.errors import SpecError
from agentkit.mcp.logs import root_logger_untouched
from agentkit.mcp.tools.current import CALLER, PROGRESS
from agentkit.mcp.tools.docstrings import read_docstring
from agentkit.mcp.tools.errors import ToolError, error_result
from agentkit.mcp.tools.input import ToolInput, tool_input
from agentkit.mcp.tools.output import ToolOutput, tool_output
from agentkit.mcp.tools.running import Calls, Crash, apart
from agentkit.mcp.tools.signature import checked_signature, name_of, written
from agentkit.models import JsonObject

logger = logging.getLogger(__name__)

_AnyContext: TypeAlias = Context[Any, Any] | ServerRequestContext[Any, Any]
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call of a tool may take.

    Attributes:
        timeout: Seconds.
        input: Characters of its arguments.
        output: Bytes of its answer: text and structured content together, each as UTF-8.
        scopes: What its caller's token must allow.
    """

    timeout: float
    input: int
    output: int
    scopes: frozenset[str] = frozenset()

    def check(self, place: str) -> None:
        """Refuse a limit that no call could keep.

        Raises:
            SpecError: A limit is not positive.
        """
        for name, value in (("timeout", self.timeout), ("input_limit", self.input), ("output_limit", self.output)):
            if not value > 0:
                raise SpecError(f"{place}.{name}", "must be positive")


@dataclass(frozen=True, slots=True)
class _Tool:
    function: Callable[..., Awaitable[object]]
    input: ToolInput
    output: ToolOutput
    limits: Limits
    listed: Tool


class GuardedServer(MCPServer):
    """Every call has limits, and every failure the shape of `ToolError`; `ToolServer` is the public face.

    It keeps its tools itself: the SDK's own way of calling one checks and encodes each answer twice.
    """

    def __init__(self, name: str, max_concurrency: int | None, **options: Any) -> None:
        with root_logger_untouched():
            super().__init__(name, **options)
        self._tools: dict[str, _Tool] = {}
        self.calls = Calls(max_concurrency)

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools in the order of their registration."""
        return tuple(self._tools)

    @property
    def is_read_only(self) -> bool:
        """None of its tools changes anything."""
        hints = (tool.listed.annotations for tool in self._tools.values())
        return all(hint is not None and hint.read_only_hint is True for hint in hints)

    @property
    def tool_scopes(self) -> frozenset[str]:
        """The scopes that single tools need."""
        return frozenset[str]().union(*(tool.limits.scopes for tool in self._tools.values()))

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
        tool = name_of(function) if name is None else name
        place = f"{self.name}.{tool}"
        if not _NAME.fullmatch(tool):
            raise SpecError(
                place, "is no name for a tool", remedy="Use letters, digits, underscore, dash and dot, at most 128."
            )
        if tool in self._tools:
            raise SpecError(place, "another tool has this name")
        limits.check(place)
        signature = checked_signature(place, function)
        description, texts = read_docstring(written(function).__doc__)
        if not description:
            raise SpecError(place, "has no docstring", remedy="Write one: it is the description the model reads.")
        arguments = tool_input(place, function, signature, texts)
        output = tool_output(place, signature.return_annotation)
        listed = Tool(
            name=tool,
            title=title,
            description=description,
            input_schema=arguments.schema,
            output_schema=output.schema,
            annotations=annotations,
        )
        self._tools[tool] = _Tool(function, arguments, output, limits, listed)

    def json_manager(self, security: TransportSecuritySettings, body_limit: int) -> StreamableHTTPSessionManager:
        """Serves stateless HTTP, one JSON answer for each request."""
        return StreamableHTTPSessionManager(
            self._lowlevel_server,
            json_response=True,
            stateless=True,
            security_settings=security,
            max_request_body_size=body_limit,
        )

    async def serve(
        self, incoming: ReadStream[SessionMessage | Exception], outgoing: WriteStream[SessionMessage]
    ) -> None:
        """Serve one client over a pair of streams, in the era it opens with."""
        lowlevel = self._lowlevel_server
        await lowlevel.run(incoming, outgoing, lowlevel.create_initialization_options())

    async def list_tools(self) -> list[Tool]:
        """The tools in the order of their registration."""
        return [tool.listed for tool in self._tools.values()]

    def _tool_input_schema(self, name: str) -> dict[str, Any] | None:
        # The SDK compares the headers of a call with this on every call; most schemas want no header.
        tool = self._tools.get(name)
        return tool.input.schema if tool and tool.input.wants_headers else None

    async def _handle_call_tool(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> JsonObject:
        token = PROGRESS.set(ctx.session.report_progress)
        try:
            return await self._called(params.name, params.arguments or {}, ctx)
        finally:
            PROGRESS.reset(token)

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult:
        """Call a tool; a failure is a result with `isError`, an unknown tool a protocol error (MCP-SRV-07)."""
        return CallToolResult.model_validate(await self._called(name, arguments, context))

    async def _called(self, name: str, arguments: dict[str, Any], context: _AnyContext | None) -> JsonObject:
        tool = self._tools.get(name)
        if tool is None:
            raise MCPError(code=INVALID_PARAMS, message=f"Unknown tool: {name[:64]}")
        with tracing.span("mcp.tool", {"mcp.server.name": self.name, "mcp.tool.name": name}) as span:
            try:
                return await self._limited_call(tool, arguments, context)
            # A validator may raise what ends the process, and so everybody's calls.
            except (Exception, SystemExit) as failure:
                error = self._explained(name, failure)
                span.set("error.type", error.code)
                logger.info("tool %s of %s failed: %s", name, self.name, error.code)
                return error_result(error)

    async def _limited_call(self, tool: _Tool, arguments: dict[str, Any], context: _AnyContext | None) -> JsonObject:
        if tool.limits.scopes:
            _check_scopes(tool.limits.scopes)
        given = tool.input.read(arguments, tool.limits.input)
        if tool.input.context is not None:
            given[tool.input.context] = (
                context if isinstance(context, Context) else Context(request_context=context, mcp_server=self)
            )
        value: object = None
        with self.calls.limited(tool.limits.timeout):
            value = await apart(tool.listed.name, tool.function, given)
        return tool.output.result(value, tool.limits.output)

    def _explained(self, name: str, failure: BaseException) -> ToolError:
        failure = _innermost(failure.cause if isinstance(failure, Crash) else failure)
        if isinstance(failure, ToolError):
            return failure
        if isinstance(failure, McpToolError) and not isinstance(failure, UnexpectedToolError):
            return ToolError(str(failure))
        reference = uuid.uuid4().hex[:12]
        logger.error(
            "tool %s of %s crashed with %s (reference %s) at %s",
            name,
            self.name,
            type(failure).__name__,
            reference,
            _where(failure),
        )
        return ToolError(f"The tool failed unexpectedly (reference {reference}).", code="internal-error")


def _check_scopes(wanted: frozenset[str]) -> None:
    who = CALLER.get()
    # Without authorization there are no tokens, and so no scopes.
    if who is not None and not wanted <= who.scopes:
        missing = " ".join(sorted(wanted - who.scopes))
        raise ToolError(
            f"The caller's token lacks the scope {missing}.",
            code="insufficient-scope",
            hint=f"Call with a token that has the scope {missing}.",
        )


def _innermost(error: BaseException) -> BaseException:
    """What a task group wrapped, where it is one thing."""
    while isinstance(error, BaseExceptionGroup):
        inner = cast("tuple[BaseException, ...]", error.exceptions)
        if len(inner) != 1:
            break
        error = inner[0]
    return cast("BaseException", error)


def _where(error: BaseException) -> str:
    """The innermost places of a traceback, without the exception's text and without source lines."""
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)[-3:]
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
