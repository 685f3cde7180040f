"""Repeats, haste and slowness: one run per message, streams that stay open and bounded, turns that outlive a caller."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.web.bounds import Bounds
from tests.deadline import HANG
from tests.platform.turns.parts import UNKNOWN, House, house, rpc, v1_send, v2_send

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_message_sent_several_times_at_once_is_done_once(home: House, generation: str) -> None:
    """CLI-10, CLI-05, V1-SEND-08: a client that retries too early finds the turn it began."""
    body = (v1_send if generation == "v1" else v2_send)("wait", message_id="once")
    url = f"{home.v1 if generation == 'v1' else home.v2}/message:send"
    found: list[Any] = []

    async def send() -> None:
        found.append((await home.call("POST", url, body)).json()["task"])

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(send)
            await home.reasoner.waiting.wait()
            home.reasoner.go.set()
    assert home.reasoner.seen == ["wait"]
    assert all(task == found[0] for task in found)
    assert len(found) == 5


async def test_the_same_message_through_the_other_generation_leads_to_the_same_task(home: House) -> None:
    """CLI-10: the key is agent, context and `messageId`."""
    first = (await home.call("POST", f"{home.v1}/message:send", v1_send("hello", message_id="once"))).json()["task"]
    again = (await home.call("POST", f"{home.v2}/message:send", v2_send("hello", message_id="once"))).json()["task"]
    assert again["id"] == f"task.{first['id']}"
    assert home.reasoner.seen == ["hello"]


@pytest.mark.parametrize("named_first", [True, False])
async def test_an_answer_sent_again_is_known_whether_or_not_it_names_the_context(
    home: House, named_first: bool
) -> None:
    """CLI-10: (agent, context, `messageId`); the context is the task's, also where only the task is named."""
    asked = (await home.call("POST", f"{home.v1}/message:send", v1_send("ask"))).json()["task"]
    task, context = {"taskId": asked["id"]}, {"contextId": asked["contextId"]}
    first, again = ({**task, **context}, task) if named_first else (task, {**task, **context})
    answered = await home.call("POST", f"{home.v1}/message:send", v1_send("this", message_id="m", **first))
    repeated = await home.call("POST", f"{home.v2}/message:send", v2_send("this", message_id="m", **again))
    assert (answered.status_code, repeated.status_code) == (200, 200), repeated.text
    assert repeated.json()["task"]["id"] == f"task.{asked['id']}"
    assert home.reasoner.seen == ["ask", "this"]
    other = await home.call("POST", f"{home.v1}/message:send", v1_send("that", message_id="m", **again))
    assert (other.status_code, other.json()["code"]) == (409, "message_conflict")


async def test_a_message_id_may_come_again_in_another_context(home: House) -> None:
    """CLI-10: a client that numbers the messages of each conversation from one."""
    contexts = [(await home.call("POST", f"{home.v2}/message:send", v2_send(text))).json()["task"] for text in "ab"]
    tasks = [
        (await home.call("POST", f"{home.v2}/message:send", v2_send("x", message_id="1", contextId=one["contextId"])))
        for one in contexts
    ]
    assert len({task.json()["task"]["id"] for task in tasks}) == 2


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_turn_goes_on_when_who_waits_for_it_goes_away(home: House, generation: str) -> None:
    """CLI-08: a timeout of the client is not the end of the work."""
    body = (v1_send if generation == "v1" else v2_send)("wait", message_id="once")
    url = f"{home.v1 if generation == 'v1' else home.v2}/message:send"
    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(home.call, "POST", url, body)
            await home.reasoner.waiting.wait()
            group.cancel_scope.cancel()
        home.reasoner.go.set()
        task = (await home.call("POST", url, body)).json()["task"]
    assert task["status"]["state"] in {"completed", "TASK_STATE_COMPLETED"}
    assert home.reasoner.seen == ["wait"]


@pytest.mark.parametrize("address", ["v1", "v2", "v2/message:stream"])
async def test_a_silent_stream_says_that_it_lives(address: str) -> None:
    """SDKC-07: by comments, which official clients skip."""
    limits = PlatformLimits(bounds=Bounds(ping_seconds=0.01))
    with anyio.fail_after(HANG):
        async with house(PlatformSettings(limits=limits)) as home:
            body: Any = v1_send("wait") if address == "v1" else v2_send("wait")
            if "/" not in address:
                body = rpc("message/stream" if address == "v1" else "SendStreamingMessage", body)
            url = {"v1": home.v1, "v2": home.v2}.get(address, f"{home.v2}/message:stream")
            async with home.http.stream("POST", url, json=body, headers=home.headers) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith(":"):
                        assert "data:" not in line
                        break
            home.reasoner.go.set()


@pytest.mark.parametrize("path", ["tasks", "contexts"])
async def test_what_belongs_to_another_owner_is_not_there_in_v1(home: House, path: str) -> None:
    """V1-ERR-04, CTX-03, V1-ID-02: nor is it at another agent of the same owner."""
    task = (await home.call("POST", f"{home.v1}/message:send", v1_send("hello"))).json()["task"]
    shared = f"{home.platform.url}/v2/agentic/agents/{home.agent}"
    await home.call("PATCH", shared, {"visibility": "unlisted"}, Content_Type="application/merge-patch+json")
    found = task["id"] if path == "tasks" else task["contextId"]
    code = "task_not_found" if path == "tasks" else "context_not_found"
    stranger = await home.other()
    hidden = await stranger.call("GET", f"{home.v1}/{path}/{found}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, code)
    ids = {"taskId" if path == "tasks" else "contextId": found}
    refused = await stranger.call("POST", f"{home.v1}/message:send", v1_send("hello", **ids))
    assert (refused.status_code, refused.json()["code"]) == (404, code)
    own = await stranger.call("POST", f"{home.v1}/message:send", v1_send("hello"))
    assert own.status_code == 200
    other = await home.call("POST", f"{home.platform.url}/agents", {"name": "second", "description": "d"})
    elsewhere = home.v1.replace(home.agent, other.json()["id"])
    assert (await home.call("GET", f"{elsewhere}/{path}/{found}")).status_code == 404
    nobody = home.v1.replace(home.agent, UNKNOWN)
    assert (await home.call("GET", f"{nobody}/{path}/{found}")).json()["code"] == "expert_not_found"
