"""The HTTP+JSON binding: one address per operation (A2A-HTTP-02, A2A-HTTP-07)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.endpoint import Answer, Served
from agentkit.a2a.faults import as_a2a_error, http_status, invalid_params, rest_error
from agentkit.a2a.reception import read_json
from agentkit.a2a.security import refusal
from agentkit.a2a.sse import sse_event
from agentkit.errors import AuthenticationError
from agentkit.models import Json, JsonObject
from agentkit.wire.jsontext import dump_json

_A2A_JSON: Final = b"application/a2a+json"
_JSON: Final = b"application/json"
_MEDIA_TYPES: Final = ("application/a2a+json", "application/json")
_INTEGER: Final = re.compile(r"-?\d{1,18}")

Convert = Callable[[str, str], Json]


def _text(_name: str, value: str) -> Json:
    return value


def _integer(name: str, value: str) -> Json:
    if _INTEGER.fullmatch(value) is None:
        raise invalid_params(name, "must be an integer")
    return int(value)


def _flag(name: str, value: str) -> Json:
    if value not in ("true", "false"):
        raise invalid_params(name, "must be true or false")
    return value == "true"


_QUERY: Final[dict[str, Convert]] = {
    "contextId": _text,
    "status": _text,
    "pageSize": _integer,
    "pageToken": _text,
    "historyLength": _integer,
    "statusTimestampAfter": _text,
    "includeArtifacts": _flag,
}
"""All query parameters, and how their text becomes JSON."""

_ROUTES: Final[Sequence[tuple[str, str, str]]] = (
    ("POST", "/message:send", "SendMessage"),
    ("POST", "/message:stream", "SendStreamingMessage"),
    ("POST", "/tasks/{id}:cancel", "CancelTask"),
    ("POST", "/tasks/{id}:subscribe", "SubscribeToTask"),
    ("GET", "/tasks/{id}:subscribe", "SubscribeToTask"),
    ("GET", "/tasks/{id}", "GetTask"),
    ("GET", "/tasks", "ListTasks"),
    ("POST", "/tasks/{id}/pushNotificationConfigs", "CreateTaskPushNotificationConfig"),
    ("GET", "/tasks/{id}/pushNotificationConfigs", "ListTaskPushNotificationConfigs"),
    ("GET", "/tasks/{id}/pushNotificationConfigs/{configId}", "GetTaskPushNotificationConfig"),
    ("DELETE", "/tasks/{id}/pushNotificationConfigs/{configId}", "DeleteTaskPushNotificationConfig"),
    ("GET", "/extendedAgentCard", "GetExtendedAgentCard"),
)


def rest_routes(served: Served) -> list[Route]:
    """The routes of one agent, relative to its URL."""
    return [Route(path, _RestEndpoint(served, operation), methods=[method]) for method, path, operation in _ROUTES]


class _RestEndpoint:
    """One operation at one address."""

    def __init__(self, served: Served, operation: str) -> None:
        self._served = served
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            caller = await self._served.caller(request)
        except AuthenticationError as error:
            await refusal(error)(scope, receive, send)
            return

        async def given() -> JsonObject:
            return await self._params(request)

        await self._served.carry_out(self._operation, request, caller, given, _DIALECT, send)

    async def _params(self, request: Request) -> JsonObject:
        params: JsonObject = {}
        if request.method == "POST" and _has_body(request):
            body = await read_json(request, _MEDIA_TYPES, limit=self._served.max_body)
            if not isinstance(body, dict):
                raise invalid_params("", "the body must be an object")
            params = body
        elif request.method == "GET":
            params = {name: _QUERY[name](name, value) for name, value in request.query_params.items() if name in _QUERY}
        params.update(request.path_params)
        return params


class RestDialect:
    """Results as they are, errors as `google.rpc.Status`."""

    def result(self, document: JsonObject, extensions: str | None) -> ASGIApp:
        """The result itself."""
        return Answer(document, media_type=_A2A_JSON, extensions=extensions)

    def refusal(self, error: Exception) -> ASGIApp:
        """An error body with its status."""
        known = as_a2a_error(error)
        return Answer(rest_error(known), media_type=_JSON, status=http_status(known))

    def event(self, number: int, document: JsonObject) -> bytes:
        """The stream response as an event."""
        return sse_event(dump_json(document), number)

    def broken(self, error: Exception) -> bytes:
        """An error body as an event named `error`."""
        return sse_event(dump_json(rest_error(as_a2a_error(error))), name="error")


_DIALECT: Final = RestDialect()


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
