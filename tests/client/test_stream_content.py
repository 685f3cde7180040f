"""How a stream is written, and what comes in place of one (V1-RPC-02, V2-SSE-01, V1-ERR-05)."""

from __future__ import annotations

import json

import httpx2
import pytest

from agentkit.client import AsyncCorti, http
from agentkit.errors import InternalServerError, WireError
from agentkit.models import Task
from tests.client.talking import (
    SIDES,
    STREAMS,
    V1,
    V2_RPC,
    Side,
    heard,
    story,
    talking_to,
)
from tests.contract.corti_double import (
    Answer,
    CortiDouble,
    Report,
    Shape,
    Turn,
    Usage,
    html,
    in_pieces,
)

pytestmark = pytest.mark.anyio
sides = pytest.mark.parametrize("side", SIDES, ids=str)

TURN = Turn(
    "Penicillin, 1 g täglich.\u2028Done",
    steps=[Report("Reading.\nStill."), *in_pieces("a-1", "Peni", "cillin")],
    usage=Usage(3, 4, 0.5),
)


@sides
@pytest.mark.parametrize(
    "shape",
    [
        Shape(comments=True),
        Shape(keep_alives=3),
        Shape(crlf=True),
        Shape(crlf=True, chunk_size=1),
        Shape(chunk_size=1),
        Shape(chunk_size=13, many_lines=True),
        Shape(many_lines=True, crlf=True),
        Shape(event_names=True),
        Shape(bare=True),
        Shape(without_final=True),
        Shape(ids=True),
        Shape(ids=False, comments=True, keep_alives=1, many_lines=True, bare=True, crlf=True, chunk_size=3),
    ],
    ids=repr,
)
async def test_a_stream_may_be_written_in_any_way_the_format_allows(side: Side, shape: Shape) -> None:
    double = CortiDouble()
    double.agent_answers(TURN)
    double.inject(shape, on=STREAMS[side])
    async with talking_to(double, side) as agent:
        events = await heard(agent.stream("Any allergies?"))
    assert len(events) == 6
    assert story(events).words == ("Reading.\nStill.", TURN.text)
    assert double.streams == 1


@sides
@pytest.mark.parametrize("answer", [html(200, "Welcome"), Answer(200, b""), Answer(200, b"[]"), Answer(200, b"{}")])
async def test_what_is_no_stream_is_unreadable(side: Side, answer: Answer) -> None:
    double = CortiDouble()
    double.inject(answer, on=STREAMS[side])
    async with talking_to(double, side) as agent:
        with pytest.raises(WireError):
            await heard(agent.stream("Any allergies?"))


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
async def test_a_json_document_in_place_of_a_stream_is_an_error(side: Side) -> None:
    """V1-ERR-05."""
    error = {"code": -32603, "message": "no", "data": [{"reason": "INTERNAL_ERROR", "domain": "a2a-protocol.org"}]}
    double = CortiDouble()
    double.inject(Answer(200, {"jsonrpc": "2.0", "id": "1", "error": error}), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        with pytest.raises(InternalServerError) as caught:
            await heard(agent.stream("Any allergies?"))
    assert (caught.value.code, caught.value.reason) == ("-32603", "INTERNAL_ERROR")


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
async def test_a_json_task_in_place_of_a_stream_is_the_answer(side: Side) -> None:
    task = {
        "kind": "task",
        "id": "t",
        "contextId": "c",
        "status": {"state": "completed" if side is V1 else "TASK_STATE_COMPLETED"},
    }
    document = {"jsonrpc": "2.0", "id": "1", "result": task if side is V1 else {"task": task}}
    double = CortiDouble()
    double.inject(Answer(200, document), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        (event,) = await heard(agent.stream("Any allergies?"))
    assert isinstance(event, Task)


def _frame(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _v1(result: object) -> bytes:
    return _frame({"jsonrpc": "2.0", "id": "1", "result": result})


TASK = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "submitted"}}
DONE = {"kind": "status-update", "taskId": "t", "contextId": "c", "status": {"state": "completed"}, "final": True}


async def _events_of(*chunks: bytes) -> list[object]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={"type": "reference", "name": "n"})
        headers = {"content-type": "Text/Event-Stream; charset=utf-8"}
        return httpx2.Response(200, headers=headers, content=b"".join(chunks))

    corti = AsyncCorti(base_url="http://127.0.0.1:8700", token="t-1234", transport=httpx2.MockTransport(answer))
    async with corti:
        return [event async for event in (await corti.agents.get("a")).stream("hi")]


async def test_events_of_kinds_nobody_knows_are_passed_over() -> None:
    """SDKC-06."""
    events = await _events_of(_v1(TASK), _v1({"kind": "weather-update", "taskId": "t"}), _v1(DONE))
    assert len(events) == 2


async def test_a_json_error_frame_is_a_typed_error() -> None:
    error = _frame({"jsonrpc": "2.0", "id": "1", "error": {"code": -32603, "message": "boom"}})
    with pytest.raises(InternalServerError, match="boom"):
        await _events_of(_v1(TASK), error)


@pytest.mark.parametrize(
    "frame",
    [
        b"data: \xff\xfe\n\n",
        b"data: {}\n\n",
        b"data: []\n\n",
        b"data: 7\n\n",
        b"data: nope\n\n",
        b'data: {"jsonrpc":"2.0","id":"1","result":{"kind":"task"}}\n\n',
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
    ids=lambda frame: repr(frame[:40]),
)
async def test_an_unreadable_event_is_a_wire_error(frame: bytes) -> None:
    with pytest.raises(WireError):
        await _events_of(_v1(TASK), frame)


async def test_an_event_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 1000)
    with pytest.raises(WireError, match="larger"):
        await _events_of(_v1(TASK), b"data: " + b"x" * 2000 + b"\n\n", _v1(DONE))


async def test_other_lines_of_the_format_are_passed_over() -> None:
    noise = b"\xef\xbb\xbfretry: 100\nid: 7\nevent: ping\n\n:\n\nfield-nobody-knows: x\n\ndata\n\n"
    assert len(await _events_of(noise, _v1(TASK), noise[3:], _v1(DONE))) == 2
