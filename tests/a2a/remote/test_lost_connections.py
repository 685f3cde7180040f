"""RemoteAgent at servers that lose connections: followed up, sent again, or explicitly unknown (A2A-CLI-02)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.responses import Response

from agentkit.a2a.remote import RemoteLimits, remote_agent
from agentkit.errors import (
    ConnectionFailed,
    RemoteAgentError,
    RemoteUnreachable,
    RequestTimeout,
    UnknownOutcome,
)
from agentkit.models import ArtifactUpdate
from tests.a2a.remote.parts import (
    IDEMPOTENT,
    LIMITS,
    UNARY,
    URL,
    Answer,
    HandMade,
    Raising,
    agent_at,
    artifact,
    events,
    http_error,
    late,
    lost,
    made_card,
    outcome,
    refused,
    result,
    server,
    status,
    streamed,
    task,
    unreached,
)

pytestmark = pytest.mark.anyio


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


async def test_an_agent_that_starts_anew_is_waited_for_while_its_task_is_at_work() -> None:
    """Its task is durable perhaps; four tries take three seconds, and no server is back by then."""
    down: list[Answer] = [unreached] * 12
    back = result(task("COMPLETED", text="done"))
    peer = server("SendMessage", result({"task": task("WORKING")}), card=UNARY)
    peer.answers["GetTask"] = [*down, back]
    assert (await outcome(agent_at(peer, RemoteLimits(tries=3)), "hello")).text == "done"


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
    """A2A-LIST-04: a list shows no artifacts, the task itself does."""

    async def listed(call: dict[str, Any]) -> Response:
        history = [peer.asked[0]["params"]["message"]]
        page = {"tasks": [task("COMPLETED", text="done", history=history)], "nextPageToken": ""}
        return await result(page)(call)

    made = [{"artifactId": "r-1", "parts": [{"text": "made"}]}]
    whole = result(task("COMPLETED", text="done", artifacts=made))
    peer = server("SendMessage", trouble, card=UNARY, ListTasks=listed, GetTask=whole)
    ended = await outcome(agent_at(peer), "hello")
    assert (ended.text, [artifact.text for artifact in ended.artifacts]) == ("done", ["made"])
    assert peer.methods() == ["SendMessage", "ListTasks", "GetTask"]


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
    agent = remote_agent(URL, name="peer", http=httpx2.AsyncClient(transport=Raising(peer)), sleep=sleep)
    assert (await outcome(agent, "hello")).text == "done"
    assert waited == [7.0]
