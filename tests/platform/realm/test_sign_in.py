"""The authorize endpoint and its page (AUTH-07)."""

from __future__ import annotations

import pytest

from agentkit.client.pkce import Pkce, authorize_url
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.realm.parts import (
    AUTH,
    CALLBACK,
    CHALLENGE,
    LOGIN,
    MovableTime,
    answer_of,
    hidden,
    open_form,
    send_form,
    settings,
)

pytestmark = pytest.mark.anyio

PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


async def test_the_address_our_client_makes_leads_to_the_page_and_back_with_code_and_state() -> None:
    """AUTH-07, LOC-02."""
    async with LocalPlatform(settings()) as platform:
        url = authorize_url(
            redirect_uri=CALLBACK, client_id="app", pkce=Pkce.new(), state="s&t=1", base_url=platform.url
        )
        page = await platform.http.get(url)
        assert page.status_code == 200
        back = await send_form(platform, hidden(page))
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{CALLBACK}?")
    answer = answer_of(back)
    assert answer["state"] == "s&t=1"
    assert answer["iss"] == f"{platform.url}/realms/base"
    assert set(answer) == {"code", "state", "iss", "session_state"}


async def test_the_page_can_be_neither_framed_nor_kept_and_runs_no_script() -> None:
    async with LocalPlatform(settings()) as platform:
        page = await open_form(platform, **PKCE)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "nobody"},
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": "https://evil.example.org/callback"},
        {"redirect_uri": "https://app.example.org.evil.example.org/callback"},
        {"redirect_uri": "http://127.0.0.1:3000/elsewhere"},
        {"redirect_uri": "https://127.0.0.1:3000/back"},
        {"redirect_uri": "http://user@127.0.0.1:3000/back"},
        {"client_id": "local-client"},
    ],
)
async def test_no_browser_is_sent_to_an_address_that_is_not_the_clients(query: dict[str, str]) -> None:
    """RFC 6749, 3.1.2.4: the redirect URI is compared exactly, and refusals are told to the person only."""
    async with LocalPlatform(settings()) as platform:
        answer = await open_form(platform, **{**PKCE, **query})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil" not in answer.text


async def test_an_app_on_this_machine_takes_whatever_port_is_free() -> None:
    """RFC 8252, 7.3."""
    async with LocalPlatform(settings()) as platform:
        page = await open_form(platform, **PKCE, redirect_uri="http://127.0.0.1:51234/back")
        assert page.status_code == 200
        back = await send_form(platform, hidden(page))
    assert back.headers["location"].startswith("http://127.0.0.1:51234/back?")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "x.y.z"}, "request_not_supported"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_to_its_client(query: dict[str, str], error: str) -> None:
    """RFC 6749, 4.1.2.1: with the state."""
    async with LocalPlatform(settings()) as platform:
        answer = answer_of(await open_form(platform, **{**PKCE, "state": "abc", **query}))
    assert (answer["error"], answer["state"]) == (error, "abc")
    assert "code" not in answer


async def test_a_field_that_is_given_twice_is_refused() -> None:
    async with LocalPlatform(settings()) as platform:
        query = f"client_id=app&redirect_uri={CALLBACK}&response_type=code&scope=openid"
        twice = await platform.http.get(f"{platform.url}{AUTH}?{query}&state=a&state=b")
        assert answer_of(twice)["error"] == "invalid_request"
        both = await platform.http.get(f"{platform.url}{AUTH}?{query}&redirect_uri=https://evil.example.org/")
        assert both.status_code == 400


async def test_a_wrong_password_shows_the_page_again_and_the_right_one_goes_on() -> None:
    async with LocalPlatform(settings()) as platform:
        page = await open_form(platform, **PKCE)
        again = await send_form(platform, hidden(page), password="canary-password")
        assert again.status_code == 400
        assert "wrong" in again.text
        assert "canary-password" not in again.text
        assert "code" in answer_of(await send_form(platform, hidden(again)))


async def test_a_form_works_in_the_browser_it_was_shown_to_only() -> None:
    """Nobody signs somebody else in by a form of his own (CSRF)."""
    async with LocalPlatform(settings()) as platform:
        form = hidden(await open_form(platform, **PKCE))
        platform.http.cookies.clear()
        assert (await send_form(platform, form)).status_code == 400
        platform.http.cookies.set("agentkit-login", "x" * 43)
        assert (await send_form(platform, form)).status_code == 400


@pytest.mark.parametrize("change", [{"request": "e30="}, {"request": ""}, {"proof": "0" * 64}, {"proof": ""}])
async def test_a_form_that_was_changed_is_refused(change: dict[str, str]) -> None:
    async with LocalPlatform(settings()) as platform:
        form = hidden(await open_form(platform, **PKCE))
        answer = await send_form(platform, {**form, **change})
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_form_is_too_old_after_half_an_hour() -> None:
    time = MovableTime()
    async with LocalPlatform(settings(clock=time)) as platform:
        form = hidden(await open_form(platform, **PKCE))
        time.forward(1801)
        assert (await send_form(platform, form)).status_code == 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff=\xfe", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(100)), "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_form_is_refused_on_a_page(content: bytes, kind: str) -> None:
    async with LocalPlatform(settings()) as platform:
        answer = await platform.http.post(platform.url + LOGIN, content=content, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_page_shows_what_a_client_sends_as_text() -> None:
    """Nothing of a query becomes markup."""
    async with LocalPlatform(settings()) as platform:
        page = await open_form(platform, **PKCE, state='"><script>alert(1)</script>', scope="<b>")
    assert "<script" not in page.text
    assert "<b>" not in page.text


async def test_a_query_that_is_too_long_leads_nowhere() -> None:
    async with LocalPlatform(settings()) as platform:
        assert (await open_form(platform, **PKCE, state="x" * 9_000)).status_code == 400
