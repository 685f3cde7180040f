"""What both sessions need of httpx2: opening a client, bounded reading, and its exceptions made ours."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Final, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from agentkit.client.config import ClientConfig
from agentkit.client.exchange import HttpRequest
from agentkit.client.operation import Answer, StreamOperation
from agentkit.errors import AgentKitError, ConfigurationError, ConnectionFailed, RequestTimeout, WireError
from agentkit.oauth.loopback import is_loopback
from agentkit.wire.jsontext import parse_json

T = TypeVar("T")


def _release() -> str:
    try:
        return version("corti-agentkit")
    except PackageNotFoundError:
        return "source"


MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of the largest answer a client reads."""

_HEADERS: Final = {"User-Agent": f"corti-agentkit/{_release()}", "Accept-Encoding": "gzip, deflate"}

_KEPT_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
        if hasattr(socket, name)
    ),
)
"""A stream has no time limit, since a silent agent works; so the kernel finds out, within two minutes, that the other
side is gone. Behind a proxy that is the proxy's business."""


def open_async(config: ClientConfig, transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    """An asynchronous client; reads the certificate store, so do not call it on an event loop without a transport.

    Raises:
        ConfigurationError: The proxy or certificate settings of the environment cannot be used.
    """
    with _usable_environment():
        trusts = _trusts_environment(config)
        if transport is None and not (trusts and getproxies()):
            transport = httpx2.AsyncHTTPTransport(trust_env=trusts, socket_options=_KEPT_ALIVE)
        # No timeouts of its own: the session limits the whole try.
        return httpx2.AsyncClient(transport=transport, timeout=None, trust_env=trusts)


def open_blocking(config: ClientConfig, transport: httpx2.BaseTransport | None) -> httpx2.Client:
    """A blocking client.

    Raises:
        ConfigurationError: The proxy or certificate settings of the environment cannot be used.
    """
    with _usable_environment():
        trusts = _trusts_environment(config)
        if transport is None and not (trusts and getproxies()):
            transport = httpx2.HTTPTransport(trust_env=trusts, socket_options=_KEPT_ALIVE)
        return httpx2.Client(transport=transport, timeout=config.timeout, trust_env=trusts)


def built(request: HttpRequest, timeout: float | None, *, silence: float | None = None) -> httpx2.Request:
    """The request for httpx2; made here, because a client's own `build_request` costs a third of a small call.

    Args:
        request: What to send.
        timeout: Seconds for each of connecting, waiting for a connection and writing.
        silence: Seconds to wait for anything to read; None waits on, since a silent agent works.
    """
    return httpx2.Request(
        request.method,
        request.url,
        headers={**_HEADERS, **request.headers},
        content=request.content,
        extensions={"timeout": {"connect": timeout, "write": timeout, "pool": timeout, "read": silence}},
    )


@contextmanager
def own_errors(url: str) -> Generator[None]:
    """Turn every exception of httpx2 into ours; the texts of httpx2 may quote what a server sent, so they are dropped.

    Raises:
        RequestTimeout: A time limit ran out.
        ConnectionFailed: No answer, a broken one, or an undecodable one.
        WireError: An event is too large.
    """
    try:
        yield
    except (httpx2.TimeoutException, TimeoutError):
        raise timed_out(url) from None
    except httpx2.SSEError:
        raise too_large() from None
    except (httpx2.RequestError, httpx2.StreamError, httpx2.InvalidURL) as error:
        unsent = isinstance(error, (httpx2.ConnectError, httpx2.InvalidURL, httpx2.UnsupportedProtocol))
        outcome = "nothing was sent" if unsent else "whether the server did the work is unknown"
        raise ConnectionFailed(
            f"No answer from {_origin(url)} ({type(error).__name__}).",
            remedy=f"Check CORTI_ENVIRONMENT or CORTI_BASE_URL, and the network; {outcome}.",
        ) from None


def timed_out(url: str) -> RequestTimeout:
    """The error for a try that took too long."""
    return RequestTimeout(
        f"No complete answer from {_origin(url)} in time.",
        remedy="Raise timeout= for long work; whether the server did the work is unknown.",
    )


def check_length(response: httpx2.Response, limit: int | None) -> None:
    """Refuse an answer that says it is too large.

    Raises:
        WireError: It is.
    """
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > (limit or MAX_ANSWER):
        raise too_large(limit)


def too_large(limit: int | None = None) -> WireError:
    """The error for an answer above its limit."""
    return WireError("answer", "size", f"is larger than {(limit or MAX_ANSWER) // (1024 * 1024)} MiB")


def is_event_stream(response: httpx2.Response) -> bool:
    """Whether an answer is a success that goes on as server-sent events."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.is_success and media_type == "text/event-stream"


def opened(response: httpx2.Response) -> Answer:
    """The head of an answer whose events follow."""
    return Answer(response.status_code, dict(response.headers.items()), b"", is_open=True)


def decoded(operation: StreamOperation[T], event: httpx2.ServerSentEvent) -> T | None:
    """What an event says; None for a comment, a keep-alive, or an event of a kind this version does not know.

    Raises:
        AgentKitError: The event holds no JSON, or an error.
    """
    return operation.decode(parse_json(event.data.encode(), "event")) if event.data else None


def closed() -> AgentKitError:
    """The error for a call on a closed client."""
    return ConnectionFailed("The client is closed.", remedy="Make a new one, or call inside its with block.")


def answer(response: httpx2.Response, body: bytes) -> Answer:
    """The whole answer; httpx2's header names are in lower case."""
    return Answer(response.status_code, dict(response.headers.items()), body)


@contextmanager
def _usable_environment() -> Generator[None]:
    try:
        yield
    except (OSError, ValueError, ImportError, httpx2.InvalidURL):
        raise ConfigurationError(
            "HTTPS_PROXY, SSL_CERT_FILE or SSL_CERT_DIR",
            "cannot be used",
            remedy="Check that the proxy is an address and the certificates can be read.",
        ) from None


def _trusts_environment(config: ClientConfig) -> bool:
    """Proxy and certificate settings hold for the world, not for plain http on this machine."""
    parts = urlsplit(config.endpoints.agents)
    return parts.scheme == "https" or not is_loopback(parts.hostname or "")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
