"""`Corti` signs in as `AsyncCorti` does (AUTH-01 to -05, CLI-02, CLI-03)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from agentkit.client import (
    AccessToken,
    AuthorizationCodeGrant,
    NoAuth,
    PasswordGrant,
    Pkce,
    RefreshTokenGrant,
    authorize_url,
)
from agentkit.client.grants import Grant
from agentkit.errors import AuthenticationError, ConfigurationError, UnauthorizedError
from agentkit.oauth import IssuedToken
from tests.client.conftest import URL, BlockingASGITransport, Clock
from tests.client.connecting import ConnectBlocking, grants
from tests.contract.corti_double import CortiDouble
from tests.deadline import HANG

BACK = "https://app.example.org/callback"
PASSWORD = PasswordGrant("local-client", "jane", "jane-password")


def bearers(double: CortiDouble) -> list[str | None]:
    """What the calls of the API carried."""
    return [call.headers.get("authorization") for call in double.calls]


@pytest.fixture
def granted(
    request: pytest.FixtureRequest,
    enter_blocking: ConnectBlocking,
    blocking_transport: BlockingASGITransport,
    double: CortiDouble,
    agent_id: str,
) -> Grant:
    """A grant of the kind asked for, with what came of an earlier sign-in where it needs that."""
    grant: Grant = PASSWORD
    if request.param == "authorization_code":
        pkce = Pkce.new()
        url = authorize_url(base_url=URL, client_id="local-client", redirect_uri=BACK, pkce=pkce, state="s-1")
        with httpx2.Client(transport=blocking_transport) as browser:
            code = parse_qs(urlsplit(browser.get(url).headers["location"]).query)["code"][0]
        grant = AuthorizationCodeGrant("local-client", code, BACK, code_verifier=pkce.verifier)
    if request.param == "refresh_token":
        with enter_blocking(PASSWORD) as corti:
            corti.agents.get(agent_id)
            assert corti.refresh_token is not None
            grant = RefreshTokenGrant("local-client", corti.refresh_token)
    double.calls.clear()
    double.token_calls.clear()
    return grant


@pytest.mark.parametrize(
    ("granted", "first"),
    [(kind, kind) for kind in ("authorization_code", "password", "refresh_token")],
    indirect=["granted"],
)
def test_a_person_stays_signed_in_by_refresh_tokens(
    enter_blocking: ConnectBlocking, double: CortiDouble, clock: Clock, granted: Grant, first: str, agent_id: str
) -> None:
    with enter_blocking(granted) as corti:
        for _ in range(2):
            corti.agents.get(agent_id)
            clock.now += 180
    assert grants(double) == [first, "refresh_token"]
    assert bearers(double) == [f"Bearer {token}" for token in double.keycloak.issued[-2:]]


def test_a_refused_refresh_token_leads_back_to_the_password_or_to_a_new_sign_in(
    enter_blocking: ConnectBlocking, double: CortiDouble, clock: Clock, agent_id: str
) -> None:
    with enter_blocking(PASSWORD) as corti:
        corti.agents.get(agent_id)
        double.keycloak.revoke_refresh_tokens()
        clock.now += 180
        corti.agents.get(agent_id)
    assert grants(double) == ["password", "refresh_token", "password"]
    corti = enter_blocking(RefreshTokenGrant("local-client", "never-issued"))
    with corti, pytest.raises(AuthenticationError, match="Sign in again"):
        corti.agents.get(agent_id)


def test_threads_ask_the_callback_once(enter_blocking: ConnectBlocking, double: CortiDouble, agent_id: str) -> None:
    token = double.token()
    asked: list[str | None] = []
    start = threading.Barrier(8, timeout=HANG)

    def refresh(refresh_token: str | None) -> IssuedToken:
        asked.append(refresh_token)
        return IssuedToken(token, 300.0)

    with enter_blocking(refresh=refresh) as corti, ThreadPoolExecutor(8) as pool:

        def use(_number: int) -> str:
            start.wait()
            return corti.agents.get(agent_id).id

        assert set(pool.map(use, range(8), timeout=HANG)) == {agent_id}
    assert asked == [None]
    assert set(bearers(double)) == {f"Bearer {token}"}
    assert not double.token_calls


def test_a_callback_that_uses_its_own_client_does_not_wait_for_itself(
    enter_blocking: ConnectBlocking, double: CortiDouble, agent_id: str
) -> None:
    token = double.token()

    def refresh(refresh_token: str | None) -> IssuedToken:
        with pytest.raises(ConfigurationError, match="another client"):
            corti.agents.get(agent_id)
        return IssuedToken(token, 300.0)

    with enter_blocking(refresh=refresh) as corti:
        assert corti.agents.get(agent_id).id == agent_id


def test_the_callback_takes_over_when_the_given_token_ends(
    enter_blocking: ConnectBlocking, double: CortiDouble, agent_id: str
) -> None:
    def refresh(refresh_token: str | None) -> IssuedToken:
        raise OSError("canary")

    token = double.token()
    with enter_blocking(AccessToken(token), refresh=refresh) as corti:
        corti.agents.get(agent_id)
    assert bearers(double) == [f"Bearer {token}"]
    with enter_blocking(refresh=refresh) as corti, pytest.raises(AuthenticationError, match="raised OSError") as caught:
        corti.agents.get(agent_id)
    assert "canary" not in str(caught.value)


def test_behind_a_proxy_no_token_is_sent(enter_blocking: ConnectBlocking, double: CortiDouble, agent_id: str) -> None:
    """SDKC-09."""
    with enter_blocking(NoAuth()) as corti, pytest.raises(UnauthorizedError, match="proxy"):
        corti.agents.get(agent_id)
    assert bearers(double) == [None]
