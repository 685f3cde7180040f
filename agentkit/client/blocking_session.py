"""The blocking session: drives a call with httpx2, from any number of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TypeVar

import httpx2

from agentkit import tracing
from agentkit.client import http
from agentkit.client.auth import RENEWED_EARLY, BlockingTokenCache, token_exchange
from agentkit.client.config import ClientConfig
from agentkit.client.exchange import HttpRequest, Pause, exchange
from agentkit.client.operation import Answer, Operation
from agentkit.client.retry import RetryPolicy
from agentkit.oauth import IssuedToken

T = TypeVar("T")


class BlockingSession:
    """Connections, token and retries of one `Corti`; may be shared by threads."""

    def __init__(
        self,
        config: ClientConfig,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Keep the settings.

        Args:
            config: Where, and who calls.
            transport: Sends the requests in place of the network.
            sleep: Waits between tries, in place of `time.sleep`.
            clock: Seconds that only go forward, in place of `time.monotonic`; for the token's life and the time limit
                of a try.
        """
        self._config = config
        self._transport = transport
        self._sleep = sleep or time.sleep
        self._clock = clock or time.monotonic
        self._retry = RetryPolicy(config.max_retries)
        self._tokens = BlockingTokenCache(self._fetch_token, early=RENEWED_EARLY, clock=self._clock)
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None
        self._is_closed = False

    def call(self, operation: Operation[T]) -> T:
        """Do one call, with its retries, in one span.

        Raises:
            AgentKitError: It failed: `ApiError`, `AuthenticationError`, `TransportError` or `WireError`.
        """
        with tracing.span(operation.name, operation.span_attributes(), kind=tracing.SpanKind.CLIENT) as span:
            return self._drive(exchange(operation, self._config, self._retry, span, clock=time.time))

    def close(self) -> None:
        """Close the connections and drop the token; the session cannot be used afterwards."""
        with self._lock:
            self._is_closed = True
            client, self._http = self._http, None
        self._tokens.forget()
        if client is not None:
            client.close()

    def _drive(self, steps: Generator[HttpRequest | Pause, Answer | None, T]) -> T:
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = next(steps)
                else:
                    step = steps.send(self._send(step))
        except StopIteration as done:
            return done.value
        finally:
            steps.close()

    def _send(self, request: HttpRequest) -> Answer:
        client = self._open()
        if request.is_authorized:
            request.authorize(self._config.token or self._tokens.get())
        deadline = self._clock() + self._config.timeout
        with http.own_errors(request):
            response = client.send(http.built(request, self._config.timeout), stream=True)
            try:
                return http.answer(response, self._read(response, request, deadline))
            finally:
                response.close()

    def _read(self, response: httpx2.Response, request: HttpRequest, deadline: float) -> bytes:
        http.check_length(response)
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > http.MAX_ANSWER:
                raise http.too_large()
            if self._clock() > deadline:
                raise http.timed_out(request)
            chunks.append(chunk)
        return b"".join(chunks)

    def _fetch_token(self) -> IssuedToken:
        with tracing.span("client.token", {"http.request.method": "POST"}, kind=tracing.SpanKind.CLIENT) as span:
            return self._drive(token_exchange(self._config, self._retry, span, time.time))

    def _open(self) -> httpx2.Client:
        with self._lock:
            if self._is_closed:
                raise http.closed()
            if self._http is None:
                self._http = http.open_blocking(self._config, self._transport)
            return self._http
