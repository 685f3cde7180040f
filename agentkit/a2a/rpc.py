"""The JSON-RPC binding: one address, one POST per operation, both versions (A2A-HTTP-01, A2A-HTTP-04, A2A-HTTP-05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from a2a.utils.errors import InvalidRequestError, MethodNotFoundError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.endpoint import Call, Served
from agentkit.a2a.faults import as_a2a_error, invalid_params, rpc_error
from agentkit.a2a.language import Language
from agentkit.a2a.protocol_0_3 import PROTOCOL_0_3
from agentkit.a2a.protocol_1_0 import PROTOCOL_1_0
from agentkit.a2a.reception import version_of, wrong_version
from agentkit.a2a.security import caller_of
from agentkit.models import Json, JsonObject
from agentkit.web.answer import Answer, Header
from agentkit.web.arrival import Arrived, arrived
from agentkit.web.body import read_json
from agentkit.web.sse import sse_event
from agentkit.wire.jsontext import dump_json

_JSON: Final = b"application/json"
_MEDIA_TYPES: Final = ("application/json",)
_LONGEST_ID: Final = 256
_LARGEST_ID: Final = 2**63
_LANGUAGES: Final[Mapping[str, Language]] = {one.version: one for one in (PROTOCOL_1_0, PROTOCOL_0_3)}

RequestId = str | int | None
"""The `id` of a JSON-RPC request."""


class RpcEndpoint:
    """Takes JSON-RPC requests for one agent; answers with HTTP 200 once the caller is known."""

    def __init__(self, served: Served) -> None:
        """Answer for one agent."""
        self._served = served
        self._spoken = {version: _LANGUAGES[version] for version in served.versions}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request, bounds = arrived(scope), self._served.operations.bounds
        request_id: RequestId = None
        try:
            body = await read_json(request, receive, _MEDIA_TYPES, limit=bounds.body, seconds=bounds.body_seconds)
            request_id = _id_of(body)
            method, params = _call_of(body)
            language = self._language(request, method)
        except ClientDisconnect:
            return
        except Exception as error:
            await RpcDialect(request_id).refusal(error)(scope, receive, send)
            return

        async def given() -> JsonObject:
            return params

        call = Call(language, method, request, caller_of(scope), given, RpcDialect(request_id))
        await self._served.carry_out(call, scope, receive, send)

    def _language(self, request: Arrived, method: str) -> Language:
        """What the request speaks: its version decides, and the method must be one of it (A2A-VER-03, A2A-VER-06)."""
        language = self._spoken.get(version_of(request) or "")
        if language is not None and language.knows(method):
            return language
        if language is None or any(other.knows(method) for other in _LANGUAGES.values()):
            raise wrong_version(self._spoken)
        raise MethodNotFoundError


class RpcDialect:
    """Wraps everything in JSON-RPC responses with the request's id."""

    def __init__(self, request_id: RequestId) -> None:
        """Answer to this request."""
        self._id = request_id

    def result(self, document: Json, header: Header | None) -> ASGIApp:
        """A response with `result`."""
        return Answer(self._response("result", document), media_type=_JSON, headers=(header,))

    def refusal(self, error: Exception) -> ASGIApp:
        """A response with `error`."""
        return Answer(self._response("error", rpc_error(as_a2a_error(error))), media_type=_JSON)

    def event(self, number: int, document: Json) -> bytes:
        """A response with `result` as an event."""
        return sse_event(dump_json(self._response("result", document)), number)

    def broken(self, error: Exception) -> bytes:
        """A response with `error` as an event."""
        return sse_event(dump_json(self._response("error", rpc_error(as_a2a_error(error)))))

    def _response(self, member: str, value: Json) -> JsonObject:
        return {"jsonrpc": "2.0", "id": self._id, member: value}


def _id_of(body: Json) -> RequestId:
    """The id, where it is one that can be given back."""
    request_id = body.get("id") if isinstance(body, dict) else None
    match request_id:
        case str() if len(request_id) <= _LONGEST_ID:
            return request_id
        case int() if not isinstance(request_id, bool) and abs(request_id) < _LARGEST_ID:
            return request_id
        case _:
            return None


def _call_of(body: Json) -> tuple[str, JsonObject]:
    if not isinstance(body, dict):
        raise InvalidRequestError("A request is one JSON-RPC 2.0 object; there are no batches")
    if body.get("jsonrpc") != "2.0":
        raise InvalidRequestError('jsonrpc must be "2.0"')
    if body.get("id") is not None and _id_of(body) is None:
        raise InvalidRequestError(f"id must be an integer, or a string of at most {_LONGEST_ID} characters")
    method = body.get("method")
    if not isinstance(method, str):
        raise InvalidRequestError("method must be a string")
    params = body.get("params")
    if params is None:
        return method, {}
    if not isinstance(params, dict):
        raise invalid_params("params", "must be an object")
    return method, params
