"""An agent for tests that does what the message says, and two clients that speak one binding each."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import httpx2
from a2a.types import AgentCard

from agentkit.a2a import Gate, a2a_app
from agentkit.a2a.operations import Offers
from agentkit.compose import RunContext
from agentkit.engine import InlineEngine
from agentkit.errors import AuthRequired
from agentkit.models import (
    AgentSkill,
    Artifact,
    ArtifactUpdate,
    Event,
    Message,
    Part,
    StatusUpdate,
    TaskState,
    TaskStatus,
)
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from agentkit.testing.asgi import ASGIApp, ASGITransport
from agentkit.tracing import inject
from agentkit.web.bounds import Bounds
from tests.deadline import HANG

URL = "http://desk.test"
_numbers = itertools.count(1)


class Desk:
    """Does what the message says; what it does not know it repeats."""

    name = "desk"
    description = "Answers at the front desk"
    skills = (AgentSkill(id="echo", name="Echo", description="Says it again", tags=("talk",)),)
    mcp_names = None

    def __init__(self) -> None:
        self.started = anyio.Event()
        self.go_on = anyio.Event()
        self.cancelled: list[str] = []
        self.cancellations: list[RunContext] = []
        self.seen: list[Message] = []
        self.contexts: list[RunContext] = []

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        self.seen.append(message)
        self.contexts.append(context)
        match message.text:
            case "chunks":
                for index, text in enumerate(("Peni", "cillin.")):
                    yield self._chunk(context, text, index)
                yield message.reply("done")
            case "wait":
                self.started.set()
                await self.go_on.wait()
                yield message.reply("waited")
            case "ask":
                yield self._status(context, TaskState.INPUT_REQUIRED, "Which one?")
            case "login":
                raise AuthRequired("The server ehr wants a token.", mcp_name="ehr")
            case "crash":
                raise RuntimeError("Jane Doe has a cold")
            case "trace":
                headers: dict[str, str] = {}
                inject(headers)
                yield message.reply(headers.get("traceparent", "none"))
            case "nan":
                yield message.reply("x", data=[{"n": float("nan")}])
            case text:
                yield message.reply(f"echo: {text}")

    async def cancel(self, context: RunContext) -> None:
        self.cancelled.append(context.task_id)
        self.cancellations.append(context)

    def _chunk(self, context: RunContext, text: str, index: int) -> ArtifactUpdate:
        return ArtifactUpdate(
            task_id=context.task_id,
            context_id=context.context_id,
            artifact=Artifact(artifact_id="r-1", parts=(Part(text=text),)),
            append=index > 0,
            last_chunk=index > 0,
        )

    def _status(self, context: RunContext, state: TaskState, text: str) -> StatusUpdate:
        return StatusUpdate(
            task_id=context.task_id,
            context_id=context.context_id,
            status=TaskStatus(state=state, message=Message.agent(text)),
        )


@dataclass(frozen=True)
class Served:
    """A served desk."""

    agent: Desk
    app: ASGIApp
    service: TaskService
    database: Database
    card: AgentCard | None
    gate: Gate | None
    offers: Offers


@asynccontextmanager
async def served_desk(
    *,
    agent: Desk | None = None,
    card: AgentCard | None = None,
    gate: Gate | None = None,
    offers: Offers | None = None,
    versions: tuple[str, ...] = ("1.0", "0.3"),
) -> AsyncGenerator[Served]:
    """Serve a desk on a private database."""
    agent = agent or Desk()
    offers = offers or Offers(bounds=Bounds(body=1_000_000))
    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    app = a2a_app(agent, service, url=URL, card=card, gate=gate, offers=offers, versions=versions)
    try:
        yield Served(agent, app, service, database, card, gate, offers)
    finally:
        await service.close()
        await database.close()


def http_client(app: ASGIApp, token: str | None = None, version: str | None = "1.0") -> httpx2.AsyncClient:
    """An HTTP client at the app, with the version header every A2A client sends."""
    headers = ({} if version is None else {"A2A-Version": version}) | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )
    return httpx2.AsyncClient(transport=ASGITransport(app), base_url=URL, headers=headers, timeout=HANG)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever the binding."""

    status: int
    result: dict[str, Any] = field(default_factory=dict[str, Any])
    error: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def task(self) -> dict[str, Any]:
        return self.result["task"]

    @property
    def details(self) -> list[dict[str, Any]]:
        return self.error.get("data") or self.error.get("details") or []

    @property
    def reason(self) -> str:
        return self.details[0]["reason"] if self.details else ""

    @property
    def violations(self) -> list[str]:
        return [one["field"] for detail in self.details[1:] for one in detail["fieldViolations"]]


