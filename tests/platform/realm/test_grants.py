"""Every grant of the token endpoint (AUTH-01 to AUTH-09)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import httpx2
import jwt
import pytest

from agentkit.testing.local_platform import LocalPlatform
from tests.platform.realm.parts import (
    CALLBACK,
    CHALLENGE,
    TOKEN,
    VERIFIER,
    MovableTime,
    by_password,
    calls_with,
    claims,
    code_of,
    fetch,
    settings,
)

pytestmark = pytest.mark.anyio

CODE = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}


def error_of(answer: httpx2.Response) -> tuple[int, str]:
    assert isinstance(answer.json()["error_description"], str)
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize("path", [TOKEN, TOKEN.removeprefix("/realms")])
async def test_a_password_brings_tokens_of_a_person(path: str) -> None:
    """AUTH-04, AUTH-08, LOC-01, LOC-02: the grant comes without a secret."""
    async with LocalPlatform(settings()) as platform:
        form = {"client_id": "app", "grant_type": "password", "username": "ada", "password": "ada-password"}
        body = (await fetch(platform, path, **form, scope="openid profile")).json()
        assert await calls_with(platform, body["access_token"]) == 200
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("Bearer", 300, 1800)
    assert body["not-before-policy"] == 0
    assert set(body["scope"].split()) == {"openid", "profile", "email"}
    said = claims(body["access_token"])
    assert said["azp"] == "app"
    assert said["preferred_username"] == "ada"
    assert said["sid"] == body["session_state"]
    assert said["sub"] != "ada"


@pytest.mark.parametrize(
    ("user", "password"), [("ada", "canary"), ("nobody", "ada-password"), ("local-client", "local-secret")]
)
async def test_a_wrong_password_and_an_unknown_person_get_the_same_refusal(user: str, password: str) -> None:
    """AUTH-04, AUTH-09."""
    async with LocalPlatform(settings()) as platform:
        form = {"client_id": "app", "grant_type": "password", "username": user, "password": password}
        answer = await fetch(platform, **form)
    assert error_of(answer) == (401, "invalid_grant")
    assert password not in answer.text


async def test_a_code_brings_tokens_once_with_its_redirect_and_the_secret() -> None:
    """AUTH-02."""
    async with LocalPlatform(settings()) as platform:
        code = await code_of(platform, client_id="backend", code_challenge="", code_challenge_method="", nonce="n-1")
        mine = {**CODE, "client_id": "backend", "code": code}
        assert error_of(await fetch(platform, **mine)) == (401, "unauthorized_client")
        answer = await fetch(platform, **mine, client_secret="backend-secret", scope="openid")
        assert answer.status_code == 200
        assert await calls_with(platform, answer.json()["access_token"]) == 200
        assert error_of(await fetch(platform, **mine, client_secret="backend-secret")) == (400, "invalid_grant")


async def test_a_code_that_comes_twice_ends_the_session_of_the_first_time() -> None:
    """RFC 6749, 4.1.2."""
    async with LocalPlatform(settings()) as platform:
        form = {**CODE, "client_id": "app", "code": await code_of(platform), "code_verifier": VERIFIER}
        tokens = (await fetch(platform, **form)).json()
        assert await calls_with(platform, tokens["access_token"]) == 200
        assert error_of(await fetch(platform, **form)) == (400, "invalid_grant")
        assert await calls_with(platform, tokens["access_token"]) == 401
        again = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert error_of(await fetch(platform, **again)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"code_verifier": "w" * 43}, 400),
        ({"code_verifier": ""}, 400),
        ({"redirect_uri": CALLBACK + "/"}, 400),
        ({"client_id": "both"}, 400),
        ({"code": "somebody-elses"}, 400),
    ],
)
async def test_pkce_stands_in_for_the_secret(change: dict[str, str], status: int) -> None:
    """AUTH-03."""
    async with LocalPlatform(settings()) as platform:
        form = {**CODE, "client_id": "app", "code": await code_of(platform), "code_verifier": VERIFIER, **change}
        answer = await fetch(platform, **form)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"] == "invalid_grant"


async def test_a_code_alone_is_worth_nothing_also_where_the_client_may_come_without_its_secret() -> None:
    """AUTH-03, RFC 9700, 2.1.1: secret or PKCE, and nobody takes both away."""
    plain = {"client_id": "both", "code_challenge": "", "code_challenge_method": ""}
    async with LocalPlatform(settings()) as platform:
        form = {**CODE, "client_id": "both", "code": await code_of(platform, **plain)}
        assert error_of(await fetch(platform, **form)) == (400, "invalid_grant")
        form = {**CODE, "client_id": "both", "code": await code_of(platform, **plain)}
        assert (await fetch(platform, **form, client_secret="both-secret")).status_code == 200
        form = {**CODE, "client_id": "both", "code": await code_of(platform, client_id="both")}
        assert (await fetch(platform, **form, code_verifier=VERIFIER)).status_code == 200


@pytest.mark.parametrize("verifier", ["v" * 42, "v" * 129, "ü" * 43, "v" * 42 + "+"])
async def test_a_verifier_that_is_none_is_refused_even_where_it_fits(verifier: str) -> None:
    """AUTH-03, RFC 7636, 4.1: 43 to 128 unreserved characters."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    async with LocalPlatform(settings()) as platform:
        code = await code_of(platform, code_challenge=challenge)
        form = {**CODE, "client_id": "app", "code": code, "code_verifier": verifier}
        assert error_of(await fetch(platform, **form)) == (400, "invalid_grant")


