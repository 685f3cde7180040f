"""Who learns what about a token, and how it ends early (RFC 7662, RFC 7009)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette

from agentkit.errors import AuthenticationError
from agentkit.oauth import (
    ClientRegistry,
    IntrospectionVerifier,
    JwtVerifier,
    RevokedTokens,
    SigningKeys,
    TokenIssuer,
    authorization_server,
    hash_secret,
)
from agentkit.testing.asgi import ASGITransport
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ORIGIN = "http://127.0.0.1:8704"
ISSUER = f"{ORIGIN}/auth"
EHR, LAB = "http://127.0.0.1:8701/ehr/mcp", "http://127.0.0.1:8701/lab/mcp"
SECRET = "a-secret-of-tests"
HASH = hash_secret(SECRET)
KEYS = SigningKeys()


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def served(clock: Clock) -> AsyncGenerator[httpx2.AsyncClient]:
    clients = ClientRegistry()
    clients.add_hashed("caller", HASH, ["a", "b"], resources=[EHR, LAB])
    clients.add_hashed("another", HASH, resources=[EHR])
    clients.add_hashed("ehr", HASH, serves=[EHR])
    clients.add_hashed("lab", HASH, serves=[LAB])
    routes = authorization_server(ISSUER, KEYS, clients, tokens=TokenIssuer(ISSUER, KEYS, clock), lifetime=600)
    transport = ASGITransport(Starlette(routes=routes))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, timeout=HANG) as http:
        yield http


async def token(http: httpx2.AsyncClient, client: str = "caller", **form: str) -> str:
    given = {"grant_type": "client_credentials", **form}
    answer = await http.post("/auth/token", data=given, auth=(client, SECRET))
    return str(answer.json()["access_token"])


async def asked(http: httpx2.AsyncClient, client: str, text: str) -> dict[str, object]:
    form = {"token": text, "token_type_hint": "access_token"}
    answer = await http.post("/auth/introspect", data=form, auth=(client, SECRET))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_a_server_learns_all_about_a_token_for_it() -> None:
    clock = Clock()
    async with served(clock) as http:
        told = await asked(http, "ehr", await token(http, scope="a", resource=EHR))
    assert told.pop("jti")
    assert told == {
        "active": True,
        "token_type": "Bearer",
        "iss": ISSUER,
        "sub": "caller",
        "client_id": "caller",
        "aud": EHR,
        "scope": "a",
        "exp": 1_000_600,
        "iat": 1_000_000,
    }


async def test_others_hear_of_a_token_what_they_would_hear_of_a_wrong_one() -> None:
    async with served(Clock()) as http:
        for_ehr = await token(http, resource=EHR)
        assert (await asked(http, "caller", for_ehr))["active"] is True
        for client in ("lab", "another"):
            assert await asked(http, client, for_ehr) == {"active": False}


def _foreign() -> str:
    return TokenIssuer(ISSUER, SigningKeys()).issue("caller", EHR, client_id="caller")


NONE_OF_OURS: dict[str, Callable[[], str]] = {
    "text": lambda: "opaque",
    "long": lambda: "x" * 10_000,
    "unprintable": lambda: "\x00\ud7ff\U0001f600",
    "another key": _foreign,
    "another issuer": lambda: TokenIssuer(ORIGIN, KEYS, Clock()).issue("caller", EHR, client_id="caller"),
    "expired": lambda: TokenIssuer(ISSUER, KEYS, Clock()).issue("caller", EHR, lifetime=0, client_id="caller"),
    "not yet valid": lambda: TokenIssuer(ISSUER, KEYS, Clock()).issue("c", EHR, client_id="caller", nbf=1_000_005),
    "of a client that was removed": lambda: TokenIssuer(ISSUER, KEYS, Clock()).issue("gone", EHR, client_id="gone"),
    "of no client": lambda: TokenIssuer(ISSUER, KEYS, Clock()).issue("caller", EHR),
    "for several resources": lambda: TokenIssuer(ISSUER, KEYS, Clock()).issue("c", [EHR, LAB], client_id="caller"),
}


@pytest.mark.parametrize("make", NONE_OF_OURS.values(), ids=NONE_OF_OURS.keys())
async def test_what_is_no_valid_token_of_this_issuer_is_inactive_and_revoking_it_is_no_error(
    make: Callable[[], str],
) -> None:
    async with served(Clock()) as http:
        assert await asked(http, "ehr", make()) == {"active": False}
        answer = await http.post("/auth/revoke", data={"token": make()}, auth=("caller", SECRET))
        assert (answer.status_code, answer.json()) == (200, {})


async def test_a_revoked_token_is_inactive_at_once_and_only_its_own_client_can_revoke_it() -> None:
    clock = Clock()
    async with served(clock) as http:
        one, two = await token(http, resource=EHR), await token(http, resource=EHR)
        for client in ("another", "ehr"):
            assert (await http.post("/auth/revoke", data={"token": one}, auth=(client, SECRET))).status_code == 200
        assert (await asked(http, "ehr", one))["active"] is True
        assert (await http.post("/auth/revoke", data={"token": one}, auth=("caller", SECRET))).status_code == 200
        assert await asked(http, "ehr", one) == {"active": False}
        assert (await asked(http, "ehr", two))["active"] is True


async def test_revocations_are_forgotten_when_their_tokens_have_expired() -> None:
    clock = Clock()
    revoked = RevokedTokens(clock)
    for number in range(100):
        await revoked.add(f"token-{number}", clock.now + 10)
        clock.now += 1
    assert await revoked.has("token-99")
    assert not await revoked.has("token-1")


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
@pytest.mark.parametrize(
    ("form", "client", "status", "code"),
    [
        ({"token": "x"}, ("ehr", "wrong"), 401, "invalid_client"),
        ({"token": "x"}, ("nobody", SECRET), 401, "invalid_client"),
        ({"token": "x"}, ("", ""), 401, "invalid_client"),
        ({}, ("ehr", SECRET), 400, "invalid_request"),
        ({"token": ""}, ("ehr", SECRET), 400, "invalid_request"),
        ({"token": ["x", "y"]}, ("ehr", SECRET), 400, "invalid_request"),
        ({"token": "x" * 20_000}, ("ehr", SECRET), 400, "invalid_request"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused_without_repeating_it(
    path: str, form: dict[str, object], client: tuple[str, str], status: int, code: str
) -> None:
    async with served(Clock()) as http:
        answer = await http.post(path, data=form, auth=client)
        missing = await http.post(path, data={"token": "x"})
        as_json = await http.post(path, json={"token": "x"}, auth=("ehr", SECRET))
        assert (await http.get(path)).status_code == 405
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["cache-control"] == "no-store"
    assert (missing.status_code, as_json.status_code) == (401, 400)
    assert SECRET not in answer.text


async def test_our_verifier_and_our_server_understand_each_other() -> None:
    clock = Clock()
    async with served(clock) as http:

        def verifier(resource: str, client: str) -> IntrospectionVerifier:
            return IntrospectionVerifier(ISSUER, resource, client, SECRET, http, clock=clock)

        for_ehr = await token(http, resource=EHR, scope="b")
        ehr = verifier(EHR, "ehr")
        by_question = await ehr.verify(for_ehr)
        by_signature = await JwtVerifier(ISSUER, EHR, KEYS, clock=clock).verify(for_ehr)
        assert (by_question.owner, by_question.scopes) == (by_signature.owner, by_signature.scopes)
        assert (by_question.client_id, by_question.expires_at) == (by_signature.client_id, by_signature.expires_at)
        # A token that was sent to one server is of no use at another.
        for resource, client in ((LAB, "lab"), (LAB, "ehr")):
            with pytest.raises(AuthenticationError):
                await verifier(resource, client).verify(for_ehr)
        await http.post("/auth/revoke", data={"token": for_ehr}, auth=("caller", SECRET))
        assert await ehr.verify(for_ehr)
        clock.now += 30
        with pytest.raises(AuthenticationError, match="not active"):
            await ehr.verify(for_ehr)
        assert await JwtVerifier(ISSUER, EHR, KEYS, clock=clock).verify(for_ehr)