@dataclass(frozen=True)
class StreamEvent:
    """One server-sent event."""

    id: str | None
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        return next(iter(self.data))

    @property
    def state(self) -> str:
        return self.data[self.kind].get("status", {}).get("state", "")


class Peer(Protocol):
    """A client of one binding."""

    async def ask(self, operation: str, params: dict[str, Any]) -> Answer: ...
    def stream(self, operation: str, params: dict[str, Any]) -> AsyncGenerator[StreamEvent | Answer]: ...


class RpcPeer:
    """Speaks JSON-RPC."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    def _body(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": "r-1", "method": operation, "params": params}

    async def ask(self, operation: str, params: dict[str, Any]) -> Answer:
        response = await self._http.post("/a2a", json=self._body(operation, params))
        return self._answer(response.status_code, response.json())

    def _answer(self, status: int, body: dict[str, Any]) -> Answer:
        if status == 200:
            assert body["jsonrpc"] == "2.0"
            # A body that could not be read has no id to give back.
            assert body["id"] == "r-1" or (body["id"] is None and "error" in body)
        return Answer(status, body.get("result", {}), body.get("error", {}))

    async def stream(self, operation: str, params: dict[str, Any]) -> AsyncGenerator[StreamEvent | Answer]:
        async with self._http.stream("POST", "/a2a", json=self._body(operation, params)) as response:
            if not response.headers["content-type"].startswith("text/event-stream"):
                await response.aread()
                yield self._answer(response.status_code, response.json())
                return
            async for number, data in _events(response):
                answer = self._answer(200, data)
                yield StreamEvent(number, answer.result) if answer.result else answer


class RestPeer:
    """Speaks HTTP+JSON."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    def _request(self, operation: str, params: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        rest = {key: value for key, value in params.items() if key != "id"}
        task = f"/tasks/{params.get('id')}"
        match operation:
            case "SendMessage":
                return "POST", "/message:send", {"json": params}
            case "SendStreamingMessage":
                return "POST", "/message:stream", {"json": params}
            case "GetTask":
                return "GET", task, {"params": rest}
            case "ListTasks":
                return "GET", "/tasks", {"params": rest}
            case "CancelTask":
                return "POST", f"{task}:cancel", {"json": rest}
            case "SubscribeToTask":
                return "POST", f"{task}:subscribe", {}
            case _:
                return _config_request(operation, params)

    async def ask(self, operation: str, params: dict[str, Any]) -> Answer:
        method, path, arguments = self._request(operation, params)
        return self._answer(await self._http.request(method, path, **arguments))

    def _answer(self, response: httpx2.Response) -> Answer:
        body = response.json()
        if response.status_code == 200:
            return Answer(200, body)
        return Answer(response.status_code, error=body["error"])

    async def stream(self, operation: str, params: dict[str, Any]) -> AsyncGenerator[StreamEvent | Answer]:
        method, path, arguments = self._request(operation, params)
        async with self._http.stream(method, path, **arguments) as response:
            if not response.headers["content-type"].startswith("text/event-stream"):
                await response.aread()
                yield self._answer(response)
                return
            async for number, data in _events(response):
                yield Answer(200, error=data["error"]) if "error" in data else StreamEvent(number, data)


def _config_request(operation: str, params: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    configs = f"/tasks/{params['taskId']}/pushNotificationConfigs"
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "CreateTaskPushNotificationConfig": ("POST", configs, {"json": params}),
        "ListTaskPushNotificationConfigs": ("GET", configs, {}),
        "GetTaskPushNotificationConfig": ("GET", f"{configs}/{params.get('id')}", {}),
        "DeleteTaskPushNotificationConfig": ("DELETE", f"{configs}/{params.get('id')}", {}),
    }
    return requests[operation]


async def _events(response: httpx2.Response) -> AsyncGenerator[tuple[str | None, dict[str, Any]]]:
    number = None
    async for line in response.aiter_lines():
        if line.startswith("id: "):
            number = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield number, json.loads(line.removeprefix("data: "))
            number = None


def message(text: str, **changes: Any) -> dict[str, Any]:
    """Parameters of a send."""
    made: dict[str, Any] = {"messageId": f"m-{next(_numbers)}", "role": "ROLE_USER", "parts": [{"text": text}]}
    return {"message": made | changes}


async def all_events(stream: AsyncGenerator[StreamEvent | Answer]) -> list[StreamEvent]:
    """The events of a stream that does not fail."""
    found: list[StreamEvent] = []
    async for event in stream:
        assert isinstance(event, StreamEvent), event
        found.append(event)
    return found


async def refused(stream: AsyncGenerator[StreamEvent | Answer]) -> Answer:
    """The error that came in place of a stream."""
    found = [event async for event in stream]
    assert len(found) == 1
    assert isinstance(found[0], Answer)
    return found[0]
