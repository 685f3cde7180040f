"""A platform whose agent does what the message says, and requests of both generations in literal JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import anyio
import httpx2

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.models import TokenUsage
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Answer, Ask, CallTool, Delegate, Situation, spent
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import TOOLS, expert, server, tools_app

UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
"""An id that nothing has."""


class Obedient:
    """Does what the message says: `ask`, `wait`, `spend`, `tool` (an expert calls it, for an artifact), or echo."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.waiting = anyio.Event()
        self.go = anyio.Event()
        self.stopped = anyio.Event()

    async def decide(self, situation: Situation) -> Act:
        current = [one for one in situation.observations if one.current]
        if situation.tools and not situation.experts:
            return Answer(current[-1].text, (current[-1].data,)) if current else self._call(situation)
        if situation.delegations:
            return Answer(situation.delegations[-1].text)
        self.seen.append(situation.text)
        match situation.text.split()[0] if situation.text else "":
            case "ask":
                return Ask("Which one?")
            case "wait":
                self.waiting.set()
                try:
                    await self.go.wait()
                except asyncio.CancelledError:
                    self.stopped.set()
                    raise
            case "tool":
                return Delegate(situation.experts[0].name, situation.text)
            case "spend":
                spent(TokenUsage(input_tokens=10, output_tokens=5, total_tokens=15, credits=0.5, model="m"))
            case _:
                pass
        return Answer(f"echo: {situation.text}")

    def _call(self, situation: Situation) -> Act:
        return CallTool(situation.tools[0].name, {"text": situation.text})


@dataclass
class House:
    """A running platform, and a caller's way to one of its agents.

    Attributes:
        agent: The bare id.
    """

    platform: LocalPlatform
    reasoner: Obedient
    http: httpx2.AsyncClient
    agent: str
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def v1(self) -> str:
        return f"{self.platform.url}/agents/{self.agent}/v1"

    @property
    def v2(self) -> str:
        return f"{self.platform.url}/v2/agentic/agents/agt.{self.agent}/a2a"

    async def call(self, method: str, url: str, body: Any = None, **headers: str) -> httpx2.Response:
        return await self.http.request(method, url, json=body, headers={**self.headers, **_header_names(headers)})

    async def rpc(self, url: str, method: str, params: Any, request_id: Any = 1, **headers: str) -> Any:
        """The answer to a JSON-RPC request."""
        answer = await self.call("POST", url, rpc(method, params, request_id), **headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["jsonrpc"] == "2.0"
        assert told["id"] == request_id
        return told

    async def events(self, url: str, body: Any = None, **headers: str) -> list[tuple[int | None, Any]]:
        """The numbered events of a stream that ends."""
        async with self.stream(url, body, **headers) as events:
            return [event async for event in events]

    @asynccontextmanager
    async def stream(
        self, url: str, body: Any = None, **headers: str
    ) -> AsyncGenerator[AsyncIterator[tuple[int | None, Any]]]:
        """The events of a stream as they come."""
        every = {**self.headers, **_header_names(headers)}
        async with self.http.stream("POST", url, json=body, headers=every) as answer:
            if not answer.headers["content-type"].startswith("text/event-stream"):
                await answer.aread()
                raise AssertionError(f"{answer.status_code}: {answer.text}")
            assert answer.status_code == 200
            yield _events(answer)

    async def other(self, client_id: str = "other-client") -> House:
        """The same agent for another caller."""
        token = await self.platform.bearer(client_id, "other-secret")
        return House(self.platform, self.reasoner, self.http, self.agent, {"Authorization": f"Bearer {token}"})


async def _events(answer: httpx2.Response) -> AsyncIterator[tuple[int | None, Any]]:
    """V2-SSE-01, SDKC-07: nothing but `id:` and one line of `data:` (and comments)."""
    number: int | None = None
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "data":
            yield number, json.loads(value)
            number = None
        else:
            assert not name, line


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@asynccontextmanager
async def house(settings: PlatformSettings | None = None) -> AsyncGenerator[House]:
    """A platform with an agent that has one expert with an echo tool."""
    given = settings or PlatformSettings(clients={"local-client": "local-secret", "other-client": "other-secret"})
    reasoner = Obedient()
    async with LocalPlatform(given, servers={TOOLS: tools_app({"echo": NoAuth()})}, reasoner=reasoner) as platform:
        headers = {"Authorization": f"Bearer {await platform.bearer()}"}
        body = {"name": "chief", "description": "d", "experts": [expert("echo", server("echo"))]}
        made = await platform.http.post(f"{platform.url}/agents", json=body, headers=headers)
        assert made.status_code == 201, made.text
        yield House(platform, reasoner, platform.http, made.json()["id"], headers)


def rpc(method: str, params: Any, request_id: Any = 1) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def v1_send(text: str, *, message_id: str | None = None, configuration: Any = None, **ids: Any) -> dict[str, Any]:
    """A send as SDK 1.0.0 makes it."""
    message = {
        "kind": "message",
        "role": "user",
        "messageId": message_id or f"msg-{uuid4()}",
        "parts": [{"kind": "text", "text": text}],
        **ids,
    }
    return {"message": message, **({"configuration": configuration} if configuration else {})}


def v2_send(text: str, *, message_id: str | None = None, configuration: Any = None, **ids: Any) -> dict[str, Any]:
    """A send as SDK 5.0.0 makes it."""
    message = {
        "role": "ROLE_USER",
        "messageId": message_id or f"msg-{uuid4()}",
        "parts": [{"text": text}],
        **ids,
    }
    return {"message": message, **({"configuration": configuration} if configuration else {})}


def reason(error: Any) -> str:
    """The reason of the ErrorInfo in an error of the A2A plane."""
    details = error["data"] if "data" in error else error["details"]
    info = next(one for one in details if one["@type"] == "type.googleapis.com/google.rpc.ErrorInfo")
    assert info["domain"] == "a2a-protocol.org"
    return info["reason"]
