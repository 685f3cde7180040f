"""The HTTP side of an MCP client: authorization, typed failures, limits and the trace, for each request.

The SDK tears the whole client down when a request raises, and forgets status and challenge of a refused one
(MCP-CLI-04, MCP-CLI-06). Here nothing is raised into a working client: the failure is noted in the caller's
`Exchange`, which a context variable carries, and the SDK gets an error status instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

import anyio
import httpx2
from httpx2 import USE_CLIENT_DEFAULT

from agentkit import tracing
from agentkit.credentials import withhold_text
from agentkit.errors import McpAuthRequired, McpError, McpProtocolError, McpTimeout, McpUnreachable
from agentkit.mcp.authorization import Authorizer
from agentkit.oauth.discovery import Challenge

ERROR_BODY_LIMIT: Final = 65_536
CHALLENGE_LIMIT: Final = 2_000

_CANCELLATION: Final = b'"notifications/cancelled"'
_DROPPED_HEADERS: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@dataclass(slots=True)
class Exchange:
    """What happened to the HTTP requests of one call.

    Attributes:
        connecting: A failure may be raised: no other call uses the client yet.
        failure: Why the last request failed.
        session_lost: The server no longer knows the session; it did not look at the request.
        status: The last HTTP status.
    """

    connecting: bool = False
    failure: McpError | None = None
    session_lost: bool = False
    status: int | None = None
    _scopes: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])

    @contextmanager
    def abortable(self) -> Generator[anyio.CancelScope]:
        """A block that `abort` ends."""
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def abort(self) -> None:
        """Close the requests that still run: in the handshake era the SDK leaves them open after a cancellation."""
        for scope in self._scopes:
            scope.cancel()


current_exchange: ContextVar[Exchange | None] = ContextVar("agentkit_mcp_exchange", default=None)
"""The exchange of the call that is being made; the SDK runs a request in the context of its caller."""


class McpHttp(httpx2.AsyncClient):
    """Sends the SDK's requests through a shared connection pool, which it does not close."""

    def __init__(
        self, server: str, pool: httpx2.AsyncClient, authorizer: Authorizer, *, timeout: float, limit: int
    ) -> None:
        """Send requests of the MCP server `server`.

        Args:
            server: Its name, for errors.
            pool: The shared pool; its headers, cookies and auth are not used.
            authorizer: Gives the tokens.
            timeout: Seconds to connect and to write.
            limit: Bytes that one answer may have.
        """
        # An open event stream is silent for long; the time limit of a call is enforced by its caller.
        super().__init__(
            transport=httpx2.AsyncBaseTransport(), trust_env=False, timeout=httpx2.Timeout(timeout, read=300.0)
        )
        self._server = server
        self._pool = pool
        self._authorizer = authorizer
        self._limit = limit

    async def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: object = USE_CLIENT_DEFAULT,
        follow_redirects: object = USE_CLIENT_DEFAULT,
    ) -> httpx2.Response:
        """Send a request; a failure becomes a note in the caller's exchange and an answer 503."""
        del stream, auth, follow_redirects
        exchange = (current_exchange.get() if request.method == "POST" else None) or Exchange()
        try:
            if _CANCELLATION in request.content[:100]:
                return await self._send(request, exchange)
            with exchange.abortable():
                return await self._send(request, exchange)
            failure: McpError = McpUnreachable(self._server, "the call was given up.")
        except McpError as error:
            failure = error
        except httpx2.ConnectTimeout:
            failure = McpUnreachable(self._server, "the connection could not be made in time.")
        except httpx2.TimeoutException:
            failure = McpTimeout(self._server, "it did not answer in time.")
        except httpx2.RequestError as error:
            failure = McpUnreachable(self._server, f"it cannot be reached ({type(error).__name__}).")
        exchange.failure = failure
        if exchange.connecting:
            raise failure
        return httpx2.Response(503, content=b"", request=request)

    async def _send(self, request: httpx2.Request, exchange: Exchange) -> httpx2.Response:
        token = await self._authorizer.token()
        response = await self._once(request, token)
        challenge = response.headers.get("www-authenticate")
        if response.status_code == 401:
            await response.aclose()
            other = await self._authorizer.another(token, Challenge.parse(challenge))
            if other is not None:
                token = other
                response = await self._once(request, token)
                challenge = response.headers.get("www-authenticate")
        exchange.status = response.status_code
        if response.status_code in {401, 403}:
            await response.aclose()
            raise self._refused(response.status_code, challenge, token)
        if response.is_success and response.headers.get("content-type", "").startswith("text/event-stream"):
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                # Half a megabyte of it can hold minutes of work, which no time limit interrupts.
                await response.aclose()
                raise McpProtocolError(self._server, "its event stream is compressed, which was not asked for.")
            if request.method == "POST":
                response.stream = _Bounded(self._server, response.stream, self._limit, exchange)
            return response
        if response.has_redirect_location:
            await response.aclose()
            raise McpProtocolError(
                self._server,
                f"it redirects (HTTP {response.status_code}); that is not followed, so that no token goes elsewhere.",
                remedy="Register the exact address of the server.",
            )
        exchange.session_lost = response.status_code == 404 and "mcp-session-id" in request.headers
        if response.status_code >= 500:
            exchange.failure = McpUnreachable(self._server, f"it answered HTTP {response.status_code}.")
        return await self._read(request, response)

    async def _once(self, request: httpx2.Request, token: str | None) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name != "cookie"}
        headers["accept-encoding"] = "identity"
        tracing.inject(headers)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        outgoing = httpx2.Request(
            request.method, request.url, headers=headers, content=request.content, extensions=request.extensions
        )
        return await self._pool.send(outgoing, stream=True, auth=None, follow_redirects=False)

    async def _read(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """The whole answer, so that a connection that breaks in the middle fails this call only."""
        limit = self._limit if response.is_success else min(self._limit, ERROR_BODY_LIMIT)
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > limit:
                    raise McpProtocolError(self._server, f"its answer is larger than {limit} bytes.")
        finally:
            await response.aclose()
        headers = [item for item in response.headers.multi_items() if item[0].lower() not in _DROPPED_HEADERS]
        return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=request)

    def _refused(self, status: int, challenge: str | None, token: str | None) -> McpAuthRequired:
        challenge = challenge and withhold_text(challenge, self._authorizer.secrets())
        return McpAuthRequired(
            self._server,
            f"it refused the credential (HTTP {status})." if token else f"it wants a credential (HTTP {status}).",
            status=status,
            challenge=challenge[:CHALLENGE_LIMIT] if challenge else None,
            remedy="The credential does not reach this server or tool."
            if status == 403
            else "Send a valid credential for this server.",
        )


class _Bounded(httpx2.AsyncByteStream):
    """An event stream that ends when it grows too large, and notes why it broke."""

    def __init__(self, server: str, stream: object, limit: int, exchange: Exchange) -> None:
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("an asynchronous client receives asynchronous streams")
        self._server = server
        self._stream = stream
        self._limit = limit
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        chunks = aiter(self._stream)
        try:
            while True:
                chunk: bytes | None = None
                with self._exchange.abortable():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                size += len(chunk)
                if size > self._limit:
                    self._exchange.failure = McpProtocolError(
                        self._server, f"its answer is larger than {self._limit} bytes."
                    )
                    return
                yield chunk
        except httpx2.RequestError as error:
            self._exchange.failure = McpUnreachable(
                self._server, f"the connection broke during the call ({type(error).__name__})."
            )
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()
