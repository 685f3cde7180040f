from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from agentkit.client import AsyncCorti, Corti
from agentkit.client.grants import Grant
from agentkit.testing.asgi import ASGITransport
from tests.client.connecting import Connect, ConnectBlocking
from tests.contract.corti_double import CortiDouble
from tests.contract.on_platform import OnDouble, Server, on_platform

URL = "http://127.0.0.1:8700"
CREDENTIALS: dict[str, Any] = {"client_id": "local-client", "client_secret": "local-secret"}


class Clock:
    """Time that stands still until a test, or a pause of the client, moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.rest(seconds)

    def rest(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class BlockingASGITransport(httpx2.BaseTransport):
    """Calls the double from any thread."""

    def __init__(self, portal: BlockingPortal, double: CortiDouble) -> None:
        self._portal = portal
        self._transport = ASGITransport(double.app)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        status, headers, body = self._portal.call(self._exchange, request, request.read())
        return httpx2.Response(status, headers=headers, content=body)

    async def _exchange(self, request: httpx2.Request, content: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        sent = httpx2.Request(request.method, request.url, headers=request.headers, content=content)
        response = await self._transport.handle_async_request(sent)
        return response.status_code, response.headers.multi_items(), await response.aread()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def double() -> CortiDouble:
    return CortiDouble()


@pytest.fixture(params=["double", "platform"])
async def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Server]:
    """Whom a client talks to where a rule concerns both: the double, then the platform."""
    if request.param == "double":
        yield OnDouble()
        return
    # Hashing a client secret is made to be slow, and every test starts a platform.
    monkeypatch.setattr("agentkit.oauth.secrets._COST", 2**4)
    async with on_platform() as running:
        yield running


@pytest.fixture
def agent_id(double: CortiDouble) -> str:
    """An agent of v1."""
    return double.add_agent()


@pytest.fixture
def enter(double: CortiDouble, clock: Clock) -> Connect:
    """Make an asynchronous client of the double that has no credentials but those it is given."""

    def make(auth: Grant | None = None, **settings: Any) -> AsyncCorti:
        given: dict[str, Any] = {
            "base_url": URL,
            "transport": ASGITransport(double.app),
            "sleep": clock.sleep,
            "clock": clock,
        }
        return AsyncCorti(auth=auth, **given | settings)

    return make


@pytest.fixture
def connect(enter: Connect) -> Connect:
    """Make an asynchronous client of the double."""

    def make(**settings: Any) -> AsyncCorti:
        return enter(**settings if "token" in settings else CREDENTIALS | settings)

    return make


@pytest.fixture
def blocking_transport(double: CortiDouble) -> Iterator[BlockingASGITransport]:
    with start_blocking_portal() as portal:
        yield BlockingASGITransport(portal, double)


@pytest.fixture
def enter_blocking(blocking_transport: BlockingASGITransport, clock: Clock) -> ConnectBlocking:
    """Make a blocking client of the double that has no credentials but those it is given."""

    def make(auth: Grant | None = None, **settings: Any) -> Corti:
        given: dict[str, Any] = {
            "base_url": URL,
            "transport": blocking_transport,
            "sleep": clock.rest,
            "clock": clock,
        }
        return Corti(auth=auth, **given | settings)

    return make


@pytest.fixture
def connect_blocking(enter_blocking: ConnectBlocking) -> ConnectBlocking:
    """Make a blocking client of the double."""

    def make(**settings: Any) -> Corti:
        return enter_blocking(**CREDENTIALS | settings)

    return make
