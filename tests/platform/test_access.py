"""Every API call needs a token of this platform (AUTH-10, HDR-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from agentkit.platform import PlatformSettings
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio

UUID = "11111111-1111-4111-8111-111111111111"
CALLS = [
    ("GET", "/agents"),
    ("POST", "/agents"),
    ("GET", "/agents/registry/experts"),
    ("GET", f"/agents/{UUID}"),
    ("PATCH", f"/agents/{UUID}"),
    ("DELETE", f"/agents/{UUID}"),
    ("GET", f"/agents/{UUID}/agent-card.json"),
    ("POST", f"/agents/{UUID}/v1/message:send"),
    ("GET", f"/agents/{UUID}/v1/tasks/{UUID}"),
    ("GET", f"/agents/{UUID}/v1/contexts/{UUID}"),
    ("DELETE", f"/agents/{UUID}/v1/contexts/{UUID}"),
    ("GET", "/v2/agents"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_a_call_without_token_is_refused_before_anything_else(
    platform: LocalPlatform, method: str, path: str
) -> None:
    """AUTH-10, HDR-01, SDKC-05."""
    answer = await platform.http.request(method, platform.url + path, content=b"{ not json")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "missing_token"


@pytest.mark.parametrize("header", ["Bearer abc", "Bearer a.b.c", "Bearer ", "Basic abc", "Bearer " + "x" * 20_000])
async def test_a_wrong_token_is_refused(platform: LocalPlatform, header: str) -> None:
    """AUTH-10."""
    answer = await platform.http.get(platform.url + "/agents", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"invalid_token", "missing_token"}
    assert header[7:] not in answer.text or header == "Bearer "


async def test_a_token_of_another_platform_is_refused(platform: LocalPlatform) -> None:
    """ENV-02."""
    async with LocalPlatform() as other:
        foreign = await other.bearer()
    answer = await platform.http.get(platform.url + "/agents", headers={"authorization": f"Bearer {foreign}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_an_expired_token_is_refused() -> None:
    """AUTH-08, AUTH-10."""
    now = [datetime.now(UTC)]
    async with LocalPlatform(PlatformSettings(clock=lambda: now[0])) as platform:
        headers = {"authorization": f"Bearer {await platform.bearer()}"}
        assert (await platform.http.get(platform.url + "/agents", headers=headers)).status_code == 200
        now[0] += timedelta(seconds=320)
        answer = await platform.http.get(platform.url + "/agents", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "invalid_token" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("tenant", ["base", "other"])
async def test_an_expired_token_says_so_whichever_tenant_it_belongs_to(tenant: str) -> None:
    """AUTH-10: the reason stands in `WWW-Authenticate`."""
    now = [datetime.now(UTC)]
    async with LocalPlatform(PlatformSettings(clock=lambda: now[0], tenants=("base", "other"))) as platform:
        login = f"{platform.url}/realms/{tenant}/protocol/openid-connect/token"
        form = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
        bearer = (await platform.http.post(login, data=form)).json()["access_token"]
        now[0] += timedelta(seconds=320)
        headers = {"authorization": f"Bearer {bearer}", "tenant-name": tenant}
        answer = await platform.http.get(platform.url + "/agents", headers=headers)
    assert answer.status_code == 401
    assert "expired" in answer.headers["www-authenticate"]


async def test_tenant_name_must_fit_the_token_when_it_is_given(platform: LocalPlatform) -> None:
    """HDR-01, ENV-04."""
    bearer = await platform.bearer()
    for tenant, status in (("base", 200), ("other", 401)):
        answer = await platform.http.get(
            platform.url + "/agents", headers={"authorization": f"Bearer {bearer}", "tenant-name": tenant}
        )
        assert answer.status_code == status
    answer = await platform.http.get(platform.url + "/agents", headers={"authorization": f"Bearer {bearer}"})
    assert answer.status_code == 200


async def test_headers_that_official_clients_add_are_ignored(api: httpx2.AsyncClient) -> None:
    """HDR-02, HDR-05, HDR-04."""
    added = {
        "X-Fern-Language": "JavaScript",
        "X-Fern-SDK-Version": "1.0.0",
        "X-Corti-Analytics": '{"sdk_version":"5.0.0"}',
        "X-Corti-Retention-Policy": "none",
        "Accept": "*/*",
    }
    assert (await api.get("/agents", headers=added)).json() == []


async def test_a_token_for_the_sockets_does_not_reach_the_api(platform: LocalPlatform) -> None:
    """AUTH-06, AUTH-12."""
    answer = await platform.http.post(
        f"{platform.url}/realms/base/protocol/openid-connect/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "local-client",
            "client_secret": "local-secret",
            "scope": "openid transcribe",
        },
    )
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    refused = await platform.http.get(platform.url + "/agents", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


async def test_agents_of_another_client_look_unknown() -> None:
    """V1-ERR-04."""
    settings = PlatformSettings(clients={"local-client": "local-secret", "second": "other-secret"})
    async with LocalPlatform(settings) as platform:
        mine = {"authorization": f"Bearer {await platform.bearer()}"}
        theirs = {"authorization": f"Bearer {await platform.bearer('second', 'other-secret')}"}
        created = await platform.http.post(
            platform.url + "/agents", headers=mine, json={"name": "a", "description": "d"}
        )
        agent = created.json()["id"]
        assert (await platform.http.get(platform.url + "/agents", headers=theirs)).json() == []
        calls: list[httpx2.Response] = [
            await platform.http.get(f"{platform.url}/agents/{agent}", headers=theirs),
            await platform.http.patch(f"{platform.url}/agents/{agent}", headers=theirs, json={}),
            await platform.http.delete(f"{platform.url}/agents/{agent}", headers=theirs),
            await platform.http.get(f"{platform.url}/agents/{agent}/agent-card.json", headers=theirs),
        ]
        assert [call.status_code for call in calls] == [404] * 4
        assert (await platform.http.get(f"{platform.url}/agents/{agent}", headers=mine)).status_code == 200


async def test_tenants_share_nothing() -> None:
    """ENV-04, CTX-03."""
    async with LocalPlatform(PlatformSettings(tenants=("base", "clinic"))) as platform:
        answer = await platform.http.post(
            f"{platform.url}/realms/clinic/protocol/openid-connect/token",
            data={"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"},
        )
        clinic = {"authorization": f"Bearer {answer.json()['access_token']}"}
        base = {"authorization": f"Bearer {await platform.bearer()}"}
        body = {"name": "a", "description": "d"}
        created = await platform.http.post(platform.url + "/agents", headers=clinic, json=body)
        assert created.status_code == 201
        assert (await platform.http.get(platform.url + "/agents", headers=base)).json() == []
        for tenant, status in (("clinic", 200), ("base", 401)):
            headers = {**clinic, "tenant-name": tenant}
            assert (await platform.http.get(platform.url + "/agents", headers=headers)).status_code == status


async def test_health_needs_no_token_and_unknown_paths_answer_json(platform: LocalPlatform) -> None:
    """SDKC-05."""
    assert (await platform.http.get(platform.url + "/health")).json() == {"status": "ok"}
    missing = await platform.http.get(platform.url + "/nothing/here")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert "openapi.json" in missing.json()["howToFix"]
    wrong = await platform.http.put(platform.url + "/agents")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
