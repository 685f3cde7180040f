"""MCP servers and reasoners for the platform's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import uuid4

import httpx2
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.mcp import ToolError, ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth, OAuthAuth, ServerAuth
from agentkit.models import JsonObject
from agentkit.oauth.clients import ClientRegistry
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.server import authorization_server
from agentkit.reasoning import Act, Answer, CallTool, Decline, Delegate, Situation
from agentkit.testing.local_platform import LocalPlatform

TOOLS = "http://127.0.0.1:8701"
TOKEN = "right-token"
CLIENT = ("mcp-client", "mcp-secret")


class Found(BaseModel):
    """What the test tool answers."""

    said: str


class Plain:
    """Delegates the whole message to the first expert and hands on what it found; an expert calls its first tool.

    A message that begins with `!` is declined, so that a turn without tools can be had.
    """

    def __init__(self) -> None:
        self.situations: list[Situation] = []

    async def decide(self, situation: Situation) -> Act:
        self.situations.append(situation)
        if situation.delegations:
            return Answer(situation.delegations[-1].text)
        if situation.text.startswith("!"):
            return Decline("That cannot be done here.")
        if situation.experts:
            return Delegate(situation.experts[0].name, situation.text)
        current = [one for one in situation.observations if one.current]
        if current:
            return Answer(f"found: {current[-1].text}", (current[-1].data,) if current[-1].data is not None else ())
        if not situation.tools:
            return Decline("No expert can do that.")
        return CallTool(situation.tools[0].name, {"text": situation.text})


class Recording:
    """An app that notes which `Authorization` came to which path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.seen: list[tuple[str, str | None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            value = headers.get(b"authorization")
            self.seen.append((scope["path"], None if value is None else value.decode()))
        await self._app(scope, receive, send)

    def authorizations(self, path: str) -> set[str | None]:
        return {value for seen, value in self.seen if seen == path}


def echo_server(name: str) -> ToolServer:
    server = ToolServer(name, version="1")

    @server.tool(title="Echo")
    async def echo(text: Annotated[str, Field(description="What to say.")]) -> Found:
        """Say again what was said."""
        if text == "fail":
            raise ToolError("It failed.", "made-to-fail")
        return Found(said=f"{name}: {text}")

    return server


def tools_app(auth: dict[str, ServerAuth]) -> Recording:
    """Echo servers at `/<name>/mcp`, each with its own authorization, and the development authorization server."""
    issuer = f"{TOOLS}/auth"
    keys, clients = SigningKeys(), ClientRegistry()
    clients.add(*CLIENT, scopes=["tools"], resources=[f"{TOOLS}/{name}/mcp" for name in auth])
    servers = [
        HostedServer(
            echo_server(name),
            f"/{name}/mcp",
            OAuthAuth(issuer, keys.jwks(), ("tools",)) if kind is OAUTH else kind,
        )
        for name, kind in auth.items()
    ]
    return Recording(host(servers, public_url=TOOLS, extra_routes=authorization_server(issuer, keys, clients)))


OAUTH = OAuthAuth("", {})
BEARER = BearerAuth(TOKEN)


def server(name: str, authorization: str = "none", **more: str) -> JsonObject:
    """An MCP server as a client registers it."""
    return {
        "name": name,
        "transportType": "streamable_http",
        "authorizationType": authorization,
        "url": f"{TOOLS}/{name}/mcp",
        **more,
    }


def expert(name: str, *servers: JsonObject) -> JsonObject:
    """An expert as a client creates it."""
    return {"type": "new", "name": name, "description": f"Knows {name}.", "mcpServers": list(servers)}


def token(name: str, value: str = TOKEN) -> JsonObject:
    """The data part that carries a bearer token."""
    return {"kind": "data", "data": {"type": "token", "mcp_name": name, "token": value}}


def credentials(name: str, client: tuple[str, str] = CLIENT) -> JsonObject:
    """The data part that carries client credentials."""
    data: JsonObject = {"type": "credentials", "mcp_name": name, "client_id": client[0], "client_secret": client[1]}
    return {"kind": "data", "data": data}


class Talk:
    """A conversation with one agent over the wire."""

    def __init__(self, api: httpx2.AsyncClient, agent: str) -> None:
        self.api = api
        self.agent = agent

    async def post(self, body: Any) -> httpx2.Response:
        return await self.api.post(f"/agents/{self.agent}/v1/message:send", json=body)

    async def send(
        self,
        text: str | None = "hello",
        *parts: Mapping[str, Any],
        context: str | None = None,
        task: str | None = None,
        message_id: str | None = None,
        **configuration: Any,
    ) -> dict[str, Any]:
        answer = await self.post(body(text, *parts, context=context, task=task, message_id=message_id, **configuration))
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert set(told) == {"task"}
        return told["task"]


def body(
    text: str | None = "hello",
    *parts: Mapping[str, Any],
    context: str | None = None,
    task: str | None = None,
    message_id: str | None = None,
    **configuration: Any,
) -> dict[str, Any]:
    """The body of a send."""
    message: dict[str, Any] = {
        "kind": "message",
        "role": "user",
        "messageId": message_id or f"msg-{uuid4()}",
        "parts": [*([] if text is None else [{"kind": "text", "text": text}]), *parts],
    }
    if context:
        message["contextId"] = context
    if task:
        message["taskId"] = task
    return {"message": message, **({"configuration": configuration} if configuration else {})}


async def signed_in(platform: LocalPlatform) -> httpx2.AsyncClient:
    """The platform's HTTP client with a token."""
    platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
    platform.http.base_url = platform.url
    return platform.http


async def talk(platform: LocalPlatform, experts: Sequence[JsonObject] = (), **more: Any) -> Talk:
    """A new agent to talk to."""
    api = await signed_in(platform)
    created = await api.post("/agents", json={"name": "chief", "description": "d", "experts": list(experts), **more})
    assert created.status_code == 201, created.text
    return Talk(api, created.json()["id"])


def said(task: dict[str, Any]) -> str:
    """The text of a task's status message."""
    parts = task["status"].get("message", {}).get("parts", [])
    return "\n".join(part["text"] for part in parts if part["kind"] == "text")


def state(task: dict[str, Any]) -> str:
    """The state of a task."""
    return task["status"]["state"]
