"""What both sessions need of httpx2: opening a client, bounded reading, and its exceptions made ours."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
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

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
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


_LIMITS: Final = httpx2.Limits(max_connections=None, max_keepalive_connections=20)
"""As many connections as there are calls: a stream keeps its own for as long as the agent works, so with httpx2's
limit of 100 the next call would wait for one until its time is up. 20 idle ones are kept, as httpx2 does."""


def open_async(config: ClientConfig) -> httpx2.AsyncBaseTransport:
    """Connections for an event loop; reads the certificate store, so do not call it on one.

    What a client of httpx2 adds to its transport, such as cookies and redirects, is not wanted here and costs a tenth
    of a small call; only its choice of a proxy is.

    Raises:
        ConfigurationError: The proxy or certificate settings of the environment cannot be used.
    """
    with _usable_environment():
        trusts = _trusts_environment(config)
        if trusts and _names_proxies():
            return _AsyncProxied()
        return httpx2.AsyncHTTPTransport(trust_env=trusts, socket_options=_KEPT_ALIVE, limits=_LIMITS)


def open_blocking(config: ClientConfig) -> httpx2.BaseTransport:
    """Connections for threads; see `open_async`.

    Raises:
        ConfigurationError: The proxy or certificate settings of the environment cannot be used.
    """
    with _usable_environment():
        trusts = _trusts_environment(config)
        if trusts and _names_proxies():
            return _BlockingProxied()
        return httpx2.HTTPTransport(trust_env=trusts, socket_options=_KEPT_ALIVE, limits=_LIMITS)


class _AsyncProxied(httpx2.AsyncBaseTransport):
    """Sends through the proxies of the environment."""

    def __init__(self) -> None:
        # No timeouts of its own: the session limits the whole try.
        self._client = httpx2.AsyncClient(timeout=None, trust_env=True, limits=_LIMITS)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        await self._client.aclose()


class _BlockingProxied(httpx2.BaseTransport):
    """The twin of `_AsyncProxied`."""

    def __init__(self) -> None:
        self._client = httpx2.Client(timeout=None, trust_env=True, limits=_LIMITS)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._client.send(request, stream=True)

    def close(self) -> None:
        self._client.close()


def built(request: HttpRequest, timeout: float | None) -> httpx2.Request:
    """The request for httpx2, with the headers that httpx2 adds to one.

    Args:
        request: What to send.
        timeout: Seconds for each of connecting, waiting for a connection, writing, and waiting for anything to read.
    """
    # What is filtered by may say something of a patient, and comes once.
    url, host = _parsed(request.url) if "?" in request.url else _parsed_before(request.url)
    headers = {"Host": host, **_HEADERS, **request.headers}
    content = request.content or b""
    if content or request.method in _WITH_BODY:
        headers["Content-Length"] = str(len(content))
    built = httpx2.Request(
        request.method,
        url,
        headers=headers,
        # As a stream, or httpx2 would go through the headers twice more to add the two.
        stream=httpx2.ByteStream(content),
        extensions={"timeout": {"connect": timeout, "write": timeout, "pool": timeout, "read": timeout}},
    )
    built.read()
    return built


def wait_on(request: httpx2.Request) -> None:
    """Lift the limit of waiting for what is left to read: a stream is open now, and a silent agent works."""
    request.extensions["timeout"]["read"] = None


def hang_up(response: httpx2.Response) -> None:
    """End a stream under the thread that reads it, which then closes the response."""
    network = response.extensions.get("network_stream")
    connection = network.get_extra_info("socket") if network is not None else None
    if isinstance(connection, socket.socket):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _parsed(url: str) -> tuple[httpx2.URL, str]:
    """An address and what `Host` says of it."""
    parsed = httpx2.URL(url)
    return parsed, parsed.netloc.decode("ascii")


_parsed_before: Final = lru_cache(maxsize=128)(_parsed)
"""The same; parsing costs as much as decoding a task, and most calls go where one went before."""


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
        what, check = _reason(error)
        raise ConnectionFailed(
            f"No answer from {_origin(url)} ({what}).", remedy=f"Check {check}; {outcome}."
        ) from None


def _reason(error: BaseException) -> tuple[str, str]:
    """Why no connection came about, and what to check; what lies below httpx2's error tells it by its type."""
    name = type(error).__name__
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            check = "that the address is right; behind a proxy that opens TLS, name its certificates in SSL_CERT_FILE"
            return "its certificate is not trusted", check
        if isinstance(below, ssl.SSLError):
            return "TLS failed", "that the address and its port speak https, and the network's proxy"
        if isinstance(below, socket.gaierror):
            return "its name is not known", "CORTI_ENVIRONMENT or CORTI_BASE_URL, and the network's DNS"
        below = below.__cause__ or below.__context__
    return name, "CORTI_ENVIRONMENT or CORTI_BASE_URL, and the network"


