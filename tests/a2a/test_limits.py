"""How often and for how much at once a server may be asked, and that it is well afterwards."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.a2a import ApiKeyAuth, BearerAuth, Gate, Limits, Security
from agentkit.a2a.presented import Presented
from agentkit.a2a.security import refusal
from agentkit.errors import AccessRefused, SpecError, TooManyRequests
from agentkit.web.limits import REMEMBERED, Rates
from tests.a2a.desk import RpcPeer, Served, http_client, message, served_desk
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def limited(security: Security | None = None, **limits: Any) -> AsyncGenerator[tuple[Served, Gate, Clock]]:
    clock = Clock()
    gate = Gate(security, limits=Limits(**limits), clock=clock)
    async with served_desk(gate=gate) as served:
        yield served, gate, clock
    await gate.aclose()


TWO = Security(BearerAuth({"alice": "alice-token", "bob": "bob-token"}))


@pytest.mark.parametrize("path", ["/tasks", "/a2a"])
async def test_who_asks_too_often_is_told_when_to_come_back_and_nobody_else_is_touched(path: str) -> None:
    async with (
        limited(TWO, rate=0.5, burst=3) as (served, _, clock),
        http_client(served.app, "alice-token") as alice,
        http_client(served.app, "bob-token") as bob,
    ):
        method, body = (
            ("GET", None) if path == "/tasks" else ("POST", {"jsonrpc": "2.0", "id": 1, "method": "ListTasks"})
        )
        answers = [await alice.request(method, path, json=body) for _ in range(5)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
        error = answers[-1]
        assert error.headers["retry-after"] == "2"
        assert error.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert error.json()["error"]["details"][0]["reason"] == "RATE"
        assert (await bob.request(method, path, json=body)).status_code == 200
        clock.now += 2
        assert [(await alice.request(method, path, json=body)).status_code for _ in range(2)] == [200, 429]


async def test_anonymous_callers_are_told_apart_by_where_they_come_from() -> None:
    gate = Gate(limits=Limits(rate=1, burst=1), clock=Clock())
    for peer in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"):
        async with gate.enter(Presented([], b"", peer)):
            pass
    for peer in ("192.0.2.1", "::ffff:192.0.2.2", "2001:db8::ffff"):
        with pytest.raises(TooManyRequests):
            async with gate.enter(Presented([], b"", peer)):
                pytest.fail("it was let in")


async def test_behind_a_trusted_proxy_the_last_address_that_is_none_counts() -> None:
    gate = Gate(Security(trusted_proxies=["10.0.0.0/8"]), limits=Limits(rate=1, burst=1), clock=Clock())

    def hop(peer: str, forwarded: str) -> Presented:
        return Presented([(b"x-forwarded-for", forwarded.encode())], b"", peer)

    async with gate.enter(hop("10.0.0.1", "203.0.113.9, 192.0.2.1, 10.0.0.2")):
        pass
    with pytest.raises(TooManyRequests):  # what he writes himself in front changes nothing
        async with gate.enter(hop("10.0.0.1", "198.51.100.1, 192.0.2.1")):
            pytest.fail("it was let in")
    async with gate.enter(hop("10.0.0.1", "192.0.2.2")):
        pass
    async with gate.enter(hop("192.0.2.77", "192.0.2.1")):
        pass
    with pytest.raises(TooManyRequests):  # who is no proxy is himself, whatever he says
        async with gate.enter(hop("192.0.2.77", "192.0.2.55")):
            pytest.fail("it was let in")


async def test_streams_count_for_as_long_as_they_last_and_no_longer() -> None:
    async with (
        limited(TWO, concurrent=3, concurrent_per_caller=2) as (served, gate, _),
        http_client(served.app, "alice-token") as alice,
        http_client(served.app, "bob-token") as bob,
        AsyncExitStack() as stack,
    ):
        streams = [RpcPeer(alice).stream("SendStreamingMessage", message("wait")) for _ in range(2)]
        with anyio.fail_after(HANG):
            for stream in streams:
                await anext(stream)
                stack.push_async_callback(stream.aclose)
            await served.agent.started.wait()
            assert gate.open_requests == 2
            refused = await alice.get("/tasks")
            assert (refused.status_code, refused.json()["error"]["details"][0]["reason"]) == (
                429,
                "CONCURRENT_PER_CALLER",
            )
            assert (await bob.get("/tasks")).status_code == 200
            third = RpcPeer(bob).stream("SendStreamingMessage", message("wait"))
            await anext(third)
            stack.push_async_callback(third.aclose)
            busy = await bob.get("/tasks")
            assert (busy.status_code, busy.json()["error"]["details"][0]["reason"]) == (429, "CONCURRENT")
            assert int(busy.headers["retry-after"]) >= 1
            served.agent.go_on.set()
            for stream in [*streams, third]:
                async for _ in stream:
                    pass
            while gate.open_requests:
                await anyio.lowlevel.checkpoint()
            assert (await alice.get("/tasks")).status_code == 200


async def test_who_goes_away_in_the_middle_of_a_stream_is_counted_out() -> None:
    async with limited(concurrent_per_caller=1) as (served, gate, _), http_client(served.app) as http:
        stream = RpcPeer(http).stream("SendStreamingMessage", message("wait"))
        with anyio.fail_after(HANG):
            await anext(stream)
            await stream.aclose()
            while gate.open_requests:
                await anyio.lowlevel.checkpoint()
            assert (await http.get("/tasks")).status_code == 200


async def test_a_flood_of_requests_is_refused_and_the_server_is_well_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "agentkit.a2a")
    async with limited(TWO, rate=1, burst=5) as (served, gate, clock), http_client(served.app, "alice-token") as http:
        statuses: list[int] = []

        async def ask() -> None:
            statuses.append((await http.post("/message:send", json=message("Jane Doe"))).status_code)

        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                for _ in range(200):
                    group.start_soon(ask)
        assert sorted(set(statuses)) == [200, 429]
        assert statuses.count(200) == 5
        assert gate.open_requests == 0
        lines = [record.getMessage() for record in caplog.records if "not let in" in record.getMessage()]
        assert len(lines) == 1
        assert not any(word in "".join(lines) for word in ("Jane", "alice", "token"))
        clock.now += 60
        assert (await http.post("/message:send", json=message("hello"))).status_code == 200


async def test_wrong_credentials_in_a_flood_slow_down_nobody_else() -> None:
    async with limited(TWO, rate=1, burst=3) as (served, _, _), http_client(served.app) as http:
        statuses = [
            (await http.get("/tasks", headers={"Authorization": f"Bearer t-{n}"})).status_code for n in range(6)
        ]
        assert statuses == [401, 401, 401, 429, 429, 429]
        good = await http.get("/tasks", headers={"Authorization": "Bearer alice-token"})
        assert good.status_code == 200


async def test_headers_without_measure_are_refused_before_anything_reads_them() -> None:
    async with limited(TWO, header_bytes=4_096) as (served, _, _), http_client(served.app, "alice-token") as http:
        big = await http.get("/tasks", headers={"X-Padding": "x" * 5_000})
        assert (big.status_code, big.json()["error"]["details"][0]["reason"]) == (431, "HEADERS_TOO_LARGE")
        many = await http.get("/tasks", headers=[(f"X-{n}", "x") for n in range(2_000)])
        assert many.status_code == 431
        assert (await http.get("/tasks")).status_code == 200


async def test_the_public_card_needs_neither_credentials_nor_a_place_in_the_count() -> None:
    async with limited(TWO, rate=0.001, burst=1) as (served, _, _), http_client(served.app) as http:
        answers = [(await http.get("/.well-known/agent-card.json")).status_code for _ in range(5)]
    assert answers == [200] * 5


@pytest.mark.parametrize("name", ["rate", "burst", "concurrent", "concurrent_per_caller", "header_bytes"])
@pytest.mark.parametrize("value", [0, -1, float("inf")])
def test_limits_that_let_nothing_through_are_refused(name: str, value: float) -> None:
    with pytest.raises(SpecError, match=name):
        Limits(**{name: value})  # pyright: ignore[reportArgumentType]


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5), st.sampled_from([0.5, 1.0, 4.0]))
def test_in_any_stretch_of_time_no_caller_gets_more_than_burst_and_rate(
    pauses: list[float], burst: int, rate: float
) -> None:
    clock = Clock()
    rates = Rates(rate, burst, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = rates.take("a")
        if wait == 0:
            taken.append(clock.now)
        else:
            clock.now += wait
            assert rates.take("a") == 0  # what it was told is true
            taken.append(clock.now)
    for index, first in enumerate(taken):
        for count, last in enumerate(taken[index:], start=1):
            assert count <= burst + (last - first) * rate + 1e-6


def test_only_so_many_callers_are_remembered() -> None:
    rates = Rates(1, 1, Clock())
    for number in range(REMEMBERED + 10):
        assert rates.take(str(number)) == 0
    assert rates.take(str(REMEMBERED)) > 0
    assert rates.take("0") == 0


def test_a_refusal_has_one_line_for_each_challenge() -> None:
    error = AccessRefused("invalid_token", "No.", status=401, challenges=("Bearer", 'ApiKey header="X"'))
    response: Any = refusal(error)
    assert response.headers.getlist("www-authenticate") == ["Bearer", 'ApiKey header="X"']
    assert response.headers["cache-control"] == "no-store"
    later: Any = refusal(AccessRefused("temporarily_unavailable", "Later.", status=503, retry_after=5))
    assert (later.status_code, later.headers["retry-after"]) == (503, "5")


async def test_an_http_client_sees_several_challenges() -> None:
    gate = Gate(Security(BearerAuth({"a": "t"}), ApiKeyAuth({"b": "k"})))
    async with served_desk(gate=gate) as served, http_client(served.app) as http:
        answer: httpx2.Response = await http.get("/tasks")
    assert answer.headers.get_list("www-authenticate") == [
        'Bearer realm="agentkit"',
        'ApiKey realm="agentkit", header="X-API-Key"',
    ]
