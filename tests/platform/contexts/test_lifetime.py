"""How long conversations are kept (CTX-04, CON-09), also those whose agent is gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.platform.contexts.parts import ROOT, ids, ward

pytestmark = pytest.mark.anyio

CANARY = "canary-77c1"
MONTH = timedelta(days=30)
MOMENT = timedelta(minutes=1)


def files(folder: Path) -> bytes:
    """What the files of the database hold."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("platform.db*")))


async def test_a_conversation_of_v1_ends_thirty_days_after_what_happened_last_in_it(tmp_path: Path) -> None:
    """CTX-04."""
    async with ward(database=tmp_path / "platform.db") as home:
        agent = await home.agent()
        silent = await home.send_v1(agent, f"tool {CANARY}")
        lively = await home.send_v1(agent, "hello")
        path = f"/agents/{agent[4:]}/v1"
        home.clock.advance(timedelta(days=20))
        await home.send_v1(agent, "still here", contextId=lively["contextId"])
        home.clock.advance(timedelta(days=10) - MOMENT)
        assert (await home.jane.get(f"{path}/contexts/{silent['contextId']}")).status_code == 200

        home.clock.advance(MOMENT)
        for address in (f"{path}/contexts/{silent['contextId']}", f"{path}/tasks/{silent['id']}"):
            assert (await home.jane.get(address)).status_code == 404
        assert (await home.jane.delete(f"{path}/contexts/{silent['contextId']}")).status_code == 404
        parts = [{"kind": "text", "text": "hello?"}]
        late = {
            "kind": "message",
            "role": "user",
            "messageId": "late",
            "parts": parts,
            "contextId": silent["contextId"],
        }
        assert (await home.jane.post(f"{path}/message:send", {"message": late})).status_code == 404
        listed = await home.read("/contexts")
        assert [(one["id"], one["taskCount"]) for one in listed["contexts"]] == [(f"ctx.{lively['contextId']}", 2)]

        home.clock.advance(timedelta(days=20))
        assert (await home.jane.get(f"{path}/contexts/{lively['contextId']}")).status_code == 404
    assert CANARY.encode() not in files(tmp_path)
    assert silent["id"].encode() in files(tmp_path)


async def test_a_conversation_of_v2_has_no_end() -> None:
    """CON-09."""
    async with ward() as home:
        task = await home.send(await home.agent())
        home.clock.advance(timedelta(days=1000))
        assert (await home.read(f"/contexts/{task['contextId']}"))["taskCount"] == 1


async def test_a_conversation_of_v1_that_v2_goes_on_with_still_ends() -> None:
    async with ward() as home:
        agent = await home.agent()
        context = f"ctx.{(await home.send_v1(agent))['contextId']}"
        home.clock.advance(timedelta(days=29))
        await home.send(agent, contextId=context)
        home.clock.advance(timedelta(days=29))
        assert (await home.read(f"/contexts/{context}"))["expiresAt"] is None
        home.clock.advance(timedelta(days=1))
        assert await home.status("GET", f"/contexts/{context}") == (404, "CONTEXT_NOT_FOUND")


async def test_conversations_with_a_deleted_agent_can_be_read_and_erased_and_come_to_an_end(tmp_path: Path) -> None:
    """V1-AGENT-08: nobody can go on with them, but they are the caller's until he erases them or their time is over."""
    async with ward(database=tmp_path / "platform.db") as home:
        agent, stays = await home.agent(), await home.agent()
        erased, left = await home.send(agent, f"tool {CANARY}"), await home.send(agent, CANARY)
        kept = await home.send(stays)
        assert await home.status("DELETE", f"/agents/{agent}") == (204, "")
        home.clock.advance(timedelta(days=3))

        assert (await home.read(f"/contexts/{left['contextId']}"))["taskCount"] == 1
        assert len((await home.read(f"/contexts/{left['contextId']}/trace"))["traces"]) == 1
        assert await home.status("DELETE", f"/contexts/{erased['contextId']}") == (204, "")
        home.clock.advance(MONTH)
        assert ids((await home.read("/contexts"))["contexts"]) == [kept["contextId"]]
    assert CANARY.encode() not in files(tmp_path)


async def test_conversations_with_an_ephemeral_agent_end_after_it(tmp_path: Path) -> None:
    """V1-AGENT-05: the agent expires in place, and what it was, too, leaves the files."""
    async with ward(database=tmp_path / "platform.db") as home:
        agent = await home.agent(lifecycle="ephemeral", systemPrompt=f"Prompt {CANARY}")
        expert = {"name": f"inner-{CANARY}", "description": "d", "type": "new"}
        v1 = await home.jane.made("/agents?ephemeral=true", {"name": "e", "description": "d", "experts": [expert]})
        task, old = await home.send(agent, f"tool {CANARY}"), await home.send_v1(v1["id"], CANARY)
        inner = await home.send(v1["experts"][0]["id"], CANARY)
        home.clock.advance(timedelta(days=2))
        assert await home.status("GET", f"/agents/{agent}") == (404, "AGENT_NOT_FOUND")
        for context in (task["contextId"], old["contextId"], inner["contextId"]):
            assert (await home.read(f"/contexts/{context}"))["taskCount"] == 1
        home.clock.advance(MONTH)
        assert (await home.read("/contexts"))["contexts"] == []
    assert CANARY.encode() not in files(tmp_path)


async def test_what_has_had_its_time_while_the_platform_was_off_is_gone_when_it_is_back(tmp_path: Path) -> None:
    database = tmp_path / "platform.db"
    async with ward(database=database) as home:
        agent = await home.agent()
        task = await home.send_v1(agent, f"tool {CANARY}")
    assert CANARY.encode() in files(tmp_path)
    async with ward(database=database) as home:
        home.clock.advance(timedelta(days=31))
        path = f"{ROOT}/contexts/ctx.{task['contextId']}"
        assert (await home.jane.get(path)).status_code == 404
    assert CANARY.encode() not in files(tmp_path)
