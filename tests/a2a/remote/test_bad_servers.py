"""RemoteAgent at servers that lose connections, lie, never end, or answer garbage: bounded, and with typed errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote import RemoteAgent, RemoteLimits, remote_agent
from agentkit.compose import ShortState
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    RemoteAgentError,
    RemoteAuthRequired,
    RemoteProtocolError,
    RemoteUnreachable,
    RequestTimeout,
    TaskNotFound,
    UnknownOutcome,
)
from agentkit.models import ArtifactUpdate, TaskState
from tests.a2a.remote.parts import (
    URL,
    Answer,
    HandMade,
    artifact,
    events,
    http_error,
    made_card,
    no_sleep,
    outcome,
    pool,
    refused,
    result,
    status,
    streamed,
    task,
    turn,
)

pytestmark = pytest.mark.anyio

UNARY = {"capabilities": {"streaming": False}}
IDEMPOTENT = {"capabilities": {"streaming": False, "extensions": [{"uri": IDEMPOTENT_SEND_EXTENSION}]}}
LIMITS = RemoteLimits(silence=30.0, answer=20_000, stream=60_000, events=50, tries=3)


def agent_at(server: HandMade, limits: RemoteLimits = LIMITS) -> RemoteAgent:
    connections = httpx2.AsyncClient(transport=_Raising(server))
    return remote_agent(URL, name="peer", http=connections, limits=limits, sleep=no_sleep)


class _Raising(httpx2.AsyncBaseTransport):
    """An app whose broken streams break the connection, and whose answers may be no connection at all."""

    def __init__(self, server: HandMade) -> None:
        self._inner = pool(server.app)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._inner.send(request, stream=True)


def server(method: str, *answers: Answer, card: dict[str, Any] | None = None, **others: Answer) -> HandMade:
    return HandMade({method: list(answers)} | {name: [one] for name, one in others.items()}, made_card(**(card or {})))


async def lost(_call: dict[str, Any]) -> Response:
    raise httpx2.ReadError("the connection broke")


async def unreached(_call: dict[str, Any]) -> Response:
    raise httpx2.ConnectError("nobody listens")


async def late(_call: dict[str, Any]) -> Response:
    raise httpx2.ReadTimeout("too late")


# --- lost connections (A2A-CLI-02) ---------------------------------------------------------------------------------


async def test_after_a_lost_stream_the_task_is_looked_at_and_subscribed_to() -> None:
    """Nothing is sent twice, and what came before comes up once."""
    peer = HandMade(
        {
            "SendStreamingMessage": [streamed({"task": task("WORKING")}, artifact("Peni"), broken=True)],
            "GetTask": [result(task("WORKING", artifacts=[{"artifactId": "r-1", "parts": [{"text": "Peni"}]}]))],
            "SubscribeToTask": [
                streamed(
                    {"task": task("WORKING", artifacts=[{"artifactId": "r-1", "parts": [{"text": "Peni"}]}])},
                    artifact("cillin.", append=True),
                    status("COMPLETED", text="done"),
                )
            ],
        }
    )
    came = await events(agent_at(peer), "hello")
    chunks = [(event.artifact.text, event.append) for event in came if isinstance(event, ArtifactUpdate)]
    assert chunks == [("Peni", False), ("cillin.", True)]
    assert peer.methods() == ["SendStreamingMessage", "GetTask", "SubscribeToTask"]


async def test_what_was_missed_meanwhile_comes_up_whole() -> None:
    done = task("COMPLETED", text="done", artifacts=[{"artifactId": "r-1", "parts": [{"text": "Penicillin."}]}])
    peer = server(
        "SendStreamingMessage",
        streamed({"task": task("WORKING")}, artifact("Peni"), broken=True),
        GetTask=result(done),
    )
    ended = await outcome(agent_at(peer), "hello")
    assert (ended.text, [one.text for one in ended.artifacts]) == ("done", ["Penicillin."])


async def test_a_stream_that_ends_early_is_followed_by_looking_where_subscribing_is_refused() -> None:
    peer = HandMade(
        {
            "SendStreamingMessage": [streamed({"task": task("WORKING")})],
            "GetTask": [result(task("WORKING")), result(task("WORKING")), result(task("COMPLETED", text="done"))],
            "SubscribeToTask": [refused(-32004, "UNSUPPORTED_OPERATION")],
        }
    )
    assert (await outcome(agent_at(peer), "hello")).text == "done"
    assert peer.methods().count("SubscribeToTask") == 1


async def test_a_send_that_comes_back_early_is_polled_to_its_end() -> None:
    peer = HandMade(
        {
            "SendMessage": [result({"task": task("SUBMITTED")})],
            "GetTask": [result(task("WORKING")), lost, http_error(503), result(task("COMPLETED", text="done"))],
        },
        made_card(**UNARY),
    )
    assert (await outcome(agent_at(peer), "hello")).text == "done"


async def test_looking_at_a_task_is_given_up_after_some_tries_in_a_row() -> None:
    peer = server("SendMessage", result({"task": task("SUBMITTED")}), card=UNARY, GetTask=lost)
    with pytest.raises(ConnectionFailed):
        await events(agent_at(peer), "hello")
    assert peer.methods().count("GetTask") == LIMITS.tries


async def test_a_task_that_never_says_anything_new_is_given_up_and_cancelled() -> None:
    peer = server(
        "SendMessage",
        result({"task": task("SUBMITTED")}),
        card=UNARY,
        GetTask=result(task("WORKING")),
        CancelTask=result(task("CANCELED")),
    )
    with pytest.raises(RequestTimeout, match="nothing new"):
        await events(agent_at(peer, RemoteLimits(silence=0.05)), "hello")
    assert peer.methods()[-1] == "CancelTask"


async def test_a_task_that_is_not_known_any_more_fails_the_turn() -> None:
    peer = server(
        "SendMessage", result({"task": task("SUBMITTED")}), card=UNARY, GetTask=refused(-32001, "TASK_NOT_FOUND")
    )
    with pytest.raises(RemoteAgentError, match="does not know its task"):
        await events(agent_at(peer), "hello")


# --- sends that may have arrived -----------------------------------------------------------------------------------


async def test_what_reached_nobody_is_sent_again_with_the_same_id() -> None:
    peer = server("SendMessage", unreached, unreached, result({"task": task("COMPLETED", text="done")}), card=UNARY)
    assert (await outcome(agent_at(peer), "hello")).text == "done"
    assert len({call["params"]["message"]["messageId"] for call in peer.asked}) == 1


async def test_what_nobody_listens_to_fails_after_some_tries() -> None:
    peer = server("SendMessage", unreached, card=UNARY)
    with pytest.raises(RemoteUnreachable):
        await events(agent_at(peer), "hello")
    assert len(peer.asked) == LIMITS.tries


@pytest.mark.parametrize("trouble", [lost, late])
async def test_what_may_have_arrived_is_looked_for_and_not_sent_again(trouble: Answer) -> None:
    sent: list[dict[str, Any]] = []

    async def listed(call: dict[str, Any]) -> Response:
        history = [peer.asked[0]["params"]["message"]]
        sent.append(call["params"])
        page = {"tasks": [task("COMPLETED", text="done", history=history)], "nextPageToken": ""}
        return await result(page)(call)

    peer = server("SendMessage", trouble, card=UNARY, ListTasks=listed)
    assert (await outcome(agent_at(peer), "hello")).text == "done"
    assert peer.methods() == ["SendMessage", "ListTasks"]


@pytest.mark.parametrize("listing", [result({"tasks": [], "nextPageToken": ""}), refused(-32601), lost])
async def test_what_cannot_be_found_ends_in_an_unknown_outcome(listing: Answer) -> None:
    peer = server("SendMessage", lost, card=UNARY, ListTasks=listing)
    with pytest.raises(UnknownOutcome):
        await events(agent_at(peer), "hello")
    assert peer.methods().count("SendMessage") == 1


async def test_an_agent_that_knows_repetitions_is_sent_to_again() -> None:
    peer = server(
        "SendMessage", lost, http_error(502), result({"task": task("COMPLETED", text="done")}), card=IDEMPOTENT
    )
    assert (await outcome(agent_at(peer), "hello")).text == "done"
    assert len({str(call["params"]) for call in peer.asked}) == 1


async def test_a_busy_agent_is_asked_again_when_it_wants_to_be() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    peer = server(
        "SendMessage", http_error(429, retry_after="7"), result({"task": task("COMPLETED", text="done")}), card=UNARY
    )
    agent = remote_agent(URL, name="peer", http=httpx2.AsyncClient(transport=_Raising(peer)), sleep=sleep)
    assert (await outcome(agent, "hello")).text == "done"
    assert waited == [7.0]


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
    """Continuation, wake-up and path are ours; what a remote agent used is believed."""
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
    assert set(ended.metadata) == {"theirs", "agentkit.usage"}


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
