"""The JSON-RPC binding: one address, one POST per operation (A2A-HTTP-01, A2A-HTTP-04, A2A-HTTP-05)."""

from __future__ import annotations

from typing import Final

from a2a.utils.errors import InvalidRequestError, MethodNotFoundError, VersionNotSupportedError
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.endpoint import STREAMING, UNARY, Answer, Served
from agentkit.a2a.faults import as_a2a_error, invalid_params, rpc_error
from agentkit.a2a.reception import read_json
from agentkit.a2a.security import refusal
from agentkit.a2a.sse import sse_event
from agentkit.errors import AuthenticationError
from agentkit.models import Json, JsonObject
from agentkit.wire.jsontext import dump_json

_JSON: Final = b"application/json"
_MEDIA_TYPES: Final = ("application/json",)

RequestId = str | int | None
"""The `id` of a JSON-RPC request."""


class RpcEndpoint:
    """Takes JSON-RPC requests for one agent; answers with HTTP 200 once the caller is known."""

    def __init__(self, served: Served) -> None:
        """Answer for one agent."""
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope, receive)
        request_id: RequestId = None
        try:
            caller = await self._served.caller(request)
            body = await read_json(request, _MEDIA_TYPES, limit=self._served.max_body)
            request_id = _id_of(body)
            method, params = _call_of(body)
        except ClientDisconnect:
            return
        except AuthenticationError as error:
            await refusal(error)(scope, receive, send)
            return
        except Exception as error:
            await RpcDialect(request_id).refusal(error)(scope, receive, send)
            return

        async def given() -> JsonObject:
            return params

        await self._served.carry_out(method, request, caller, given, RpcDialect(request_id), send)


class RpcDialect:
    """Wraps everything in JSON-RPC responses with the request's id."""

    def __init__(self, request_id: RequestId) -> None:
        """Answer to this request."""
        self._id = request_id

    def result(self, document: JsonObject, extensions: str | None) -> ASGIApp:
        """A response with `result`."""
        return Answer(self._response("result", document), media_type=_JSON, extensions=extensions)

    def refusal(self, error: Exception) -> ASGIApp:
        """A response with `error`."""
        return Answer(self._response("error", rpc_error(as_a2a_error(error))), media_type=_JSON)

    def event(self, number: int, document: JsonObject) -> bytes:
        """A response with `result` as an event."""
        return sse_event(dump_json(self._response("result", document)), number)

    def broken(self, error: Exception) -> bytes:
        """A response with `error` as an event."""
        return sse_event(dump_json(self._response("error", rpc_error(as_a2a_error(error)))))

    def _response(self, member: str, value: Json) -> JsonObject:
        return {"jsonrpc": "2.0", "id": self._id, member: value}


def _id_of(body: Json) -> RequestId:
    request_id = body.get("id") if isinstance(body, dict) else None
    return request_id if isinstance(request_id, str | int) and not isinstance(request_id, bool) else None


def _call_of(body: Json) -> tuple[str, JsonObject]:
    if not isinstance(body, dict):
        raise InvalidRequestError("A request is one JSON-RPC 2.0 object; there are no batches")
    if body.get("jsonrpc") != "2.0":
        raise InvalidRequestError('jsonrpc must be "2.0"')
    if body.get("id") is not None and _id_of(body) is None:
        raise InvalidRequestError("id must be a string or an integer")
    method = body.get("method")
    if not isinstance(method, str):
        raise InvalidRequestError("method must be a string")
    if method not in UNARY and method not in STREAMING:
        raise _unknown(method)
    params = body.get("params")
    if params is None:
        return method, {}
    if not isinstance(params, dict):
        raise invalid_params("params", "must be an object")
    return method, params


def _unknown(method: str) -> Exception:
    """Methods of A2A 0.3 have a slash; under a 1.0 address they are a matter of version (A2A-VER-06)."""
    if "/" in method:
        return VersionNotSupportedError("This is a method of A2A 0.3; this agent speaks A2A 1.0")
    return MethodNotFoundError()
