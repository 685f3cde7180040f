"""The token endpoint answers like Keycloak (AUTH-*, LOC-*)."""

from __future__ import annotations

import base64
import json

import pytest

from agentkit.platform import PlatformSettings
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio

FORM = {
    "client_id": "local-client",
    "client_secret": "local-secret",
    "grant_type": "client_credentials",
    "scope": "openid",
}
PATHS = ["/realms/base/protocol/openid-connect/token", "/base/protocol/openid-connect/token"]


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("path", PATHS)
async def test_client_credentials_get_a_jwt_on_both_paths(platform: LocalPlatform, path: str) -> None:
    """AUTH-01, AUTH-08, LOC-01, LOC-02, LOC-04, LOC-06."""
    answer = await platform.http.post(platform.url + path, data=FORM)
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 300
    assert body["refresh_expires_in"] == 0
    assert body["not-before-policy"] == 0
    assert set(body["scope"].split()) == {"openid", "profile", "email"}
    assert "refresh_token" not in body
    said = claims(body["access_token"])
    assert said["iss"] == f"{platform.url}/realms/base"
    assert said["azp"] == "local-client"
    assert answer.headers["cache-control"] == "no-store"


async def test_fields_come_in_any_order_and_the_client_may_use_basic(platform: LocalPlatform) -> None:
    """AUTH-06."""
    answer = await platform.http.post(
        platform.url + PATHS[0],
        data={"scope": "openid", "grant_type": "client_credentials"},
        auth=("local-client", "local-secret"),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "unauthorized_client"),
        ({"client_secret": ""}, 401, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
async def test_refusals_have_keycloaks_shape(
    platform: LocalPlatform, change: dict[str, str], status: int, error: str
) -> None:
    """AUTH-09."""
    answer = await platform.http.post(platform.url + PATHS[0], data=FORM | change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert isinstance(answer.json()["error_description"], str)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b'{"grant_type":"client_credentials"}', "application/json"), (b"a=" + b"x" * 100_000, None)],
)
async def test_a_body_that_is_no_small_form_is_refused(
    platform: LocalPlatform, content: bytes, kind: str | None
) -> None:
    headers = {"content-type": kind or "application/x-www-form-urlencoded"}
    answer = await platform.http.post(platform.url + PATHS[0], content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_an_unknown_tenant_is_not_found(platform: LocalPlatform) -> None:
    """ENV-04."""
    for path in ("token", "certs"):
        url = f"{platform.url}/realms/nowhere/protocol/openid-connect/{path}"
        answer = await (platform.http.post(url, data=FORM) if path == "token" else platform.http.get(url))
        assert answer.status_code == 404
        assert "error" in answer.json()


async def test_the_keys_are_public_and_match_the_tokens(platform: LocalPlatform) -> None:
    answer = await platform.http.get(f"{platform.url}/realms/base/protocol/openid-connect/certs")
    (key,) = answer.json()["keys"]
    header = (await platform.bearer()).split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"] == key["kid"]
    assert "d" not in key


async def test_the_metadata_of_a_realm_says_where_token_endpoint_and_keys_are(platform: LocalPlatform) -> None:
    """What `agentkit serve --auth inherit --issuer ...` finds the keys by."""
    issuer = f"{platform.url}/realms/base"
    document = (await platform.http.get(f"{issuer}/.well-known/openid-configuration")).json()
    assert document["issuer"] == issuer == claims(await platform.bearer())["iss"]
    assert (await platform.http.get(document["jwks_uri"])).json()["keys"]
    assert document["token_endpoint"] == platform.url + PATHS[0]
    answer = await platform.http.get(f"{platform.url}/realms/nowhere/.well-known/openid-configuration")
    assert answer.status_code == 404


async def test_the_issuer_can_take_the_form_that_old_clients_read_the_environment_from() -> None:
    """ENV-05, LOC-06."""
    settings = PlatformSettings(login_url="https://auth.eu.corti.app/realms")
    async with LocalPlatform(settings) as platform:
        assert claims(await platform.bearer())["iss"] == "https://auth.eu.corti.app/realms/base"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/realms/base/protocol/openid-connect/token", 405),
        ("PUT", "/base/protocol/openid-connect/token", 405),
        ("GET", "/realms/base/protocol/openid-connect/nothing", 404),
        ("DELETE", "/realms/base/.well-known/openid-configuration", 405),
    ],
)
async def test_also_what_is_not_served_is_refused_as_keycloak_refuses(
    platform: LocalPlatform, method: str, path: str, status: int
) -> None:
    """AUTH-09: one shape for all errors of the login."""
    answer = await platform.http.request(method, platform.url + path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "error_description"}
    assert status == 404 or answer.headers["allow"]