async def test_a_verifier_without_challenge_is_refused() -> None:
    """RFC 9700, 4.8.2: nobody may take PKCE away from a sign-in."""
    async with LocalPlatform(settings()) as platform:
        code = await code_of(platform, client_id="backend", code_challenge="", code_challenge_method="")
        form = {**CODE, "client_id": "backend", "client_secret": "backend-secret", "code": code}
        assert error_of(await fetch(platform, **form, code_verifier=VERIFIER)) == (400, "invalid_grant")


async def test_a_code_does_not_wait_longer_than_a_minute() -> None:
    time = MovableTime()
    async with LocalPlatform(settings(clock=time)) as platform:
        code = await code_of(platform)
        time.forward(61)
        form = {**CODE, "client_id": "app", "code": code, "code_verifier": VERIFIER}
        assert error_of(await fetch(platform, **form)) == (400, "invalid_grant")


async def test_the_id_token_says_who_signed_in_for_whom() -> None:
    """AUTH-08: with the nonce, for the client, signed with the key of the realm."""
    async with LocalPlatform(settings()) as platform:
        code = await code_of(platform, nonce="n-1")
        form = {**CODE, "client_id": "app", "code": code, "code_verifier": VERIFIER}
        body = (await fetch(platform, **form)).json()
        keys = (await platform.http.get(f"{platform.url}/realms/base/protocol/openid-connect/certs")).json()
        said = jwt.decode(body["id_token"], jwt.PyJWK(keys["keys"][0]), algorithms=["ES256"], audience="app")
        # It is no access token.
        assert await calls_with(platform, body["id_token"]) == 401
    assert said["nonce"] == "n-1"
    assert (said["preferred_username"], said["name"], said["email"]) == ("ada", "Ada Example", "ada@example.org")
    assert said["iss"] == f"{platform.url}/realms/base"
    assert said["sub"] == claims(body["access_token"])["sub"]
    assert said["at_hash"] == base64.urlsafe_b64encode(
        hashlib.sha256(body["access_token"].encode()).digest()[:16]
    ).decode().rstrip("=")


async def test_a_refresh_token_is_replaced_by_the_next_one() -> None:
    """AUTH-05, CLI-03."""
    time = MovableTime()
    async with LocalPlatform(settings(clock=time)) as platform:
        tokens = await by_password(platform)
        for _ in range(3):
            time.forward(400)
            assert await calls_with(platform, tokens["access_token"]) == 401
            form = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
            answer = await fetch(platform, **form, scope="openid")
            assert answer.status_code == 200
            assert answer.json()["refresh_token"] != tokens["refresh_token"]
            assert answer.json()["session_state"] == tokens["session_state"]
            tokens = answer.json()
            assert await calls_with(platform, tokens["access_token"]) == 200


