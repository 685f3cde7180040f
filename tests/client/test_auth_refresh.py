"""The `refresh` callback wins over every grant, is asked once at a time, and tells nothing (CLI-02, CLI-03)."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import traceback
from collections.abc import Awaitable, Callable

import anyio
import pytest

from agentkit.client import AccessToken, AsyncCorti, ClientCredentialsGrant, NoAuth, PasswordGrant, RefreshTokenGrant
from agentkit.client.grants import Grant
from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.oauth import IssuedToken
from tests.client.conftest import Clock
from tests.client.connecting import Connect, grants, use
from tests.contract.corti_double import Answer, CortiDouble
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

SECRET = "canary-0123456789"


class Backend:
    """The caller's own way to tokens."""

    def __init__(self, double: CortiDouble) -> None:
        self.double = double
        self.asked: list[str | None] = []
        self.lifetime: float | None = 300.0
        self.refresh_token: str | None = None

    async def __call__(self, refresh_token: str | None) -> IssuedToken:
        self.asked.append(refresh_token)
        await anyio.lowlevel.checkpoint()
        return IssuedToken(self.double.token(), self.lifetime, refresh_token=self.refresh_token)


@pytest.fixture
def backend(double: CortiDouble) -> Backend:
    return Backend(double)


@pytest.mark.parametrize(
    ("grant", "first"),
    [
        (None, None),
        (ClientCredentialsGrant("local-client", "local-secret"), None),
        (RefreshTokenGrant("local-client", "r-0"), "r-0"),
    ],
)
async def test_the_callback_brings_every_token_and_is_given_the_refresh_token_held(
    enter: Connect, double: CortiDouble, clock: Clock, backend: Backend, grant: Grant | None, first: str | None
) -> None:
    async with enter(grant, refresh=backend) as corti:
        await use(corti, double)
        clock.now += 179
        await use(corti, double)
        assert backend.asked == [first]
        backend.refresh_token = "r-1"
        for _ in range(2):
            clock.now += 180
            await use(corti, double)
    assert backend.asked == [first, first, "r-1"]
    assert not double.token_calls


async def test_a_callback_that_names_no_lifetime_is_asked_once(
    enter: Connect, double: CortiDouble, clock: Clock, backend: Backend
) -> None:
    backend.lifetime = None
    async with enter(refresh=backend) as corti:
        for _ in range(2):
            await use(corti, double)
            clock.now += 1_000_000
    assert backend.asked == [None]


async def test_a_short_token_of_the_callback_is_asked_for_at_every_call(
    enter: Connect, double: CortiDouble, backend: Backend
) -> None:
    """CLI-01."""
    backend.lifetime = 120.0
    async with enter(refresh=backend) as corti:
        for _ in range(3):
            await use(corti, double)
    assert len(backend.asked) == 3


async def test_concurrent_callers_ask_the_callback_once(enter: Connect, double: CortiDouble, backend: Backend) -> None:
    """CLI-02."""
    with anyio.fail_after(HANG):
        async with enter(refresh=backend) as corti, anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(use, corti, double)
    assert backend.asked == [None]


def jwt(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("claims", "calls"),
    [({"exp": time.time() + 100}, 2), ({"exp": time.time() + 10_000}, 1), ({"exp": "soon"}, 0), ({"exp": 1e400}, 0)],
)
async def test_a_given_token_is_used_until_shortly_before_its_claimed_end(
    enter: Connect, double: CortiDouble, clock: Clock, backend: Backend, claims: dict[str, object], calls: int
) -> None:
    token = jwt(**claims)
    double.inject(Answer(200, {"id": "a", "name": "n", "description": "d"}), times=None)
    backend.lifetime = 9_000.0
    async with enter(AccessToken(token), refresh=backend) as corti:
        for _ in range(2):
            await use(corti, double)
            clock.now += 9_900
    assert len(backend.asked) == calls


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), AuthenticationError("x", SECRET)])
async def test_what_the_callback_raises_is_told_without_its_text(
    enter: Connect, double: CortiDouble, backend: Backend, error: Exception
) -> None:
    async def refresh(refresh_token: str | None) -> IssuedToken:
        raise error

    async with enter(refresh=refresh) as corti:
        with pytest.raises(AuthenticationError, match=f"raised {type(error).__name__}") as caught:
            await use(corti, double)
    assert caught.value.code == "refresh_failed"
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + str(vars(caught.value))


