"""Whatever an issuer answers, a verifier says yes, no, or that nobody could say; and nothing else gets out."""

from __future__ import annotations

import json
import logging

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.errors import AuthenticationError, TransportError
from agentkit.models import Json
from agentkit.oauth import IntrospectionVerifier, JwtVerifier, RemoteKeys, SigningKeys, StaticKeys, TokenIssuer
from agentkit.oauth.discovery import find_issuer

pytestmark = pytest.mark.anyio

ISSUER = "https://issuer.example/auth"
RESOURCE = "https://mcp.example/ehr/mcp"
ENDPOINT = f"{ISSUER}/introspect"
KEYS = SigningKeys()
TOKEN = TokenIssuer(ISSUER, KEYS).issue("somebody", RESOURCE)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CLAIMS = {
    "active": st.booleans() | JSON,
    "iss": st.just(ISSUER) | JSON,
    "aud": st.just(RESOURCE) | st.just([RESOURCE]) | JSON,
    "sub": st.text(max_size=5) | JSON,
    "client_id": st.text(max_size=5) | JSON,
    "exp": st.integers(0, 2_000) | JSON,
    "nbf": st.integers(0, 2_000) | JSON,
    "scope": st.text(max_size=10) | JSON,
    "token_type": st.just("Bearer") | JSON,
    "cnf": st.none() | JSON,
    "typ": st.just("Bearer") | JSON,
}
ANSWERS = st.fixed_dictionaries({}, optional=CLAIMS) | JSON
JWK = st.fixed_dictionaries(
    {},
    optional={
        "kty": st.sampled_from(["EC", "RSA", "oct", "OKP"]) | JSON,
        "crv": st.sampled_from(["P-256", "P-384", "Ed25519"]) | JSON,
        "kid": st.just(KEYS.key_id) | JSON,
        "use": st.just("sig") | JSON,
        "alg": st.sampled_from(["ES256", "RS256", "HS256", "none"]) | JSON,
        "x": st.text(max_size=50) | JSON,
        "y": st.text(max_size=50) | JSON,
        "n": st.text(max_size=50) | JSON,
        "e": st.just("AQAB") | JSON,
        "k": st.text(max_size=20) | JSON,
    },
)
KEY_SETS = st.fixed_dictionaries({"keys": st.lists(JWK | JSON, max_size=4) | JSON}) | JSON


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def answering(content: object) -> httpx2.AsyncClient:
    body = json.dumps(content).encode()
    return httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=body)))


@given(ANSWERS)
async def test_an_introspection_answer_is_a_yes_a_no_or_no_answer(content: object) -> None:
    async with answering(content) as http:
        verifier = IntrospectionVerifier(
            ISSUER, RESOURCE, "server", "secret", http, endpoint=ENDPOINT, clock=lambda: 1_000.0
        )
        refusal: Exception | None = None
        try:
            valid = await verifier.verify(TOKEN)
        except (AuthenticationError, TransportError) as error:
            refusal = error
        else:
            assert valid.claims["active"] is True
            assert valid.claims["iss"] == ISSUER
            assert RESOURCE in valid.audience
            assert valid.subject
        if isinstance(refusal, AuthenticationError):
            assert refusal.code == "invalid_token"
        assert TOKEN not in str(refusal)


@given(KEY_SETS)
async def test_a_key_set_that_is_not_the_issuers_lets_nobody_in(content: object) -> None:
    async with answering(content) as http:
        with pytest.raises(AuthenticationError):
            await JwtVerifier(ISSUER, RESOURCE, RemoteKeys(f"{ISSUER}/jwks", http)).verify(TOKEN)


@given(
    st.dictionaries(st.sampled_from(["keys", "x"]), JSON, max_size=2) | st.fixed_dictionaries({"keys": st.lists(JWK)})
)
def test_a_key_set_that_is_none_is_a_typed_error(content: dict[str, Json]) -> None:
    refusal = None
    try:
        StaticKeys(content)
    except AuthenticationError as error:
        refusal = error.code
    assert refusal in {None, "invalid_keys"}


@given(
    st.fixed_dictionaries(
        {"issuer": st.just(ISSUER)},
        optional={
            "token_endpoint": st.text(max_size=30) | st.just(f"{ISSUER}/token") | JSON,
            "jwks_uri": st.text(max_size=30) | JSON,
            "introspection_endpoint": st.text(max_size=30) | JSON,
            "token_endpoint_auth_methods_supported": JSON,
        },
    )
    | JSON
)
async def test_metadata_leads_to_the_issuers_origin_or_nowhere(content: object) -> None:
    async with answering(content) as http:
        try:
            found = (await find_issuer(http, ISSUER)).token_endpoint
        except AuthenticationError:
            found = None
        assert found is None or found.startswith("https://issuer.example")
        verifier = IntrospectionVerifier(ISSUER, RESOURCE, "server", "secret", http)
        keys = RemoteKeys.of_issuer(ISSUER, http)
        with pytest.raises((AuthenticationError, TransportError)):
            await verifier.verify(TOKEN)
        assert await keys.find("x") is None
