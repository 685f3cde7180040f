"""The official TypeScript client of MCP uses a hosted server: tools, failures, static token, client credentials."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.mcp import BearerAuth, HostedServer, OAuthAuth, host
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from tests.deadline import HANG
from tests.js.node import HERE, RunNode
from tests.mcp.library import Waiting, library

pytestmark = pytest.mark.anyio

TOKEN, SECRET = "canary-token-7Qx91", "canary-secret+8Zy/="


async def test_the_typescript_client_uses_a_hosted_server(run_node: RunNode) -> None:
    """MCP-XCH-02, -04: its `ClientCredentialsProvider` wants an authorization endpoint and sends no scope."""
    waiting = Waiting()
    place = await anyio.to_thread.run_sync(bind, "127.0.0.1", 0)
    issuer, keys, clients = f"{place.url}/auth", SigningKeys(), ClientRegistry()
    clients.add("demo", SECRET, ["loans.read"])
    app = host(
        [
            HostedServer(library(waiting), "/static/mcp", BearerAuth(TOKEN)),
            HostedServer(library(), "/oauth/mcp", OAuthAuth(issuer, keys.jwks(), ("loans.read",))),
        ],
        public_url=place.url,
        extra_routes=authorization_server(issuer, keys, clients, resources=[f"{place.url}/oauth/mcp"]),
    )
    given = {
        "STATIC": f"{place.url}/static/mcp",
        "OAUTH": f"{place.url}/oauth/mcp",
        "TOKEN": TOKEN,
        "ISSUER": issuer,
        "CLIENT": "demo",
        "SECRET": SECRET,
    }
    async with serving([(place, app)]):
        done = await run_node(HERE / "mcp_client.mjs", env=given)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        with anyio.fail_after(HANG):
            await waiting.cancelled.wait()
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["server"]["name"] == "loans"
    assert [tool["name"] for tool in told["tools"]] == ["find_books", "wait", "whoami"]
    assert told["tools"][0]["annotations"]["readOnlyHint"] is True
    assert told["found"]["structuredContent"] == {"books": [{"title": "Moby Dick", "due": "2026-12-01"}]}
    assert told["found"]["content"] == [{"type": "text", "text": "Moby Dick"}]
    assert told["missing"]["isError"] is True
    assert told["wrong"]["isError"] is True
    assert told["unknown"]["code"] == -32602
    assert told["many"] == ["bearer"] * 5
    assert told["timeout"] == {"name": "McpError", "code": -32001}
    assert told["after"] is False
    assert told["refused"]["code"] == 401
    assert (told["caller"]["client_id"], told["caller"]["scopes"]) == ("demo", ["loans.read"])
    assert told["wrongSecret"] is not None
