"""HTTP to one remote agent: what comes instead of an answer, and what is never sent."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx2
import pytest

from agentkit.a2a.remote.authorization import StaticAuthorizer
from agentkit.a2a.remote.bindings import Call
from agentkit.a2a.remote.http import PeerHttp, Received
from agentkit.errors import RemoteProtocolError, RemoteUnreachable
from agentkit.models import Json
from tests.a2a.remote.parts import LIMITS, URL
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

Handler = Callable[[httpx2.Request], httpx2.Response]


def call(url: str = URL) -> Call:
    return Call("POST", url, "application/json", {"n": 1})


def peer(handler: Handler, *, direct: bool = False) -> tuple[PeerHttp, httpx2.AsyncClient]:
    transport = httpx2.MockTransport(handler)
    pool = httpx2.AsyncClient(transport=transport)
    return PeerHttp("peer", pool, StaticAuthorizer(None), LIMITS, connections=transport if direct else None), pool


def events(text: str) -> Handler:
    return lambda _request: httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"})


async def streamed(http: PeerHttp) -> list[Json] | Received:
    with anyio.fail_after(HANG):
        async with http.stream(call(), {}, None) as answer:
            return answer if isinstance(answer, Received) else [event async for event in answer]


async def test_a_stream_that_is_refused_gives_the_whole_answer() -> None:
    http, _ = peer(lambda _request: httpx2.Response(404, json={"code": 5}))
    answer = await streamed(http)
    assert isinstance(answer, Received)
    assert (answer.status, answer.document) == (404, {"code": 5})


@pytest.mark.parametrize("direct", [False, True])
async def test_events_without_data_are_passed_over(direct: bool) -> None:
    http, _ = peer(events('data: {"n": 1}\n\nevent: ping\ndata:\n\ndata: {"n": 2}\n\n'), direct=direct)
    assert await streamed(http) == [{"n": 1}, {"n": 2}]


async def test_nothing_is_sent_through_closed_connections() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={})

    http, pool = peer(answer, direct=True)
    assert (await http.ask(call(), {}, None)).document == {}
    await pool.aclose()
    with pytest.raises(RemoteUnreachable, match="closed"):
        await http.ask(call(), {}, None)
    assert len(asked) == 1


async def test_an_address_that_is_none_is_the_fault_of_the_card() -> None:
    http, _ = peer(lambda _request: httpx2.Response(200, json={}))
    with pytest.raises(RemoteProtocolError, match="names an address that is none"):
        await http.ask(call("https://a.test:port/"), {}, None)
