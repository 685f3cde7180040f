"""Real servers: ours have no error with any authorization, and those of others get a report that helps."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from mcp.server import MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel
from starlette.applications import Starlette

from agentkit.experts import find_servers, load_server
from agentkit.mcp import (
    AnyOf,
    ApiKey,
    ApiKeyAuth,
    BearerAuth,
    BearerToken,
    InheritAuth,
    McpAuth,
    NoAuth,
    OAuthClientCredentials,
    ServerAuth,
    ToolServer,
    Verdict,
    VerificationReport,
    verify_server,
)
from agentkit.specs import Authorization
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import ISSUER, KEYS, ORIGIN, URL, house, oauth, token_of

pytestmark = pytest.mark.anyio

TOKEN = "right-token-8Qz31"
CREDENTIALS = OAuthClientCredentials("demo", "demo-secret")
FOREIGN = "https://auth.corti.example/realms/base"


def told(report: VerificationReport) -> list[str]:
    return [f"{f.verdict} {f.check} {f.subject}: {f.text}" for f in (*report.errors, *report.warnings)]


WAYS = [
    pytest.param(Authorization.NONE, NoAuth(), None, id="none"),
    pytest.param(Authorization.BEARER, BearerAuth(TOKEN), BearerToken(TOKEN), id="bearer"),
    pytest.param(Authorization.OAUTH2, oauth(), CREDENTIALS, id="oauth2.0"),
    pytest.param(Authorization.API_KEY, ApiKeyAuth({"corti": TOKEN}), ApiKey(TOKEN), id="apiKey"),
    pytest.param(
        Authorization.INHERIT,
        InheritAuth(FOREIGN, ("corti",), KEYS.jwks()),
        BearerToken(token_of(KEYS, "corti", lifetime=3600, issuer=FOREIGN)),
        id="inherit",
    ),
    pytest.param(Authorization.BEARER, AnyOf(BearerAuth(TOKEN), oauth()), BearerToken(TOKEN), id="bearer-of-both"),
    pytest.param(Authorization.OAUTH2, AnyOf(BearerAuth(TOKEN), oauth()), CREDENTIALS, id="oauth2.0-of-both"),
]


@pytest.fixture
def server(slug: str) -> ToolServer:
    """An installed server; what is read for it is read before the loop runs."""
    return load_server(slug)(None)


@pytest.mark.parametrize(
    ("slug", "authorization", "auth", "credential"),
    [
        pytest.param(slug, *way.values, id=f"{slug}-{way.id}")
        for slug in sorted(find_servers())
        for way in (WAYS if slug == "ehr" else WAYS[:2])
    ],
)
async def test_a_bundled_server_is_fit_however_it_is_authorized(
    server: ToolServer, authorization: Authorization, auth: ServerAuth, credential: McpAuth | None
) -> None:
    async with house(auth, server=server) as home:
        with anyio.fail_after(HANG):
            report = await verify_server(URL, auth=authorization, credential=credential, http=home.http, call_safe=True)
    assert report.fit, told(report)
    of_none = {"auth.none"} if authorization is Authorization.NONE else set[str]()
    about_tools = ("tools.", "schema.", "size.", "latency.", "bad.slow")
    strange = {f.check for f in report.warnings if not f.check.startswith(about_tools)} - of_none
    assert strange == set(), told(report)


async def test_a_server_registered_as_something_else_is_not_fit() -> None:
    async with house(BearerAuth(TOKEN)) as home:
        as_none = await verify_server(URL, http=home.http)
        as_oauth = await verify_server(URL, auth=Authorization.OAUTH2, credential=CREDENTIALS, http=home.http)
        wrong = await verify_server(
            URL, auth=Authorization.BEARER, credential=BearerToken("another-token-1"), http=home.http
        )
    assert [finding.check for finding in as_none.errors] == ["auth.entry"]
    assert "Register it" in str(as_none.errors[0].remedy)
    assert [finding.check for finding in as_oauth.errors] == ["discovery.resource"]
    assert [finding.check for finding in wrong.errors] == ["auth.entry"]


async def test_what_depends_on_a_failed_check_is_not_looked_at() -> None:
    async with house(BearerAuth(TOKEN)) as home:
        report = await verify_server(URL, http=home.http)
    skipped = {finding.check for finding in report.findings if finding.verdict is Verdict.SKIPPED}
    assert {"protocol.handshake", "tools.list", "schema.valid", "bad.arguments"} <= skipped
    assert "auth.entry did not pass" in report.of("protocol.handshake")[0].text


async def test_a_foreign_issuer_that_was_not_named_gets_no_secret() -> None:
    async with house(oauth()) as home:
        report = await verify_server(
            URL,
            auth=Authorization.OAUTH2,
            credential=OAuthClientCredentials("demo", "demo-secret", issuer="https://other.example"),
            http=home.http,
        )
    assert [finding.check for finding in report.errors] == ["discovery.authorization-servers"]
    assert not [path for path in home.app.paths if path.endswith("/token")]
    assert ISSUER not in "".join(told(report))


class Sum(BaseModel):
    """A sum."""

    total: int


def plain_server() -> MCPServer:
    server = MCPServer("adder")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def add(a: int, b: int) -> Sum:
        """Add two numbers."""
        return Sum(total=a + b)

    @server.tool()
    def crash() -> str:
        """Fails."""
        raise RuntimeError("secret of the house")

    return server


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[httpx2.AsyncClient]:
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        yield http


async def test_a_server_of_the_plain_sdk_is_told_what_it_lacks() -> None:
    app: Starlette = plain_server().streamable_http_app()
    async with served(app) as http:
        with anyio.fail_after(HANG):
            report = await verify_server(f"{ORIGIN}/mcp", http=http, calls={"crash": {}, "add": {"a": 1, "b": 2}})
    assert [(f.check, f.subject) for f in report.errors] == [("call.works", "crash")], told(report)
    assert {f.check for f in report.warnings} == {
        "auth.none",
        "protocol.stateless",
        "server.info",
        "server.instructions",
        "tools.parameter-description",
        "tools.title",
        "schema.additional",
        "annotations.present",
        "bad.repeat",
    }, told(report)
    assert "secret of the house" not in str(report.to_json())


async def test_a_fastmcp_server_is_told_what_it_lacks() -> None:
    from fastmcp import FastMCP

    server = FastMCP("adder", version="1.0", instructions="Adds.")

    @server.tool(title="Add", annotations={"readOnlyHint": True})
    def add(a: int, b: int) -> Sum:  # pyright: ignore[reportUnusedFunction]
        """Add two numbers."""
        return Sum(total=a + b)

    app = server.http_app(path="/mcp", stateless_http=True)
    async with served(app) as http:
        with anyio.fail_after(HANG):
            report = await verify_server(f"{ORIGIN}/mcp", http=http, calls={"add": {"a": 1, "b": 2}})
    assert report.fit, told(report)
    found = {f.check for f in report.warnings}
    assert {"auth.none", "reach.rebinding", "tools.parameter-description"} <= found, told(report)
