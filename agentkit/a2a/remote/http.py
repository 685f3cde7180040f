"""HTTP to one remote agent: authorization, trace, time limits and sizes, with typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

import httpx2

from agentkit import tracing
from agentkit.a2a.remote.authorization import Authorizer
from agentkit.a2a.remote.bindings import Call
from agentkit.a2a.remote.numbers import with_integers
from agentkit.errors import (
    ConnectionFailed,
    RemoteAuthRequired,
    RemoteProtocolError,
    RemoteUnreachable,
    RequestTimeout,
    WireError,
)
from agentkit.models import Json
from agentkit.wire.jsontext import dump_json, parse_json

_EVENTS: Final = "text/event-stream"
_REDIRECTS: Final = range(300, 400)
_LONGEST_CHALLENGE: Final = 2_000
_ERROR_BODY: Final = 262_144
"""Bytes that are read of an answer that is no success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLimits:
    """What a remote agent may take: nothing it does or leaves undone goes on without end.

    Attributes:
        silence: Seconds it may say nothing new about a turn, in one answer or over several connections; the official
            client's own 5 seconds end most turns of a model (A2A-CG-01).
        connect: Seconds to make a connection, to get a free one and to send a request.
        answer: Bytes of one answer or one event.
        stream: Bytes of one turn's stream.
        events: Events of one turn.
        tries: How often in a row something is tried that brings nothing new, before it is given up.
        outage: Seconds for which an agent may be away, for example while it starts anew, before a task of it that is
            at work is given up; at least as many times as `tries` it is looked for.
    """

    silence: float = 600.0
    connect: float = 10.0
    answer: int = 16 * 1024 * 1024
    stream: int = 256 * 1024 * 1024
    events: int = 100_000
    tries: int = 4
    outage: float = 60.0


@dataclass(frozen=True, slots=True)
class Received:
    """An answer.

    Attributes:
        status: Of HTTP.
        headers: Names in lower case.
        document: The JSON in it; None where there is none.
    """

    status: int
    headers: Mapping[str, str]
    document: Json


