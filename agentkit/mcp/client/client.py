"""A client for one MCP server that survives what the SDK's client does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Final, Literal, Self, TypeVar

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.dispatcher import ProgressFnT
from mcp.shared.exceptions import MCPError
from mcp_types import (
    HEADER_MISMATCH,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
)

from agentkit import tracing
from agentkit.errors import McpError, McpProtocolError, McpTimeout, McpUnreachable, SpecError
from agentkit.mcp.client.authorization import McpAuth
from agentkit.mcp.client.authorizers import authorizer_for
from agentkit.mcp.client.connection import Connection
from agentkit.mcp.client.exchange import Exchange, current_exchange
from agentkit.mcp.client.failures import typed_error
from agentkit.mcp.client.http import McpHttp
from agentkit.mcp.client.input import checked_address, checked_call, checked_limit
from agentkit.mcp.client.listing import Listing
from agentkit.mcp.client.pool import new_pool
from agentkit.mcp.client.progress import CallbackFailed, ProgressCallback, with_progress
from agentkit.mcp.client.results import ToolInfo, ToolResult, read_result, told
from agentkit.mcp.client.screening import Screened
from agentkit.mcp.logs import withhold_content
from agentkit.models import Json

DEFAULT_TIMEOUT: Final = 30.0
DEFAULT_ANSWER_LIMIT: Final = 2_000_000
LONGEST_WAIT: Final = 5.0
"""Seconds for which a busy server is waited for; one that wants more fails the call."""

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
        http: httpx2.AsyncClient | None = None,
        auth: McpAuth | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        answer_limit: int = DEFAULT_ANSWER_LIMIT,
        mode: Literal["auto", "legacy"] = "auto",
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: The server's address, exactly.
            name: Its registered name, for errors and spans.
            http: The connection pool, shared with others and not closed by this client; an in-process transport works
                too. None makes one that is closed with the client.
            auth: How to authorize; None sends no credential.
            timeout: Seconds one call may take.
            answer_limit: Bytes one answer may have.
            mode: `legacy` speaks the handshake era only.

        Raises:
            SpecError: The address is no http or https URL or holds a user or password, or a credential or limit is
                none.
        """
        self._host = checked_address("McpClient.url", url)
        self._timeout = checked_limit("McpClient.timeout", timeout)
        if answer_limit <= 0:
            raise SpecError("McpClient.answer_limit", "must be a positive number of bytes")
        self.name = name
        pool = new_pool() if http is None else http
        self._own_pool = pool if http is None else None
        self._url = url
        self._answer_limit = answer_limit
        self._mode = mode
        self._authorizer = authorizer_for(name, url, pool, auth, timeout=timeout)
        self._http = McpHttp(name, url, pool, self._authorizer, timeout=timeout, limit=answer_limit)
        self._connection: Connection | None = None
        self._closed = False
        self._listing = Listing(name, self._authorizer.secrets)
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

    async def list_tools(self, *, timeout: float | None = None) -> tuple[ToolInfo, ...]:  # noqa: ASYNC109
        """All tools of the server, in its order, without those whose description is no tool at all.

        Args:
            timeout: Seconds for all of it; by default the client's.

        Raises:
            McpError: The server could not be used, or lists more than 1000 tools or 50 pages.
            SpecError: The time limit is none.
            ConfigurationError: An earlier call came from another event loop.
        """
        seconds = checked_limit("McpClient.timeout", timeout, self._timeout)
        with self._span("mcp.list_tools", None) as span, self._limit(seconds):
            return await self._attempts(self._listing.read, span, repeatable=True)

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Json] | None = None,
        *,
        progress: ProgressCallback | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - one limit for connecting, token and call
    ) -> ToolResult:
        """Call a tool.

        Args:
            name: The tool.
            arguments: Its arguments.
            progress: Is told how far the tool has come, in order, where the tool reports it; a coroutine function or a
                plain one. What it raises ends this call and is raised here.
            timeout: Seconds for all of it; by default the client's.

        Returns:
            What it answered.

        Raises:
            ToolFailed: The tool reported a failure; `code` and `tool_text` say which.
            McpAuthRequired: The server, or its authorization server, refused the credential or wants one.
            McpTimeout: The time limit ran out; the call was cancelled.
            McpUnreachable: No connection; whether the tool ran is unknown.
            McpProtocolError: The answer is not MCP, does not fit the tool's schema, or is too large.
            SpecError: The name or the arguments are no JSON, or the time limit is none.
            ConfigurationError: An earlier call came from another event loop.
        """
        seconds = checked_limit("McpClient.timeout", timeout, self._timeout)
        name, given = checked_call(name, arguments or {})
        with self._span("mcp.call", name) as span, self._limit(seconds):
            tool = self._listing.known(name)
            if tool is None:
                # Before the call: whether it may be repeated, and what its answer must be, is known from the first one.
                tool = await self._attempts(partial(self._listing.look_up, name=name), span, repeatable=True)
            call = partial(self._request, name=name, arguments=given, seconds=seconds)
            attempts = partial(self._attempts, span=span, repeatable=bool(tool and tool.repeatable))
            if progress is None:
                result = await attempts(call)
            else:
                result = await with_progress(
                    progress, self._authorizer.secrets, lambda report: attempts(partial(call, report=report))
                )
            return told(span, given, read_result(self.name, name, result, self._authorizer.secrets()))

    async def _request(
        self,
        client: Client,
        *,
        name: str,
        arguments: dict[str, Json],
        seconds: float,
        report: ProgressFnT | None = None,
    ) -> CallToolResult:
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
        send = partial(client.session.send_request, request, CallToolResult, seconds, None, report)
        try:
            result = await send()
        except MCPError as error:
            if error.code != HEADER_MISMATCH:
                raise
            # The server wants arguments in headers by a schema that this connection has not seen.
            await self._listing.read(client)
            result = await send()
        if result.result_type != "complete":
            raise McpProtocolError(self.name, "the tool asks its user something, which this client cannot answer.")
        await self._listing.check(client, name, result)
        return result

    async def aclose(self) -> None:
        """Close the connection; calls that still run end with `McpUnreachable`."""
        if self._connection is not None:
            self._connection.check_loop(closing=True)
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()
        await self._authorizer.aclose()
        await self._http.aclose()
        if self._own_pool is not None:
            await self._own_pool.aclose()

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

    @contextmanager
    def _limit(self, seconds: float) -> Generator[None]:
        try:
            with anyio.fail_after(seconds):
                yield
        except TimeoutError:
            raise McpTimeout(self.name, f"the call took longer than {seconds:g} seconds.") from None
        except McpError as error:
            # What it was made from quotes what the server said, and what it was sent.
            error.__cause__ = error.__context__ = None
            raise
        except CallbackFailed as failed:
            failed.reraise()

    async def _attempts(
        self, operation: Callable[[Client], Awaitable[_T]], span: tracing.Span, *, repeatable: bool
    ) -> _T:
        exchange = Exchange()
        try:
            try:
                return await self._attempt(operation, exchange)
            except McpUnreachable:
                # A server that has forgotten the session, or has no time, did not look at the request.
                wait = exchange.retry_after or 0.0
                unseen = exchange.session_lost or exchange.status == 429
                if not (repeatable or unseen) or wait > LONGEST_WAIT or self._closed:
                    raise
            span.set("agentkit.retry.count", 1)
            await anyio.sleep(wait)
            exchange = Exchange()
            return await self._attempt(operation, exchange)
        finally:
            span.set("http.response.status_code", exchange.status)

    async def _attempt(self, operation: Callable[[Client], Awaitable[_T]], exchange: Exchange) -> _T:
        begun = self._connection
        connection = self._open()
        try:
            client = await connection.client()
        except McpTimeout:
            if connection is not begun:
                raise
            # Another call began it, and had less time left than this one.
            connection = self._open()
            client = await connection.client()
        token = current_exchange.set(exchange)
        try:
            return await operation(client)
        except Exception as error:
            if exchange.session_lost:
                connection.retire()
            raise typed_error(self.name, error, exchange) from None
        finally:
            current_exchange.reset(token)
            exchange.abort()

    def _open(self) -> Connection:
        if self._closed:
            raise McpUnreachable(self.name, "the client is closed.")
        if self._connection is None or not self._connection.usable_here():
            self._connection = Connection(self.name, self._make)
        return self._connection

    def _make(self) -> Client:
        return Client(
            Screened(
                streamable_http_client(self._url, http_client=self._http, max_sse_event_size=self._answer_limit),
                self._listing.care,
            ),
            mode=self._mode,
            read_timeout_seconds=self._timeout,
            client_info=Implementation(name="corti-agentkit", version="1"),
            cache=None,
        )
