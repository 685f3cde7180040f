"""An MCP server in which nothing is wrong, and every part of which a test can spoil."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, unquote_plus

import httpx2
from jsonschema import Draft202012Validator
from starlette.types import Receive, Scope, Send

from agentkit.mcp import ApiKey, BearerToken, McpAuth, OAuthClientCredentials
from agentkit.specs import Authorization
from agentkit.testing.asgi import RoutedTransport
from tests.deadline import HANG

ORIGIN = "https://mcp.example"
URL = f"{ORIGIN}/weather/mcp"
ISSUER = f"{ORIGIN}/auth"
TOKEN = "right-token-9Yx27"
SECRET = "right-secret-+/=5Kq"
FORECAST: dict[str, Any] = {
    "name": "forecast",
    "title": "Forecast",
    "description": "The weather of the next days.",
    "inputSchema": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "outputSchema": {"type": "object", "properties": {"sky": {"type": "string"}}, "required": ["sky"]},
    "annotations": {"readOnlyHint": True},
}
CITIES: dict[str, Any] = {
    **FORECAST,
    "name": "cities",
    "title": "Cities",
    "description": "The cities that are known.",
    "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
}
JSON = "application/json"


@dataclass
class Reply:
    """An answer over HTTP."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def to(self, asked: Asked) -> Reply:
        """The same with the id of the request."""
        body: Any = self.body or {}
        body["id"] = asked.message["id"]
        return self


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        try:
            found: Any = json.loads(self.body)
        except ValueError:
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    @property
    def rpc(self) -> str:
        return str(self.message.get("method", ""))

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass(frozen=True)
class Answering:
    """The moment before an answer goes out."""

    double: Double
    asked: Asked
    good: Reply


Spoil = Callable[[Answering], Reply]
"""Changes an answer on its way out."""