async def test_a_refresh_token_that_comes_again_ends_its_session() -> None:
    """RFC 9700, 4.14: one of the two who hold it has stolen it."""
    async with LocalPlatform(settings()) as platform:
        first = await by_password(platform)
        form = {"client_id": "app", "grant_type": "refresh_token"}
        second = (await fetch(platform, **form, refresh_token=first["refresh_token"])).json()
        other = await by_password(platform)
        assert error_of(await fetch(platform, **form, refresh_token=first["refresh_token"])) == (400, "invalid_grant")
        assert error_of(await fetch(platform, **form, refresh_token=second["refresh_token"])) == (400, "invalid_grant")
        assert await calls_with(platform, second["access_token"]) == 401
        assert await calls_with(platform, other["access_token"]) == 200


@pytest.mark.parametrize("client", ["both", "local-client"])
async def test_a_refresh_token_is_worth_nothing_to_another_client(client: str) -> None:
    """AUTH-05."""
    async with LocalPlatform(settings()) as platform:
        token = (await by_password(platform))["refresh_token"]
        secret = {"local-client": {"client_secret": "local-secret"}}.get(client, {})
        form = {"client_id": client, "grant_type": "refresh_token", "refresh_token": token, **secret}
        assert error_of(await fetch(platform, **form)) == (400, "invalid_grant")
        mine = {**form, "client_id": "app"}
        assert (await fetch(platform, **mine)).status_code == 200


async def test_a_refresh_token_waits_half_an_hour_and_a_session_ten_hours() -> None:
    """AUTH-08: `refresh_expires_in` is the truth."""
    time = MovableTime()
    form = {"client_id": "app", "grant_type": "refresh_token"}
    async with LocalPlatform(settings(clock=time)) as platform:
        late = (await by_password(platform))["refresh_token"]
        time.forward(1801)
        assert error_of(await fetch(platform, **form, refresh_token=late)) == (400, "invalid_grant")
        tokens = await by_password(platform)
        for _ in range(23):
            time.forward(1500)
            tokens = (await fetch(platform, **form, refresh_token=tokens["refresh_token"])).json()
        assert tokens["refresh_expires_in"] == 36_000 - 23 * 1500
        time.forward(1501)
        assert error_of(await fetch(platform, **form, refresh_token=tokens["refresh_token"])) == (400, "invalid_grant")


async def test_sessions_survive_a_restart_and_so_does_their_end(tmp_path: Path) -> None:
    """AUTH-05."""
    kept = settings(database=tmp_path / "platform.db")
    form = {"client_id": "app", "grant_type": "refresh_token"}
    async with LocalPlatform(kept) as platform:
        tokens = await by_password(platform)
        ended = await by_password(platform)
        out = {"client_id": "app", "refresh_token": ended["refresh_token"]}
        url = f"{platform.url}/realms/base/protocol/openid-connect/logout"
        assert (await platform.http.post(url, data=out)).status_code == 204
    stored = (tmp_path / "platform.db").read_bytes()
    assert tokens["refresh_token"].encode() not in stored
    async with LocalPlatform(kept) as platform:
        assert await calls_with(platform, tokens["access_token"]) == 200
        assert await calls_with(platform, ended["access_token"]) == 401
        answer = await fetch(platform, **form, refresh_token=tokens["refresh_token"])
        assert answer.status_code == 200
        assert claims(answer.json()["access_token"])["sub"] == claims(tokens["access_token"])["sub"]


@pytest.mark.parametrize("scope", ["transcribe", "openid streams", "streams openid streams transcribe"])
async def test_a_restricted_scope_stays_restricted(scope: str) -> None:
    """AUTH-06: duplicates are removed, openid is always there, and a refresh never widens."""
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform, scope=scope)
        granted = tokens["scope"].split()
        assert "openid" in granted
        assert len(granted) == len(set(granted))
        assert set(granted) - {"openid", "profile", "email"} == set(scope.split()) - {"openid"}
        assert await calls_with(platform, tokens["access_token"]) == 403
        form = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        answer = await fetch(platform, **form, scope="openid")
        assert set(answer.json()["scope"].split()) == set(granted)
        assert await calls_with(platform, answer.json()["access_token"]) == 403


