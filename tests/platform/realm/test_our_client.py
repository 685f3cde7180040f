"""Our own client signs in with every grant (AUTH-01 to AUTH-05, CLI-03)."""

from __future__ import annotations

import pytest

from agentkit.client import AsyncCorti
from agentkit.client.grants import AccessToken, AuthorizationCodeGrant, Grant, PasswordGrant, RefreshTokenGrant
from agentkit.errors import AuthenticationError
from agentkit.testing.asgi import RoutedTransport
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.realm.parts import CALLBACK, VERIFIER, MovableTime, by_password, claims, code_of, settings

pytestmark = pytest.mark.anyio


async def names(platform: LocalPlatform, auth: Grant) -> list[str]:
    """The agents that somebody sees who signs in so."""
    transport = RoutedTransport(platform._routes)  # pyright: ignore[reportPrivateUsage]
    async with AsyncCorti(base_url=platform.url, tenant="base", auth=auth, transport=transport) as corti:
        return [agent.name async for agent in corti.agents.list()]


async def test_every_grant_of_a_person_leads_to_the_agents_of_that_person() -> None:
    """AUTH-02, AUTH-03, AUTH-04, AUTH-05."""
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform)
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        made = await platform.http.post(
            platform.url + "/agents", headers=headers, json={"name": "helper", "description": "d"}
        )
        assert made.status_code == 201
        code = await code_of(platform)
        grants: list[Grant] = [
            PasswordGrant("app", "ada", "ada-password"),
            AuthorizationCodeGrant("app", code, CALLBACK, code_verifier=VERIFIER),
            RefreshTokenGrant("app", tokens["refresh_token"]),
            AccessToken(tokens["access_token"]),
        ]
        for grant in grants:
            assert await names(platform, grant) == ["helper"]
        assert await names(platform, PasswordGrant("app", "bob", "bob-password")) == []


async def test_refusals_become_typed_errors_with_a_remedy() -> None:
    """AUTH-09."""
    async with LocalPlatform(settings()) as platform:
        for grant, code in (
            (PasswordGrant("app", "ada", "wrong"), "invalid_grant"),
            (PasswordGrant("nobody", "ada", "ada-password"), "invalid_client"),
            (RefreshTokenGrant("narrow", "x"), "unauthorized_client"),
            (AuthorizationCodeGrant("app", "x", CALLBACK, code_verifier=VERIFIER), "invalid_grant"),
        ):
            with pytest.raises(AuthenticationError) as caught:
                await names(platform, grant)
            assert caught.value.code == code
            assert caught.value.remedy


async def test_a_token_that_names_a_region_is_taken_for_one_of_it() -> None:
    """ENV-05, LOC-06: the issuer tells environment and tenant to clients that get nothing but the token."""
    from agentkit.client.claims import Claims

    async with LocalPlatform(settings(issuer_environment="eu", clock=MovableTime())) as platform:
        token = await platform.bearer()
    told = Claims.of(token)
    assert (told.environment, told.tenant) == ("eu", "base")
    assert claims(token)["iss"] == "https://auth.eu.corti.app/realms/base"
