"""`Corti` is the twin of `AsyncCorti`: the same surface, the same requests, and safe to share between threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from agentkit.client import Corti
from agentkit.client.auth import BlockingTokenCache
from agentkit.credentials import Token
from agentkit.errors import AuthenticationError, ConnectionFailed, RequestTimeout, UnauthorizedError
from agentkit.oauth import IssuedToken
from agentkit.specs import AgentChanges, AgentSpec
from tests.client.conftest import URL, Clock
from tests.client.connecting import ConnectBlocking
from tests.contract.corti_double import Answer, CortiDouble
from tests.deadline import HANG


def test_every_method_sends_what_its_twin_sends(connect_blocking: ConnectBlocking, double: CortiDouble) -> None:
    with connect_blocking() as corti:
        agent = corti.agents.create(AgentSpec(name="visit-helper", description="b"))
        corti.agents.list(limit=2).all()
        corti.agents.get(agent.id)
        corti.agents.update(agent.id, AgentChanges(description="c"))
        corti.agents.card(agent.id)
        corti.experts.list(limit=1).all()
        reply = agent.send("hi", credentials=[Token("ehr", "t-1")], data=[{"a": 1}])
        assert reply.task is not None
        task, context = reply.task.id, reply.task.context_id
        agent.task(task)
        agent.context(context)
        agent.delete_context(context)
        agent.card()
        corti.agents.delete(agent.id)
    root = f"/agents/{agent.id}"
    assert double.targets == [
        "POST /agents",
        "GET /agents?limit=2&offset=0",
        "GET /agents?limit=1&offset=1",
        f"GET {root}",
        f"PATCH {root}",
        f"GET {root}/agent-card.json",
        "GET /agents/registry/experts?limit=1&offset=0",
        f"POST {root}/v1/message:send",
        f"GET {root}/v1/tasks/{task}",
        f"GET {root}/v1/contexts/{context}",
        f"DELETE {root}/v1/contexts/{context}",
        f"GET {root}/agent-card.json",
        f"DELETE {root}",
    ]
    assert len(double.token_calls) == 1
    assert {call.headers["tenant-name"] for call in double.calls} == {"base"}
    assert double.messages[0]["parts"][2]["data"] == {"type": "token", "mcp_name": "ehr", "token": "t-1"}
    assert agent.info.id == agent.id
    assert (reply.text, agent.name, repr(agent)) == (
        "Penicillin.",
        "visit-helper",
        f"AgentHandle(id={agent.id!r}, generation='v1')",
    )


def test_retries_and_errors_are_those_of_the_twin(
    connect_blocking: ConnectBlocking, double: CortiDouble, clock: Clock, agent_id: str
) -> None:
    with connect_blocking() as corti:
        double.inject(Answer(503, headers={"Retry-After": "2"}))
        corti.agents.get(agent_id)
        double.inject(Answer(401, {"code": "no"}))
        with pytest.raises(UnauthorizedError):
            corti.agents.get(agent_id)
    assert clock.pauses == [2.0]
    assert len(double.token_calls) == 1


def test_a_wrong_secret_is_refused_with_unauthorized_client(connect_blocking: ConnectBlocking, agent_id: str) -> None:
    with connect_blocking(client_secret="wrong-secret") as corti, pytest.raises(AuthenticationError) as caught:
        corti.agents.get(agent_id)
    assert caught.value.code == "unauthorized_client"


def test_threads_share_one_client_and_one_token_request(
    connect_blocking: ConnectBlocking, double: CortiDouble, agent_id: str
) -> None:
    start = threading.Barrier(8, timeout=HANG)
    with connect_blocking() as corti, ThreadPoolExecutor(8) as pool:

        def use(_number: int) -> str:
            start.wait()
            return corti.agents.get(agent_id).send("hi").text

        assert set(pool.map(use, range(8), timeout=HANG)) == {"Penicillin."}
    assert len(double.token_calls) == 1
    assert len(double.calls) == 16


def test_a_failed_fetch_reaches_all_who_waited_and_is_tried_again() -> None:
    fetching, release = threading.Event(), threading.Event()
    outcomes: list[object] = [ConnectionFailed("down"), IssuedToken("fresh", 300.0)]
    calls: list[object] = []

    def fetch() -> IssuedToken:
        outcome = outcomes.pop(0)
        calls.append(outcome)
        fetching.set()
        assert release.wait(HANG)
        if isinstance(outcome, IssuedToken):
            return outcome
        raise ConnectionFailed("down")

    cache = BlockingTokenCache(fetch, early=120.0)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get)
        assert fetching.wait(HANG)
        second = pool.submit(cache.get)
        release.set()
        assert isinstance(first.exception(HANG), ConnectionFailed)
        error = second.exception(HANG)
    # The second either waited for the failed fetch or came after it.
    assert isinstance(error, ConnectionFailed) or second.result() == "fresh"
    if error is not None:
        assert cache.get() == "fresh"
    assert len(calls) == 2
    assert "fresh" not in repr(cache)


def test_an_interrupted_fetch_leaves_others_an_error_they_can_handle() -> None:
    def fetch() -> IssuedToken:
        raise KeyboardInterrupt

    cache = BlockingTokenCache(fetch, early=120.0)
    with pytest.raises(KeyboardInterrupt):
        cache.get()
    with pytest.raises(KeyboardInterrupt):
        cache.get()


def test_a_token_without_a_lifetime_is_kept_and_a_short_one_is_not(clock: Clock) -> None:
    issued = [IssuedToken("short", 120.0), IssuedToken("long", 121.0), IssuedToken("endless", None)]
    cache = BlockingTokenCache(lambda: issued.pop(0), early=120.0, clock=clock)
    assert cache.get() == "short"
    assert [cache.get(), cache.get()] == ["long", "long"]
    clock.now += 1
    assert cache.get() == "endless"
    clock.now += 1_000_000
    assert cache.get() == "endless"


def test_a_dripping_answer_runs_into_the_time_limit(clock: Clock) -> None:
    class Drip(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.now += 1
                yield b" "

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=Drip())

    corti = Corti(base_url=URL, token="t", transport=httpx2.MockTransport(answer), clock=clock, timeout=5)
    with corti, pytest.raises(RequestTimeout):
        corti.agents.get("any")


def test_a_closed_client_says_so(connect_blocking: ConnectBlocking, agent_id: str) -> None:
    with connect_blocking() as corti:
        agent = corti.agents.get(agent_id)
    with pytest.raises(ConnectionFailed, match="closed"):
        agent.send("hi")
    corti.close()


def test_a_call_that_rests_while_its_client_is_closed_sends_nothing_more(
    connect_blocking: ConnectBlocking, double: CortiDouble, agent_id: str
) -> None:
    def sleep(_seconds: float) -> None:
        corti.close()

    corti = connect_blocking(sleep=sleep)
    double.inject(Answer(503))
    with pytest.raises(ConnectionFailed, match="closed"):
        corti.agents.get(agent_id)
    assert len(double.calls) == 1


def test_a_token_that_was_dropped_is_fetched_again() -> None:
    issued = [IssuedToken("first", 300.0), IssuedToken("second", 300.0)]
    cache = BlockingTokenCache(lambda: issued.pop(0), early=120.0)
    assert cache.get() == "first"
    cache.forget()
    assert "empty" in repr(cache)
    assert cache.get() == "second"
