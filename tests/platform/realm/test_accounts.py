"""Userinfo, introspection, revocation and logout, as clients of a Keycloak expect them."""

from __future__ import annotations

import httpx2
import pytest

from agentkit.testing.local_platform import LocalPlatform
from tests.platform.realm.parts import CALLBACK, MovableTime, by_password, calls_with, claims, fetch, settings

pytestmark = pytest.mark.anyio

PLACE = "/realms/base/protocol/openid-connect"
BACKEND = {"client_id": "backend", "client_secret": "backend-secret"}


async def post(platform: LocalPlatform, path: str, **form: str) -> httpx2.Response:
    return await platform.http.post(platform.url + PLACE + path, data=form)


async def userinfo(platform: LocalPlatform, token: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await platform.http.get(f"{platform.url}{PLACE}/userinfo", headers=headers)


async def test_userinfo_tells_who_holds_the_token() -> None:
    async with LocalPlatform(settings()) as platform:
        token = (await by_password(platform))["access_token"]
        assert (await userinfo(platform, token)).json() == {
            "sub": claims(token)["sub"],
            "preferred_username": "ada",
            "name": "Ada Example",
            "email": "ada@example.org",
            "email_verified": True,
        }
        bob = (await by_password(platform, user="bob"))["access_token"]
        assert set((await userinfo(platform, bob)).json()) == {"sub", "preferred_username"}
        client = await userinfo(platform, await platform.bearer())
        assert client.json() == {"sub": "local-client", "preferred_username": "service-account-local-client"}
        for wrong in ("", "a.b.c"):
            refused = await userinfo(platform, wrong)
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
            assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_introspection_tells_a_client_with_a_secret_what_a_token_says() -> None:
    """RFC 7662."""
    time = MovableTime()
    async with LocalPlatform(settings(clock=time)) as platform:
        tokens = await by_password(platform)
        told = (await post(platform, "/token/introspect", **BACKEND, token=tokens["access_token"])).json()
        assert told["active"] is True
        assert (told["client_id"], told["preferred_username"]) == ("app", "ada")
        for nothing in ("x", tokens["id_token"], tokens["refresh_token"]):
            answer = await post(platform, "/token/introspect", **BACKEND, token=nothing)
            assert answer.json() == {"active": False}
        for form in ({"client_id": "app"}, {"client_id": "backend"}, {**BACKEND, "client_secret": "x"}):
            refused = await post(platform, "/token/introspect", **form, token="x")
            assert refused.status_code == 401
        assert (await post(platform, "/token/introspect", **BACKEND)).status_code == 400
        time.forward(400)
        late = await post(platform, "/token/introspect", **BACKEND, token=tokens["access_token"])
        assert late.json() == {"active": False}


async def test_a_revoked_access_token_is_refused_at_once() -> None:
    """RFC 7009: also when it was verified a moment ago."""
    async with LocalPlatform(settings()) as platform:
        token, other = [(await by_password(platform))["access_token"] for _ in range(2)]
        assert await calls_with(platform, token) == 200
        assert (await post(platform, "/revoke", client_id="both", token=token)).status_code == 200
        assert await calls_with(platform, token) == 200, "it is another client's"
        assert (await post(platform, "/revoke", client_id="app", token=token)).status_code == 200
        assert await calls_with(platform, token) == 401
        assert (await userinfo(platform, token)).status_code == 401
        assert await calls_with(platform, other) == 200
        assert (await post(platform, "/revoke", client_id="app", token="unknown")).status_code == 200


async def test_revoking_a_refresh_token_ends_its_session() -> None:
    """RFC 7009, 2.1."""
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform)
        assert (await post(platform, "/revoke", client_id="app", token=tokens["refresh_token"])).status_code == 200
        assert await calls_with(platform, tokens["access_token"]) == 401
        form = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert (await fetch(platform, **form)).status_code == 400


async def test_logout_ends_the_session_of_a_refresh_token() -> None:
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform)
        wrong = await post(platform, "/logout", client_id="app", refresh_token="unknown")
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
        gone = await post(platform, "/logout", client_id="app", refresh_token=tokens["refresh_token"])
        assert (gone.status_code, gone.content) == (204, b"")
        assert await calls_with(platform, tokens["access_token"]) == 401


async def test_a_browser_signs_out_with_its_id_token() -> None:
    """OpenID Connect, RP-initiated logout: an address that is not the client's is none to go to."""
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform)
        url = f"{platform.url}{PLACE}/logout"
        query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://evil.example.org/"}
        refused = await platform.http.get(url, params=query)
        assert refused.status_code == 400
        assert await calls_with(platform, tokens["access_token"]) == 200
        query |= {"post_logout_redirect_uri": CALLBACK, "state": "s"}
        back = await platform.http.get(url, params=query)
        assert (back.status_code, back.headers["location"]) == (302, f"{CALLBACK}?state=s")
        assert await calls_with(platform, tokens["access_token"]) == 401
        page = await platform.http.get(url, params={"id_token_hint": tokens["id_token"]})
        assert page.status_code == 200
        for hint in ("", tokens["access_token"]):
            assert (await platform.http.get(url, params={"id_token_hint": hint})).status_code == 400


@pytest.mark.parametrize("path", ["/realms/base", "/base"])
async def test_the_discovery_document_tells_the_truth(path: str) -> None:
    """LOC-02: every address in it answers, and what it offers is served."""
    async with LocalPlatform(settings()) as platform:
        document = (await platform.http.get(f"{platform.url}{path}/.well-known/openid-configuration")).json()
        other = await platform.http.get(f"{platform.url}/.well-known/oauth-authorization-server/realms/base")
        assert other.json() == document
        for name, value in document.items():
            if name.endswith("_endpoint") or name == "jwks_uri":
                methods = {(await platform.http.request(method, value)).status_code for method in ("GET", "POST")}
                assert methods != {404}, name
                assert not methods & {500, 501}, name
        assert set(document["grant_types_supported"]) == {
            "client_credentials",
            "authorization_code",
            "password",
            "refresh_token",
        }


async def test_the_endpoints_are_ours_when_the_issuer_looks_like_cortis() -> None:
    """LOC-06, ENV-05."""
    async with LocalPlatform(settings(issuer_environment="eu")) as platform:
        document = (await platform.http.get(f"{platform.url}/realms/base/.well-known/openid-configuration")).json()
        assert document["issuer"] == "https://auth.eu.corti.app/realms/base"
        assert document["token_endpoint"].startswith(platform.url)
        tokens = await by_password(platform)
        assert claims(tokens["access_token"])["iss"] == document["issuer"]
        assert await calls_with(platform, tokens["access_token"]) == 200


@pytest.mark.parametrize("tail", ["/protocol/openid-connect/auth", "/.well-known/openid-configuration"])
async def test_an_unknown_tenant_has_no_endpoints(tail: str) -> None:
    """ENV-04."""
    async with LocalPlatform(settings()) as platform:
        answer = await platform.http.get(f"{platform.url}/realms/nowhere{tail}")
    assert (answer.status_code, answer.json()["error"]) == (404, "Realm does not exist")
