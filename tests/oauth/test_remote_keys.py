"""Key sets by address: cached, fetched again for an unknown key, and never in a storm (MCP-AUTH-04)."""

from __future__ import annotations

import asyncio
import json

import anyio
import httpx2
import pytest

from agentkit.errors import AuthenticationError
from agentkit.oauth import JwtVerifier, RemoteKeys, SigningKeys, TokenIssuer
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "https://issuer.example/jwks"


class Server:
    def __init__(self) -> None:
        self.keys = SigningKeys()
        self.calls = 0
        self.status = 200
        self.content: bytes | None = None

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        if self.content is not None:
            return httpx2.Response(self.status, content=self.content)
        return httpx2.Response(self.status, json=self.keys.jwks())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_set_is_fetched_once_and_again_after_its_time() -> None:
    server, clock = Server(), Clock()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as http:
        keys = RemoteKeys(URL, http, clock=clock)
        found = await asyncio.gather(*(keys.find(server.keys.key_id) for _ in range(10)))
        assert all(found)
        assert server.calls == 1
        clock.now += 301
        assert await keys.find(server.keys.key_id)
        await anyio.wait_all_tasks_blocked()
        assert server.calls == 2


async def test_unknown_keys_are_looked_for_a_few_times_and_then_once_in_ten_seconds() -> None:
    server, clock = Server(), Clock()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as http:
        keys = RemoteKeys(URL, http, clock=clock)
        assert await keys.find(server.keys.key_id)
        for number in range(50):
            assert await keys.find(f"unknown-{number}") is None
        assert server.calls == 3
        server.keys = SigningKeys()
        clock.now += 9
        assert await keys.find(server.keys.key_id) is None
        clock.now += 1
        assert await keys.find(server.keys.key_id)
        assert server.calls == 4


async def test_a_rotation_is_seen_at_once() -> None:
    server, clock = Server(), Clock()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as http:
        keys = RemoteKeys(URL, http, clock=clock)
        for _ in range(2):
            server.keys.rotate()
            assert await keys.find(server.keys.key_id)


@pytest.mark.parametrize(
    ("status", "content"), [(500, b"{}"), (302, b"{}"), (200, b"no json"), (200, b"[]"), (200, b" " * 300_000)]
)
async def test_known_keys_stay_for_a_day_when_the_address_fails(status: int, content: bytes) -> None:
    server, clock = Server(), Clock()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(server)) as http:
        keys = RemoteKeys(URL, http, clock=clock)
        key_id = server.keys.key_id
        assert await keys.find(key_id)
        server.status, server.content = status, content
        clock.now += 3600
        assert await keys.find(key_id)
        await anyio.wait_all_tasks_blocked()
        assert not keys.answers
        clock.now += 86_400
        assert await keys.find(key_id) is None
        assert server.calls == 3


async def test_known_keys_are_used_while_the_address_is_slow_and_unknown_ones_wait_for_it() -> None:
    server, clock, gate = Server(), Clock(), asyncio.Event()
    gate.set()

    async def slow(request: httpx2.Request) -> httpx2.Response:
        await gate.wait()
        return await server(request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(slow)) as http:
        keys = RemoteKeys(URL, http, clock=clock)
        before = server.keys.key_id
        assert await keys.find(before)
        gate.clear()
        server.keys = SigningKeys()
        clock.now += 301
        with anyio.fail_after(HANG):
            assert await keys.find(before)
            assert keys.answers
            waiting = asyncio.create_task(keys.find(server.keys.key_id))
            await anyio.wait_all_tasks_blocked()
            assert not waiting.done()
            gate.set()
            assert await waiting
        assert server.calls == 2
        assert await keys.find(before) is None


ISSUER = "https://issuer.example/auth"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, True),
        ({"jwks_uri": "https://keys.example/jwks"}, True),
        ({"jwks_uri": None}, False),
        ({"jwks_uri": "http://keys.example/jwks"}, False),
        ({"jwks_uri": "http://127.0.0.1/jwks"}, False),
        ({"jwks_uri": "https://keys.example/\ud800"}, False),
        ({"jwks_uri": "https://keys\ud800.example/"}, False),
        ({"jwks_uri": "https://keys.example/\x00"}, False),
        ({"jwks_uri": "https://keys.example:99999/"}, False),
        ({"issuer": "https://issuer.example"}, False),
    ],
)
async def test_keys_are_found_where_the_metadata_of_the_issuer_says(change: dict[str, object], found: bool) -> None:
    server = Server()
    metadata = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/jwks"} | change

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if ".well-known/oauth-authorization-server/auth" in str(request.url):
            return httpx2.Response(200, content=json.dumps(metadata).encode())
        return await server(request)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        keys = RemoteKeys.of_issuer(ISSUER, http)
        assert (await keys.find(server.keys.key_id) is not None) is found
        assert keys.answers is found
        assert server.calls == found
        with pytest.raises(AuthenticationError):
            RemoteKeys.of_issuer("http://issuer.example", http)


async def test_a_token_is_refused_while_no_key_is_known() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("down")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(refuse)) as http:
        verifier = JwtVerifier("https://issuer.example", "res", RemoteKeys(URL, http))
        token = TokenIssuer("https://issuer.example", SigningKeys()).issue("c", "res")
        with anyio.fail_after(HANG), pytest.raises(AuthenticationError, match="key is unknown"):
            await verifier.verify(token)


async def test_a_key_set_on_plain_http_elsewhere_is_refused() -> None:
    async with httpx2.AsyncClient() as http:
        for url in ("http://issuer.example/jwks", "https://user:pw@issuer.example/jwks", "ftp://127.0.0.1/"):
            with pytest.raises(AuthenticationError, match="not an https address"):
                RemoteKeys(url, http)
