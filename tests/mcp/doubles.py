"""MCP and authorization servers that do what a test wants, and remember every request they got."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from agentkit.testing.asgi import ASGIApp

Json = dict[str, Any]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def call(self) -> Json:
        """The JSON-RPC message in it."""
        return json.loads(self.body) if self.body else {}

    @property
    def wants(self) -> str:
        """The JSON-RPC method."""
        return str(self.call.get("method", ""))

    def holds(self, text: str) -> bool:
        """Whether a text stands anywhere in it."""
        return text in f"{self.url}{self.headers}{self.body!r}"


Answer = Callable[[Asked, Receive, Send], Awaitable[None]]


async def arrived(scope: Scope, receive: Receive) -> Asked:
    """A request with its whole body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    return Asked(scope["method"], f"{scope['scheme']}://{headers['host']}{scope['path']}", headers, body)


class Double:
    """An ASGI app that keeps what it is asked and answers as the test wants."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(await arrived(scope, receive))
        await self.answer(self.asked[-1], receive, send)


class Recorder:
    """An ASGI app that keeps what another one is asked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await arrived(scope, receive)
        self.asked.append(asked)
        told = False

        async def again() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": asked.body, "more_body": False}

        await self.app(scope, again, send)


async def reply(
    send: Send, body: bytes, *, status: int = 200, kind: str = "application/json", headers: dict[str, str] | None = None
) -> None:
    """Send a whole answer."""
    fields = {"content-type": kind, **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def begin(send: Send, *, status: int = 200, kind: str = "application/json") -> None:
    """Send the head of an answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]})


async def more(send: Send, body: bytes) -> None:
    """Send a piece of the body; more follows."""
    await send({"type": "http.response.body", "body": body, "more_body": True})


def result_of(asked: Asked, result: Json) -> bytes:
    """The JSON-RPC answer to a request, in the modern era."""
    whole = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **result}
    return json.dumps({"jsonrpc": "2.0", "id": asked.call.get("id"), "result": whole}).encode()


def error_of(asked: Asked, code: int, message: str) -> bytes:
    """A JSON-RPC error for a request."""
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": asked.call.get("id"), "error": error}).encode()


def text_of(asked: Asked, text: str = "fine", **result: Any) -> bytes:
    """The answer of a tool."""
    return result_of(asked, {"content": [{"type": "text", "text": text}], **result})


def event(body: bytes) -> bytes:
    """A server-sent event."""
    return b"event: message\r\ndata: " + body + b"\r\n\r\n"


GOOD_TOOL: Json = {"name": "good", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}
BAD_TOOL: Json = {"name": "bad", "inputSchema": {"type": "object"}}


@dataclass
class Modern:
    """A server of the modern era with the tools `good`, which answers, and `bad`, which does what the test wants."""

    bad: Answer
    tools: list[Any] = field(default_factory=lambda: [GOOD_TOOL, BAD_TOOL])

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        match asked.wants:
            case "server/discover":
                await reply(
                    send, result_of(asked, {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}})
                )
            case "tools/list":
                await reply(send, result_of(asked, {"tools": self.tools}))
            case "tools/call" if asked.call["params"]["name"] == "good":
                await reply(send, text_of(asked))
            case _:
                await self.bad(asked, receive, send)
