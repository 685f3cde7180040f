"""`Corti` signs in as `AsyncCorti` does (AUTH-01 to -05, CLI-02, CLI-03)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import httpx2
import pytest

from agentkit.client import AccessToken, AuthorizationCodeGrant, Corti, NoAuth, PasswordGrant, RefreshTokenGrant
from agentkit.client.grants import Grant
from agentkit.errors import AuthenticationError, ConfigurationError, UnauthorizedError
from agentkit.oauth import IssuedToken
from tests.client.conftest import URL, Clock
from tests.client.double import AGENT, AGENT_ID
from tests.deadline import HANG

BACK = "https://app.example.org/callback"


class Server:
    """Corti in a few literal lines."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.tokens: list[str | None] = []
        self.refuses_refresh = False
        self.refresh_token: str | None = "refresh-1"

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/token"):
            self.tokens.append(request.headers.get("authorization"))
            return httpx2.Response(200 if self.tokens[-1] else 401, json=AGENT)
        form = dict(parse_qsl(request.read().decode(), strict_parsing=True))
        self.forms.append(form)
        if form["grant_type"] == "refresh_token" and self.refuses_refresh:
            return httpx2.Response(400, content=json.dumps({"error": "invalid_grant"}))
        issued = {"access_token": f"access-{len(self.forms)}", "expires_in": 300, "token_type": "Bearer"}
        if self.refresh_token:
            issued |= {"refresh_token": self.refresh_token, "refresh_expires_in": 1800}
        return httpx2.Response(200, json=issued)

    @property
    def grants(self) -> list[str]:
        return [form["grant_type"] for form in self.forms]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def enter(server: Server, clock: Clock) -> Callable[..., Corti]:
    def make(auth: Grant | None = None, refresh: Callable[[str | None], IssuedToken] | None = None) -> Corti:
        return Corti(base_url=URL, auth=auth, refresh=refresh, transport=httpx2.MockTransport(server), clock=clock)

    return make


@pytest.mark.parametrize(
    ("grant", "first"),
    [
        (AuthorizationCodeGrant("c", "code", BACK, code_verifier="v" * 43), "authorization_code"),
        (PasswordGrant("c", "jane", "her-password"), "password"),
        (RefreshTokenGrant("c", "refresh-0"), "refresh_token"),
    ],
)
def test_a_person_stays_signed_in_by_refresh_tokens(
    enter: Callable[..., Corti], server: Server, clock: Clock, grant: Grant, first: str
) -> None:
    with enter(grant) as corti:
        for _ in range(2):
            corti.agents.get(AGENT_ID)
            clock.now += 180
    assert server.grants == [first, "refresh_token"]
    assert server.tokens == ["Bearer access-1", "Bearer access-2"]
    assert server.forms[-1]["refresh_token"] == "refresh-1"


def test_a_refused_refresh_token_leads_back_to_the_password_or_to_a_new_sign_in(
    enter: Callable[..., Corti], server: Server, clock: Clock
) -> None:
    server.refuses_refresh = True
    with enter(PasswordGrant("c", "jane", "her-password")) as corti:
        corti.agents.get(AGENT_ID)
        clock.now += 180
        corti.agents.get(AGENT_ID)
    assert server.grants == ["password", "refresh_token", "password"]
    with enter(RefreshTokenGrant("c", "refresh-0")) as corti, pytest.raises(AuthenticationError, match="Sign in again"):
        corti.agents.get(AGENT_ID)


def test_threads_ask_the_callback_once(enter: Callable[..., Corti], server: Server) -> None:
    asked: list[str | None] = []
    start = threading.Barrier(8, timeout=HANG)

    def refresh(refresh_token: str | None) -> IssuedToken:
        asked.append(refresh_token)
        return IssuedToken("from-callback", 300.0)

    with enter(refresh=refresh) as corti, ThreadPoolExecutor(8) as pool:

        def use(_number: int) -> str:
            start.wait()
            return corti.agents.get(AGENT_ID).id

        assert set(pool.map(use, range(8), timeout=HANG)) == {AGENT_ID}
    assert asked == [None]
    assert set(server.tokens) == {"Bearer from-callback"}
    assert not server.forms


def test_a_callback_that_uses_its_own_client_does_not_wait_for_itself(enter: Callable[..., Corti]) -> None:
    def refresh(refresh_token: str | None) -> IssuedToken:
        with pytest.raises(ConfigurationError, match="another client"):
            corti.agents.get(AGENT_ID)
        return IssuedToken("from-callback", 300.0)

    with enter(refresh=refresh) as corti:
        assert corti.agents.get(AGENT_ID).id == AGENT_ID


def test_the_callback_takes_over_when_the_given_token_ends(enter: Callable[..., Corti], server: Server) -> None:
    def refresh(refresh_token: str | None) -> IssuedToken:
        raise OSError("canary")

    with enter(AccessToken("opaque"), refresh) as corti:
        corti.agents.get(AGENT_ID)
    assert server.tokens == ["Bearer opaque"]
    with enter(None, refresh) as corti, pytest.raises(AuthenticationError, match="raised OSError") as caught:
        corti.agents.get(AGENT_ID)
    assert "canary" not in str(caught.value)


def test_behind_a_proxy_no_token_is_sent(enter: Callable[..., Corti], server: Server) -> None:
    """SDKC-09."""
    with enter(NoAuth()) as corti, pytest.raises(UnauthorizedError, match="proxy"):
        corti.agents.get(AGENT_ID)
    assert server.tokens == [None]
