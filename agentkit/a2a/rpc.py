"""The JSON-RPC binding: one address, one POST per operation, both versions (A2A-HTTP-01, A2A-HTTP-04, A2A-HTTP-05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from a2a.utils.errors import MethodNotFoundError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.endpoint import Call, Served
from agentkit.a2a.faults import as_a2a_error, rpc_error
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
from agentkit.wire.rpc import RequestId, call_id, decode_call, encode_answer

_JSON: Final = b"application/json"
_MEDIA_TYPES: Final = ("application/json",)
_LANGUAGES: Final[Mapping[str, Language]] = {one.version: one for one in (PROTOCOL_1_0, PROTOCOL_0_3)}


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
            request_id = call_id(body)
            method, params = decode_call(body)
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
        return Answer(encode_answer(self._id, "result", document), media_type=_JSON, headers=(header,))

    def refusal(self, error: Exception) -> ASGIApp:
        """A response with `error`."""
        return Answer(encode_answer(self._id, "error", rpc_error(as_a2a_error(error))), media_type=_JSON)

    def event(self, number: int, document: Json) -> bytes:
        """A response with `result` as an event."""
        return sse_event(dump_json(encode_answer(self._id, "result", document)), number)

    def broken(self, error: Exception) -> bytes:
        """A response with `error` as an event."""
        return sse_event(dump_json(encode_answer(self._id, "error", rpc_error(as_a2a_error(error)))))
