"""An authorization server that lies: a typed error in time, the secret to the token endpoint of the issuer only."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.types import Receive, Send

from agentkit.errors import McpAuthRequired, McpTimeout, McpUnreachable
from agentkit.mcp import BearerToken, McpClient, OAuthClientCredentials
from agentkit.oauth.discovery import Challenge
from agentkit.testing.asgi import RoutedTransport
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG, skip
from tests.mcp.doubles import Answer, Asked, Double, Modern, begin, more, reply, text_of
from tests.mcp.library import ISSUER, URL, house, oauth, token_of
from tests.mcp.library import KEYS as HOUSE_KEYS
from tests.mcp.test_hostile_answers import flood, never

pytestmark = pytest.mark.anyio

MCP, AUTH, EVIL = "https://mcp.example", "https://auth.example", "https://evil.example"
SECRET = "canary-secret-+/=8Zy"
CREDENTIALS = OAuthClientCredentials("demo", SECRET)
RESOURCE = f"{MCP}/.well-known/oauth-protected-resource/mcp"
METADATA = f"{AUTH}/.well-known/oauth-authorization-server"
TOKEN = f"{AUTH}/token"


class Town:
    """An MCP server, its authorization server and a stranger; `lies` replace their answers by address."""

    def __init__(self) -> None:
        self.lies: dict[str, Answer] = {}
        self.double = Double(self._answer)
        self.accepted: set[str] = {"token-1"}
        self.issued = 0
        self.challenge = 'Bearer error="invalid_token"'
        self.refusal = 401
        self._mcp = Modern(self._bad)

    async def _bad(self, asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, text_of(asked))

    async def _answer(self, asked: Asked, receive: Receive, send: Send) -> None:
        if lie := self.lies.get(asked.url):
            await lie(asked, receive, send)
        elif asked.url == RESOURCE:
            await reply(send, json.dumps({"resource": f"{MCP}/mcp", "authorization_servers": [AUTH]}).encode())
        elif asked.url == METADATA:
            await reply(send, json.dumps({"issuer": AUTH, "token_endpoint": TOKEN}).encode())
        elif asked.url == TOKEN:
            self.issued += 1
            body = {"access_token": f"token-{self.issued}", "expires_in": 3600, "token_type": "Bearer"}
            await reply(send, json.dumps(body).encode())
        elif asked.url == f"{MCP}/mcp":
            token = asked.headers.get("authorization", "").removeprefix("Bearer ")
            if token in self.accepted:
                await self._mcp(asked, receive, send)
            else:
                status, challenge = (self.refusal, self.challenge) if token else (401, "Bearer")
                await reply(send, b"", status=status, headers={"www-authenticate": challenge})
        else:
            await reply(send, b"", status=404)

    @asynccontextmanager
    async def client(self, credentials: OAuthClientCredentials = CREDENTIALS) -> AsyncGenerator[McpClient]:
        transport = RoutedTransport(dict.fromkeys((MCP, AUTH, EVIL), self.double), raise_app_exceptions=False)
        watch = LeakWatch({"secret": SECRET})
        with watch.logs(), watch.spans():
            async with (
                httpx2.AsyncClient(transport=transport, timeout=None) as http,
                McpClient(f"{MCP}/mcp", name="town", http=http, auth=credentials, timeout=HANG) as client,
            ):
                with anyio.fail_after(3 * HANG):
                    yield client
        assert not watch.sightings
        self.nobody_else_knows()

    def nobody_else_knows(self) -> None:
        """The secret was seen by the token endpoint of the issuer and by nobody else."""
        watch = LeakWatch({"secret": SECRET})
        for asked in self.double.asked:
            watch.look(asked.url, f"{asked.headers}{asked.body!r}")
            if asked.headers.get("authorization", "").startswith("Basic "):
                assert asked.url == TOKEN
        assert watch.places("secret") <= {TOKEN}

    def count(self, url: str) -> int:
        return sum(asked.url == url for asked in self.double.asked)


def says(body: bytes | dict[str, Any], **how: Any) -> Answer:
    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, body if isinstance(body, bytes) else json.dumps(body).encode(), **how)

    return answer


async def endless(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send)
    await flood(receive, send, b" " * 10_000)


async def dies(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send)
    await more(send, b"{")
    raise RuntimeError(SECRET)


def resource(**changes: Any) -> Answer:
    return says({"resource": f"{MCP}/mcp", "authorization_servers": [AUTH], **changes})


def issuer(**changes: Any) -> Answer:
    return says({"issuer": AUTH, "token_endpoint": TOKEN, **changes})


def token(**changes: Any) -> Answer:
    return says({"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600, **changes})


BOMB = gzip.compress(b" " * 50_000_000)
ANYWHERE: list[tuple[str, Answer]] = [
    ("HTML", says(b"<html>", kind="text/html")),
    ("a list", says(b"[]")),
    ("malformed", says(b'{"issuer":')),
    ("deep", says(b"[" * 100_000)),
    ("nothing", says(b"")),
    ("404", says(b"", status=404)),
    ("500", says(b"", status=500)),
    ("huge", endless),
    ("a bomb", says(BOMB, headers={"content-encoding": "gzip"})),
    ("a redirect here", says(b"", status=307, headers={"location": TOKEN})),
    ("a redirect there", says(b"", status=308, headers={"location": f"{EVIL}/token"})),
    ("dies", dies),
]
LIES: list[tuple[str, str, Answer]] = [
    *((f"{name} at {url}", url, lie) for url in (RESOURCE, METADATA, TOKEN) for name, lie in ANYWHERE),
    ("another resource", RESOURCE, resource(resource=f"{MCP}/other")),
    ("a foreign resource", RESOURCE, resource(resource=f"{EVIL}/mcp")),
    ("no resource", RESOURCE, resource(resource=None)),
    ("no issuer", RESOURCE, resource(authorization_servers=[])),
    ("an issuer over http", RESOURCE, resource(authorization_servers=["http://auth.example"])),
    ("an issuer of this machine", RESOURCE, resource(authorization_servers=["http://127.0.0.1:1"])),
    ("an issuer with a user", RESOURCE, resource(authorization_servers=["https://a:b@auth.example"])),
    ("an issuer that is no address", RESOURCE, resource(authorization_servers=["https://[::"])),
    ("an issuer that is a number", RESOURCE, resource(authorization_servers=7)),
    ("the wrong issuer", METADATA, issuer(issuer=EVIL)),
    ("an issuer with a path", METADATA, issuer(issuer=f"{AUTH}/x/")),
    ("a foreign token endpoint", METADATA, issuer(token_endpoint=f"{EVIL}/token")),
    ("a token endpoint over http", METADATA, issuer(token_endpoint="http://auth.example/token")),
    ("a token endpoint on another port", METADATA, issuer(token_endpoint="https://auth.example:444/token")),
    ("a token endpoint with a user", METADATA, issuer(token_endpoint="https://u@auth.example/token")),
    ("a token endpoint with a line break", METADATA, issuer(token_endpoint="https://auth.example/\n")),
    ("no token endpoint", METADATA, issuer(token_endpoint=None)),
    ("no token", TOKEN, token(access_token=None)),
    ("a number for a token", TOKEN, token(access_token=7)),
    ("an empty token", TOKEN, token(access_token="")),
    ("a token of two lines", TOKEN, token(access_token="a\r\nX-Other: b")),
    ("a token that no header takes", TOKEN, token(access_token="t\u00f6ken")),
    ("another kind of token", TOKEN, token(token_type="mac")),
    ("a refusal", TOKEN, says({"error": "invalid_client"}, status=401)),
    ("a refusal that repeats the secret", TOKEN, says({"error": SECRET, "error_description": SECRET}, status=400)),
]


@pytest.mark.parametrize(("address", "lie"), [case[1:] for case in LIES], ids=[case[0] for case in LIES])
async def test_a_lie_is_a_typed_error_and_an_honest_answer_heals_the_client(address: str, lie: Answer) -> None:
    town = Town()
    town.lies[address] = lie
    async with town.client() as client:
        with pytest.raises((McpAuthRequired, McpUnreachable)) as caught:
            await client.call_tool("good")
        assert SECRET not in f"{caught.value}{caught.value!r}{vars(caught.value)}{caught.value.__cause__}"
        assert town.count(f"{EVIL}/token") == 0
        town.lies.clear()
        assert (await client.call_tool("good")).text == "fine"


CHALLENGES = {
    "metadata elsewhere": f'Bearer resource_metadata="{EVIL}/x"',
    "metadata that are not there": f'Bearer resource_metadata="{MCP}/nothing"',
    "no address": 'Bearer resource_metadata="https://["',
}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=list(CHALLENGES))
async def test_a_challenge_that_leads_astray_is_forgotten_with_its_call(challenge: str) -> None:
    town = Town()
    town.lies[f"{MCP}/mcp"] = says(b"", status=401, headers={"www-authenticate": challenge})
    async with town.client() as client:
        with pytest.raises(McpAuthRequired):
            await client.call_tool("good")
        town.lies.clear()
        assert (await client.call_tool("good")).text == "fine"


@pytest.mark.parametrize("piece", ["a", "a ", "a=", 'a="', 'a="\\"', '"', "a\t\t", "\\"])
def test_a_challenge_without_end_is_read_in_a_moment(piece: str) -> None:
    """A header may have 100 kB; with a look at each place from each place this took half a minute, on the loop."""
    assert Challenge.parse("Bearer " + piece * (100_000 // len(piece))).resource_metadata is None
    assert Challenge.parse('Bearer error="invalid_token", scope = "a b" ,resource_metadata=x') == Challenge(
        "x", "a b", "invalid_token"
    )


@pytest.mark.parametrize("configured", [None, AUTH, f"{AUTH}/"])
@pytest.mark.parametrize(("named", "says_itself"), [(f"{AUTH}/", AUTH), (AUTH, f"{AUTH}/"), (f"{AUTH}/", f"{AUTH}/")])
async def test_the_slash_of_an_empty_path_makes_no_other_issuer(
    configured: str | None, named: str, says_itself: str
) -> None:
    town = Town()
    town.lies = {RESOURCE: resource(authorization_servers=[named]), METADATA: issuer(issuer=says_itself)}
    async with town.client(OAuthClientCredentials("demo", SECRET, issuer=configured)) as client:
        assert (await client.call_tool("good")).text == "fine"


@pytest.mark.parametrize("address", [RESOURCE, METADATA, TOKEN])
async def test_a_silent_authorization_server_ends_with_the_time_limit(address: str) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def silent(asked: Asked, receive: Receive, send: Send) -> None:
        await begin(send)
        await more(send, b"{")
        begun.set()
        await never(asked, receive, send)
        gone.set()

    town = Town()
    town.lies[address] = silent
    async with town.client() as client:
        call = asyncio.create_task(client.call_tool("good"))
        await begun.wait()
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        skip(HANG)
        with pytest.raises(McpTimeout):
            await call
        await gone.wait()
        town.lies.clear()
        assert (await client.call_tool("good")).text == "fine"


@pytest.mark.parametrize("expires_in", [0, -5, 1, "soon", "1", None, 1e300, True, [1]], ids=str)
async def test_a_token_with_a_strange_lifetime_is_used_and_nothing_loops(expires_in: Any) -> None:
    town = Town()
    town.lies[TOKEN] = token(expires_in=expires_in)
    async with town.client() as client:
        for _ in range(3):
            assert (await client.call_tool("good")).text == "fine"
    assert town.count(TOKEN) <= town.count(f"{MCP}/mcp")


async def test_a_server_that_refuses_every_token_is_asked_a_bounded_number_of_times() -> None:
    town = Town()
    town.accepted = set()
    async with town.client() as client:
        for _ in range(3):
            with pytest.raises(McpAuthRequired) as caught:
                await client.call_tool("good")
            assert (caught.value.status, caught.value.challenge) == (401, 'Bearer error="invalid_token"')
        assert town.count(TOKEN) <= 6
        assert town.count(f"{MCP}/mcp") <= 6
        town.accepted = {f"token-{number}" for number in range(20)}
        assert (await client.call_tool("good")).text == "fine"


async def test_a_missing_scope_that_the_challenge_names_is_asked_for_once() -> None:
    town = Town()
    town.accepted, town.refusal = {"token-2"}, 403
    town.challenge = 'Bearer error="insufficient_scope", scope="loans.write"'
    async with town.client() as client:
        assert (await client.call_tool("good")).text == "fine"
        assert town.count(TOKEN) == 2
        scopes = [asked.body for asked in town.double.asked if asked.url == TOKEN]
        assert [b"loans.write" in scope for scope in scopes] == [False, True]


@pytest.mark.parametrize("scope", ["loans.write", "", "a b c"])
async def test_a_server_that_always_wants_more_scope_is_not_run_after(scope: str) -> None:
    town = Town()
    town.accepted, town.refusal = set(), 403
    async with town.client() as client:
        for turn in range(4):
            town.challenge = f'Bearer error="insufficient_scope", scope="{scope}{turn if scope else ""}"'
            with pytest.raises(McpAuthRequired) as caught:
                await client.call_tool("good")
            assert caught.value.status == 403
    assert town.count(TOKEN) <= 5
    assert town.count(f"{MCP}/mcp") <= 9


async def test_a_configured_scope_is_never_widened() -> None:
    town = Town()
    town.accepted, town.refusal = set(), 403
    town.challenge = 'Bearer error="insufficient_scope", scope="admin"'
    async with town.client(OAuthClientCredentials("demo", SECRET, scope="loans.read")) as client:
        with pytest.raises(McpAuthRequired):
            await client.call_tool("good")
    assert not any(b"admin" in asked.body for asked in town.double.asked)


async def test_a_wider_scope_that_is_refused_is_not_asked_for_again_by_the_next_call() -> None:
    town = Town()
    async with town.client() as client:
        await client.list_tools()
        town.accepted, town.refusal = {"token-2", "token-3"}, 403
        town.challenge = 'Bearer error="insufficient_scope", scope="admin"'
        town.lies[TOKEN] = says({"error": "invalid_scope"}, status=400)
        with pytest.raises(McpAuthRequired, match="invalid_scope"):
            await client.call_tool("good")
        town.lies.clear()
        assert (await client.call_tool("good")).text == "fine"
    last = [asked.body for asked in town.double.asked if asked.url == TOKEN][-1]
    assert b"admin" not in last


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (lambda: token_of(HOUSE_KEYS, lifetime=-60), 401),
        (lambda: token_of(HOUSE_KEYS, audience="https://other.example/mcp"), 401),
        (lambda: token_of(HOUSE_KEYS, issuer="https://other.example"), 401),
        (lambda: token_of(HOUSE_KEYS, scope="other.read"), 403),
        (lambda: token_of(HOUSE_KEYS)[:-4] + "AAAA", 401),
        (lambda: "no.jwt.atall", 401),
    ],
    ids=["expired", "foreign audience", "foreign issuer", "wrong scope", "forged", "no JWT"],
)
async def test_a_token_that_is_not_valid_here_is_a_refusal_with_its_challenge(wrong: Any, status: int) -> None:
    async with house(oauth()) as home:
        async with home.client(BearerToken(wrong())) as client:
            with anyio.fail_after(HANG), pytest.raises(McpAuthRequired) as caught:
                await client.call_tool("whoami")
        assert caught.value.status == status
        assert "resource_metadata" in str(caught.value.challenge)
        async with home.client(BearerToken(token_of(HOUSE_KEYS, URL, issuer=ISSUER))) as client:
            assert (await client.call_tool("whoami")).text
