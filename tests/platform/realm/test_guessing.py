"""Who guesses secrets is slowed down; nobody else is."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.errors import TooManyRequests
from agentkit.platform import create_platform
from agentkit.platform.realm.directory import CHECKS, register_clients
from agentkit.platform.settings import DEFAULT_URL
from agentkit.testing.asgi import RoutedTransport, running
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.realm.parts import CHALLENGE, TOKEN, MovableTime, hidden, open_form, send_form, settings

pytestmark = pytest.mark.anyio

GUESS = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "guess"}
RIGHT = {**GUESS, "client_secret": "local-secret"}


class From:
    """An app whose requests come from the address in a header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            sender = dict(scope["headers"]).get(b"x-from", b"192.0.2.1").decode()
            scope = {**scope, "client": (sender, 1)}
        await self._app(scope, receive, send)


async def test_an_address_that_guesses_is_told_to_wait_and_others_still_get_tokens() -> None:
    """AUTH-09."""
    async with running(create_platform(settings(clock=MovableTime()))) as app:
        transport = RoutedTransport({DEFAULT_URL: From(app)})
        async with httpx2.AsyncClient(transport=transport, base_url=DEFAULT_URL) as http:
            refused = [await http.post(TOKEN, data=GUESS) for _ in range(101)]
            assert {one.status_code for one in refused[:100]} == {401}
            last = refused[-1]
            assert last.status_code == 429
            assert int(last.headers["retry-after"]) >= 1
            assert isinstance(last.json()["error"], str)
            assert (await http.post(TOKEN, data=RIGHT)).status_code == 429
            other = await http.post(TOKEN, data=RIGHT, headers={"x-from": "192.0.2.2"})
            assert other.status_code == 200


async def test_guessing_on_the_page_is_slowed_down_too() -> None:
    async with LocalPlatform(settings(clock=MovableTime())) as platform:
        page = await open_form(platform, code_challenge=CHALLENGE, code_challenge_method="S256")
        form = hidden(page)
        for _ in range(100):
            assert (await send_form(platform, form, password="guess")).status_code == 400
        late = await send_form(platform, form, password="guess")
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) >= 1


async def test_only_so_many_secrets_wait_to_be_checked() -> None:
    """Each check keeps a core busy: a flood of them is refused before it costs anything."""
    directory = register_clients(settings())
    refused = 0

    async def guess(number: int) -> None:
        nonlocal refused
        try:
            await directory.proves_client("base", "local-client", f"guess-{number}")
        except TooManyRequests:
            refused += 1

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for number in range(CHECKS + 10):
                group.start_soon(guess, number)
    assert refused == 10
    assert await directory.proves_client("base", "local-client", "local-secret")


async def test_a_flood_of_guesses_does_not_stop_a_client_whose_secret_is_known_to_be_right() -> None:
    directory = register_clients(settings())
    assert await directory.proves_client("base", "local-client", "local-secret")

    async def guess(number: int) -> None:
        assert not await directory.proves_client("base", "local-client", f"guess-{number}")

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for number in range(CHECKS):
                group.start_soon(guess, number)
            await anyio.wait_all_tasks_blocked()
            assert await directory.proves_client("base", "local-client", "local-secret")


async def test_a_clock_that_is_set_back_keeps_nobody_out() -> None:
    """The platform goes by the wall clock, which a machine corrects when it finds that it was wrong."""
    time = MovableTime()
    async with LocalPlatform(settings(clock=time)) as platform:
        for _ in range(2):
            assert (await platform.http.post(platform.url + TOKEN, data=GUESS)).status_code == 401
        time.forward(-86_400)
        assert (await platform.http.post(platform.url + TOKEN, data=GUESS)).status_code == 429
        time.forward(1)
        assert (await platform.http.post(platform.url + TOKEN, data=RIGHT)).status_code == 200