class PeerHttp:
    """Sends the requests of one remote agent; headers, cookies and redirects of the pool are not used."""

    def __init__(
        self,
        agent: str,
        pool: httpx2.AsyncClient,
        authorizer: Authorizer,
        limits: RemoteLimits,
        *,
        connections: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Send through a pool.

        Args:
            agent: The agent's name, for errors.
            pool: The connections.
            authorizer: Lets requests in.
            limits: Bounds of time and size.
            connections: What the pool stands on, where that is known: the way through it costs less.
        """
        self._connections = connections
        self._agent = agent
        self._pool = pool
        self._authorizer = authorizer
        self._limits = limits
        silence, connect = limits.silence, limits.connect
        self._timeouts = {"connect": connect, "write": connect, "pool": connect, "read": silence}

    async def ask(self, call: Call, headers: Mapping[str, str], bearer: str | None) -> Received:
        """Send one request and read its whole answer.

        Args:
            call: What to send.
            headers: Beside those that every request has.
            bearer: The caller's own token, where it is passed on.

        Raises:
            RemoteAuthRequired: The agent does not let us in.
            RemoteUnreachable: Nothing was sent.
            ConnectionFailed: The connection broke; whether the agent did the work is unknown.
            RequestTimeout: No answer in time; the same.
            RemoteProtocolError: The answer is too large, a redirect, or no JSON.
        """
        async with self._opened(call, headers, bearer) as response:
            return await self._whole(response)

    @asynccontextmanager
    async def stream(
        self, call: Call, headers: Mapping[str, str], bearer: str | None
    ) -> AsyncGenerator[Received | AsyncIterator[Json]]:
        """Send one request that is answered by events; yields them, or the whole answer where it is none of these.

        Raises:
            AgentKitError: As `ask`; the events raise the same while they are read.
        """
        async with self._opened(call, {**headers, "Accept": _EVENTS}, bearer) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or media_type != _EVENTS:
                yield await self._whole(response)
                return
            response.encoding = "utf-8-sig"  # what an event stream always is, whatever it says
            async with aclosing(self._events(response)) as events:
                yield events

    async def _events(self, response: httpx2.Response) -> AsyncGenerator[Json]:
        size = 0
        with self._own_errors():
            source = aiter(httpx2.EventSource(response, self._limits.answer))
        while True:
            with self._own_errors():
                async with asyncio.timeout(self._limits.silence):
                    event = await anext(source, None)
            if event is None:
                return
            if not event.data:
                continue
            body = event.data.encode()
            size += len(body)
            if size > self._limits.stream:
                raise RemoteProtocolError(self._agent, "its stream has no end.")
            yield self._parsed(body)

    @asynccontextmanager
    async def _opened(
        self, call: Call, headers: Mapping[str, str], bearer: str | None
    ) -> AsyncGenerator[httpx2.Response]:
        body = b"" if call.body is None else dump_json(call.body)
        given = {"Accept": call.media_type, **headers}
        if call.body is not None:
            given["Content-Type"] = call.media_type
        tracing.inject(given)
        granted = await self._authorizer.headers(bearer)
        response = await self._once(call, {**given, **granted}, body)
        try:
            if response.status_code == 401:
                other = await self._authorizer.another(granted, response.headers.get("www-authenticate"))
                if other is not None:
                    await response.aclose()
                    response = await self._once(call, {**given, **other}, body)
            self._check_let_in(response)
            yield response
        finally:
            await response.aclose()

    async def _once(self, call: Call, headers: dict[str, str], body: bytes) -> httpx2.Response:
        with self._own_errors():
            if self._pool.is_closed:
                raise RemoteUnreachable(f"Remote agent {self._agent}: its connections are closed.")
            url, host = _parsed(call.url)
            sent = {"Host": host, "User-Agent": "corti-agentkit", "Accept-Encoding": "identity", **headers}
            if body or call.method == "POST":
                sent["Content-Length"] = str(len(body))
            request = httpx2.Request(
                call.method,
                url,
                headers=sent,
                stream=httpx2.ByteStream(body),
                extensions={"timeout": self._timeouts},
            )
            # Of one that is slow byte by byte, too.
            async with asyncio.timeout(self._limits.silence):
                if self._connections is None:
                    return await self._pool.send(request, stream=True, auth=None, follow_redirects=False)
                response = await self._connections.handle_async_request(request)
                response.request = request  # httpx2's EventSource wants to know
                return response

    def _check_let_in(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status in {401, 403}:
            challenge = response.headers.get("www-authenticate")
            raise RemoteAuthRequired(
                self._agent,
                f"it does not let us in (HTTP {status}).",
                status=status,
                challenge=challenge[:_LONGEST_CHALLENGE] if challenge else None,
                remedy="Give remote_agent the auth that its card asks for.",
            )
        if status in _REDIRECTS and status != 304:
            raise RemoteProtocolError(
                self._agent,
                f"it redirects (HTTP {status}); that is not followed, so that no credential goes elsewhere.",
                status=status,
                remedy="Use the exact address of the agent.",
            )

    async def _whole(self, response: httpx2.Response) -> Received:
        headers = {name: value for name, value in response.headers.items()}  # noqa: C416 - httpx2's own are slow
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise RemoteProtocolError(self._agent, "its answer is compressed, which was not asked for.")
        limit = self._limits.answer if response.is_success else _ERROR_BODY
        content = bytearray()
        with self._own_errors():
            async with asyncio.timeout(self._limits.silence):
                # Past the generators of httpx2, which would decode what is not encoded.
                async for chunk in cast("httpx2.AsyncByteStream", response.stream):
                    content += chunk
                    if len(content) > limit:
                        raise RemoteProtocolError(self._agent, f"its answer is larger than {limit} bytes.")
        if response.status_code == 200:
            return Received(200, headers, self._parsed(bytes(content)))
        return Received(response.status_code, headers, _leniently_parsed(bytes(content)))

    def _parsed(self, body: bytes) -> Json:
        try:
            document = parse_json(body)
            # A server that has all in protobuf, as the SDK's, writes every number as a double (A2A-CO-06).
            return with_integers(document) if b".0" in body else document
        except WireError as error:
            raise RemoteProtocolError(self._agent, f"its answer {error.detail}.") from None

    @contextmanager
    def _own_errors(self) -> Generator[None]:
        """Exceptions of httpx2 made ours; its texts may quote what a server sent, so they are dropped."""
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            reason = type(error).__name__
            raise RemoteUnreachable(
                f"Remote agent {self._agent} cannot be reached ({reason}).", remedy="Check its address and the network."
            ) from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            raise RemoteProtocolError(self._agent, "its card names an address that is none.") from None
        except (httpx2.TimeoutException, TimeoutError):
            raise RequestTimeout(
                f"Remote agent {self._agent} was silent for too long.",
                remedy="Allow more silence in RemoteLimits; whether it did the work is unknown.",
            ) from None
        except httpx2.SSEError:
            raise RemoteProtocolError(
                self._agent, f"an event is no event, or larger than {self._limits.answer} bytes."
            ) from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            raise ConnectionFailed(
                f"The connection to remote agent {self._agent} broke ({type(error).__name__}).",
                remedy="Whether it did the work is unknown.",
            ) from None


def _leniently_parsed(body: bytes) -> Json:
    """What a failing server, or a proxy before it, says may be no JSON at all."""
    try:
        return parse_json(body)
    except WireError:
        return None


@lru_cache(maxsize=256)
def _parsed(url: str) -> tuple[httpx2.URL, str]:
    """An address and what `Host` says of it; parsing costs as much as reading a task."""
    parsed = httpx2.URL(url)
    return parsed, parsed.netloc.decode("ascii")
