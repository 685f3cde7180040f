"""Asking the issuer what a token is worth (RFC 7662, MCP-AUTH-04, MCP-AUTH-05)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable
from urllib.parse import parse_qs, unquote_plus

import anyio
import anyio.lowlevel
import httpx2
import pytest

from agentkit.errors import AgentKitError, AuthenticationError, ConfigurationError, ConnectionFailed, TransportError
from agentkit.oauth import IntrospectionVerifier
from tests.deadline import HANG, skip

pytestmark = pytest.mark.anyio

ISSUER = "https://issuer.example/auth"
ENDPOINT = f"{ISSUER}/introspect"
METADATA = "https://issuer.example/.well-known/oauth-authorization-server/auth"
RESOURCE = "https://mcp.example/ehr/mcp"
SECRET = "p+q/r=s t:ü&%"
TOKEN = "opaque-token-0123456789"
ACTIVE: dict[str, object] = {
    "active": True,
    "iss": ISSUER,
    "sub": "someone",
    "client_id": "caller",
    "aud": RESOURCE,
    "scope": "a b",
    "exp": 2_000,
    "token_type": "Bearer",
}


class Issuer:
    """An introspection endpoint, with the metadata that names it."""

    def __init__(self, answer: object = ACTIVE) -> None:
        self.answer = answer
        self.metadata: dict[str, object] = {
            "issuer": ISSUER,
            "token_endpoint": f"{ISSUER}/token",
            "introspection_endpoint": ENDPOINT,
        }
        self.requests: list[httpx2.Request] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = 1_000.0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if str(request.url) == METADATA:
            return httpx2.Response(200, json=self.metadata)
        self.requests.append(request)
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, httpx2.Response):
            answer = self.answer
            return httpx2.Response(answer.status_code, content=answer.content, headers=answer.headers)
        return httpx2.Response(200, json=self.answer)

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self), headers={"x-secret": "of the pool"})

    def verifier(self, http: httpx2.AsyncClient, **options: object) -> IntrospectionVerifier:
        given: dict[str, object] = {"clock": lambda: self.now, "endpoint": ENDPOINT, **options}
        return IntrospectionVerifier(ISSUER, RESOURCE, "server", SECRET, http, **given)  # pyright: ignore[reportArgumentType]


async def judged(issuer: Issuer, token: str = TOKEN, **options: object) -> AgentKitError:
    async with issuer.http() as http:
        with anyio.fail_after(HANG), pytest.raises(AgentKitError) as caught:
            await issuer.verifier(http, **options).verify(token)
    for hidden in (token, SECRET):
        assert hidden not in str(caught.value) + repr(caught.value)
    return caught.value


@pytest.mark.parametrize("endpoint", [ENDPOINT, None], ids=["given", "discovered"])
async def test_an_active_token_says_the_same_as_a_jwt_would(endpoint: str | None) -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        valid = await issuer.verifier(http, endpoint=endpoint).verify(TOKEN)
    assert (valid.subject, valid.client_id, valid.issuer) == ("someone", "caller", ISSUER)
    assert (valid.audience, valid.scopes, valid.expires_at) == ((RESOURCE,), {"a", "b"}, 2_000)


async def test_the_question_carries_token_and_own_credentials_and_nothing_of_the_pool() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        await issuer.verifier(http).verify(TOKEN)
    request = issuer.requests[0]
    scheme, _, pair = request.headers["authorization"].partition(" ")
    client_id, _, secret = base64.b64decode(pair).decode().partition(":")
    assert (scheme, client_id, unquote_plus(secret)) == ("Basic", "server", SECRET)
    assert parse_qs(request.content.decode()) == {"token": [TOKEN], "token_type_hint": ["access_token"]}
    assert "x-secret" not in request.headers
    assert TOKEN not in str(request.url)


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"iss": ISSUER + "/"},
        {"aud": "https://mcp.example/other/mcp"},
        {"aud": None},
        {"aud": {"x": RESOURCE}},
        {"exp": 989},
        {"exp": "soon"},
        {"exp": 10**400},
        {"nbf": 1_100},
        {"sub": None, "client_id": None},
        {"sub": ""},
        {"token_type": "DPoP"},
        {"token_type": 5},
        {"typ": "Refresh"},
        {"typ": "ID"},
        {"cnf": {"x5t#S256": "abc"}},
    ],
    ids=lambda change: str(change)[:40],
)
async def test_a_token_that_is_not_good_here_is_refused_and_asked_about_again_only_after_a_while(
    change: dict[str, object],
) -> None:
    issuer = Issuer({name: value for name, value in (ACTIVE | change).items() if value is not None})
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        for now, asked in ((1_000.0, 1), (1_004.0, 1), (1_005.0, 2)):
            issuer.now = now
            with pytest.raises(AuthenticationError) as caught:
                await verifier.verify(TOKEN)
            assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
            assert TOKEN not in str(caught.value)
            assert len(issuer.requests) == asked


async def test_an_inactive_token_becomes_active_when_the_issuer_says_so() -> None:
    issuer = Issuer({"active": False})
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        with pytest.raises(AuthenticationError):
            await verifier.verify(TOKEN)
        issuer.answer, issuer.now = ACTIVE, 1_006.0
        assert (await verifier.verify(TOKEN)).subject == "someone"


async def test_a_valid_token_is_remembered_for_a_while_and_never_beyond_its_expiry() -> None:
    issuer = Issuer(ACTIVE | {"exp": 1_035})
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        for issuer.now, asked in ((1_000.0, 1), (1_029.0, 1), (1_030.0, 2), (1_044.0, 2)):
            await verifier.verify(TOKEN)
            assert len(issuer.requests) == asked
        issuer.now = 1_045.0
        with pytest.raises(AuthenticationError, match="expired"):
            await verifier.verify(TOKEN)
        assert TOKEN not in str(vars(verifier)) + repr(verifier)
        assert SECRET not in str(vars(verifier)) + repr(verifier)


async def test_a_revoked_token_is_refused_once_it_is_not_remembered_any_more() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        verifier = issuer.verifier(http, remember=10.0)
        await verifier.verify(TOKEN)
        issuer.answer, issuer.now = {"active": False}, 1_010.0
        with pytest.raises(AuthenticationError, match="not active"):
            await verifier.verify(TOKEN)


async def test_a_clock_that_is_set_back_makes_no_answer_last_longer() -> None:
    issuer = Issuer(ACTIVE | {"exp": 9_000})
    async with issuer.http() as http:
        verifier = issuer.verifier(http, remember=10.0)
        issuer.now = 5_000.0
        await verifier.verify(TOKEN)
        issuer.answer, issuer.now = {"active": False}, 4_000.0
        with pytest.raises(AuthenticationError, match="not active"):
            await verifier.verify(TOKEN)
        issuer.answer, issuer.now = ACTIVE | {"exp": 9_000}, 3_000.0
        assert await verifier.verify(TOKEN)


async def test_an_answer_without_expiry_subject_and_issuer_is_good_while_it_is_remembered() -> None:
    issuer = Issuer({"active": True, "client_id": "caller", "aud": [RESOURCE, "x"]})
    async with issuer.http() as http:
        valid = await issuer.verifier(http, remember=20.0).verify(TOKEN)
    assert (valid.subject, valid.client_id, valid.issuer, valid.expires_at) == ("caller", "caller", ISSUER, 1_020)


async def test_an_answer_without_audience_is_taken_only_where_that_was_asked_for() -> None:
    issuer = Issuer({name: value for name, value in ACTIVE.items() if name != "aud"})
    async with issuer.http() as http:
        assert (await issuer.verifier(http, audience_optional=True).verify(TOKEN)).audience == ()
        issuer.answer = ACTIVE | {"aud": "https://mcp.example/other/mcp"}
        with pytest.raises(AuthenticationError, match="another audience"):
            await issuer.verifier(http, audience_optional=True).verify(TOKEN)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nx: y", "ü", "\udc80", "x" * 20_000, "a=b"])
async def test_what_cannot_be_a_bearer_token_is_refused_without_a_question(token: str) -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        with pytest.raises(AuthenticationError) as caught:
            await issuer.verifier(http).verify(token)
    assert (caught.value.code, issuer.requests) == ("invalid_token", [])


def _answer(status: int, content: bytes = b"", **headers: str) -> Callable[[], object]:
    return lambda: httpx2.Response(status, content=content, headers=headers)


FAILING: dict[str, Callable[[], object]] = {
    "no connection": lambda: httpx2.ConnectError("sekret"),
    "no answer in time": lambda: httpx2.ReadTimeout("sekret"),
    "broken off": lambda: httpx2.RemoteProtocolError("sekret"),
    "HTML": _answer(200, b"<html>opaque-token-0123456789</html>"),
    "huge": _answer(200, b'{"active":true,"x":"' + b"x" * 40_000 + b'"}'),
    "compressed": _answer(200, b"\x1f\x8b", **{"content-encoding": "gzip"}),
    "deep": _answer(200, b"[" * 30_000),
    "a list": _answer(200, b"[]"),
    "no active": _answer(200, b"{}"),
    "active as text": _answer(200, b'{"active":"true"}'),
    "active as a number": _answer(200, b'{"active":1}'),
    "a redirect": _answer(302, location="https://evil.example/"),
    "a preserving redirect": _answer(307, location="https://evil.example/"),
    "own client refused": _answer(401, b'{"error":"invalid_client"}'),
    "own client forbidden": _answer(403),
    "not there": _answer(404),
    "overloaded": _answer(503),
}


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING.keys())
async def test_an_endpoint_that_cannot_say_leaves_the_token_unjudged(answer: Callable[[], object]) -> None:
    issuer = Issuer(answer())
    failure = await judged(issuer)
    assert isinstance(failure, TransportError)
    assert "sekret" not in str(failure)
    assert [str(request.url) for request in issuer.requests] == [ENDPOINT]


async def test_a_failure_is_not_remembered_and_not_served_from_an_old_answer() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        await verifier.verify(TOKEN)
        issuer.answer, issuer.now = httpx2.ConnectError("down"), 1_029.0
        await verifier.verify(TOKEN)
        issuer.now = 1_030.0
        with pytest.raises(ConnectionFailed):
            await verifier.verify(TOKEN)
        issuer.answer = ACTIVE
        await verifier.verify(TOKEN)


async def test_an_endpoint_that_never_answers_is_given_up() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        waiting = asyncio.create_task(verifier.verify(TOKEN))
        while not issuer.requests:
            await anyio.lowlevel.checkpoint()
        skip(11)
        with anyio.fail_after(HANG), pytest.raises(TransportError, match="within 10 seconds"):
            await waiting


async def test_callers_with_one_token_share_one_question_and_a_cancelled_one_leaves_it_to_the_others() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        waiting = [asyncio.create_task(verifier.verify(TOKEN)) for _ in range(20)]
        while not issuer.requests:
            await anyio.lowlevel.checkpoint()
        waiting.pop(0).cancel()
        issuer.gate.set()
        with anyio.fail_after(HANG):
            found = await asyncio.gather(*waiting)
    assert {valid.subject for valid in found} == {"someone"}
    assert len(issuer.requests) == 1


async def test_a_flood_of_tokens_is_asked_about_a_few_at_a_time_and_then_turned_away() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        waiting = [asyncio.create_task(verifier.verify(f"token-{number}")) for number in range(512)]
        while len(issuer.requests) < 16:
            await anyio.lowlevel.checkpoint()
        with pytest.raises(TransportError, match="Too many"):
            await verifier.verify(TOKEN)
        assert len(issuer.requests) == 16
        issuer.gate.set()
        with anyio.fail_after(HANG):
            await asyncio.gather(*waiting)


async def test_wrong_tokens_do_not_drive_out_what_is_known_of_a_valid_one() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
        await verifier.verify(TOKEN)
        issuer.answer = {"active": False}
        for number in range(1_200):
            with pytest.raises(AuthenticationError):
                await verifier.verify(f"wrong-{number}")
        await verifier.verify(TOKEN)
        assert len(issuer.requests) == 1_201
        with pytest.raises(AuthenticationError):
            await verifier.verify("wrong-0")
        assert len(issuer.requests) == 1_202


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": ISSUER + "/"}, "another issuer"),
        ({"introspection_endpoint": None}, "no introspection endpoint"),
        ({"introspection_endpoint": 5}, "no introspection endpoint"),
        ({"introspection_endpoint": "https://evil.example/introspect"}, "not on the origin"),
        ({"introspection_endpoint": "http://issuer.example/introspect"}, "not an https address"),
        ({"introspection_endpoint": "http://127.0.0.1/introspect"}, "not an https address"),
    ],
)
async def test_metadata_that_leads_elsewhere_gets_neither_token_nor_secret(change: dict[str, object], why: str) -> None:
    issuer = Issuer()
    issuer.metadata |= change
    failure = await judged(issuer, endpoint=None)
    assert isinstance(failure, TransportError)
    assert why in str(failure)
    assert issuer.requests == []


async def test_an_endpoint_that_moved_is_discovered_again() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        verifier = issuer.verifier(http, endpoint=None, remember=0.0)
        await verifier.verify(TOKEN)
        issuer.metadata["introspection_endpoint"] = f"{ISSUER}/v2/introspect"
        issuer.answer = httpx2.Response(404)
        with pytest.raises(TransportError):
            await verifier.verify(TOKEN)
        issuer.answer = ACTIVE
        await verifier.verify(TOKEN)
    assert str(issuer.requests[-1].url) == f"{ISSUER}/v2/introspect"


async def test_nothing_of_token_and_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (ACTIVE, {"active": False}, httpx2.ConnectError("down")):
        issuer = Issuer(answer)
        async with issuer.http() as http:
            with contextlib.suppress(AgentKitError):
                await issuer.verifier(http).verify(TOKEN)
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


async def test_a_closed_pool_is_a_typed_error() -> None:
    issuer = Issuer()
    async with issuer.http() as http:
        verifier = issuer.verifier(http)
    with pytest.raises(TransportError, match="closed"):
        await verifier.verify(TOKEN)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("", RESOURCE, "server", SECRET, ENDPOINT), ValueError),
        ((ISSUER, "", "server", SECRET, ENDPOINT), ValueError),
        ((ISSUER, RESOURCE, "", SECRET, ENDPOINT), ConfigurationError),
        ((ISSUER, RESOURCE, "server", "", ENDPOINT), ConfigurationError),
        ((ISSUER, RESOURCE, "server", SECRET, "http://issuer.example/introspect"), AuthenticationError),
        (("http://issuer.example", RESOURCE, "server", SECRET, None), AuthenticationError),
        (("issuer", RESOURCE, "server", SECRET, None), AuthenticationError),
        ((ISSUER, RESOURCE, "server", "\ud800", ENDPOINT), AuthenticationError),
    ],
)
async def test_a_verifier_without_pins_or_credentials_cannot_be_made(
    arguments: tuple[str, str, str, str, str | None], kind: type[Exception]
) -> None:
    issuer, audience, client_id, secret, endpoint = arguments
    async with httpx2.AsyncClient() as http:
        with pytest.raises(kind):
            IntrospectionVerifier(issuer, audience, client_id, secret, http, endpoint=endpoint)
