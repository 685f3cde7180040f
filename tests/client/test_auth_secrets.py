"""No secret of any grant shows in a repr, an error or a span, whatever the login host says (design D4)."""

from __future__ import annotations

import json
import traceback
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qs, quote_plus

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit import tracing
from agentkit.client import (
    AccessToken,
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    Corti,
    NoAuth,
    PasswordGrant,
    RefreshTokenGrant,
)
from agentkit.client.grants import Grant
from agentkit.errors import AgentKitError, ConfigurationError

# Long enough not to stand in other words by chance; with what forms, JSON and reprs spell differently.
SECRET = st.text(st.sampled_from("abcXYZ019 +/&=%\"'\\<>äø☃\U0001f600"), min_size=8, max_size=24).map(
    lambda text: f"q7{text}7q"
)
TOKEN = st.text(st.sampled_from("abcXYZ019._~+/=-"), min_size=8, max_size=40).map(lambda text: f"q7{text}7q")
VERIFIER = st.text(st.sampled_from("abcXYZ019._~-"), min_size=43, max_size=128)
BACK = "https://app.example.org/callback"

GRANTS: st.SearchStrategy[Grant] = st.one_of(
    st.builds(ClientCredentialsGrant, st.just("id"), SECRET),
    st.builds(AuthorizationCodeGrant, st.just("id"), SECRET, st.just(BACK), st.none() | SECRET, st.none() | VERIFIER),
    st.builds(PasswordGrant, st.just("id"), SECRET, SECRET),
    st.builds(RefreshTokenGrant, st.just("id"), SECRET, st.none() | SECRET),
    st.builds(AccessToken, TOKEN),
)


def found(grant: Grant, shown: str) -> list[str]:
    """The spellings of the grant's secrets, which is all but the fields that may show, that stand in a text."""
    open_fields = {"client_id", "redirect_uri", "scopes"}
    values = [getattr(grant, field.name) for field in fields(grant) if field.name not in open_fields]
    assert any(values)
    spellings = [(value, repr(value)[1:-1], json.dumps(value)[1:-1], quote_plus(value)) for value in values if value]
    return [spelling for each in spellings for spelling in each if spelling in shown]


@given(GRANTS)
def test_no_repr_shows_a_secret(grant: Grant) -> None:
    corti = Corti(environment="eu", auth=grant)
    assert not found(grant, f"{grant!r} {grant} {corti!r} {corti.config!r} {vars(corti)}")


@given(GRANTS, st.sampled_from([200, 302, 400, 401, 403, 404, 500]))
def test_no_error_and_no_span_shows_a_secret_that_the_server_echoes(grant: Grant, status: int) -> None:
    seen: list[bytes] = []

    def echo(request: httpx2.Request) -> httpx2.Response:
        body = request.read().decode()
        seen.append(body.encode() + request.headers.get("authorization", "").encode())
        said = " ".join((body, *(value for values in parse_qs(body).values() for value in values), seen[-1].decode()))
        answer: dict[str, Any] = {"error": said, "error_description": said, "description": said, "code": said}
        return httpx2.Response(status, json=answer | {"howToFix": said, "details": {said: [said]}})

    spans: list[tracing.SpanRecord] = []
    corti = Corti(environment="eu", auth=grant, transport=httpx2.MockTransport(echo), max_retries=0)
    with corti, tracing.listen(spans.append), pytest.raises(AgentKitError) as caught:
        corti.agents.get("7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01")
    error = caught.value
    shown = f"{''.join(traceback.format_exception(error))} {error!r} {vars(error)} {spans}"
    assert seen
    assert not found(grant, shown)


@given(SECRET)
def test_a_field_that_is_refused_is_named_and_not_quoted(secret: str) -> None:
    half = f"{secret}\ud800"
    wrong: list[Any] = [
        lambda: ClientCredentialsGrant("", secret),
        lambda: ClientCredentialsGrant("id", half),
        lambda: ClientCredentialsGrant("id", secret, (half,)),
        lambda: AuthorizationCodeGrant("id", half, BACK),
        lambda: AuthorizationCodeGrant("id", secret, f"{secret} not a uri"),
        lambda: AuthorizationCodeGrant("id", secret, BACK, code_verifier=half),
        lambda: AuthorizationCodeGrant("id", secret, BACK, half),
        lambda: PasswordGrant("id", half, secret),
        lambda: RefreshTokenGrant("id", half),
        lambda: RefreshTokenGrant("id", secret, " "),
        lambda: AccessToken(f"Bearer {secret}"),
    ]
    for make in wrong:
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert secret not in str(caught.value) + str(vars(caught.value))


def test_no_auth_has_nothing_to_hide() -> None:
    assert NoAuth().secrets == frozenset()
    assert repr(NoAuth()) == "NoAuth()"
