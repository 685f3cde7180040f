"""RemoteAgent at servers that lie, never end, or answer garbage: bounded, and with typed errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from agentkit.a2a.remote import RemoteLimits
from agentkit.compose import ShortState
from agentkit.errors import (
    AgentKitError,
    RemoteAgentError,
    RemoteAuthRequired,
    RemoteProtocolError,
    TaskNotFound,
    UnknownOutcome,
)
from agentkit.models import TaskState
from tests.a2a.remote.parts import (
    UNARY,
    Answer,
    agent_at,
    artifact,
    events,
    http_error,
    outcome,
    refused,
    result,
    server,
    status,
    streamed,
    task,
    turn,
)

pytestmark = pytest.mark.anyio


# --- garbage -------------------------------------------------------------------------------------------------------


async def raw(content: bytes, **headers: str) -> Response:
    return Response(content, media_type="application/json", headers=headers)


async def no_json(_call: dict[str, Any]) -> Response:
    return await raw(b"<html>Jane Doe</html>")


async def no_result(call: dict[str, Any]) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": call["id"]})


async def deep(_call: dict[str, Any]) -> Response:
    return await raw(b'{"result":' + b"[" * 5_000 + b"]" * 5_000 + b"}")


async def huge(_call: dict[str, Any]) -> Response:
    return await raw(b'{"result":"' + b"x" * 100_000 + b'"}')


async def compressed(_call: dict[str, Any]) -> Response:
    return await raw(b"\x1f\x8b", **{"Content-Encoding": "gzip"})


async def elsewhere(_call: dict[str, Any]) -> Response:
    return Response(status_code=307, headers={"Location": "https://evil.test/a2a"})


@pytest.mark.parametrize(
    "answer",
    [
        no_json,
        no_result,
        deep,
        huge,
        compressed,
        elsewhere,
        result({"task": {"id": "t"}}),
        result({"task": {"id": "", "status": {"state": "TASK_STATE_COMPLETED"}}}),
        result({"task": task("COMPLETED"), "message": {}}),
        result({"task": task("COMPLETED", task_id="x" * 600)}),
        result({"task": task("INPUT_REQUIRED") | {"status": {}}}),
        result(None),
        result([]),
    ],
    ids=lambda answer: getattr(answer, "__name__", "?"),
)
async def test_garbage_is_a_typed_error_without_content(answer: Answer) -> None:
    peer = server("SendMessage", answer, card=UNARY, ListTasks=refused(-32601))
    with pytest.raises(RemoteProtocolError) as raised:
        await events(agent_at(peer), "hello")
    assert "Jane" not in str(raised.value)
    assert "evil" not in str(raised.value)


async def test_a_refusal_is_told_by_its_word_and_never_by_its_text() -> None:
    peer = server("SendMessage", refused(-32005, "CONTENT_TYPE_NOT_SUPPORTED"), card=UNARY)
    ended = await outcome(agent_at(peer), "hello")
    assert ended.state is TaskState.FAILED
    assert "CONTENT_TYPE_NOT_SUPPORTED" in ended.text
    assert "Jane" not in ended.text


async def test_a_reason_that_nobody_documented_is_not_repeated() -> None:
    peer = server("SendMessage", refused(-32603, "JANE_DOE_HAS_A_COLD"), card=UNARY)
    with pytest.raises(RemoteAgentError) as raised:
        await events(agent_at(peer), "hello")
    assert "JANE" not in str(raised.value)


@pytest.mark.parametrize(
    "stream",
    [
        streamed({"task": task("WORKING")}, status("WORKING", task_id="other")),
        streamed({"task": task("WORKING")}, status("WORKING", context_id="other")),
        streamed({"task": task("WORKING")}, {"task": task("COMPLETED", task_id="t-2")}),
        streamed({"task": task("WORKING")}, *[status("WORKING", text=str(n)) for n in range(60)]),
        streamed({"task": task("WORKING")}, *[artifact("x" * 9_000) for _ in range(9)]),
        streamed({"task": task("WORKING")}, artifact("x" * 30_000)),
        streamed({"task": task("WORKING")}, {"statusUpdate": {"taskId": "t-1", "contextId": "c-1"}}),
    ],
    ids=["task", "context", "second task", "events", "bytes", "one event", "misfit"],
)
async def test_a_stream_about_something_else_or_without_end_is_cut_off_and_its_task_cancelled(stream: Answer) -> None:
    peer = server("SendStreamingMessage", stream, CancelTask=result(task("CANCELED")))
    with pytest.raises(RemoteProtocolError):
        await events(agent_at(peer), "hello")
    assert peer.methods()[-1] == "CancelTask"
    assert peer.asked[-1]["params"]["id"] == "t-1"


async def test_a_context_is_kept_or_refused_never_replaced() -> None:
    """A2A-CTX-02."""
    answers = [result({"task": task("COMPLETED", text="1")}), result({"task": task("COMPLETED", context_id="c-2")})]
    peer, state = server("SendMessage", *answers, card=UNARY, CancelTask=refused(-32002)), ShortState()
    agent = agent_at(peer)
    await outcome(agent, "hello", turn(state))
    with pytest.raises(RemoteProtocolError, match="another context"):
        await events(agent, "hello", turn(state))


async def test_unknown_events_and_fields_are_ignored() -> None:
    peer = server(
        "SendStreamingMessage",
        streamed({"task": task("WORKING")}, {"newsFlash": {}}, status("COMPLETED", text="done") | {"more": 1}),
    )
    assert (await outcome(agent_at(peer), "hello")).text == "done"


async def test_a_state_that_nobody_knows_is_work() -> None:
    peer = server("SendStreamingMessage", streamed({"task": task("DAYDREAMING")}, status("COMPLETED", text="done")))
    assert (await outcome(agent_at(peer), "hello")).text == "done"


async def test_metadata_of_others_cannot_steer_our_task_service() -> None:
    """Continuation and wake-up are ours; what a remote agent used is believed, and its path goes on from ours."""
    metadata = {
        "agentkit.continuation": {"agent": "x"},
        "agentkit.wake": "2030-01-01T00:00:00Z",
        "agentkit.agent": "root",
        "agentkit.usage": {"credits": 2.0},
        "theirs": 1,
    }
    peer = server("SendMessage", result({"task": task("COMPLETED", text="x", metadata=metadata)}), card=UNARY)
    ended = await outcome(agent_at(peer), "hello")
    assert ended.metadata is not None
    assert ended.continuation is None
    assert ended.wake is None
    assert ended.metadata["theirs"] == 1
    assert set(ended.metadata) == {"theirs", "agentkit.usage", "agentkit.agent"}
    assert ended.metadata["agentkit.agent"] == "peer/root"
    for path in ("", "x" * 10_000, "a\nb", 7):
        metadata["agentkit.agent"] = path
        assert "agentkit.agent" not in ((await outcome(agent_at(peer), "hello")).metadata or {})


async def test_a_plain_message_is_an_answer_too() -> None:
    message = {"messageId": "m", "role": "ROLE_AGENT", "contextId": "c-9", "parts": [{"text": "hi"}]}
    peer, state = server("SendMessage", result({"message": message}), card=UNARY), ShortState()
    agent = agent_at(peer)
    assert (await outcome(agent, "hello", turn(state))).text == "hi"
    await outcome(agent, "hello", turn(state))
    assert peer.asked[1]["params"]["message"]["contextId"] == "c-9"


async def test_results_that_are_artifacts_only_are_the_answer() -> None:
    """A2A-SEND-10: messages need not repeat them."""
    made = [{"artifactId": "r", "parts": [{"text": "Penicillin."}, {"data": {"n": 1}}]}]
    peer = server("SendMessage", result({"task": task("COMPLETED", artifacts=made)}), card=UNARY)
    ended = await outcome(agent_at(peer), "hello")
    assert ended.text == "Penicillin."
    assert len(ended.artifacts) == 1


@pytest.mark.parametrize(("word", "state"), [("REJECTED", TaskState.REJECTED), ("CANCELED", TaskState.FAILED)])
async def test_rejected_and_foreignly_canceled_tasks_fail_the_turn(word: str, state: TaskState) -> None:
    peer = server("SendMessage", result({"task": task(word)}), card=UNARY)
    ended = await outcome(agent_at(peer), "hello")
    assert ended.state is state
    assert "remote agent peer" in ended.text


async def test_a_question_without_a_task_is_no_question() -> None:
    peer = server("SendStreamingMessage", streamed(status("INPUT_REQUIRED", task_id="", text="?")))
    with pytest.raises(AgentKitError):
        await events(agent_at(peer), "hello")


async def test_a_lost_task_forgets_the_context_so_that_the_next_turn_begins_anew() -> None:
    answers = [
        result({"task": task("COMPLETED", text="1")}),
        refused(-32001, "TASK_NOT_FOUND"),
        result({"task": task("COMPLETED", context_id="c-2", text="3")}),
    ]
    peer, state = server("SendMessage", *answers, card=UNARY), ShortState()
    agent = agent_at(peer)
    await outcome(agent, "hello", turn(state))
    with pytest.raises(TaskNotFound):
        await events(agent, "hello", turn(state))
    assert (await outcome(agent, "hello", turn(state))).text == "3"
    assert "contextId" not in peer.asked[2]["params"]["message"]


async def test_an_agent_that_does_not_let_us_in_says_so() -> None:
    peer = server("SendMessage", http_error(401, www_authenticate='Bearer realm="x"'), card=UNARY)
    with pytest.raises(RemoteAuthRequired) as raised:
        await events(agent_at(peer), "hello")
    assert (raised.value.status, raised.value.challenge) == (401, 'Bearer realm="x"')


async def test_a_silent_stream_costs_its_time_and_no_more() -> None:
    hanging = anyio.Event()

    async def silent(_call: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b": alive\n\n"
            await hanging.wait()

        return StreamingResponse(body(), media_type="text/event-stream")

    peer = server("SendStreamingMessage", silent, ListTasks=refused(-32601))
    with pytest.raises(UnknownOutcome):
        await events(agent_at(peer, RemoteLimits(silence=0.05)), "hello")
    hanging.set()
