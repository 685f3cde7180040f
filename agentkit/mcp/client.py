"""A client for one MCP server that survives what the SDK's client does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolResult, Implementation

from agentkit import tracing
from agentkit.errors import McpError, McpProtocolError, McpTimeout, McpUnreachable, SpecError
from agentkit.mcp.authorization import McpAuth, authorizer_for
from agentkit.mcp.connection import Connection
from agentkit.mcp.http import Exchange, McpHttp, current_exchange
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.results import ToolInfo, ToolResult, read_result, read_tool
from agentkit.models import Json

DEFAULT_TIMEOUT: Final = 30.0
DEFAULT_ANSWER_LIMIT: Final = 2_000_000
MAX_PAGES: Final = 50
MAX_TOOLS: Final = 1_000

_T = TypeVar("_T")


class McpClient:
    """Lists and calls the tools of one MCP server, over either protocol era.

    The connection is made by the first call and made anew after it broke. Every call has one time limit for all of it:
    connecting, fetching a token, calling. A call that is cancelled is cancelled at the server. A call is repeated once
    when the server had forgotten the session, or when the connection broke and the tool is known to be repeatable.
    One client may be used by many tasks of one event loop. Errors are `McpError`s; none holds a token or a secret.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        http: httpx2.AsyncClient,
        auth: McpAuth | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        answer_limit: int = DEFAULT_ANSWER_LIMIT,
        mode: Literal["auto", "legacy"] = "auto",
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: The server's address, exactly.
            name: Its registered name, for errors and spans.
            http: The connection pool, shared and not closed by this client; an in-process transport works too.
            auth: How to authorize; None sends no credential.
            timeout: Seconds one call may take.
            answer_limit: Bytes one answer may have.
            mode: `legacy` speaks the handshake era only.

        Raises:
            SpecError: The address is no http or https URL, or holds a user or password.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise SpecError("McpClient.url", "must be an http or https URL without user and password")
        self.name = name
        self._host = parts.hostname
        self._url = url
        self._timeout = timeout
        self._answer_limit = answer_limit
        self._mode = mode
        self._authorizer = authorizer_for(name, url, http, auth, timeout=timeout)
        self._http = McpHttp(name, http, self._authorizer, timeout=timeout, limit=answer_limit)
        self._connection: Connection | None = None
        self._closed = False
        self._tools: dict[str, ToolInfo] = {}
        withhold_content()

    def __repr__(self) -> str:
        """Name and kind of authorization."""
        return f"McpClient({self.name!r}, authorization={self._authorizer.kind!r})"

    async def __aenter__(self) -> Self:
        """Use the client; the connection is made by the first call."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        await self.aclose()

    async def list_tools(self) -> tuple[ToolInfo, ...]:
        """All tools of the server, in its order.

        Raises:
            McpError: The server could not be used, or lists more than `MAX_TOOLS` tools or `MAX_PAGES` pages.
        """
        with self._span("mcp.list_tools", None) as span:
            tools = await self._call(self._list, span, repeatable=True)
        self._tools = {tool.name: tool for tool in tools}
        return tools

    async def call_tool(self, name: str, arguments: Mapping[str, Json] | None = None) -> ToolResult:
        """Call a tool.

        Args:
            name: The tool.
            arguments: Its arguments.

        Returns:
            What it answered.

        Raises:
            ToolFailed: The tool reported a failure; `code` and `tool_text` say which.
            McpAuthRequired: The server, or its authorization server, refused the credential or wants one.
            McpTimeout: The time limit ran out; the call was cancelled.
            McpUnreachable: No connection; whether the tool ran is unknown.
            McpProtocolError: The answer is not MCP, does not fit the tool's schema, or is too large.
        """
        known = self._tools.get(name)

        async def call(client: Client) -> CallToolResult:
            return await client.call_tool(name, dict(arguments or {}))

        with self._span("mcp.call", name) as span:
            result = await self._call(call, span, repeatable=bool(known and known.repeatable))
            return read_result(self.name, name, result, self._authorizer.secrets())

    async def aclose(self) -> None:
        """Close the connection; calls that still run end with `McpUnreachable`."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()
        await self._authorizer.aclose()
        await self._http.aclose()

    def _span(self, name: str, tool: str | None) -> AbstractContextManager[tracing.Span]:
        return tracing.span(
            name,
            {
                "mcp.server.name": self.name,
                "mcp.tool.name": tool,
                "server.address": self._host,
                "agentkit.authorization": self._authorizer.kind,
            },
            kind=tracing.SpanKind.CLIENT,
        )

    async def _call(self, operation: Callable[[Client], Awaitable[_T]], span: tracing.Span, *, repeatable: bool) -> _T:
        exchange = Exchange()
        try:
            with anyio.fail_after(self._timeout):
                try:
                    return await self._attempt(operation, exchange)
                except McpUnreachable:
                    # A server that has forgotten the session did not look at the request.
                    if not repeatable and not exchange.session_lost:
                        raise
                span.set("agentkit.retry.count", 1)
                exchange = Exchange()
                return await self._attempt(operation, exchange)
        except TimeoutError:
            raise McpTimeout(self.name, f"the call took longer than {self._timeout:g} seconds.") from None
        finally:
            span.set("http.response.status_code", exchange.status)

    async def _attempt(self, operation: Callable[[Client], Awaitable[_T]], exchange: Exchange) -> _T:
        connection = self._open()
        client = await connection.client()
        token = current_exchange.set(exchange)
        try:
            return await operation(client)
        except Exception as error:
            if exchange.session_lost:
                connection.retire()
            raise self._typed(error, exchange) from None
        finally:
            current_exchange.reset(token)
            exchange.abort()

    def _open(self) -> Connection:
        if self._closed:
            raise McpUnreachable(self.name, "the client is closed.")
        if self._connection is None or not self._connection.usable:
            self._connection = Connection(self.name, self._make)
        return self._connection

    def _make(self) -> Client:
        return Client(
            streamable_http_client(self._url, http_client=self._http, max_sse_event_size=self._answer_limit),
            mode=self._mode,
            read_timeout_seconds=self._timeout,
            client_info=Implementation(name="corti-agentkit", version="1"),
            cache=None,
        )

    def _typed(self, error: Exception, exchange: Exchange) -> McpError:
        if isinstance(error, McpError):
            return error
        if exchange.session_lost:
            return McpUnreachable(self.name, "it has forgotten the session.")
        if exchange.failure is not None:
            return exchange.failure
        if not isinstance(error, MCPError):
            # The text of these errors quotes the answer.
            return McpProtocolError(self.name, f"its answer does not fit ({type(error).__name__}).")
        if error.code == REQUEST_TIMEOUT:
            return McpTimeout(self.name, "it did not answer in time.")
        if error.code == CONNECTION_CLOSED:
            return McpUnreachable(self.name, "the connection broke during the call.")
        return McpProtocolError(self.name, f"it answered with the protocol error {error.code}.")

    async def _list(self, client: Client) -> tuple[ToolInfo, ...]:
        tools: dict[str, ToolInfo] = {}
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            secrets = self._authorizer.secrets()
            for tool in page.tools:
                tools.setdefault(tool.name, read_tool(tool, secrets))
            if len(tools) > MAX_TOOLS:
                raise McpProtocolError(self.name, f"it lists more than {MAX_TOOLS} tools.")
            cursor = page.next_cursor
            if not cursor:
                return tuple(tools.values())
        raise McpProtocolError(self.name, f"its list of tools has more than {MAX_PAGES} pages.")
