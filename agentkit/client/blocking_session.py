"""The blocking session: drives a call with httpx2, from any number of threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar
from weakref import WeakSet

import httpx2

from agentkit import tracing
from agentkit.client import http
from agentkit.client.auth import RENEWED_EARLY, BlockingTokenCache
from agentkit.client.config import ClientConfig
from agentkit.client.exchange import HttpRequest, Pause, attempts, exchange, note, withheld
from agentkit.client.operation import Answer, Operation, StreamOperation
from agentkit.client.retry import RetryPolicy
from agentkit.client.tokens import SignIn, refresh_errors
from agentkit.oauth import IssuedToken

T = TypeVar("T")


class BlockingSession:
    """Connections, token and retries of one `Corti`; may be shared by threads."""

    def __init__(
        self,
        config: ClientConfig,
        *,
        refresh: Callable[[str | None], IssuedToken] | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Keep the settings.

        Args:
            config: Where, and who calls.
            refresh: Brings each token; it is given the refresh token held.
            transport: Sends the requests in place of the network.
            sleep: Waits between tries, in place of `time.sleep`.
            clock: Seconds that only go forward, in place of `time.monotonic`; for the token's life and the time limit
                of a try.
        """
        self._config = config
        self._refresh = refresh
        self._transport = transport
        self._sleep = sleep or time.sleep
        self._clock = clock or time.monotonic
        self._retry = RetryPolicy(config.max_retries)
        self._sign_in = SignIn(config, self._retry, clock=self._clock, now=time.time)
        self._tokens = BlockingTokenCache(self._fetch_token, early=RENEWED_EARLY, clock=self._clock)
        self._lock = threading.Lock()
        self._http: httpx2.BaseTransport | None = None
        self._inherited: httpx2.BaseTransport | None = None
        self._users = 0
        self._streams: set[httpx2.Response] = set()
        self._is_closed = False
        _sessions.add(self)

    @property
    def refresh_token(self) -> str | None:
        """The refresh token held."""
        return self._sign_in.refresh_token

    def call(self, operation: Operation[T]) -> T:
        """Do one call, with its retries, in one span.

        Raises:
            AgentKitError: It failed: `ApiError`, `AuthenticationError`, `TransportError` or `WireError`.
        """
        with tracing.span(operation.name, operation.span_attributes(), kind=tracing.SpanKind.CLIENT) as span:
            return self._drive(exchange(operation, self._config, self._retry, span, clock=time.time), self._send)

    @contextmanager
    def stream(self, operation: StreamOperation[T]) -> Generator[Iterator[T]]:
        """Do one call that is answered by events; only opening it is limited in time, a silent agent works.

        Yields:
            The events as they come. The iterator ends where the connection does.

        Raises:
            AgentKitError: It could not be opened, broke, or brought an error or something unreadable.
        """
        responses: list[httpx2.Response] = []

        def opened(request: HttpRequest) -> Answer:
            return self._send_streamed(request, responses)

        with (
            tracing.long_span(operation.name, operation.span_attributes(), kind=tracing.SpanKind.CLIENT) as span,
            self._connections(),
        ):
            try:
                steps = attempts(operation, self._config, self._retry, span, clock=time.time)
                answer, secrets = self._drive(steps, opened)
                with closing(self._events(operation, answer, secrets, responses, span)) as events:
                    yield events
            finally:
                for response in responses:
                    with self._lock:
                        self._streams.discard(response)
                    response.close()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            ConnectionFailed: The session is closed; there is nothing to wait for.
        """
        self._check_open()
        self._sleep(seconds)

    def settle(self) -> None:
        """Nothing: a stream ends with its loop."""

    def conclude(self, operation: Operation[T]) -> T:
        """Do one call to its end; nothing cancels a blocking one."""
        return self.call(operation)

    def close(self) -> None:
        """Close the connections and drop the token; the session cannot be used afterwards.

        Streams that other threads read break off. A request that is under way goes on, and closes the connections when
        it ends: a socket that is closed while a thread waits for it does not wake the thread, and its number may be
        given to another one meanwhile.
        """
        with self._lock:
            self._is_closed = True
            transport = None if self._users else self._http
            streams = tuple(self._streams)
        self._tokens.forget()
        self._sign_in.forget()
        for response in streams:
            http.hang_up(response)
        if transport is not None:
            transport.close()

    def _drive(
        self, steps: Generator[HttpRequest | Pause, Answer | None, T], send: Callable[[HttpRequest], Answer]
    ) -> T:
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = next(steps)
                else:
                    answer = send(step)
                    if answer.status == 401 and step.is_authorized:
                        self._tokens.forget(step.token)  # for the next call; this one raises (CLI-04)
                    step = steps.send(answer)
        except StopIteration as done:
            return done.value
        finally:
            steps.close()

    def _send(self, request: HttpRequest) -> Answer:
        self._authorize(request)
        deadline = self._clock() + self._config.timeout
        with self._connections() as transport, http.own_errors(request.url):
            response = transport.handle_request(http.built(request, self._config.timeout))
            return self._whole(response, request, deadline)

    def _send_streamed(self, request: HttpRequest, responses: list[httpx2.Response]) -> Answer:
        self._authorize(request)
        deadline = self._clock() + self._config.timeout
        with self._connections() as transport, http.own_errors(request.url):
            sent = http.built(request, self._config.timeout)
            response = transport.handle_request(sent)
            response.request = sent  # httpx2's EventSource wants to know
            if http.is_event_stream(response):
                http.wait_on(sent)
                responses.append(response)
                self._add_stream(response)
                return http.opened(response)
            return self._whole(response, request, deadline)

    def _events(
        self,
        operation: StreamOperation[T],
        answer: Answer,
        secrets: frozenset[str],
        responses: list[httpx2.Response],
        span: tracing.Span,
    ) -> Generator[T]:
        if not answer.is_open:
            with withheld(secrets):
                whole = operation.parse(answer)
            yield whole
            return
        count = 0
        url = str(responses[-1].url)
        source = iter(httpx2.EventSource(responses[-1], http.MAX_ANSWER))
        while True:
            with http.own_errors(url):
                event = next(source, None)
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

    def _whole(self, response: httpx2.Response, request: HttpRequest, deadline: float) -> Answer:
        try:
            headers = http.headers_of(response)
            limit = http.checked_limit(headers, request.max_answer)
            chunks: list[bytes] = []
            size = 0
            for chunk in http.chunks(response, headers):
                size += len(chunk)
                if size > limit:
                    raise http.too_large(request.max_answer)
                if self._clock() > deadline:
                    raise http.timed_out(request.url)
                chunks.append(chunk)
            return Answer(response.status_code, headers, b"".join(chunks))
        finally:
            response.close()

    def _authorize(self, request: HttpRequest) -> None:
        self._check_open()
        if request.is_authorized:
            request.authorize(self._config.token or self._tokens.get())

    def _fetch_token(self) -> IssuedToken:
        with tracing.span("client.token", kind=tracing.SpanKind.CLIENT) as span:
            if self._refresh is None:
                return self._drive(self._sign_in.steps(span), self._send)
            if given := self._sign_in.given():
                return given
            with refresh_errors():
                token = self._refresh(self._sign_in.refresh_token)
            return self._sign_in.keep(token)

    @contextmanager
    def _connections(self) -> Generator[httpx2.BaseTransport]:
        with self._lock:
            self._check_open()
            if self._http is None:
                self._http = self._transport or http.open_blocking(self._config)
            transport = self._http
            self._users += 1
        try:
            yield transport
        finally:
            with self._lock:
                self._users -= 1
                is_last = self._is_closed and not self._users
            if is_last:
                transport.close()

    def _add_stream(self, response: httpx2.Response) -> None:
        with self._lock:
            self._check_open()
            self._streams.add(response)

    def _check_open(self) -> None:
        if self._is_closed:
            raise http.closed()

    def start_over(self) -> None:
        """Leave the connections to the parent of this process: both would read each other's answers."""
        self._lock = threading.Lock()
        # Kept, because what is thrown away is closed, and what is closed over TLS says so to the server.
        self._inherited, self._http = self._http, None
        self._users = 0
        self._streams = set()
        self._tokens.start_over()


_sessions: WeakSet[BlockingSession] = WeakSet()


def _start_over() -> None:
    for session in tuple(_sessions):
        session.start_over()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
