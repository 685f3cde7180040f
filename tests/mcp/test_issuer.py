"""A hosted server and an authorization server of its own, in different places: discovery, rotation, revocation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from agentkit.errors import McpAuthRequired, McpError, SpecError
from agentkit.mcp import (
    BearerToken,
    HostedServer,
    IntrospectionAuth,
    McpClient,
    OAuthAuth,
    OAuthClientCredentials,
    ServerAuth,
    host,
)
from agentkit.oauth import IssuerStore, RegisteredClient, authorization_server
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import ORIGIN, URL, library

pytestmark = pytest.mark.anyio

ISSUER = "http://127.0.0.1:8704/realm"
SECRET = "secret-of-the-caller-0123456789"
CHECKER = "secret-of-the-server-0123456789"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.oauth.secrets._COST", 2**4)


@dataclass
class Town:
    """A library, the issuer of its tokens, and a way to both."""

    store: IssuerStore
    http: httpx2.AsyncClient
    issuer_up: bool = True

    def client(self, auth: OAuthClientCredentials | BearerToken) -> McpClient:
        return McpClient(URL, name="loans", http=self.http, auth=auth)

    async def token(self, secret: str = SECRET) -> str:
        form = {"grant_type": "client_credentials", "resource": URL}
        answer = await self.http.post(f"{ISSUER}/token", data=form, auth=("caller", secret))
        return str(answer.json()["access_token"])


@asynccontextmanager
async def town(path: Path, auth: ServerAuth) -> AsyncGenerator[Town]:
    store = IssuerStore(path / "issuer.db")
    issuer = Starlette(routes=authorization_server(ISSUER, store.keys, store.clients, revoked=store.revoked))
    lives: list[ASGIApp] = []

    async def loans(scope: Scope, receive: Receive, send: Send) -> None:
        await lives[0](scope, receive, send)

    async def reachable(scope: Scope, receive: Receive, send: Send) -> None:
        if not found.issuer_up:
            raise httpx2.ConnectError("down")
        await issuer(scope, receive, send)

    transport = RoutedTransport({ORIGIN: loans, "http://127.0.0.1:8704": reachable})
    async with store, httpx2.AsyncClient(transport=transport, timeout=HANG) as http:
        found = Town(store, http)
        await store.keys.load()
        await store.clients.add(RegisteredClient("caller", ("loans.read",), (URL,)), SECRET)
        await store.clients.add(RegisteredClient("library", serves=(URL,)), CHECKER)
        app = host([HostedServer(library(), "/loans/mcp", auth)], public_url=ORIGIN, http=http)
        async with running(app) as live:
            lives.append(live)
            yield found


@pytest.mark.parametrize(
    "auth",
    [
        OAuthAuth(ISSUER, required_scopes=("loans.read",)),
        IntrospectionAuth(ISSUER, "library", CHECKER, ("loans.read",)),
    ],
    ids=["JWT", "introspection"],
)
async def test_a_caller_who_knows_id_and_secret_finds_everything_else(tmp_path: Path, auth: ServerAuth) -> None:
    async with town(tmp_path, auth) as there:
        async with there.client(OAuthClientCredentials("caller", SECRET)) as client:
            result = await client.call_tool("whoami")
        assert "caller" in result.text
        async with there.client(OAuthClientCredentials("caller", "wrong")) as client:
            with pytest.raises(McpAuthRequired):
                await client.call_tool("whoami")


async def test_calls_go_on_through_a_rotation_of_keys_and_of_secrets(tmp_path: Path) -> None:
    async with town(tmp_path, OAuthAuth(ISSUER)) as there:
        before = await there.token()
        async with there.client(BearerToken(before)) as client:
            assert (await client.call_tool("whoami")).text
            async with IssuerStore(tmp_path / "issuer.db") as other:
                await other.keys.rotate()
                await other.clients.rotate_secret("caller", CHECKER, keep=3600)
            assert (await client.call_tool("whoami")).text
        for secret in (SECRET, CHECKER):
            assert await there.token(secret)


async def test_a_token_of_another_server_is_refused_and_a_revoked_one_where_the_issuer_is_asked(tmp_path: Path) -> None:
    auth = IntrospectionAuth(ISSUER, "library", CHECKER)
    async with town(tmp_path, auth) as there:
        await there.store.clients.add(RegisteredClient("elsewhere", (), (f"{ORIGIN}/other/mcp",)), SECRET)
        answer = await there.http.post(
            f"{ISSUER}/token", data={"grant_type": "client_credentials"}, auth=("elsewhere", SECRET)
        )
        revoked = await there.token()
        await there.http.post(f"{ISSUER}/revoke", data={"token": revoked}, auth=("caller", SECRET))
        for token in (str(answer.json()["access_token"]), revoked):
            async with there.client(BearerToken(token)) as client:
                with pytest.raises(McpAuthRequired) as caught:
                    await client.call_tool("whoami")
            assert caught.value.status == 401


@pytest.mark.parametrize("auth", [OAuthAuth(ISSUER), IntrospectionAuth(ISSUER, "library", CHECKER)])
async def test_an_issuer_that_is_down_makes_no_token_wrong(tmp_path: Path, auth: ServerAuth) -> None:
    async with town(tmp_path, auth) as there:
        token = await there.token()
        there.issuer_up = False
        answer = await there.http.post(URL, json={}, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 503
        async with there.client(BearerToken(token)) as client:
            with pytest.raises(McpError) as caught:
                await client.call_tool("whoami")
        assert not isinstance(caught.value, McpAuthRequired)


def test_an_issuer_whose_metadata_cannot_be_had_safely_is_refused_when_the_app_is_made() -> None:
    with pytest.raises(SpecError, match="https"):
        host([HostedServer(library(), "/loans/mcp", OAuthAuth("http://issuer.example"))], public_url=ORIGIN)
