"""Client credentials end to end: discovery, single flight, renewal, and where the secret goes (MCP-OAU-01..06)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import httpx2
import pytest

from agentkit.errors import McpAuthRequired, McpError, McpTimeout, McpUnreachable
from agentkit.mcp import BearerAuth, BearerToken, McpClient, OAuthClientCredentials
from agentkit.mcp.client.authorizers import ClientCredentialsAuthorizer
from agentkit.oauth.discovery import Challenge
from agentkit.testing.asgi import RoutedTransport, running
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG
from tests.mcp.library import DEMO, ISSUER, ORIGIN, URL, Waiting, app_for, house, library, oauth

pytestmark = pytest.mark.anyio

CREDENTIALS = OAuthClientCredentials("demo", "demo-secret")
TOKEN = "POST /auth/token"
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


@ERAS
async def test_the_token_is_found_by_discovery_and_fetched_once_for_many_calls(era: str) -> None:
    async with house(oauth()) as home, home.client(CREDENTIALS, mode=era) as client:
        with anyio.fail_after(HANG):
            answers = [(await client.call_tool("whoami")).data for _ in range(3)]
    assert answers == [DEMO] * 3
    assert home.app.paths[:4] == [
        "POST /loans/mcp",
        "GET /.well-known/oauth-protected-resource/loans/mcp",
        "GET /.well-known/oauth-authorization-server/auth",
        TOKEN,
    ]
    assert home.app.paths.count(TOKEN) == 1
    naked = [headers for headers in home.app.headers if "mcp-protocol-version" in headers]
    assert sum("authorization" not in headers for headers in naked) <= 1


async def test_five_calls_at_once_share_one_token_fetch_and_wait_for_nobody() -> None:
    waiting = Waiting()
    async with house(oauth(), server=library(waiting)) as home, home.client(CREDENTIALS) as client:
        with anyio.fail_after(HANG):
            calls = [asyncio.create_task(client.call_tool("wait")) for _ in range(5)]
            while waiting.running < 5:
                waiting.started.clear()
                await waiting.started.wait()
            waiting.release.set()
            await asyncio.gather(*calls)
    assert home.app.paths.count(TOKEN) == 1
    assert waiting.most == 5


async def test_a_token_that_is_about_to_expire_is_renewed_with_one_request() -> None:
    async with house(oauth(), lifetime=30) as home, home.client(CREDENTIALS) as client:
        with anyio.fail_after(HANG):
            await client.call_tool("whoami")
            before = len(home.app.paths)
            await client.call_tool("whoami")
    after = home.app.paths[before:]
    assert set(after) == {TOKEN, "POST /loans/mcp"}
    assert after.count(TOKEN) == after.count("POST /loans/mcp")


async def test_a_server_that_asks_for_nothing_gets_no_credentials() -> None:
    async with house() as home, home.client(CREDENTIALS) as client:
        with anyio.fail_after(HANG):
            await client.call_tool("whoami")
    assert TOKEN not in home.app.paths
    assert all("authorization" not in headers for headers in home.app.headers)


async def test_a_wrong_secret_is_reported_once_and_not_repeated() -> None:
    wrong = OAuthClientCredentials("demo", "wrong-secret-value")
    async with house(oauth()) as home, home.client(wrong) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired, match="invalid_client") as caught:
            await client.call_tool("whoami")
    assert caught.value.status == 401
    assert home.app.paths.count(TOKEN) == 1
    assert "wrong-secret-value" not in f"{caught.value}{caught.value!r}{vars(caught.value)}"


async def test_a_scope_the_client_may_not_have_is_reported() -> None:
    greedy = OAuthClientCredentials("demo", "demo-secret", scope="admin")
    async with house(oauth()) as home, home.client(greedy) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired, match="invalid_scope"):
            await client.call_tool("whoami")


async def test_a_token_without_the_servers_scope_is_forbidden_with_its_challenge() -> None:
    narrow = OAuthClientCredentials("demo", "demo-secret", scope="other.read")
    async with house(oauth()) as home, home.client(narrow) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired) as caught:
            await client.call_tool("whoami")
    assert caught.value.status == 403
    assert 'scope="loans.read"' in str(caught.value.challenge)


async def test_a_server_with_a_static_token_offers_no_discovery_and_the_secret_stays() -> None:
    async with house(BearerAuth("right-token")) as home, home.client(CREDENTIALS) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired, match="no protected-resource metadata"):
            await client.call_tool("whoami")
    assert TOKEN not in home.app.paths


async def test_another_issuer_than_the_pinned_one_gets_nothing() -> None:
    pinned = OAuthClientCredentials("demo", "demo-secret", issuer="https://issuer.example")
    async with house(oauth()) as home, home.client(pinned) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired, match="configured issuer"):
            await client.call_tool("whoami")
    assert TOKEN not in home.app.paths
    right = OAuthClientCredentials("demo", "demo-secret", issuer=ISSUER)
    async with house(oauth()) as home, home.client(right) as client:
        with anyio.fail_after(HANG):
            assert (await client.call_tool("whoami")).text


@dataclass
class Vendor:
    """A foreign MCP server and its authorization server, as a test wants them."""

    metadata: dict[str, object] = field(default_factory=dict[str, object])
    issuer: dict[str, object] = field(default_factory=dict[str, object])
    tokens: list[str] = field(default_factory=list[str])
    accepted: str = ""
    asked: list[str] = field(default_factory=list[str])
    failure: Exception | None = None

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        self.asked.append(f"{request.method} {url}")
        if "oauth-protected-resource" in url:
            good = {"resource": "https://mcp.example/mcp", "authorization_servers": ["https://auth.example"]}
            return httpx2.Response(200, json=good | self.metadata)
        if url.startswith("https://auth.example/.well-known"):
            good = {"issuer": "https://auth.example", "token_endpoint": "https://auth.example/token"}
            return httpx2.Response(200, json=good | self.issuer)
        if url == "https://auth.example/token":
            if self.failure is not None:
                raise self.failure
            return httpx2.Response(200, json={"access_token": self.tokens.pop(0), "expires_in": 3600})
        if request.headers.get("authorization") != f"Bearer {self.accepted}":
            return httpx2.Response(401, headers={"www-authenticate": 'Bearer error="invalid_token"'})
        return self._mcp(request)

    def _mcp(self, request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        result: dict[str, object] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        if call["method"] == "server/discover":
            result |= {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        else:
            result["tools"] = []
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "result": result})

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[McpClient]:
        async with (
            httpx2.AsyncClient(transport=httpx2.MockTransport(self)) as http,
            McpClient("https://mcp.example/mcp", name="v", http=http, auth=CREDENTIALS) as client,
        ):
            with anyio.fail_after(HANG):
                yield client


async def test_a_revoked_token_leads_to_one_new_discovery_and_one_new_token() -> None:
    vendor = Vendor(tokens=["one", "two", "three"], accepted="one")
    async with vendor.client() as client:
        await client.list_tools()
        vendor.accepted = "two"
        vendor.asked.clear()
        await client.list_tools()
    assert vendor.asked == [
        "POST https://mcp.example/mcp",
        "GET https://mcp.example/.well-known/oauth-protected-resource/mcp",
        "GET https://auth.example/.well-known/oauth-authorization-server",
        "POST https://auth.example/token",
        "POST https://mcp.example/mcp",
    ]


async def test_a_server_that_refuses_fresh_tokens_is_asked_twice_and_no_more() -> None:
    vendor = Vendor(tokens=["one", "two", "three"], accepted="nothing")
    async with vendor.client() as client:
        with pytest.raises(McpAuthRequired) as caught:
            await client.list_tools()
    assert (caught.value.status, caught.value.challenge) == (401, 'Bearer error="invalid_token"')
    assert vendor.asked.count("POST https://auth.example/token") == 1
    assert vendor.asked.count("POST https://mcp.example/mcp") == 2


@pytest.mark.parametrize(
    ("vendor", "why"),
    [
        (Vendor(metadata={"resource": "https://mcp.example/other"}), "another resource"),
        (Vendor(metadata={"resource": "https://victim.example/mcp"}), "another resource"),
        (Vendor(metadata={"authorization_servers": ["http://auth.example"]}), "not an https address"),
        (Vendor(metadata={"authorization_servers": ["http://127.0.0.1:1"]}), "not an https address"),
        (Vendor(issuer={"issuer": "https://other.example"}), "another issuer"),
        (Vendor(issuer={"token_endpoint": "https://evil.example/token"}), "not on the origin"),
        (Vendor(issuer={"token_endpoint": "http://auth.example/token"}), "not an https address"),
    ],
)
async def test_metadata_that_leads_elsewhere_gets_no_secret(vendor: Vendor, why: str) -> None:
    async with vendor.client() as client:
        with pytest.raises(McpAuthRequired, match=why):
            await client.list_tools()
    assert not any(line.startswith("POST") and "mcp.example/mcp" not in line for line in vendor.asked)


@pytest.mark.parametrize(
    ("failure", "expected"), [(httpx2.ConnectError("x"), McpUnreachable), (httpx2.ReadTimeout("x"), McpUnreachable)]
)
async def test_an_authorization_server_that_is_down_is_named_as_the_cause(
    failure: Exception, expected: type[McpError]
) -> None:
    vendor = Vendor(failure=failure)
    async with vendor.client() as client:
        with pytest.raises(expected, match=r"no token could be fetched: auth\.example"):
            await client.list_tools()


async def test_an_authorization_server_that_never_answers_ends_in_a_timeout() -> None:
    async def silent(request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(silent)) as http:
        authorizer = ClientCredentialsAuthorizer("v", "https://mcp.example/mcp", http, CREDENTIALS, timeout=0.01)
        with anyio.fail_after(HANG), pytest.raises(McpTimeout, match="authorization server"):
            await authorizer.another(None, Challenge())
        await authorizer.aclose()


@ERAS
async def test_a_secret_is_in_the_header_of_the_token_request_only(era: str) -> None:
    secret = "canary-secret-+/=8Zy"
    watch = LeakWatch({"secret": secret})
    errors: list[McpError] = []
    async with running(app_for({"/loans/mcp": (library(), oauth())})) as live:
        watched = watch.traffic("wire", live)
        async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: watched}), timeout=HANG) as http:
            with watch.logs(), watch.spans(), anyio.fail_after(HANG):
                for credentials in (OAuthClientCredentials("demo", secret), CREDENTIALS):
                    async with McpClient(URL, name="loans", http=http, auth=credentials, mode=era) as client:  # pyright: ignore[reportArgumentType]
                        watch.look("repr", [client, credentials, vars(client)])
                        try:
                            await client.call_tool("whoami")
                            await client.call_tool("find_books", {"words": "crash"})
                        except McpError as error:
                            errors.append(error)
    assert len(errors) == 2
    for error in errors:
        watch.look("error", error)
    assert watch.places("secret") == {"wire: request /auth/token header authorization"}


@pytest.mark.parametrize(("auth", "says"), [(None, "wants a"), (BearerToken("wrong-token"), "refused the")])
async def test_a_refused_credential_is_told_from_a_missing_one(auth: BearerToken | None, says: str) -> None:
    async with house(BearerAuth("right-token")) as home, home.client(auth) as client:
        with anyio.fail_after(HANG), pytest.raises(McpAuthRequired, match=f"it {says} credential"):
            await client.call_tool("whoami")


@ERAS
async def test_a_bearer_token_is_in_the_servers_request_header_only(era: str) -> None:
    right, wrong = "canary-right-7Qx91", "canary-wrong-8Zy22"
    watch = LeakWatch({"right": right, "wrong": wrong})
    async with running(app_for({"/loans/mcp": (library(), BearerAuth(right))})) as live:
        watched = watch.traffic("wire", live)
        async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: watched}), timeout=HANG) as http:
            with watch.logs(), watch.spans(), anyio.fail_after(HANG):
                for token in (right, wrong):
                    async with McpClient(URL, name="loans", http=http, auth=BearerToken(token), mode=era) as client:  # pyright: ignore[reportArgumentType]
                        watch.look("repr", [client, BearerToken(token)])
                        try:
                            await client.call_tool("find_books", {"words": "crash"})
                        except McpError as error:
                            watch.look("error", error)
    header = {"wire: request /loans/mcp header authorization"}
    assert watch.places("right") == header
    assert watch.places("wrong") == header
