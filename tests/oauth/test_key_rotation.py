"""Keys change while tokens signed by the ones before are valid, and nobody notices (MCP-AUTH-06)."""

from __future__ import annotations

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.oauth import ClientRegistry, JwtVerifier, RemoteKeys, SigningKeys, TokenIssuer, authorization_server
from agentkit.testing.asgi import ASGITransport
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ORIGIN = "http://127.0.0.1:8704"
RESOURCE = "http://127.0.0.1:8701/ehr/mcp"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def kids(keys: SigningKeys) -> list[str]:
    found = keys.jwks()["keys"]
    assert isinstance(found, list)
    return [str(key["kid"]) for key in found if isinstance(key, dict)]


async def test_a_key_stays_in_the_set_until_its_last_token_has_expired() -> None:
    clock = Clock()
    keys = SigningKeys(clock=clock)
    issuer = TokenIssuer(ORIGIN, keys, clock)
    verifier = JwtVerifier(ORIGIN, RESOURCE, keys, clock=clock, remember=0)
    old, before = issuer.issue("c", RESOURCE, lifetime=600), keys.key_id
    new_key = keys.rotate()
    new = issuer.issue("c", RESOURCE, lifetime=6_000)
    assert kids(keys) == [new_key, before]
    for token in (old, new):
        assert (await verifier.verify(token)).subject == "c"
    clock.now += 609
    assert await verifier.verify(old)
    clock.now += 1
    assert kids(keys) == [new_key]
    assert await keys.find(before) is None
    with pytest.raises(AuthenticationError):
        await verifier.verify(old)
    assert await verifier.verify(new)


async def test_a_key_that_signed_nothing_is_gone_at_once() -> None:
    keys = SigningKeys()
    for _ in range(50):
        keys.rotate()
    assert kids(keys) == [keys.key_id]
    assert await keys.find(None) is not None


async def test_a_token_without_a_key_id_has_a_key_only_where_there_is_one() -> None:
    keys = SigningKeys()
    TokenIssuer(ORIGIN, keys).issue("c", RESOURCE)
    assert await keys.find(None) is not None
    keys.rotate()
    assert await keys.find(None) is None


async def test_the_key_set_and_the_tokens_follow_a_rotation_without_a_restart_and_so_does_who_checks_them() -> None:
    clock, keys, clients = Clock(), SigningKeys(), ClientRegistry()
    clients.add("c", "secret", resources=[RESOURCE])
    app = Starlette(routes=authorization_server(ORIGIN, keys, clients))
    async with httpx2.AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, timeout=HANG) as http:

        async def token() -> str:
            answer = await http.post("/token", data={"grant_type": "client_credentials"}, auth=("c", "secret"))
            return str(answer.json()["access_token"])

        remote = RemoteKeys(f"{ORIGIN}/jwks", http, clock=clock)
        verifier = JwtVerifier(ORIGIN, RESOURCE, remote)
        before = await token()
        assert await verifier.verify(before)
        keys.rotate()
        after = await token()
        clock.now += 10  # an unknown key is looked for again
        assert await verifier.verify(after)
        assert await JwtVerifier(ORIGIN, RESOURCE, remote).verify(before)
        shown = await http.get("/jwks")
        assert shown.json() == keys.jwks()
        # A cache on the way that kept the set would hide the new key from verifiers.
        assert shown.headers["cache-control"] == "no-cache"


def test_a_rotation_to_a_given_key_and_back_keeps_both() -> None:
    keys = SigningKeys()
    first = load_pem_private_key(keys.to_pem(), password=None)
    assert isinstance(first, ec.EllipticCurvePrivateKey)
    TokenIssuer(ORIGIN, keys).issue("c", RESOURCE)
    one = keys.key_id
    two = keys.rotate(ec.generate_private_key(ec.SECP256R1()))
    TokenIssuer(ORIGIN, keys).issue("c", RESOURCE)
    assert keys.rotate(first) == one
    assert kids(keys) == [one, two]
    keys.rotate()
    assert set(kids(keys)) == {keys.key_id, one, two}
    with pytest.raises(ConfigurationError, match="P-256"):
        keys.rotate(ec.generate_private_key(ec.SECP384R1()))
    assert "PRIVATE" not in repr(keys)


STEPS = st.lists(st.one_of(st.just("rotate"), st.integers(1, 50), st.tuples(st.integers(1, 100))), max_size=25)


@given(STEPS)
async def test_whatever_happens_a_token_is_good_until_it_expires_and_no_key_outlives_its_tokens(
    steps: list[str | int | tuple[int]],
) -> None:
    clock = Clock()
    keys = SigningKeys(clock=clock)
    issuer = TokenIssuer(ORIGIN, keys, clock)
    verifier = JwtVerifier(ORIGIN, RESOURCE, keys, clock=clock, remember=0)
    tokens: list[tuple[str, float]] = []
    for step in steps:
        match step:
            case int():
                tokens.append((issuer.issue("c", RESOURCE, lifetime=step), clock.now + step))
            case (seconds,):
                clock.now += seconds
            case _:
                keys.rotate()
    good = [token for token, expiry in tokens if expiry + 10 > clock.now]
    for token in good:
        assert await verifier.verify(token)
    assert len(kids(keys)) <= 1 + len(good)