def token_for(audience: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{claims}.c2lnbmVk"


@dataclass
class Double:
    """The server, with an authorization server beside it."""

    auth: Authorization = Authorization.NONE
    tools: list[dict[str, Any]] = field(default_factory=lambda: deepcopy([FORECAST, CITIES]))
    opening: dict[str, Any] = field(default_factory=dict[str, Any])
    resource: dict[str, Any] = field(default_factory=dict[str, Any])
    issuer: dict[str, Any] = field(default_factory=dict[str, Any])
    spoil: Spoil | None = None
    asked: list[Asked] = field(default_factory=list[Asked])
    issued: set[str] = field(default_factory=set[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], scope["query_string"].decode(), headers, bytes(body))
        self.asked.append(asked)
        reply = self.answer(asked)
        if self.spoil is not None:
            reply = self.spoil(Answering(self, asked, reply))
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        content = b"" if reply.body is None else content
        out = {"content-type": JSON, **reply.headers}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in out.items() if value]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/weather/mcp":
            return self.endpoint(asked)
        if self.auth is Authorization.OAUTH2:
            return self.authorization_server(asked)
        return Reply(404)

    def endpoint(self, asked: Asked) -> Reply:
        if not self.lets_in(asked):
            return self.refusal(asked)
        if asked.headers["host"] != "mcp.example":
            return Reply(421)
        if "origin" in asked.headers:
            return Reply(403)
        if asked.method != "POST":
            return Reply(405)
        if not asked.message:
            return error(-32700, 400)
        if "id" not in asked.message:
            return Reply(202)
        reply = self.rpc(asked)
        return reply.to(asked)

    def lets_in(self, asked: Asked) -> bool:
        if self.auth is Authorization.NONE:
            return True
        if self.auth is Authorization.API_KEY:
            return asked.headers.get("x-api-key") == TOKEN
        scheme, _, token = asked.authorization.partition(" ")
        right = self.issued & {token_for(URL)} if self.auth is Authorization.OAUTH2 else {TOKEN}
        return scheme == "Bearer" and token in right

    def refusal(self, asked: Asked) -> Reply:
        challenge = 'Bearer error="invalid_token"' if asked.authorization else "Bearer"
        if self.auth is Authorization.OAUTH2:
            place = f'resource_metadata="{ORIGIN}/.well-known/oauth-protected-resource/weather/mcp"'
            challenge += f'{"," if asked.authorization else ""} {place}, scope="weather.read"'
        return Reply(401, {"error": "unauthorized"}, {"www-authenticate": challenge})

    def rpc(self, asked: Asked) -> Reply:
        modern = asked.headers.get("mcp-protocol-version") == "2026-07-28"
        extra: dict[str, Any] = {"resultType": "complete"} if modern else {}
        match asked.rpc:
            case "initialize":
                opening: dict[str, Any] = {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "weather", "version": "1.0"},
                    "instructions": "Ask for cities first.",
                }
                return result(opening | self.opening)
            case "server/discover":
                found: dict[str, Any] = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
                return result(found | extra | {"ttlMs": 0, "cacheScope": "private"})
            case "tools/list":
                return result({"tools": self.tools} | extra | ({"ttlMs": 0, "cacheScope": "private"} if modern else {}))
            case "tools/call":
                return self.call(asked.message["params"], extra)
            case _:
                return error(-32601)

    def call(self, params: dict[str, Any], extra: dict[str, Any]) -> Reply:
        schemas = {tool["name"]: tool.get("inputSchema", {}) for tool in self.tools}
        if params["name"] not in schemas:
            return error(-32602)
        validator = Draft202012Validator(schemas[params["name"]])
        if not validator.is_valid(params.get("arguments", {})):  # pyright: ignore[reportUnknownMemberType]
            refused = {"isError": True, "content": [{"type": "text", "text": "Wrong arguments."}]}
            return result(refused | extra)
        answer = {"content": [{"type": "text", "text": "blue"}], "structuredContent": {"sky": "blue"}}
        return result(answer | {"isError": False} | extra)

    def authorization_server(self, asked: Asked) -> Reply:
        match asked.path:
            case "/.well-known/oauth-protected-resource/weather/mcp" | "/.well-known/oauth-protected-resource":
                document = {
                    "resource": URL,
                    "authorization_servers": [ISSUER],
                    "scopes_supported": ["weather.read"],
                    "bearer_methods_supported": ["header"],
                }
                return Reply(body=without_none(document | self.resource))
            case (
                "/.well-known/oauth-authorization-server/auth"
                | "/.well-known/openid-configuration/auth"
                | "/auth/.well-known/openid-configuration"
            ):
                document = {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "grant_types_supported": ["client_credentials"],
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                    "code_challenge_methods_supported": ["S256"],
                }
                return Reply(body=without_none(document | self.issuer))
            case "/auth/token":
                return self.token(asked)
            case _:
                return Reply(404)

    def token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        scheme, _, pair = asked.authorization.partition(" ")
        if scheme == "Basic":
            client_id, _, secret = base64.b64decode(pair).decode().partition(":")
            client_id, secret = unquote_plus(client_id), unquote_plus(secret)
        else:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if (client_id, secret) != ("demo", SECRET):
            return Reply(401, {"error": "invalid_client"})
        if form.get("resource", URL) not in {URL, self.resource.get("resource")}:
            return Reply(400, {"error": "invalid_target"})
        return self.issue(URL)

    def issue(self, audience: str, **changes: object) -> Reply:
        token = token_for(audience)
        self.issued.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | changes
        return Reply(body=without_none(body), headers={"cache-control": "no-store"})

    @property
    def credential(self) -> McpAuth | None:
        match self.auth:
            case Authorization.NONE:
                return None
            case Authorization.OAUTH2:
                return OAuthClientCredentials("demo", SECRET)
            case Authorization.API_KEY:
                return ApiKey(TOKEN)
            case _:
                return BearerToken(TOKEN)

    @asynccontextmanager
    async def http(self) -> AsyncGenerator[httpx2.AsyncClient]:
        transport = RoutedTransport({ORIGIN: self})
        async with httpx2.AsyncClient(transport=transport, timeout=HANG) as http:
            yield http


def result(body: dict[str, Any]) -> Reply:
    return Reply(body={"jsonrpc": "2.0", "id": 1, "result": body})


def error(code: int, status: int = 200) -> Reply:
    return Reply(status, {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}})


def without_none(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def tool(**changes: Any) -> list[dict[str, Any]]:
    """The good tools, of which the first is changed; None takes a field away."""
    return [without_none(deepcopy(FORECAST) | changes), deepcopy(CITIES)]


def parameter(**wanted: Any) -> list[dict[str, Any]]:
    """The good tools; the parameter of the first is another one."""
    schema = deepcopy(FORECAST["inputSchema"])
    schema["properties"]["city"] = {"description": "Name of the city", **wanted}
    return tool(inputSchema=schema)


def schema(**changes: Any) -> list[dict[str, Any]]:
    """The good tools; the input schema of the first is changed."""
    return tool(inputSchema=without_none(deepcopy(FORECAST["inputSchema"]) | changes))