def timed_out(url: str) -> RequestTimeout:
    """The error for a try that took too long."""
    return RequestTimeout(
        f"No complete answer from {_origin(url)} in time.",
        remedy="Raise timeout= for long work; whether the server did the work is unknown.",
    )


def headers_of(response: httpx2.Response) -> dict[str, str]:
    """The headers of an answer; httpx2's names are in lower case here."""
    return dict(response.headers.items())


def checked_limit(headers: Mapping[str, str], limit: int | None) -> int:
    """How many bytes an answer may have.

    Raises:
        WireError: It says that it has more.
    """
    length = headers.get("content-length", "")
    largest = limit or MAX_ANSWER
    if length.isdecimal() and int(length) > largest:
        raise too_large(limit)
    return largest


def async_chunks(response: httpx2.Response, headers: Mapping[str, str]) -> AsyncIterable[bytes]:
    """The body, decoded where it is encoded; where not, past the generators that would do so."""
    stream = response.stream
    if isinstance(stream, httpx2.AsyncByteStream) and "content-encoding" not in headers:
        return stream
    return response.aiter_bytes()


def chunks(response: httpx2.Response, headers: Mapping[str, str]) -> Iterable[bytes]:
    """The twin of `async_chunks`."""
    stream = response.stream
    if isinstance(stream, httpx2.SyncByteStream) and "content-encoding" not in headers:
        return stream
    return response.iter_bytes()


def too_large(limit: int | None = None) -> WireError:
    """The error for an answer above its limit."""
    return WireError("answer", "size", f"is larger than {(limit or MAX_ANSWER) // (1024 * 1024)} MiB")


def is_event_stream(response: httpx2.Response) -> bool:
    """Whether an answer is a success that goes on as server-sent events."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.is_success and media_type == "text/event-stream"


def opened(response: httpx2.Response) -> Answer:
    """The head of an answer whose events follow; they are UTF-8 whatever it says, and may begin with a mark of that."""
    response.encoding = "utf-8-sig"
    return Answer(response.status_code, headers_of(response), b"", is_open=True)


def decoded(operation: StreamOperation[T], event: httpx2.ServerSentEvent) -> T | None:
    """What an event says; None for a comment, a keep-alive, or an event of a kind this version does not know.

    Raises:
        AgentKitError: The event holds no JSON, or an error.
    """
    return operation.decode(parse_json(event.data.encode(), "event")) if event.data else None


def closed() -> AgentKitError:
    """The error for a call on a closed client."""
    return ConnectionFailed("The client is closed.", remedy="Make a new one, or call inside its with block.")


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


def _names_proxies() -> bool:
    """Whether there is a proxy; `NO_PROXY` alone names none."""
    return bool(getproxies().keys() - {"no"})


def _trusts_environment(config: ClientConfig) -> bool:
    """Proxy and certificate settings hold for the world, not for plain http on this machine."""
    parts = urlsplit(config.endpoints.agents)
    return parts.scheme == "https" or not is_loopback(parts.hostname or "")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
