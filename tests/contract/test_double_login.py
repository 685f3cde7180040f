"""The double's login speaks Keycloak's token protocol (section 3)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest

from tests.contract.corti_double import CortiDouble, Gate
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

TOKEN = "/realms/base/protocol/openid-connect/token"
AUTH = "/realms/base/protocol/openid-connect/auth"
CLIENT = {"client_id": "local-client", "client_secret": "local-secret"}
CALLBACK = "http://127.0.0.1/callback"
VERIFIER = "v" * 43


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def _token(client: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await client.post(TOKEN, data=form)


async def _code(client: httpx2.AsyncClient, **query: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": "local-client",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
    }
    answer = await client.get(AUTH, params=parameters | {"state": "s1"} | query)
    assert answer.status_code == 302
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["s1"]
    return back["code"][0]


@pytest.mark.parametrize("path", [TOKEN, TOKEN.removeprefix("/realms")])
async def test_client_credentials_yield_a_bearer_without_refresh_token_at_both_paths(path: str) -> None:
    """AUTH-01, AUTH-06, AUTH-08, LOC-02, LOC-06."""
    double = CortiDouble()
    async with calling(double, signed_in=False) as client:
        form = {**CLIENT, "grant_type": "client_credentials", "scope": "openid profile openid"}
        answer = (await client.post(path, data=form)).json()
    token = answer.pop("access_token")
    assert answer == {
        "expires_in": 300,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "openid profile",
    }
    assert _claims(token)["iss"] == "http://127.0.0.1:8700/realms/base"
    assert [call.form["grant_type"] for call in double.token_calls] == [["client_credentials"]]
    assert double.calls == []


async def test_the_issuer_can_be_that_of_a_hosted_region() -> None:
    """ENV-05, LOC-06."""
    double = CortiDouble()
    double.issue_as("us")
    assert _claims(double.token())["iss"] == "https://auth.us.corti.app/realms/base"


async def test_an_authorization_code_works_once_with_its_own_redirect_and_the_secret() -> None:
    """AUTH-02, AUTH-07."""
    async with calling(CortiDouble(), signed_in=False) as client:
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "scope": "openid"}
        code = await _code(client)
        granted = await _token(client, **CLIENT, **form, code=code)
        again = await _token(client, **CLIENT, **form, code=code)
        elsewhere = await _token(client, **CLIENT, **form | {"redirect_uri": "http://x/"}, code=await _code(client))
        no_secret = await _token(client, client_id="local-client", **form, code=await _code(client))
    assert granted.json()["refresh_token"]
    assert granted.json()["refresh_expires_in"] == 1800
    assert _claims(granted.json()["access_token"])["sub"] == "jane"
    assert [(a.status_code, a.json()["error"]) for a in (again, elsewhere)] == [(400, "invalid_grant")] * 2
    assert (no_secret.status_code, no_secret.json()["error"]) == (401, "unauthorized_client")


async def test_pkce_needs_the_verifier_of_its_challenge_and_no_secret() -> None:
    """AUTH-03."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    form = {"client_id": "local-client", "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    async with calling(CortiDouble(), signed_in=False) as client:
        granted = await _token(client, **form, code=await _code(client, **asked), code_verifier=VERIFIER)
        wrong = await _token(client, **form, code=await _code(client, **asked), code_verifier="w" * 43)
        missing = await _token(client, **form, code=await _code(client, **asked), client_secret="local-secret")
    assert granted.status_code == 200
    assert [answer.json()["error"] for answer in (wrong, missing)] == ["invalid_grant"] * 2


async def test_a_password_and_a_refresh_token_yield_tokens_of_the_user() -> None:
    """AUTH-04, AUTH-05."""
    double = CortiDouble()
    double.one_time_refresh_tokens = True
    user = {"client_id": "local-client", "username": "jane", "password": "jane-password"}
    async with calling(double, signed_in=False) as client:
        first = (await _token(client, grant_type="password", **user)).json()
        renewal = {"client_id": "local-client", "refresh_token": first["refresh_token"]}
        renewed = await _token(client, grant_type="refresh_token", **renewal)
        used = await _token(client, grant_type="refresh_token", **renewal)
    assert _claims(renewed.json()["access_token"])["sub"] == "jane"
    assert renewed.json()["refresh_token"] != first["refresh_token"]
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_id": "nobody", "grant_type": "client_credentials"}, 401, "invalid_client"),
        ({**CLIENT, "client_secret": "x", "grant_type": "client_credentials"}, 401, "unauthorized_client"),
        ({**CLIENT, "grant_type": "device"}, 400, "unsupported_grant_type"),
        (CLIENT, 400, "invalid_request"),
        ({**CLIENT, "grant_type": "password", "username": "jane", "password": "x"}, 401, "invalid_grant"),
        ({**CLIENT, "grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ],
)
async def test_refusals_are_keycloak_json(form: dict[str, str], status: int, error: str) -> None:
    """AUTH-09."""
    async with calling(CortiDouble(), signed_in=False) as client:
        answer = await _token(client, **form)
        realm = await client.post(TOKEN.replace("base", "other"), data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]
    assert realm.status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/agents", {"code": "unauthorized", "description": "The access token is missing or not valid"}),
        (
            "/v2/agentic/agents",
            {"error": {"code": "UNAUTHORIZED", "message": "The access token is missing or not valid"}},
        ),
        ("/v2/interactions/", None),
    ],
)
async def test_a_call_without_a_valid_token_is_challenged(path: str, body: object) -> None:
    """HDR-01, AUTH-10: the core API sends no body."""
    double = CortiDouble()
    async with calling(double) as client:
        double.keycloak.revoke_access_tokens()
        answer = await client.get(path)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert (answer.json() if answer.content else None) == body


async def test_a_call_needs_the_tenant_and_a_scope_for_the_api() -> None:
    """HDR-01, AUTH-06."""
    double = CortiDouble()
    scoped = {"Authorization": f"Bearer {double.token('openid transcribe')}"}
    async with calling(double) as client:
        missing = await client.get("/agents", headers={"Tenant-Name": "other"})
        narrow = await client.get("/agents", headers=scoped)
    assert [missing.status_code, narrow.status_code] == [403, 403]


async def test_token_requests_can_be_held_and_counted() -> None:
    """CLI-02 is proved with this."""
    double = CortiDouble()
    double.token_gate = gate = Gate()
    async with calling(double, signed_in=False) as client, anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(lambda: _token(client, **CLIENT, grant_type="client_credentials"))
        with anyio.fail_after(60):
            await gate.reached(2)
        assert gate.arrivals == len(double.token_calls) == 2
        gate.open()
