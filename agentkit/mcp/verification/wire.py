"""HTTP as a check needs it: what was answered, or why nothing was; bounded in time and size, nothing followed."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import anyio
import httpx2

from agentkit.errors import WireError
from agentkit.models import JsonObject
from agentkit.wire.jsontext import parse_json

_EVENT_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Failure(StrEnum):
    """Why there is no answer."""

    ADDRESS = "address"
    DNS = "dns"
    TLS = "tls"
    CERTIFICATE = "certificate"
    CONNECT = "connect"
    BROKE = "broke"
    TIMEOUT = "timeout"
    TOO_LARGE = "too-large"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request.

    Attributes:
        status: The HTTP status; None where not even that came.
        headers: Of the answer, names in lower case; of a doubled one the values together.
        body: What was read of the body.
        message: The JSON-RPC answer, or the JSON object of another body.
        failure: Why the answer is missing or incomplete.
        seconds: From sending to the last byte that was read.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    message: JsonObject | None = None
    failure: Failure | None = None
    seconds: float = 0.0

    @property
    def result(self) -> JsonObject | None:
        """The result of a JSON-RPC answer."""
        result = self.message.get("result") if self.message else None
        return result if isinstance(result, dict) else None

    @property
    def error_code(self) -> int | None:
        """The code of a JSON-RPC error."""
        error = self.message.get("error") if self.message else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, int) else None

    @property
    def says(self) -> str:
        """In a few words, without content."""
        if self.failure is not None:
            return _FAILURES[self.failure]
        if self.error_code is not None:
            return f"the protocol error {self.error_code} (HTTP {self.status})"
        kind = self.headers.get("content-type", "").partition(";")[0]
        return f"HTTP {self.status}{f' ({kind})' if kind and self.status == 200 and not self.result else ''}"


_FAILURES: Final = {
    Failure.ADDRESS: "nothing: the address is none",
    Failure.DNS: "no address: the name is not known",
    Failure.TLS: "no TLS connection",
    Failure.CERTIFICATE: "a certificate that is not trusted",
    Failure.CONNECT: "no connection",
    Failure.BROKE: "a connection that broke",
    Failure.TIMEOUT: "nothing in time",
    Failure.TOO_LARGE: "more than may be read",
    Failure.COMPRESSED: "a compressed answer, which was not asked for",
}


class Wire:
    """Sends single requests through a connection pool."""

    def __init__(
        self, pool: httpx2.AsyncClient, *, timeout: float, limit: int, secrets: Callable[[], Collection[str]] = tuple
    ) -> None:
        """Send through `pool`, whose headers, cookies and auth are not used.

        Args:
            pool: The connections.
            timeout: Seconds one request may take, the answer included.
            limit: Bytes one answer may have.
            secrets: What no answer should hold.
        """
        self._pool = pool
        self._timeout = timeout
        self._limit = limit
        self._secrets = secrets
        self.repeated = 0
        """How many answers held a secret."""

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        *,
        whole: bool = True,
    ) -> Answer:
        """Send a request; of an event stream only the first JSON-RPC answer is waited for, or not `whole`: nothing."""
        sent = {"accept-encoding": "identity", **(headers or {})}
        try:
            request = httpx2.Request(method, url, headers=sent, content=content)
        except httpx2.InvalidURL:
            return Answer(failure=Failure.ADDRESS)
        began = time.monotonic()
        heard = _Heard()
        failure: Failure | None = None
        with anyio.move_on_after(self._timeout) as scope:
            try:
                response = await self._pool.send(request, stream=True, auth=None, follow_redirects=False)
                try:
                    failure = await self._read(response, heard, whole=whole)
                finally:
                    await response.aclose()
            except httpx2.TimeoutException:
                failure = Failure.TIMEOUT
            except httpx2.RequestError as error:
                failure = _reason(error)
        if scope.cancelled_caught:
            failure = Failure.TIMEOUT
        if any(secret.encode() in heard.body or secret in str(heard.headers) for secret in self._secrets()):
            self.repeated += 1
        return Answer(heard.status, heard.headers, bytes(heard.body), heard.message, failure, time.monotonic() - began)

    async def _read(self, response: httpx2.Response, heard: _Heard, *, whole: bool) -> Failure | None:
        heard.status = response.status_code
        for name, value in response.headers.multi_items():
            known = heard.headers.get(name.lower())
            heard.headers[name.lower()] = f"{known}, {value}" if known else value
        if heard.headers.get("content-encoding", "identity").lower() != "identity":
            return Failure.COMPRESSED
        stream = heard.headers.get("content-type", "").startswith("text/event-stream")
        if stream and not whole:
            return None
        async for chunk in response.aiter_raw():
            heard.body += chunk
            if len(heard.body) > self._limit:
                return Failure.TOO_LARGE
            if stream and heard.look_for_answer():
                return None
        if not stream:
            heard.message = _object(bytes(heard.body))
        return None


@dataclass(slots=True)
class _Heard:
    """What has been read so far; it stays when the time is over."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytearray = field(default_factory=bytearray)
    message: JsonObject | None = None
    _seen: int = 0
    _searched: int = 0

    def look_for_answer(self) -> bool:
        """Whether an event with a JSON-RPC answer has come; each event is looked at once."""
        while end := _EVENT_END.search(self.body, self._searched):
            event = bytes(self.body[self._seen : end.start()])
            self._seen = self._searched = end.end()
            data = b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
            message = _object(data) if data else None
            if message is not None and ("result" in message or "error" in message):
                self.message = message
                return True
        self._searched = max(self._seen, len(self.body) - 3)
        return False


def _object(body: bytes) -> JsonObject | None:
    try:
        document = parse_json(body)
    except WireError:
        return None
    return document if isinstance(document, dict) else None


def _reason(error: httpx2.RequestError) -> Failure:
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return Failure.CERTIFICATE
        if isinstance(below, ssl.SSLError):
            return Failure.TLS
        if isinstance(below, socket.gaierror):
            return Failure.DNS
        below = below.__cause__ or below.__context__
    return Failure.CONNECT if isinstance(error, httpx2.ConnectError) else Failure.BROKE


class NotedPool(httpx2.AsyncClient):
    """A pool for the OAuth functions and the client: bounded in time, and the answers' headers are noted.

    It sends through another pool, which it does not close.
    """

    def __init__(self, pool: httpx2.AsyncClient, *, timeout: float) -> None:
        """Send through `pool`; an answer must have begun after `timeout` seconds."""
        super().__init__(transport=httpx2.AsyncBaseTransport(), trust_env=False)
        self._pool = pool
        self._timeout = timeout
        self.noted: dict[str, dict[str, str]] = {}

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, auth: object = None, follow_redirects: object = False
    ) -> httpx2.Response:
        """Send a request and note the headers of its answer by its address.

        Raises:
            httpx2.RequestError: No answer in time, a broken one, or one that is compressed.
        """
        del stream, auth, follow_redirects
        request.headers["accept-encoding"] = "identity"
        with anyio.move_on_after(self._timeout):
            response = await self._pool.send(request, stream=True, auth=None, follow_redirects=False)
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                await response.aclose()
                raise httpx2.DecodingError("the answer is compressed, which was not asked for", request=request)
            self.noted[str(request.url)] = {name.lower(): value for name, value in response.headers.items()}
            return response
        raise httpx2.ReadTimeout("no answer in time", request=request)