async def test_a_callback_that_failed_is_asked_again_by_the_next_call(
    enter: Connect, double: CortiDouble, backend: Backend
) -> None:
    failures = [OSError()]

    async def refresh(refresh_token: str | None) -> IssuedToken:
        if failures:
            raise failures.pop()
        return await backend(refresh_token)

    async with enter(refresh=refresh) as corti:
        with pytest.raises(AuthenticationError):
            await use(corti, double)
        await use(corti, double)


@pytest.mark.parametrize("wrong", [None, "a token", IssuedToken(""), IssuedToken("a\r\nX: y"), IssuedToken("Bearer a")])
async def test_a_callback_that_brings_no_token_is_told_what_to_bring(
    enter: Connect, double: CortiDouble, wrong: IssuedToken
) -> None:
    async def refresh(refresh_token: str | None) -> IssuedToken:
        return wrong

    async with enter(refresh=refresh) as corti:
        with pytest.raises(AuthenticationError, match="IssuedToken"):
            await use(corti, double)
    assert not double.calls


async def test_a_cancelled_caller_leaves_the_callback_to_the_others(
    enter: Connect, double: CortiDouble, backend: Backend
) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def refresh(refresh_token: str | None) -> IssuedToken:
        asked.set()
        await release.wait()
        return await backend(refresh_token)

    with anyio.fail_after(HANG):
        async with enter(refresh=refresh) as corti:
            first = asyncio.create_task(use(corti, double))
            await asked.wait()
            second = asyncio.create_task(use(corti, double))
            first.cancel()
            await asyncio.wait([first])
            release.set()
            await second
    assert first.cancelled()
    assert len(backend.asked) == 1


async def use_in_a_task(corti: AsyncCorti, double: CortiDouble) -> None:
    await asyncio.gather(use(corti, double))


@pytest.mark.parametrize("using", [use, use_in_a_task])
async def test_a_callback_that_uses_its_own_client_does_not_wait_for_itself(
    enter: Connect, double: CortiDouble, backend: Backend, using: Callable[..., Awaitable[object]]
) -> None:
    told: list[str] = []

    async def refresh(refresh_token: str | None) -> IssuedToken:
        with pytest.raises(ConfigurationError) as caught:
            await using(corti, double)
        told.append(str(caught.value))
        return await backend(refresh_token)

    with anyio.fail_after(HANG):
        async with enter(refresh=refresh) as corti:
            await use(corti, double)
    assert "another client" in told[0]


def test_a_callback_needs_no_credentials_but_a_place(enter: Callable[..., object], backend: Backend) -> None:
    with pytest.raises(ConfigurationError, match="CORTI_ENVIRONMENT"):
        enter(base_url=None, refresh=backend)
    with pytest.raises(ConfigurationError, match="NoAuth"):
        enter(NoAuth(), refresh=backend)


async def test_a_sign_in_is_kept_and_gone_on_with_by_its_refresh_token(double: CortiDouble, enter: Connect) -> None:
    """AUTH-05: what the client holds last is what the next one starts with."""
    async with enter(PasswordGrant("local-client", "jane", "jane-password")) as corti:
        assert corti.refresh_token is None
        await use(corti, double)
        kept = corti.refresh_token
    assert kept
    async with enter(RefreshTokenGrant("local-client", kept)) as corti:
        assert corti.refresh_token == kept
        await use(corti, double)
    assert grants(double) == ["password", "refresh_token"]
