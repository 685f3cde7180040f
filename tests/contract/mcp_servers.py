"""MCP servers at one origin that accept what the rules of a test say, as the double's imagined ones do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Literal

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth, NoAuth, OAuthAuth, ServerAuth
from agentkit.oauth.clients import ClientRegistry
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.server import authorization_server
from agentkit.testing import running
from tests.contract.corti_double.mcp_auth import McpRules
from tests.platform.parts import echo_server

ORIGIN: Final = "https://mcp.example.org"
TOKEN: Final = "jwt-of-the-visit"
CLIENT: Final = ("app", "app-secret")
PATHS: Final = ("/ehr", "/ehr/mcp", "/calc", "/calc/mcp", "/pubmed")

_Kind = Literal["open", "bearer", "oauth"]


def mcp_servers(rules: McpRules) -> Starlette:
    """The servers `ehr`, `calc` and `pubmed`: each wants `TOKEN` or `CLIENT` where the rules name it, else nothing.

    Args:
        rules: Looked at for every request, so that a test may set them after the servers have started.
    """
    issuer = f"{ORIGIN}/auth"
    keys, clients = SigningKeys(), ClientRegistry()
    clients.add(*CLIENT, scopes=["tools"], resources=[f"{ORIGIN}{path}" for path in PATHS])
    kinds: dict[_Kind, ServerAuth] = {
        "open": NoAuth(),
        "bearer": BearerAuth(TOKEN),
        "oauth": OAuthAuth(issuer, keys.jwks(), ("tools",)),
    }
    tools = {path: echo_server(path.split("/")[1]) for path in PATHS}
    hosts: dict[_Kind, ASGIApp] = {
        kind: host(
            [HostedServer(tools[path], path, auth) for path in PATHS],
            public_url=ORIGIN,
            extra_routes=authorization_server(issuer, keys, clients) if kind == "oauth" else (),
        )
        for kind, auth in kinds.items()
    }
    started: dict[_Kind, ASGIApp] = {}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for kind, app in hosts.items():
                started[kind] = await stack.enter_async_context(running(app))
            yield

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await started[_kind_of(str(scope["path"]), rules)](scope, receive, send)

    return Starlette(routes=[Mount("/", app=serve)], lifespan=lifespan)


def _kind_of(path: str, rules: McpRules) -> _Kind:
    """Which host answers: discovery and tokens are those of the one with OAuth."""
    name = path.split("/")[1]
    if name in rules.tokens:
        return "bearer"
    return "open" if path in PATHS and name not in rules.clients else "oauth"
