"""The HTTP side of an MCP client: authorization, typed failures, limits and the trace, for each request.

The SDK tears the whole client down when a request raises, and forgets status and challenge of a refused one
(MCP-CLI-04, MCP-CLI-06). Here nothing is raised into a working client: the failure is noted in the caller's
`Exchange`, which a context variable carries, and the SDK gets an error status instead.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import logging
from collections.abc import Mapping
from typing import Final, cast

import anyio
import httpx2
from httpx2 import USE_CLIENT_DEFAULT

from agentkit import tracing
from agentkit.credentials import withhold_text
from agentkit.errors import AgentKitError, McpAuthRequired, McpError, McpProtocolError, McpTimeout, McpUnreachable
from agentkit.mcp.client.answers import (
    ERROR_BODY_LIMIT,
    Bounded,
    BoundedEvents,
    is_about,
    is_compressed,
    is_events,
    is_json,
    is_unread,
    wait_wanted,
)
from agentkit.mcp.client.authorization import Authorizer
from agentkit.mcp.client.exchange import Exchange, current_exchange
from agentkit.oauth.discovery import Challenge

logger = logging.getLogger(__name__)

CHALLENGE_LIMIT: Final = 2_000
NOTICE_TIMEOUT: Final = 5.0
"""Seconds for what no caller waits for: a notice, the end of a session."""

_CANCELLATION: Final = b'"notifications/cancelled"'
_REQUEST_ID: Final = "agentkit.mcp.id"
_LAST_EVENT_ID: Final = "last-event-id"
_USER_AGENT: Final = "corti-agentkit"


class McpHttp(httpx2.AsyncClient):
    """Sends the SDK's requests through a shared connection pool, which it does not close."""

    def __init__(
        self, server: str, url: str, pool: httpx2.AsyncClient, authorizer: Authorizer, *, timeout: float, limit: int
    ) -> None:
        """Send requests of the MCP server `server`.

        Args:
            server: Its name, for errors.
            url: Its address.
            pool: The shared pool; its headers, cookies and auth are not used.
            authorizer: Gives the tokens.
            timeout: Seconds to connect and to write.
            limit: Bytes that one answer may have.
        """
        super().__init__(transport=httpx2.AsyncBaseTransport(), trust_env=False)
        self._server = server
        self._address = httpx2.URL(url)
        self._pool = pool
        self._authorizer = authorizer
        self._limit = limit
        self._notices: set[asyncio.Task[httpx2.Response]] = set()
        # An open event stream is silent for long; the time limit of a call is enforced by its caller.
        self._timeouts = {"connect": timeout, "write": timeout, "pool": timeout, "read": None}

    def build_request(
        self,
        method: str,
        url: object,
        *,
        content: object = None,
        data: object = None,
        files: object = None,
        json: object = None,
        params: object = None,
        headers: object = None,
        cookies: object = None,
        timeout: object = USE_CLIENT_DEFAULT,
        extensions: object = None,
    ) -> httpx2.Request:
        """The request that leaves: nothing of the pool's settings, no compression, no baggage of the caller."""
        del url, content, data, files, params, cookies, timeout, extensions
        given = {"user-agent": _USER_AGENT, "accept-encoding": "identity", **cast("Mapping[str, str]", headers or {})}
        body = cast("dict[str, object]", json) if isinstance(json, dict) else None
        if body is not None:
            _leave_baggage(body)
        return httpx2.Request(
            method,
            self._address,
            headers=given,
            content=jsonlib.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body else None,
            extensions={"timeout": self._timeouts, _REQUEST_ID: body.get("id") if body else None},
        )

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
        if request.method == "GET" and _LAST_EVENT_ID not in request.headers:
            # The stream of a session on which a server speaks unasked: nobody here listens.
            return httpx2.Response(405, content=b"", request=request)
        if request.extensions[_REQUEST_ID] is None and request.method != "GET":
            if _CANCELLATION not in request.content[:100]:
                return await self._notify(request)
            # The SDK sends one thing after the other: other calls must not wait for what becomes of a cancellation.
            notice = asyncio.create_task(self._notify(request), name=f"agentkit-mcp-cancel-{self._server}")
            self._notices.add(notice)
            notice.add_done_callback(self._notices.discard)
            return httpx2.Response(202, content=b"", request=request)
        exchange = current_exchange.get() or Exchange()
        try:
            with exchange.abortable():
                return await self._send(request, exchange)
            failure: McpError = McpUnreachable(self._server, "the call was given up.")
        except McpError as error:
            failure = error
        except httpx2.ConnectTimeout:
            failure = McpUnreachable(self._server, "the connection could not be made in time.")
        except httpx2.TimeoutException:
            failure = McpTimeout(self._server, "it did not answer in time.")
        except AgentKitError as error:  # of the token's fetch
            failure = McpUnreachable(self._server, error.message)
        except Exception as error:  # whatever a transport raises
            problem, remedy = f"it cannot be reached ({type(error).__name__}).", "Check its address, and that it runs."
            failure = McpUnreachable(self._server, problem, remedy=remedy)
        exchange.failure = failure
        if exchange.connecting:
            raise failure
        return httpx2.Response(503, content=b"", request=request)

    async def aclose(self) -> None:
        """Let the cancellations that are on their way arrive, for a bounded time; the pool stays open."""
        if self._notices:
            await asyncio.wait(tuple(self._notices))
        await super().aclose()

    async def _notify(self, request: httpx2.Request) -> httpx2.Response:
        """A notice, or the end of a session: what becomes of it is nobody's failure."""
        status = 503
        with anyio.move_on_after(NOTICE_TIMEOUT):
            try:
                response = await self._once(request, await self._authorizer.token())
                status = response.status_code
                await response.aclose()
            except Exception as error:  # whatever a transport raises
                logger.debug("a notice was not sent (%s)", type(error).__name__)
        return httpx2.Response(status, content=b"", request=request)

    async def _send(self, request: httpx2.Request, exchange: Exchange) -> httpx2.Response:
        token = await self._authorizer.token()
        response = await self._once(request, token)
        # A 401 and a 403 may each be answered with another token once; a token with the scope may come after either.
        for status in (401, 403):
            if response.status_code == status:
                challenge = Challenge.parse(response.headers.get("www-authenticate"))
                await response.aclose()
                other = await self._authorizer.another(token, challenge, status)
                if other is not None:
                    token = other
                    response = await self._once(request, token)
        exchange.status = response.status_code
        if response.status_code in {401, 403}:
            await response.aclose()
            raise self._refused(response, token)
        if is_compressed(response):
            await response.aclose()
            raise McpProtocolError(self._server, "its answer is compressed, which was not asked for.")
        if response.is_success and is_events(response):
            response.stream = BoundedEvents(self._server, response.stream, self._limit, exchange)
            return response
        return await self._whole(request, response, exchange)

    async def _once(self, request: httpx2.Request, token: str | None) -> httpx2.Response:
        if token is not None:
            name, value = self._authorizer.header(token)
            request.headers[name] = value
        if self._pool.is_closed:
            raise McpUnreachable(self._server, "the connection pool is closed.")
        tracing.inject(request.headers)
        return await self._pool.send(request, stream=True, auth=None, follow_redirects=False)

    async def _whole(self, request: httpx2.Request, response: httpx2.Response, exchange: Exchange) -> httpx2.Response:
        """The answer with its whole body, so that a connection that breaks in the middle fails this call only."""
        if response.has_redirect_location:
            await response.aclose()
            raise McpProtocolError(
                self._server,
                f"it redirects (HTTP {response.status_code}); that is not followed, so that no token goes elsewhere.",
                remedy="Register the exact address of the server.",
            )
        answers = is_json(response) and response.status_code != 202
        if response.is_success and not answers and not exchange.connecting:
            await response.aclose()
            said = f"its answer (HTTP {response.status_code}) is neither JSON nor an event stream."
            raise McpProtocolError(self._server, said)
        limit = self._limit if response.is_success else min(self._limit, ERROR_BODY_LIMIT)
        response.stream = Bounded(self._server, response.stream, limit)
        body = await response.aread()
        if response.is_success:
            if body and not is_about(body, request.extensions[_REQUEST_ID]):
                raise McpProtocolError(self._server, "its answer is about another request.")
            return response
        if "mcp-session-id" in request.headers:
            exchange.session_lost = response.status_code == 404 or (response.status_code == 400 and is_unread(body))
        exchange.retry_after = wait_wanted(response)
        if response.status_code == 429 or response.status_code >= 500:
            exchange.failure = self._busy(response.status_code, exchange.retry_after)
        return response

    def _busy(self, status: int, seconds: float | None) -> McpUnreachable:
        later = "later" if seconds is None else f"in {seconds:g} seconds"
        remedy = f"Try again {later}." if status in {429, 503} else None
        return McpUnreachable(self._server, f"it answered HTTP {status}.", remedy=remedy)

    def _refused(self, response: httpx2.Response, token: str | None) -> McpAuthRequired:
        status, challenge = response.status_code, response.headers.get("www-authenticate")
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


def _leave_baggage(body: dict[str, object]) -> None:
    """The SDK writes the caller's trace into `_meta`, and with it his baggage, which may say anything."""
    params = body.get("params")
    meta = cast("dict[str, object]", params).get("_meta") if isinstance(params, dict) else None
    if isinstance(meta, dict):
        cast("dict[str, object]", meta).pop("baggage", None)
