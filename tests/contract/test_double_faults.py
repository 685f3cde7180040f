"""What the double can spoil on the way: answers, connections, streams."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest

from tests.contract.corti_double import Answer, CortiDouble, Drop, Gate, Shape, Turn, html, redirect, too_many
from tests.contract.serving import calling, served, served_in_thread

pytestmark = pytest.mark.anyio


def message(message_id: str = "m") -> dict[str, Any]:
    parts = [{"kind": "text", "text": "Grüße"}]
    return {"message": {"kind": "message", "role": "user", "messageId": message_id, "parts": parts}}


async def send(client: httpx2.AsyncClient, agent: str) -> httpx2.Response:
    return await client.post(f"/agents/{agent}/v1/message:send", json=message())


async def streamed(client: httpx2.AsyncClient, agent: str) -> bytes:
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": message()}
    async with client.stream("POST", f"/agents/{agent}/v1", json=body) as answer:
        return b"".join([chunk async for chunk in answer.aiter_raw()])


def states(raw: bytes) -> list[str]:
    lines = raw.decode().splitlines()
    return [json.loads(line[6:])["result"]["status"]["state"] for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("fault", "status", "media_type", "content"),
    [
        (html(), 502, "text/html", b"<html>"),
        (Answer(200), 200, None, b""),
        (Answer(200, "no json"), 200, "text/plain; charset=utf-8", b"no json"),
        (Answer(200, {"unexpected": []}), 200, "application/json", b'{"unexpected": []}'),
        (Answer(200, b"{", {"Content-Type": "application/json"}), 200, "application/json", b"{"),
        (too_many(7), 429, "application/json", b"{"),
    ],
)
async def test_one_call_is_answered_with_exactly_the_fault(
    fault: Answer, status: int, media_type: str | None, content: bytes
) -> None:
    double = CortiDouble()
    agent = double.add_agent()
    double.inject(fault)
    async with calling(double) as client:
        spoilt, sound = await send(client, agent), await send(client, agent)
    assert (spoilt.status_code, spoilt.headers.get("content-type")) == (status, media_type)
    assert spoilt.content.startswith(content)
    assert sound.status_code == 200
    assert double.executed["m"] == 1
    assert len(double.calls) == 2


@pytest.mark.parametrize("after", ["7", "Sat, 21 Nov 2026 14:00:00 GMT"])
async def test_a_rate_limit_says_when_to_come_back(after: str) -> None:
    """CLI-07."""
    double = CortiDouble()
    double.inject(too_many(after, x_ratelimit_reset="1795269600"))
    async with calling(double) as client:
        answer = await client.get("/agents")
    assert answer.headers["retry-after"] == after
    assert answer.headers["x-ratelimit-reset"] == "1795269600"


async def test_faults_are_met_in_their_order_by_the_calls_they_are_meant_for() -> None:
    double = CortiDouble()
    double.inject(html(503), redirect("http://127.0.0.1:1/agents"))
    double.inject(Answer(500), on="POST */token", times=2)
    double.inject(Answer(418), on="GET /agents/registry/*", times=None)
    async with calling(double) as client:
        registry = [(await client.get("/agents/registry/experts")).status_code for _ in range(2)]
        others = [(await client.get("/agents")).status_code for _ in range(3)]
        logins = [(await client.post("/base/protocol/openid-connect/token")).status_code for _ in range(3)]
    assert registry == [503, 307]
    assert others == [200, 200, 200]
    assert logins == [500, 500, 400]


@pytest.mark.parametrize(("when", "executed"), [("before", 0), ("after", 1)])
async def test_a_fault_comes_before_or_after_the_work(when: Any, executed: int) -> None:
    """CLI-10."""
    double = CortiDouble()
    agent = double.add_agent()
    double.inject(html(500, when=when), Drop(when))
    async with calling(double) as client:
        assert (await send(client, agent)).status_code == 500
        assert double.executed["m"] == executed
        with pytest.raises(httpx2.RemoteProtocolError):
            await send(client, agent)
        assert (await send(client, agent)).json()["task"]["status"]["state"] == "completed"
    assert double.executed["m"] == 1


@pytest.mark.parametrize("inside", [False, True])
async def test_a_stream_is_cut_at_once_while_the_turn_goes_on(inside: bool) -> None:
    double = CortiDouble()
    agent, gate = double.add_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    double.inject(Shape(cut_after=2, cut_inside=inside))
    async with calling(double) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await streamed(client, agent)
        gate.open()
        await double.finish()
        assert states(await streamed(client, agent)) == ["submitted", "working", "completed"]
    assert double.executed["m"] == 1
    assert (double.streams, double.open_streams) == (2, 0)


@pytest.mark.parametrize("fault", [Shape(cut_after=1), Shape(cut_after=0), Shape(cut_after=1, cut_inside=True)])
async def test_a_cut_is_a_broken_connection_on_a_socket_too(fault: Shape) -> None:
    double = CortiDouble()
    agent = double.add_agent()
    double.inject(fault)
    headers = {"Authorization": f"Bearer {double.token()}", "Tenant-Name": "base"}
    with anyio.fail_after(60):
        async with served(double) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await streamed(client, agent)


async def test_a_stream_may_end_too_early_without_an_error() -> None:
    double = CortiDouble()
    agent = double.add_agent()
    double.inject(Shape(end_after=2))
    async with calling(double) as client:
        assert states(await streamed(client, agent)) == ["submitted", "working"]


async def test_a_stream_is_written_in_every_shape_that_the_format_allows() -> None:
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers("Grüße")
    double.inject(
        Shape(crlf=True),
        Shape(chunk_size=3),
        Shape(comments=True, keep_alives=2, event_names=True, ids=True),
        Shape(many_lines=True),
        Shape(bare=True),
        Shape(without_final=True),
        Shape(garbage_after=1),
    )
    async with calling(double) as client:
        crlf, torn, chatty, spread, bare, endless, garbled = [await streamed(client, agent) for _ in range(7)]
        plain = await streamed(client, agent)
    assert torn == plain
    assert crlf == plain.replace(b"\n", b"\r\n")
    assert bare == plain.replace(b"data: ", b"data:")
    frames = chatty.decode().split("\n\n")
    assert frames[0].splitlines()[:3] == [": event 1", "event: message", "id: 1"]
    assert frames[1:3] == [": still here", ": still here"]
    assert all(line.startswith("data: ") for line in spread.decode().splitlines() if line)
    assert len(spread.splitlines()) > len(plain.splitlines())
    assert b'"final"' in plain
    assert b'"final"' not in endless
    assert b'data: {"half\n\n' in garbled
    assert double.executed["m"] == 1


def test_a_test_without_event_loop_holds_and_releases_a_turn() -> None:
    double = CortiDouble()
    agent, gate = double.add_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    headers = {"Authorization": f"Bearer {double.token()}", "Tenant-Name": "base"}
    with served_in_thread(double) as url, httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        body = {**message(), "configuration": {"blocking": False}}
        task = client.post(f"/agents/{agent}/v1/message:send", json=body).json()["task"]
        gate.reached_from_thread()
        gate.open()
        again = client.post(f"/agents/{agent}/v1/message:send", json=message()).json()["task"]
    assert (task["id"], task["status"]["state"]) == (again["id"], "submitted")
    assert again["status"]["state"] == "completed"


async def test_a_state_that_nobody_knows_ends_the_turn() -> None:
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("So", "surprising"))
    async with calling(double) as client:
        assert (await send(client, agent)).json()["task"]["status"]["state"] == "surprising"
