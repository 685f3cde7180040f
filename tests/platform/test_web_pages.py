"""Scripts of web pages that the settings name may call the platform, and no others (AUTH-03)."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from agentkit.errors import ConfigurationError
from agentkit.platform import PlatformSettings
from agentkit.platform.faults import Faults
from agentkit.testing.local_platform import LocalPlatform
from agentkit.web.limits import Limits
from tests.platform.realm.parts import CALLBACK, CHALLENGE, TOKEN, VERIFIER, code_of, settings

pytestmark = pytest.mark.anyio

PAGE = "http://localhost:3000"
ALLOWED = settings(origins=(PAGE,))
SENT = "authorization,content-type,tenant-name,x-fern-language,a2a-version,last-event-id"


async def preflight(
    platform: LocalPlatform, path: str, method: str = "POST", *, origin: str = PAGE, **more: str
) -> httpx2.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": SENT,
        **more,
    }
    return await platform.http.request("OPTIONS", platform.url + path, headers=headers)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (TOKEN, "POST"),
        ("/base/protocol/openid-connect/token", "POST"),
        ("/agents", "GET"),
        ("/agents/x", "PATCH"),
        ("/agents/x/v1/message:send", "POST"),
        ("/v2/agentic/contexts/x", "DELETE"),
    ],
)
async def test_a_browser_hears_that_a_page_may_call_with_all_that_the_official_client_sends(
    path: str, method: str
) -> None:
    """HDR-01, HDR-02, HDR-04."""
    async with LocalPlatform(ALLOWED) as platform:
        answer = await preflight(platform, path, method, **{"access-control-request-private-network": "true"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-headers"] == SENT
        assert method in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-private-network"] == "true"
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_fetches_a_token_with_pkce_and_calls_the_api() -> None:
    """AUTH-03."""
    async with LocalPlatform(ALLOWED) as platform:
        form = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "redirect_uri": CALLBACK,
            "code": await code_of(platform),
            "code_verifier": VERIFIER,
        }
        assert CHALLENGE
        platform.http.headers["origin"] = PAGE
        fetched = await platform.http.post(platform.url + TOKEN, data=form)
        assert fetched.headers["access-control-allow-origin"] == PAGE
        bearer = {"authorization": f"Bearer {fetched.json()['access_token']}"}
        listed = await platform.http.get(f"{platform.url}/agents", headers=bearer)
        assert (listed.status_code, listed.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "Retry-After" in listed.headers["access-control-expose-headers"]


async def test_a_page_can_read_why_it_was_refused() -> None:
    """AUTH-10, CLI-07: also by what stands in front of the routes."""
    busy = replace(ALLOWED, traffic=Limits(rate=0.001, burst=1), faults=Faults(allow_header=True))
    async with LocalPlatform(busy) as platform:
        platform.http.headers["origin"] = PAGE
        missing = await platform.http.get(f"{platform.url}/agents")
        broken = await platform.http.get(f"{platform.url}/agents", headers={"x-agentkit-fault": "status=503"})
        often = [await platform.http.post(platform.url + TOKEN) for _ in range(2)][-1]
        assert [one.status_code for one in (missing, broken, often)] == [401, 503, 429]
        assert {one.headers["access-control-allow-origin"] for one in (missing, broken, often)} == {PAGE}


@pytest.mark.parametrize(
    "origin", ["http://localhost:3001", "https://evil.test", "null", "http://localhost:3000.evil.test"]
)
async def test_another_page_reads_nothing(origin: str) -> None:
    async with LocalPlatform(ALLOWED) as platform:
        assert "access-control-allow-origin" not in (await preflight(platform, "/agents", origin=origin)).headers
        answer = await platform.http.get(f"{platform.url}/health", headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers


async def test_no_page_may_call_where_none_is_named() -> None:
    async with LocalPlatform() as platform:
        answer = await preflight(platform, "/agents")
        assert answer.status_code == 405
        health = await platform.http.get(f"{platform.url}/health", headers={"origin": PAGE})
        assert not [name for name in {*answer.headers, *health.headers} if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://rebound.evil.test:8700", 403),
        ("null", 403),
        ("http://[x", 403),
        ("http://localhost:5173", 200),
        ("http://127.0.0.1:8700", 200),
        (None, 200),
    ],
)
async def test_a_page_whose_name_was_made_to_mean_this_machine_gets_no_token(origin: str | None, status: int) -> None:
    """LOC-04: to the browser such a page is the platform's own, and the default client is known to everybody."""
    async with LocalPlatform() as platform:
        form = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
        answer = await platform.http.post(
            platform.url + TOKEN, data=form, headers={} if origin is None else {"origin": origin}
        )
        assert answer.status_code == status
        assert status == 200 or answer.json()["error"] == "access_denied"


@pytest.mark.parametrize(
    "origin", ["*", "null", "localhost:3000", "http://localhost:3000/", "http://localhost:3000/app"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    """A page of anybody could fetch a token with the client that everybody knows (LOC-04)."""
    with pytest.raises(ConfigurationError, match="origins"):
        PlatformSettings(origins=(origin,))
