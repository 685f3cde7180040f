"""The SDK's own client and OAuth provider work against our hosting (MCP-XCH, section 12)."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import TokenStorage
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import DEMO, ISSUER, ORIGIN, URL, app_for, library, oauth

pytestmark = pytest.mark.anyio


class Memory(TokenStorage):
    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@pytest.mark.parametrize("era", ["auto", "legacy"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_the_sdks_client_credentials_provider_gets_in(era: str, method: str) -> None:
    provider = ClientCredentialsOAuthProvider(
        URL,
        Memory(),
        "demo",
        "demo-secret",
        token_endpoint_auth_method=method,  # pyright: ignore[reportArgumentType]
        issuer=ISSUER,
    )
    async with (
        running(app_for({"/loans/mcp": (library(), oauth())})) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG, auth=provider) as http,
        Client(streamable_http_client(URL, http_client=http), mode=era) as client,
    ):
        with anyio.fail_after(HANG):
            result = await client.call_tool("whoami", {})
    assert result.structured_content == DEMO
