"""The HTTP+JSON binding: one address per operation, again below each tenant (A2A-HTTP-02, A2A-HTTP-07)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.addresses import ADDRESSES, LEGACY_ADDRESSES, Address
from agentkit.a2a.endpoint import Call, Served
from agentkit.a2a.faults import as_a2a_error, http_status, invalid_params, rest_error, rpc_error
from agentkit.a2a.language import Language
from agentkit.a2a.protocol_0_3_proto import PROTOCOL_0_3_PROTO
from agentkit.a2a.protocol_1_0 import PROTOCOL_1_0
from agentkit.a2a.reception import version_of, wrong_version
from agentkit.a2a.security import Entrance, Gate, caller_of
from agentkit.models import Json, JsonObject
from agentkit.web.answer import Answer, Header
from agentkit.web.arrival import Arrived, arrived
from agentkit.web.body import read_json
from agentkit.web.sse import sse_event
from agentkit.wire.jsontext import dump_json

_A2A_JSON: Final = b"application/a2a+json"
_JSON: Final = b"application/json"
_MEDIA_TYPES: Final = ("application/a2a+json", "application/json")


def rest_routes(served: Served, gate: Gate) -> Iterator[Route]:
    """The routes of one agent, relative to its URL.

    Those of 0.3 come before those of tenants: where 0.3 is spoken, no tenant can be called `v1`.
    """
    legacy, current = "0.3" in served.versions, "1.0" in served.versions
    if current:
        yield from (_route(served, gate, PROTOCOL_1_0, address) for address in ADDRESSES)
    if legacy:
        yield from (_route(served, gate, PROTOCOL_0_3_PROTO, address) for address in LEGACY_ADDRESSES)
    if current:
        yield from (_route(served, gate, PROTOCOL_1_0, address.below_tenant()) for address in ADDRESSES)
    if legacy:
        yield from (_route(served, gate, PROTOCOL_0_3_PROTO, address.below_tenant()) for address in LEGACY_ADDRESSES)


def _route(served: Served, gate: Gate, language: Language, address: Address) -> Route:
    endpoint = Entrance(gate, RestEndpoint(served, language, address))
    return Route(address.path, endpoint, methods=[address.verb])


class RestEndpoint:
    """One operation at one address."""

    def __init__(self, served: Served, language: Language, address: Address) -> None:
        """Answer for one agent."""
        self._served = served
        self._language = language
        self._address = address
        self._dialect = RestDialect(language)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = arrived(scope)

        async def given() -> JsonObject:
            return await self._params(request, receive)

        call = Call(self._language, self._address.method, request, caller_of(scope), given, self._dialect)
        await self._served.carry_out(call, scope, receive, send)

    async def _params(self, request: Arrived, receive: Receive) -> JsonObject:
        if version_of(request) != self._language.version:
            raise wrong_version(self._served.versions)
        if self._address.verb == "GET":
            return self._address.params(self._address.queried(QueryParams(request.query)), request.path)
        if not request.has_body:
            return self._address.params({}, request.path)
        bounds = self._served.operations.bounds
        body = await read_json(request, receive, _MEDIA_TYPES, limit=bounds.body, seconds=bounds.body_seconds)
        if not isinstance(body, dict):
            raise invalid_params("", "the body must be an object")
        return self._address.params(body, request.path)


@dataclass(frozen=True, slots=True)
class RestDialect:
    """Results as they are, errors as `google.rpc.Status`."""

    language: Language

    def result(self, document: Json, header: Header | None) -> ASGIApp:
        """The result itself."""
        return Answer(document, media_type=self._media_type, headers=(header,))

    def refusal(self, error: Exception) -> ASGIApp:
        """An error body with its status."""
        known = as_a2a_error(error)
        body = rest_error(known)
        if self._is_legacy:
            # Beside the body of today: the official 0.3 clients tell errors apart by the name of the class (Python) or
            # by the number that they have in JSON-RPC (JavaScript).
            body |= {"type": type(known).__name__, "message": known.message, "code": rpc_error(known)["code"]}
        return Answer(body, media_type=_JSON, status=http_status(known))

    def event(self, number: int, document: Json) -> bytes:
        """The stream response as an event."""
        return sse_event(dump_json(document), number)

    def broken(self, error: Exception) -> bytes:
        """An error body as an event named `error`."""
        return sse_event(dump_json(rest_error(as_a2a_error(error))), name="error")

    @property
    def _is_legacy(self) -> bool:
        return self.language is PROTOCOL_0_3_PROTO

    @property
    def _media_type(self) -> bytes:
        return _JSON if self._is_legacy else _A2A_JSON
