"""What every call passes: it is recorded, it may meet a fault, and it must carry a token and the tenant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.contract.corti_double import errors
from tests.contract.corti_double.faults import Answer, Drop, Fault, Shape
from tests.contract.corti_double.troubles import Trouble

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble


@dataclass(frozen=True)
class Call:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[str]]:
        """The body as a form; an empty value counts."""
        return parse_qs(self.body.decode(), keep_blank_values=True, strict_parsing=True)

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the target."""
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)


class Gatekeeper:
    """The outermost layer of the double."""

    def __init__(self, app: ASGIApp, double: CortiDouble) -> None:
        """Stand in front of the app."""
        self._app = app
        self._double = double

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        path = str(scope["path"])
        is_login = "/protocol/openid-connect/" in path
        self._record(scope, path, body, is_login)
        scope = {**scope, "path": hosted_path(path)}
        fault = self._double.next_fault(f"{scope['method']} {path}", is_login)
        if isinstance(fault, Shape):
            scope["corti.shape"] = fault
        elif fault is not None:
            await self._spoil(fault, scope, _again(body, receive), send)
            return
        await self._admit(scope, _again(body, receive), send, is_login)

    def _record(self, scope: Scope, path: str, body: bytes, is_login: bool) -> None:
        query = scope["query_string"].decode()
        call = Call(scope["method"], f"{path}?{query}" if query else path, dict(Headers(scope=scope)), body)
        (self._double.token_calls if is_login else self._double.calls).append(call)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault:
            case Answer(when=when) | Drop(when=when):
                if when == "after":
                    await self._admit(scope, receive, _nowhere, "/protocol/openid-connect/" in scope["path"])
            case _:
                pass
        if isinstance(fault, Answer):
            await Response(fault.content, fault.status, fault.all_headers)(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, is_login: bool) -> None:
        if not is_login:
            try:
                scope["corti.caller"] = self._double.caller_of(Headers(scope=scope))
            except Trouble as trouble:
                await _refusal(str(scope["path"]), trouble)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def hosted_path(path: str) -> str:
    """The path on the hosted platform; `baseUrl` leaves `/v2` away there too (LOC-02)."""
    known = path.startswith(("/v2/", "/realms/", "/agents/")) or path == "/agents"
    return path if known or "/protocol/openid-connect/" in path else f"/v2{path}"


def _refusal(path: str, trouble: Trouble) -> Response:
    if path.startswith("/v2/agentic/"):
        if "/a2a" not in path:
            return errors.v2_error(trouble)
        refused = errors.a2a_error(trouble)
        refused.headers["A2A-Version"] = "1.0"  # V2-VER-01
        return refused
    if path.startswith(("/agents", "/v2/agents")):
        return errors.v1_error(trouble)
    return errors.core_error(trouble)


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _nowhere(message: Message) -> None:
    return None
