"""A token tells where it belongs, when nobody else does (ENV-05); and what may stand beside what."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.client import AccessToken, AsyncCorti, ClientCredentialsGrant, Corti, Endpoints, NoAuth
from agentkit.errors import ConfigurationError


def jwt(payload: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"e30.{body}.c2lnbmF0dXJl"


US = jwt({"iss": "https://auth.us.corti.app/realms/clinic"})


@pytest.mark.parametrize("host", ["auth", "keycloak"])
@pytest.mark.parametrize("given", ["token", "auth"])
def test_environment_and_tenant_come_from_the_issuer(host: str, given: str) -> None:
    """ENV-05."""
    token = jwt({"iss": f"https://{host}.eu.corti.app/realms/clinic"})
    settings: dict[str, Any] = {given: token if given == "token" else AccessToken(token)}
    for client in (Corti(**settings), AsyncCorti(**settings)):
        assert client.config.endpoints == Endpoints.region("eu")
        assert client.config.tenant == "clinic"


def test_what_is_said_wins_over_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENV-05: argument, variable and file come first."""
    assert Corti(token=US, tenant="ward").config.tenant == "ward"
    assert Corti(token=US, base_url="http://127.0.0.1:8700").config.endpoints.agents == "http://127.0.0.1:8700"
    monkeypatch.setenv("CORTI_TENANT_NAME", "hall")
    monkeypatch.setenv("CORTI_ENVIRONMENT", "US")
    assert Corti(token=US).config.tenant == "hall"
    own = Endpoints(base="https://a/v2", agents="https://a", login="https://l/realms", wss="wss://a/w")
    assert Corti(token=US, environment=own).config.endpoints is own


@pytest.mark.parametrize("setting", ["environment", "CORTI_ENVIRONMENT"])
def test_a_token_of_another_region_is_refused_with_both_names(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """ENV-02: a token of one region is invalid in another."""
    if setting == "CORTI_ENVIRONMENT":
        monkeypatch.setenv(setting, "eu")
    with pytest.raises(ConfigurationError, match="is eu, but the token was issued in us") as caught:
        Corti(token=US, environment="eu" if setting == "environment" else None)
    assert caught.value.setting == setting
    assert US not in str(caught.value)


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "a.e30.c",
        jwt([1]),
        jwt({"iss": 7}),
        jwt({"iss": "https://auth.eu.corti.app.evil.example/realms/base"}),
        jwt({"iss": "https://evil.example/https://auth.eu.corti.app/realms/base"}),
        jwt({"iss": "http://auth.eu.corti.app/realms/base"}),
        jwt({"iss": "https://auth.eu/x.corti.app/realms/base"}),
        jwt({"iss": "https://auth.eu.corti.app/realms/../base"}),
        "e30." + base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=") + ".x",
    ],
)
def test_a_token_that_does_not_say_needs_an_environment(token: str) -> None:
    with pytest.raises(ConfigurationError, match="CORTI_ENVIRONMENT"):
        Corti(token=token)
    config = Corti(token=token, environment="eu").config
    assert (config.tenant, config.endpoints) == ("base", Endpoints.region("eu"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_claim_of_a_token_crashes_a_client(value: object) -> None:
    for payload in (value, {"iss": value, "exp": value}, {"exp": 10**400}):
        assert Corti(environment="eu", token=jwt(payload)).config.tenant == "base"


@pytest.mark.parametrize("beside", [{"client_id": "x"}, {"client_secret": "x"}, {"token": "x"}])
@pytest.mark.parametrize("client", [Corti, AsyncCorti])
def test_a_grant_excludes_the_short_spelling(client: type[Corti | AsyncCorti], beside: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="beside client_id, client_secret or token"):
        client(environment="eu", auth=ClientCredentialsGrant("a", "b"), **beside)


def test_a_grant_wins_over_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTI_CLIENT_ID", "variable")
    monkeypatch.setenv("CORTI_CLIENT_SECRET", "variable")
    for grant in (ClientCredentialsGrant("a", "b"), NoAuth(), AccessToken("opaque")):
        assert Corti(environment="eu", auth=grant).config.auth is grant
