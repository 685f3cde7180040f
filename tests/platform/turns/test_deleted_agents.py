"""An agent that is deleted stops what it is at work on: nobody could any more (V1-AGENT-08)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.mcp import ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformSettings
from agentkit.tasks import SqlRepository
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.orchestration.making import V2, made, mcp
from tests.platform.parts import TOOLS, Plain, expert, said, server, state, talk

pytestmark = pytest.mark.anyio


CONTEXTS = "/v2/agentic/contexts"


class Waiting:
    """A server whose tool is at work until it is stopped."""

    def __init__(self) -> None:
        self.begun, self.stopped = 0, 0
        self.news = anyio.Event()

    def app(self) -> Any:
        slow = ToolServer("slow", version="1")

        @slow.tool(title="Wait")
        async def wait(text: str) -> str:
            """Wait for ever."""
            self.begun += 1
            self._tell()
            try:
                await anyio.sleep_forever()
            finally:
                self.stopped += 1
                self._tell()
            return text

        return host([HostedServer(slow, "/slow/mcp", NoAuth())], public_url=TOOLS)

    def _tell(self) -> None:
        self.news.set()
        self.news = anyio.Event()

    async def until(self, *, begun: int = 0, stopped: int = 0) -> None:
        """Wait until so many calls have begun, and so many were stopped."""
        while self.begun < begun or self.stopped < stopped:
            await self.news.wait()


@asynccontextmanager
async def slowly(waiting: Waiting) -> AsyncGenerator[LocalPlatform]:
    settings = PlatformSettings(clients={"local-client": "local-secret", "other": "secret"})
    async with LocalPlatform(settings, servers={TOOLS: waiting.app()}, reasoner=Plain()) as platform:
        yield platform


@pytest.mark.parametrize("place", ["/agents", V2])
async def test_the_turns_of_a_deleted_agent_are_canceled_and_their_tool_calls_stopped(place: str) -> None:
    """V1-EP-05, V2-EP-05: also the turn of somebody else who may use the agent."""
    waiting = Waiting()
    seen: list[str] = []
    async with slowly(waiting) as platform:
        chief = await made(platform, mcp("slow"), visibility="public")

        async def send(headers: dict[str, str]) -> None:
            body = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "go"}]}}
            answer = await chief.api.post(f"{V2}/{chief.agent}/a2a/message:send", json=body, headers=headers)
            task = answer.json()["task"]
            kept = await chief.api.get(f"{CONTEXTS}/{task['contextId']}/tasks/{task['id']}", headers=headers)
            seen.extend((state(task), state(kept.json())))

        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                group.start_soon(send, dict[str, str]())
                group.start_soon(send, {"authorization": f"Bearer {await platform.bearer('other', 'secret')}"})
                await waiting.until(begun=2)
                assert (await chief.api.delete(f"{place}/{chief.agent}")).status_code == 204
            await waiting.until(stopped=2)
    assert seen == ["TASK_STATE_CANCELED"] * 4


async def test_an_inline_expert_that_is_asked_itself_goes_with_its_agent() -> None:
    """V1-AGENT-06."""
    waiting = Waiting()
    async with slowly(waiting) as platform:
        chief = await talk(platform, [expert("reader", server("slow"))])
        (reader,) = (await chief.api.get(f"/agents/{chief.agent}")).json()["experts"]
        whole, chief.agent = chief.agent, reader["id"]
        with anyio.fail_after(HANG):
            await chief.send("go", blocking=False)
            await waiting.until(begun=1)
            assert (await chief.api.delete(f"/agents/{whole}")).status_code == 204
            await waiting.until(stopped=1)


async def test_a_message_that_begins_behind_the_deletion_of_its_agent_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """V2-OBJ-15: nobody works on it."""
    stored, deleted = anyio.Event(), anyio.Event()
    accept = SqlRepository.accept

    async def held_up(*given: Any, **named: Any) -> Any:
        stored.set()
        await deleted.wait()
        return await accept(*given, **named)

    monkeypatch.setattr(SqlRepository, "accept", held_up)
    waiting = Waiting()
    tasks: list[dict[str, Any]] = []
    async with slowly(waiting) as platform:
        chief = await talk(platform, [expert("reader", server("slow"))])

        async def send() -> None:
            tasks.append(await chief.send("go"))

        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                group.start_soon(send)
                await stored.wait()
                gone: httpx2.Response = await chief.api.delete(f"/agents/{chief.agent}")
                assert gone.status_code == 204
                deleted.set()
    assert state(tasks[0]) == "rejected"
    assert "not on offer" in said(tasks[0])
    assert waiting.begun == 0
