"""What the tests of remote agents share: contexts of our own runs, served desks, and servers written by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import anyio
import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote import RemoteAgent, RemoteLimits, remote_agent
from agentkit.compose import Caller, ConversationState, Outcome, RunContext, ShortState, collect
from agentkit.credentials import NO_CREDENTIALS, Credentials
from agentkit.engine import Engine, InlineEngine
from agentkit.models import Event, JsonObject, Message
from agentkit.testing.asgi import ASGIApp, ASGITransport
from tests.deadline import HANG

URL = "https://peer.test"


def pool(app: ASGIApp) -> httpx2.AsyncClient:
    """Connections that lead to one app, whatever the address."""
    return httpx2.AsyncClient(transport=ASGITransport(app), timeout=HANG)


def turn(
    state: ConversationState | None = None,
    *,
    path: tuple[str, ...] = ("peer",),
    caller: Caller | None = None,
    continuation: JsonObject | None = None,
    credentials: Credentials = NO_CREDENTIALS,
    metadata: JsonObject | None = None,
    engine: Engine | None = None,
    task_id: str | None = None,
    context_id: str = "our-context",
) -> RunContext:
    """The context of one turn of our own agent."""
    task_id = task_id or str(uuid4())
    return RunContext(
        context_id=context_id,
        task_id=task_id,
        run_id=f"{task_id}.1",
        caller=caller or Caller(),
        engine=engine or InlineEngine(),
        state=state or ShortState(),
        path=path,
        continuation=continuation,
        resumed=continuation is not None,
        credentials=credentials,
        metadata=metadata,
    )


async def outcome(agent: RemoteAgent, message: Message | str, context: RunContext | None = None) -> Outcome:
    """How a turn ends."""
    asked = Message.user(message) if isinstance(message, str) else message
    with anyio.fail_after(HANG):
        return await collect(agent, asked, context or turn())


async def events(agent: RemoteAgent, message: Message | str, context: RunContext | None = None) -> list[Event]:
    """All that comes up of a turn; errors are raised."""
    asked = Message.user(message) if isinstance(message, str) else message
    with anyio.fail_after(HANG):
        async with aclosing(agent.run(asked, context or turn())) as run:
            return [event async for event in run]


async def no_sleep(_seconds: float) -> None:
    """Waits for nothing, but lets others run."""
    await anyio.lowlevel.checkpoint()


Answer = Callable[[dict[str, Any]], Awaitable[Response]]


@dataclass
class HandMade:
    """A server written by hand: answers by JSON-RPC method, each in turn; the last answer is given again.

    Attributes:
        card: Its card.
        answers: What it answers to, by method.
        asked: The calls it got.
        headers: The headers of these.
    """

    answers: dict[str, list[Answer]]
    card: dict[str, Any] = field(default_factory=lambda: made_card())
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/agent-card.json", self._card),
                Route("/a2a", self._answer, methods=["POST"]),
            ]
        )

    def methods(self) -> list[str]:
        """What was asked, in order."""
        return [call["method"] for call in self.asked]

    async def _card(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        return JSONResponse(self.card)

    async def _answer(self, request: Request) -> Response:
        call = await request.json()
        self.asked.append(call)
        self.headers.append(dict(request.headers))
        answers = self.answers.get(call["method"]) or [refused(-32601)]
        return await (answers.pop(0) if len(answers) > 1 else answers[0])(call)


def made_card(**changes: Any) -> dict[str, Any]:
    """A card of A2A 1.0 with one JSON-RPC interface and streams."""
    card: dict[str, Any] = {
        "name": "peer",
        "description": "Answers",
        "version": "1",
        "supportedInterfaces": [{"url": f"{URL}/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "s", "name": "S", "description": "Does S", "tags": ["s"]}],
    }
    return card | changes


def task(
    state: str, *, task_id: str = "t-1", context_id: str = "c-1", text: str | None = None, **more: Any
) -> dict[str, Any]:
    """A task of A2A 1.0."""
    status: dict[str, Any] = {"state": f"TASK_STATE_{state}"}
    if text is not None:
        status["message"] = {"messageId": f"a-{text}", "role": "ROLE_AGENT", "parts": [{"text": text}]}
    return {"id": task_id, "contextId": context_id, "status": status} | more


def status(state: str, *, task_id: str = "t-1", context_id: str = "c-1", text: str | None = None) -> dict[str, Any]:
    """A status update of A2A 1.0."""
    made = task(state, text=text)["status"]
    return {"statusUpdate": {"taskId": task_id, "contextId": context_id, "status": made}}


def artifact(text: str, *, append: bool = False, identifier: str = "r-1") -> dict[str, Any]:
    """An artifact update of A2A 1.0."""
    made = {"artifactId": identifier, "parts": [{"text": text}]}
    return {"artifactUpdate": {"taskId": "t-1", "contextId": "c-1", "artifact": made, "append": append}}


def result(document: Any) -> Answer:
    """Answers a call with a result."""

    async def answer(call: dict[str, Any]) -> Response:
        return JSONResponse({"jsonrpc": "2.0", "id": call["id"], "result": document})

    return answer


def refused(code: int, reason: str = "X", message: str = "Jane Doe has a cold") -> Answer:
    """Answers a call with an error."""

    async def answer(call: dict[str, Any]) -> Response:
        data = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org"}]
        return JSONResponse(
            {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message, "data": data}}
        )

    return answer


def http_error(status_code: int, **headers: str) -> Answer:
    """Answers a call with an HTTP error of a proxy."""

    async def answer(_call: dict[str, Any]) -> Response:
        return Response(
            b"<html>", status_code, headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    return answer


def streamed(*documents: Any, broken: bool = False, until: anyio.Event | None = None) -> Answer:
    """Answers a call with events; a broken stream ends by an error of the connection."""

    async def answer(call: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for document in documents:
                wrapped = {"jsonrpc": "2.0", "id": call["id"], "result": document}
                yield b"data: " + json.dumps(wrapped).encode() + b"\n\n"
            if until is not None:
                await until.wait()
            if broken:
                raise httpx2.ReadError("broken")

        return StreamingResponse(body(), media_type="text/event-stream")

    return answer


UNARY: Any = {"capabilities": {"streaming": False}}
IDEMPOTENT: Any = {"capabilities": {"streaming": False, "extensions": [{"uri": IDEMPOTENT_SEND_EXTENSION}]}}
LIMITS = RemoteLimits(silence=30.0, answer=20_000, stream=60_000, events=50, tries=3, outage=0.0)


def agent_at(server: HandMade, limits: RemoteLimits = LIMITS) -> RemoteAgent:
    connections = httpx2.AsyncClient(transport=Raising(server))
    return remote_agent(URL, name="peer", http=connections, limits=limits, sleep=no_sleep)


class Raising(httpx2.AsyncBaseTransport):
    """An app whose broken streams break the connection, and whose answers may be no connection at all."""

    def __init__(self, server: HandMade) -> None:
        self._inner = pool(server.app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._inner.send(request, stream=True)


def server(method: str, *answers: Answer, card: dict[str, Any] | None = None, **others: Answer) -> HandMade:
    return HandMade({method: list(answers)} | {name: [one] for name, one in others.items()}, made_card(**(card or {})))


async def lost(_call: dict[str, Any]) -> Response:
    raise httpx2.ReadError("the connection broke")


async def unreached(_call: dict[str, Any]) -> Response:
    raise httpx2.ConnectError("nobody listens")


async def late(_call: dict[str, Any]) -> Response:
    raise httpx2.ReadTimeout("too late")
