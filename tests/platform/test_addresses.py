"""Addresses that nothing lies at, and methods that an address does not have: told as the plane in question does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from agentkit.platform import PlatformSettings
from agentkit.platform.realm.accounts import Accounts
from agentkit.testing.local_platform import LocalPlatform
from agentkit.web.limits import Limits
from tests.platform.agents.calls import UNKNOWN

pytestmark = pytest.mark.anyio

A2A = f"/v2/agentic/agents/agt.{UNKNOWN}/a2a"


@pytest.fixture
async def platform() -> AsyncGenerator[LocalPlatform]:
    async with LocalPlatform(PlatformSettings()) as running:
        yield running


async def ask(platform: LocalPlatform, method: str, path: str, **headers: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {await platform.bearer()}", **headers}
    return await platform.http.request(method, platform.url + path, headers=headers)


def spelled_by(body: Any) -> str:
    """The plane whose form an error has."""
    if "error_description" in body:
        return "login"
    if "error" not in body:
        assert set(body) >= {"code", "description"}, body
        return "v1"
    return "a2a" if "status" in body["error"] else "management"


@pytest.mark.parametrize(
    ("path", "plane"),
    [
        ("/", "v1"),
        ("/nothing", "v1"),
        ("/agents/x/y/z", "v1"),
        ("/v2/agents/x/y/z", "v1"),
        ("/v2/agentic", "management"),
        ("/v2/agentic/nothing", "management"),
        (f"{A2A}/nothing", "a2a"),
        ("/realms/base/protocol/openid-connect/nothing", "login"),
    ],
)
async def test_an_address_that_nothing_lies_at_is_a_404_in_the_form_of_its_plane(
    platform: LocalPlatform, path: str, plane: str
) -> None:
    """V1-ERR-01, V2-ERR-01, V2-ERR-02, AUTH-09, SDKC-05."""
    answer = await ask(platform, "GET", path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert spelled_by(answer.json()) == plane


async def test_a_404_of_v1_does_not_deny_what_is_served(platform: LocalPlatform) -> None:
    """V1-ERR-01: `howToFix` once said that there were neither streams nor v2."""
    told = (await ask(platform, "GET", "/nothing")).json()["howToFix"]
    assert "no " not in told
    assert "/openapi.json" in told


@pytest.mark.parametrize("root", ["/agents/", "/v2/agents/", "/v2/agentic/agents/", f"{A2A}/"])
async def test_an_address_with_a_slash_too_many_is_a_404_and_no_redirect(platform: LocalPlatform, root: str) -> None:
    """SDKC-05: a redirect has no JSON body, and would lead to whatever `Host` said."""
    for method in ("GET", "POST"):
        answer = await ask(platform, method, root, host="elsewhere.example")
        assert answer.status_code == 404
        assert answer.json()


@pytest.mark.parametrize(
    ("method", "path", "plane", "allowed"),
    [
        ("PUT", "/agents", "v1", "GET, HEAD, POST"),
        ("OPTIONS", f"/agents/{UNKNOWN}", "v1", "DELETE, GET, HEAD, PATCH"),
        ("PUT", "/v2/agentic/agents", "management", "GET, HEAD, POST"),
        ("DELETE", f"{A2A}/tasks", "a2a", "GET, HEAD"),
        ("GET", f"{A2A}/message:send", "a2a", "POST"),
        ("GET", "/realms/base/protocol/openid-connect/token", "login", "POST"),
        ("GET", "/base/protocol/openid-connect/token", "login", "POST"),
    ],
)
async def test_a_method_that_an_address_does_not_have_is_a_405_in_the_form_of_its_plane(
    platform: LocalPlatform, method: str, path: str, plane: str, allowed: str
) -> None:
    """AUTH-09, V1-ERR-01, V2-ERR-01, V2-ERR-02; RFC 9110: `Allow` names what there is."""
    answer = await ask(platform, method, path)
    assert answer.status_code == 405
    assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed
    assert spelled_by(answer.json()) == plane


async def test_the_login_tells_of_its_own_failure_in_its_own_form(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-09."""

    async def fail(*_given: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(Accounts, "userinfo", fail)
    answer = await ask(platform, "GET", "/realms/base/protocol/openid-connect/userinfo")
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
    assert spelled_by(answer.json()) == "login"
    assert "canary" not in answer.text


async def test_the_words_of_an_a2a_error_fit_its_status(platform: LocalPlatform) -> None:
    """V2-ERR-02: `code` and `status` say the same; a 405 was once a NOT_FOUND."""
    told = (await ask(platform, "PUT", f"{A2A}/tasks")).json()["error"]
    assert (told["code"], told["status"]) == (405, "UNIMPLEMENTED")
    told = (await ask(platform, "GET", f"{A2A}/nothing")).json()["error"]
    assert (told["code"], told["status"]) == (404, "NOT_FOUND")


async def test_headers_that_are_too_large_are_refused_with_a_hint_that_helps() -> None:
    """V1-ERR-01: 431, and not the advice for a flood."""
    async with LocalPlatform(PlatformSettings(traffic=Limits(header_bytes=4096))) as platform:
        for path, plane in (("/agents", "v1"), ("/v2/agentic/agents", "management"), (f"{A2A}/tasks", "a2a")):
            answer = await ask(platform, "GET", path, **{"x-large": "x" * 5000})
            assert answer.status_code == 431
            assert spelled_by(answer.json()) == plane
            assert "wait" not in answer.text