async def test_a_sign_in_for_the_sockets_brings_no_token_for_the_api() -> None:
    """AUTH-06, AUTH-07."""
    async with LocalPlatform(settings()) as platform:
        code = await code_of(platform, scope="openid transcribe")
        form = {**CODE, "client_id": "app", "code": code, "code_verifier": VERIFIER, "scope": "openid"}
        tokens = (await fetch(platform, **form)).json()
        assert "transcribe" in tokens["scope"].split()
        assert await calls_with(platform, tokens["access_token"]) == 403


async def test_client_credentials_bring_no_refresh_token_and_need_the_secret() -> None:
    """AUTH-01, AUTH-08."""
    async with LocalPlatform(settings()) as platform:
        form = {"grant_type": "client_credentials", "client_id": "both"}
        assert error_of(await fetch(platform, **form)) == (401, "unauthorized_client")
        body = (await fetch(platform, **form, client_secret="both-secret")).json()
        assert "refresh_token" not in body
        assert body["refresh_expires_in"] == 0
        assert error_of(await fetch(platform, **{**form, "client_id": "app"})) == (401, "unauthorized_client")


@pytest.mark.parametrize("secret", ["wrong", "ada-password"])
async def test_a_wrong_secret_of_a_client_that_needs_none_is_still_wrong(secret: str) -> None:
    """AUTH-05, AUTH-09."""
    async with LocalPlatform(settings()) as platform:
        form = {"grant_type": "password", "client_id": "both", "username": "ada", "password": "ada-password"}
        assert error_of(await fetch(platform, **form, client_secret=secret)) == (401, "unauthorized_client")
        assert (await fetch(platform, **form)).status_code == 200


async def test_a_client_uses_the_grants_it_was_given_and_its_own_lifetime() -> None:
    async with LocalPlatform(settings()) as platform:
        tokens = await by_password(platform, "narrow")
        assert tokens["expires_in"] == 60
        assert "refresh_token" not in tokens
        form = {"grant_type": "refresh_token", "client_id": "narrow", "refresh_token": "x"}
        assert error_of(await fetch(platform, **form)) == (400, "unauthorized_client")


async def test_what_a_person_makes_belongs_to_the_person_whatever_client_is_used() -> None:
    """Owner of a row: `iss|sub` (design, section 9)."""
    async with LocalPlatform(settings()) as platform:
        body = {"name": "helper", "description": "d"}
        ada = {"authorization": f"Bearer {(await by_password(platform, 'app'))['access_token']}"}
        same = {"authorization": f"Bearer {(await by_password(platform, 'both'))['access_token']}"}
        bob = {"authorization": f"Bearer {(await by_password(platform, 'app', 'bob'))['access_token']}"}
        made = await platform.http.post(platform.url + "/agents", headers=ada, json=body)
        assert made.status_code == 201
        names = [
            [one["name"] for one in (await platform.http.get(platform.url + "/agents", headers=who)).json()]
            for who in (ada, same, bob)
        ]
    assert names == [["helper"], ["helper"], []]


async def test_a_person_of_one_tenant_is_unknown_in_the_other() -> None:
    """ENV-04."""
    from agentkit.platform.realm.records import RealmUser

    users = {"ada": RealmUser("ada-password", tenants=("clinic",))}
    async with LocalPlatform(settings(users=users, tenants=("base", "clinic"))) as platform:
        form = {"client_id": "app", "grant_type": "password", "username": "ada", "password": "ada-password"}
        assert error_of(await fetch(platform, **form)) == (401, "invalid_grant")
        body = (await fetch(platform, TOKEN.replace("base", "clinic"), **form)).json()
        again = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
        assert error_of(await fetch(platform, **again)) == (400, "invalid_grant")


@pytest.mark.parametrize("missing", ["username", "password"])
async def test_a_missing_field_is_named(missing: str) -> None:
    form = {"client_id": "app", "grant_type": "password", "username": "ada", "password": "ada-password"}
    del form[missing]
    async with LocalPlatform(settings()) as platform:
        answer = await fetch(platform, **form)
    assert error_of(answer) == (400, "invalid_request")
    assert missing in answer.json()["error_description"]


def test_the_challenge_of_these_tests_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B."""
    digest = hashlib.sha256(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert len(CHALLENGE) == 43
