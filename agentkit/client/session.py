"""The asynchronous session: drives a call with httpx2."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import Final, TypeVar

import httpx2

from agentkit import tracing
from agentkit.client import http
from agentkit.client.auth import RENEWED_EARLY
from agentkit.client.config import ClientConfig
from agentkit.client.exchange import HttpRequest, Pause, attempts, exchange, note, withheld
from agentkit.client.operation import Answer, Operation, StreamOperation
from agentkit.client.retry import RetryPolicy
from agentkit.client.tokens import SignIn, refresh_errors
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.oauth import IssuedToken, TokenCache

T = TypeVar("T")

_TURNS: Final = 4


class AsyncSession:
    """Connections, token and retries of one `AsyncCorti`; bound to the event loop of its first call.

    Nothing is opened before the first call: reading the certificate store takes longer than most calls, so it is done
    then, in a thread.
    """

    def __init__(
        self,
        config: ClientConfig,
        *,
        refresh: Callable[[str | None], Awaitable[IssuedToken]] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Keep the settings.

        Args:
            config: Where, and who calls.
            refresh: Brings each token; it is given the refresh token held.
            transport: Sends the requests in place of the network.
            sleep: Waits between tries, in place of `asyncio.sleep`.
            clock: Seconds that only go forward, in place of `time.monotonic`; for the token's life.
        """
        self._config = config
        self._refresh = refresh
        self._transport = transport
        self._sleep = sleep or asyncio.sleep
        self._retry = RetryPolicy(config.max_retries)
        clock = clock or time.monotonic
        self._sign_in = SignIn(config, self._retry, clock=clock, now=time.time)
        self._tokens = TokenCache(self._fetch_token, early=RENEWED_EARLY, clock=clock)
        self._http: httpx2.AsyncBaseTransport | None = None
        self._opening: asyncio.Task[httpx2.AsyncBaseTransport] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._streams: set[httpx2.Response] = set()
        self._concluding: set[asyncio.Task[object]] = set()

    @property
    def refresh_token(self) -> str | None:
        """The refresh token held."""
        return self._sign_in.refresh_token

    async def call(self, operation: Operation[T]) -> T:
        """Do one call, with its retries, in one span.

        Raises:
            AgentKitError: It failed: `ApiError`, `AuthenticationError`, `TransportError` or `WireError`.
        """
        self._check_usable()
        with tracing.span(operation.name, operation.span_attributes(), kind=tracing.SpanKind.CLIENT) as span:
            return await self._drive(exchange(operation, self._config, self._retry, span, clock=time.time), self._send)

    @asynccontextmanager
    async def stream(self, operation: StreamOperation[T]) -> AsyncGenerator[AsyncIterator[T]]:
        """Do one call that is answered by events; only opening it is limited in time, a silent agent works.

        Yields:
            The events as they come. The iterator ends where the connection does.

        Raises:
            AgentKitError: It could not be opened, broke, or brought an error or something unreadable.
        """
        self._check_usable()
        responses: list[httpx2.Response] = []
        with tracing.long_span(operation.name, operation.span_attributes(), kind=tracing.SpanKind.CLIENT) as span:
            try:
                steps = attempts(operation, self._config, self._retry, span, clock=time.time)
                answer, secrets = await self._drive(steps, partial(self._send_streamed, responses=responses))
                async with aclosing(self._events(operation, answer, secrets, responses, span)) as events:
                    yield events
            finally:
                for response in responses:
                    self._streams.discard(response)
                    await response.aclose()

    async def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            ConnectionFailed: The session is closed; there is nothing to wait for.
        """
        self._check_usable()
        await self._sleep(seconds)

    async def settle(self) -> None:
        """Let streams end whose loop was left a moment ago: the event loop does that in its next turns."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def conclude(self, operation: Operation[T]) -> T:
        """Do one call to its end even when the caller is cancelled meanwhile."""
        task = asyncio.create_task(self.call(operation))
        self._concluding.add(task)
        task.add_done_callback(self._concluding.discard)
        task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Close the connections and drop the token; the session cannot be used afterwards.

        Raises:
            ConfigurationError: It was used on another event loop; a connection can be closed on its own loop only.
        """
        if self._loop is not None:
            self._check_loop()
        try:
            await self.settle()
            if self._concluding:
                await asyncio.wait(self._concluding)
        finally:
            await self._close()

    async def _drive(
        self, steps: Generator[HttpRequest | Pause, Answer | None, T], send: Callable[[HttpRequest], Awaitable[Answer]]
    ) -> T:
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    await self._sleep(step.seconds)
                    step = next(steps)
                else:
                    answer = await send(step)
                    if answer.status == 401 and step.is_authorized:
                        self._tokens.forget(step.token)  # for the next call; this one raises (CLI-04)
                    step = steps.send(answer)
        except StopIteration as done:
            return done.value
        finally:
            steps.close()

    async def _send(self, request: HttpRequest) -> Answer:
        transport = await self._authorized(request)
        with http.own_errors(request.url):
            async with asyncio.timeout(self._config.timeout):
                return await _whole(await transport.handle_async_request(http.built(request, None)), request)

    async def _send_streamed(self, request: HttpRequest, responses: list[httpx2.Response]) -> Answer:
        transport = await self._authorized(request)
        with http.own_errors(request.url):
            sent = http.built(request, None)
            async with asyncio.timeout(self._config.timeout):
                response = await transport.handle_async_request(sent)
                response.request = sent  # httpx2's EventSource wants to know
                if http.is_event_stream(response):
                    responses.append(response)
                    self._streams.add(response)
                    return http.opened(response)
                return await _whole(response, request)

    async def _events(
        self,
        operation: StreamOperation[T],
        answer: Answer,
        secrets: frozenset[str],
        responses: list[httpx2.Response],
        span: tracing.Span,
    ) -> AsyncGenerator[T]:
        if not answer.is_open:
            with withheld(secrets):
                whole = operation.parse(answer)
            yield whole
            return
        count = 0
        url = str(responses[-1].url)
        source = aiter(httpx2.EventSource(responses[-1], http.MAX_ANSWER))
        while True:
            with http.own_errors(url):
                event = await anext(source, None)
            if event is None:
                return
            with withheld(secrets):
                decoded = http.decoded(operation, event)
            if decoded is None:
                continue
            count += 1
            span.set("agentkit.event.count", count)
            note(span, decoded)
            yield decoded

    async def _authorized(self, request: HttpRequest) -> httpx2.AsyncBaseTransport:
        if self._is_closed:
            raise http.closed()
        if request.is_authorized:
            request.authorize(self._config.token or await self._tokens.get())
        return self._http or await self._open()

    async def _fetch_token(self) -> IssuedToken:
        with tracing.span("client.token", kind=tracing.SpanKind.CLIENT) as span:
            if self._refresh is None:
                return await self._drive(self._sign_in.steps(span), self._send)
            if given := self._sign_in.given():
                return given
            with refresh_errors():
                token = await self._refresh(self._sign_in.refresh_token)
            return self._sign_in.keep(token)

    def _check_usable(self) -> None:
        if self._is_closed:
            raise http.closed()
        self._check_loop()

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ConfigurationError(
                "AsyncCorti", "belongs to another event loop", remedy="Make one client per event loop."
            )

    async def _close(self) -> None:
        self._is_closed = True
        await self._tokens.aclose()
        self._sign_in.forget()
        if self._opening is not None:
            await asyncio.wait([self._opening])
        # A stream that nobody closed would do so when the event loop is gone.
        for response in tuple(self._streams):
            with suppress(AgentKitError), http.own_errors(str(response.url)):
                await response.aclose()
        transport, self._http = self._http, None
        if transport is not None:
            await transport.aclose()

    async def _open(self) -> httpx2.AsyncBaseTransport:
        if self._is_closed:
            raise http.closed()
        if self._transport is not None:
            self._http = self._transport
            return self._http
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open_in_thread(), name="agentkit-client-open")
            self._opening.add_done_callback(_retrieve)
        # A cancelled caller leaves the opening to the others.
        transport = await asyncio.shield(self._opening)
        if self._is_closed:
            raise http.closed()
        return transport

    async def _open_in_thread(self) -> httpx2.AsyncBaseTransport:
        self._http = await asyncio.to_thread(http.open_async, self._config)
        return self._http


def _retrieve(task: asyncio.Task[T]) -> None:
    """Mark the outcome as seen: when every caller was cancelled, nobody else looks at it."""
    if not task.cancelled():
        task.exception()


async def _whole(response: httpx2.Response, request: HttpRequest) -> Answer:
    try:
        headers = http.headers_of(response)
        limit = http.checked_limit(headers, request.max_answer)
        content = bytearray()
        iterator = aiter(http.async_chunks(response, headers))
        try:
            async for chunk in iterator:
                content += chunk
                if len(content) > limit:
                    raise http.too_large(request.max_answer)
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()
        return Answer(response.status_code, headers, bytes(content))
    finally:
        await response.aclose()
