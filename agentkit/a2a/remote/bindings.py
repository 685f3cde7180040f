"""How each binding spells what a client asks and is told (a2a.md sections 3 and 5), without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from agentkit.errors import WireError
from agentkit.models import Event, Json, JsonObject, Message, SendRequest, Task
from agentkit.wire import a2a, v1
from agentkit.wire.errors import decode_api_error
from agentkit.wire.reader import Reader
from agentkit.wire.rpc import decode_result, encode_call

_JSON: Final = "application/json"
_A2A_JSON: Final = "application/a2a+json"
_QUERIES: Final = frozenset({"GetTask", "ListTasks"})

_LEGACY_METHODS: Final[Mapping[str, str]] = {
    "SendMessage": "message/send",
    "SendStreamingMessage": "message/stream",
    "GetTask": "tasks/get",
    "CancelTask": "tasks/cancel",
    "SubscribeToTask": "tasks/resubscribe",
}
"""The JSON-RPC methods of A2A 0.3 by their names in 1.0; lists are not among them (A2A-03-04)."""

_REST: Final[Mapping[str, tuple[str, str]]] = {
    "SendMessage": ("POST", "/message:send"),
    "SendStreamingMessage": ("POST", "/message:stream"),
    "GetTask": ("GET", "/tasks/{id}"),
    "ListTasks": ("GET", "/tasks"),
    "CancelTask": ("POST", "/tasks/{id}:cancel"),
    "SubscribeToTask": ("POST", "/tasks/{id}:subscribe"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, but for what every request has.

    Attributes:
        method: The HTTP method.
        url: Where to.
        media_type: Of the body and of the answer wanted.
        body: What is sent as JSON; None for nothing.
    """

    method: str
    url: str
    media_type: str
    body: JsonObject | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of tasks and the token of the next one; empty on the last page."""

    tasks: tuple[Task, ...]
    next_token: str


class Binding(Protocol):
    """One interface of an agent: an address, a way to spell requests, and a way to read answers."""

    @property
    def version(self) -> str:
        """What is sent as `A2A-Version` (A2A-VER-01)."""
        ...

    @property
    def url(self) -> str:
        """The address of the interface."""
        ...

    @property
    def lists(self) -> bool:
        """Whether tasks can be listed."""
        ...

    def call(self, operation: str, params: JsonObject) -> Call:
        """The request for an operation, named as in JSON-RPC 1.0, with its parameters in that form."""
        ...

    def send_params(self, request: SendRequest) -> JsonObject:
        """The parameters of a send."""
        ...

    def result(self, status: int, document: Json) -> Json:
        """What an answer holds.

        Raises:
            ApiError: An error.
            WireError: Neither a result nor an error.
        """
        ...

    def event(self, document: Json) -> Event | None:
        """One event of a stream; None for a kind this version does not know.

        Raises:
            ApiError: An error.
            WireError: It does not fit.
        """
        ...

    def answer(self, result: Json) -> Task | Message:
        """The result of a send.

        Raises:
            WireError: It does not fit.
        """
        ...

    def task(self, result: Json) -> Task:
        """The result of get and cancel.

        Raises:
            WireError: It does not fit.
        """
        ...


class JsonRpc:
    """JSON-RPC of A2A 1.0."""

    version = "1.0"
    lists = True

    def __init__(self, url: str, tenant: str | None = None) -> None:
        """Speak to an address; a tenant goes into the parameters (A2A-TEN-01)."""
        self.url = url
        self._tenant = tenant

    def call(self, operation: str, params: JsonObject) -> Call:
        """A POST of a call."""
        given = params if self._tenant is None else {"tenant": self._tenant, **params}
        return Call("POST", self.url, _JSON, encode_call(operation, given, 1))

    def send_params(self, request: SendRequest) -> JsonObject:
        """As A2A 1.0 spells it."""
        return a2a.encode_send_request(request)

    def result(self, status: int, document: Json) -> Json:
        """The result in the envelope; an HTTP error may come without one, from a proxy or a gate."""
        if status != 200 and not _is_envelope(document):
            raise decode_api_error(status, document)
        return decode_result(document)

    def event(self, document: Json) -> Event | None:
        """The event in the envelope."""
        return a2a.decode_stream_event(decode_result(document, "event"), "event")

    def answer(self, result: Json) -> Task | Message:
        """`{task}` or `{message}` (A2A-SEND-01)."""
        return a2a.decode_answer(result)

    def task(self, result: Json) -> Task:
        """A task."""
        return a2a.decode_task(result)


class HttpJson:
    """HTTP+JSON of A2A 1.0."""

    version = "1.0"
    lists = True

    def __init__(self, url: str, tenant: str | None = None) -> None:
        """Speak to an address; a tenant is the first segment of the path (A2A-TEN-01)."""
        self.url = url
        self._base = url.rstrip("/") + (f"/{quote(tenant, safe='')}" if tenant else "")

    def call(self, operation: str, params: JsonObject) -> Call:
        """The address of the operation; what it does not name goes into the query or the body (A2A-HTTP-07)."""
        method, path = _REST[operation]
        rest = {key: value for key, value in params.items() if key != "id"}
        url = self._base + path.replace("{id}", quote(str(params.get("id", "")), safe=""))
        if operation in _QUERIES:
            query = {key: _query(value) for key, value in rest.items()}
            return Call(method, f"{url}?{urlencode(query)}" if query else url, _A2A_JSON, None)
        return Call(method, url, _A2A_JSON, rest if operation.startswith("Send") or rest else None)

    def send_params(self, request: SendRequest) -> JsonObject:
        """As A2A 1.0 spells it."""
        return a2a.encode_send_request(request)

    def result(self, status: int, document: Json) -> Json:
        """The document itself."""
        if status >= 300 or document is None:
            raise decode_api_error(status, document)
        return document

    def event(self, document: Json) -> Event | None:
        """The document itself; an error breaks a stream off."""
        if isinstance(document, dict) and isinstance(error := document.get("error"), dict):
            code = error.get("code")
            raise decode_api_error(code if isinstance(code, int) and 400 <= code < 600 else 500, document)
        return a2a.decode_stream_event(document, "event")

    def answer(self, result: Json) -> Task | Message:
        """`{task}` or `{message}` (A2A-SEND-01)."""
        return a2a.decode_answer(result)

    def task(self, result: Json) -> Task:
        """A task."""
        return a2a.decode_task(result)


class LegacyJsonRpc:
    """JSON-RPC of A2A 0.3, which is what Corti's v1 speaks too (A2A-CO-04)."""

    version = "0.3"
    lists = False

    def __init__(self, url: str) -> None:
        """Speak to an address; 0.3 knows no tenants."""
        self.url = url

    def call(self, operation: str, params: JsonObject) -> Call:
        """A POST of a call.

        Raises:
            WireError: A2A 0.3 has no such operation.
        """
        method = _LEGACY_METHODS.get(operation)
        if method is None:
            raise WireError("operation", "value", f"A2A 0.3 has no {operation}")
        return Call("POST", self.url, _JSON, encode_call(method, params, 1))

    def send_params(self, request: SendRequest) -> JsonObject:
        """As A2A 0.3 spells it; it blocks only where told to."""
        params = v1.encode_send(request)
        configuration = params.setdefault("configuration", {})
        if isinstance(configuration, dict):
            configuration.setdefault("blocking", request.blocking)
        return params

    def result(self, status: int, document: Json) -> Json:
        """The result in the envelope."""
        if status != 200 and not _is_envelope(document):
            raise decode_api_error(status, document)
        return decode_result(document)

    def event(self, document: Json) -> Event | None:
        """The event in the envelope, told apart by `kind`."""
        return v1.decode_stream_event(decode_result(document, "event"), "event")

    def answer(self, result: Json) -> Task | Message:
        """A task or a message, without a wrapper."""
        return v1.decode_item(result)

    def task(self, result: Json) -> Task:
        """A task."""
        return v1.decode_task(result)


def listed(result: Json) -> Listed:
    """The result of `ListTasks`.

    Raises:
        WireError: It does not fit.
    """
    reader = Reader(result, "answer")
    return Listed(reader.items("tasks", a2a.decode_task), reader.optional_text("nextPageToken") or "")


MAKERS: Final[Mapping[tuple[str, str], Callable[[str, str | None], Binding]]] = {
    ("JSONRPC", "1.0"): JsonRpc,
    ("HTTP+JSON", "1.0"): HttpJson,
    ("JSONRPC", "0.3"): lambda url, _tenant: LegacyJsonRpc(url),
}
"""Bindings that are spoken here, by binding and Major.Minor of the version."""


def _is_envelope(document: Json) -> bool:
    return isinstance(document, dict) and ("result" in document or isinstance(document.get("error"), dict))


def _query(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
