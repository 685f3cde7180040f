"""Where a person signs in, and the proof that the code is ours (AUTH-03, AUTH-07)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from agentkit.client import AuthorizationCodeGrant, Endpoints, Pkce, authorize_url
from agentkit.errors import ConfigurationError

BACK = "https://app.example.org/callback?from=corti"


def test_the_challenge_is_that_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    pkce = Pkce("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert pkce.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_sign_in_has_a_verifier_of_its_own_that_does_not_show() -> None:
    made = [Pkce.new() for _ in range(100)]
    assert len({pkce.verifier for pkce in made}) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", pkce.verifier) for pkce in made)
    assert all(pkce.verifier not in repr(pkce) + str(pkce) for pkce in made)


@pytest.mark.parametrize("wrong", ["", "a" * 42, "a" * 129, "a" * 42 + "+", "ä" * 43, None])
def test_what_is_no_verifier_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="43 to 128"):
        Pkce(wrong)
    if wrong is not None:
        with pytest.raises(ConfigurationError, match="code_verifier"):
            AuthorizationCodeGrant("c", "code", BACK, code_verifier=wrong)


def test_the_address_says_what_the_documentation_lists() -> None:
    """AUTH-07."""
    pkce = Pkce.new()
    url = authorize_url(environment="eu", client_id="my app", redirect_uri=BACK, pkce=pkce)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://auth.eu.corti.app/realms/base/protocol/openid-connect/auth"
    )
    assert parse_qsl(parts.query, strict_parsing=True) == [
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("client_id", "my app"),
        ("redirect_uri", BACK),
        ("code_challenge", pkce.challenge),
        ("code_challenge_method", "S256"),
    ]
    assert pkce.verifier not in url


def test_without_a_verifier_there_is_no_challenge_and_more_scopes_come_once() -> None:
    url = authorize_url(
        environment="eu", client_id="c", redirect_uri=BACK, state="a b&c", scopes=("email", "openid", "email")
    )
    query = dict(parse_qsl(urlsplit(url).query))
    assert query["scope"] == "openid profile email"
    assert query["state"] == "a b&c"
    assert not {"code_challenge", "code_challenge_method"} & set(query)


def test_the_place_is_found_as_for_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Endpoints(base="https://a/v2", agents="https://a", login="https://login.example/r", wss="wss://a/w")
    assert authorize_url(environment=own, client_id="c", redirect_uri=BACK).startswith("https://login.example/r/base/")
    monkeypatch.setenv("CORTI_BASE_URL", "http://127.0.0.1:8700")
    monkeypatch.setenv("CORTI_TENANT_NAME", "clinic")
    monkeypatch.setenv("CORTI_CLIENT_ID", "from-variable")
    url = authorize_url(redirect_uri="com.example.app:/back")
    assert url.startswith("http://127.0.0.1:8700/realms/clinic/protocol/openid-connect/auth?")
    assert "client_id=from-variable&redirect_uri=com.example.app%3A%2Fback" in url


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"environment": None}, "CORTI_ENVIRONMENT"),
        ({"client_id": None}, "CORTI_CLIENT_ID"),
        ({"redirect_uri": "/callback"}, "redirect_uri"),
        ({"redirect_uri": "https://app.example.org/#done"}, "redirect_uri"),
        ({"redirect_uri": "https://app.example.org/a b"}, "redirect_uri"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"scopes": "profile"}, "scopes"),
        ({"scopes": ("a b",)}, "scopes"),
        ({"state": ""}, "state"),
        ({"state": "ä"}, "state"),
        ({"base_url": "http://corti.example"}, "base_url"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], setting: str) -> None:
    settings: dict[str, Any] = {"environment": "eu", "client_id": "c", "redirect_uri": BACK}
    with pytest.raises(ConfigurationError, match=setting):
        authorize_url(**settings | given)
