"""The token cache: one fetch at a time, early renewal, and no secret in sight (CLI-01, CLI-02, MCP-OAU-01, -03)."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import anyio
import anyio.lowlevel
import pytest

from agentkit.errors import AuthenticationError, ConnectionFailed, WireError
from agentkit.oauth import IssuedToken, TokenCache
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Endpoint:
    """A token endpoint that answers when it is let."""

    def __init__(self, expires_in: float | None = 300.0) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.expires_in = expires_in
        self.failure: Exception | None = None

    async def __call__(self) -> IssuedToken:
        self.calls += 1
        number = self.calls
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return IssuedToken(f"token-{number}", self.expires_in)


async def test_callers_that_come_together_share_one_fetch() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    cache = TokenCache(endpoint, early=30)
    waiting = [asyncio.create_task(cache.get()) for _ in range(20)]
    await anyio.lowlevel.checkpoint()
    endpoint.gate.set()
    with anyio.fail_after(HANG):
        tokens = await asyncio.gather(*waiting)
    assert set(tokens) == {"token-1"}
    assert endpoint.calls == 1


async def test_a_token_is_renewed_early_and_not_before() -> None:
    clock, endpoint = Clock(), Endpoint(expires_in=300)
    cache = TokenCache(endpoint, early=120, clock=clock)
    assert await cache.get() == "token-1"
    clock.now += 179
    assert await cache.get() == "token-1"
    clock.now += 1
    assert await cache.get() == "token-2"


async def test_a_token_that_lives_shorter_than_the_margin_is_fetched_for_every_call() -> None:
    endpoint = Endpoint(expires_in=120)
    cache = TokenCache(endpoint, early=120, clock=Clock())
    assert [await cache.get(), await cache.get()] == ["token-1", "token-2"]


async def test_a_token_without_a_lifetime_stays_until_it_is_forgotten() -> None:
    clock, endpoint = Clock(), Endpoint(expires_in=None)
    cache = TokenCache(endpoint, early=30, clock=clock)
    await cache.get()
    clock.now += 1e9
    assert await cache.get() == "token-1"
    assert cache.forget("another") is False
    assert cache.forget("token-1") is True
    assert await cache.get() == "token-2"


async def test_a_cancelled_caller_leaves_the_fetch_to_the_others() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    cache = TokenCache(endpoint, early=30)
    first, second = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
    await anyio.lowlevel.checkpoint()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    endpoint.gate.set()
    with anyio.fail_after(HANG):
        assert await second == "token-1"
    assert endpoint.calls == 1


async def test_a_failed_fetch_reaches_every_waiter_and_is_tried_again_by_the_next_caller() -> None:
    endpoint = Endpoint()
    endpoint.failure = AuthenticationError("invalid_client", "no")
    cache = TokenCache(endpoint, early=30)
    outcomes = await asyncio.gather(cache.get(), cache.get(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [AuthenticationError, AuthenticationError]
    endpoint.failure = None
    assert await cache.get() == "token-2"


async def test_a_fetch_that_fails_after_everybody_left_is_not_reported_as_lost() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    endpoint.failure = AuthenticationError("invalid_client", "no")
    cache = TokenCache(endpoint, early=30)
    waiter = asyncio.create_task(cache.get())
    await anyio.lowlevel.checkpoint()
    waiter.cancel()
    endpoint.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    with anyio.fail_after(HANG):
        await cache.aclose()


async def test_closing_stops_a_fetch_and_tells_who_waited() -> None:
    """Nobody cancelled the waiter: a `CancelledError` would end its task group without a word."""
    endpoint = Endpoint()
    endpoint.gate.clear()
    cache = TokenCache(endpoint, early=30)
    waiter = asyncio.create_task(cache.get())
    await anyio.lowlevel.checkpoint()
    with anyio.fail_after(HANG):
        await cache.aclose()
        with pytest.raises(ConnectionFailed, match="closed"):
            await waiter


async def test_a_waiter_that_is_cancelled_while_the_cache_closes_is_cancelled() -> None:
    endpoint = Endpoint()
    endpoint.gate.clear()
    cache = TokenCache(endpoint, early=30)
    waiter = asyncio.create_task(cache.get())
    await anyio.lowlevel.checkpoint()
    with anyio.fail_after(HANG):
        closing = asyncio.create_task(cache.aclose())
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await closing


def test_a_token_answer_is_read_and_shows_nothing_of_itself() -> None:
    body: dict[str, object] = {
        "access_token": "sekret",
        "token_type": "bearer",
        "expires_in": "300",
        "scope": "openid",
        "refresh_token": "sekret-too",
        "refresh_expires_in": 0,
    }
    token = IssuedToken.decode(body)
    assert (token.access_token, token.expires_in, token.scope, token.refresh_expires_in) == ("sekret", 300, "openid", 0)
    assert "sekret" not in f"{token!r}{token!s}"


@pytest.mark.parametrize("lifetime", [10**400, "1e999", float("nan"), "soon", True, [300]], ids=range(6))
def test_a_lifetime_that_is_none_is_unknown(lifetime: object) -> None:
    assert IssuedToken.decode({"access_token": "t", "expires_in": lifetime}).expires_in is None


NO_ANSWERS: list[object] = [
    None,
    [],
    "token",
    {},
    {"access_token": ""},
    {"access_token": 7},
    {"access_token": "a\nb"},
    {"access_token": "s\u00e9kret"},
    {"access_token": "sekret", "token_type": "mac"},
    {"access_token": "sekret", "token_type": 1},
]


@pytest.mark.parametrize("body", NO_ANSWERS)
def test_what_is_no_bearer_token_answer_is_refused_without_its_content(body: object) -> None:
    with pytest.raises(WireError) as caught:
        IssuedToken.decode(body)
    assert "sekret" not in str(caught.value)


def test_a_cache_says_whether_it_holds_a_token_not_which() -> None:
    assert repr(TokenCache(Endpoint(), early=1)) == "TokenCache(empty)"


def test_the_cache_loads_neither_a_jwt_library_nor_a_web_framework() -> None:
    heavy = ("jwt", "starlette", "httpx2", "mcp")
    program = f"import sys; from agentkit.oauth import TokenCache; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
