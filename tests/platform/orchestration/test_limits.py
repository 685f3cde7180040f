"""Each turn has limits on decisions, delegations, calls, time and output, each with an outcome of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from agentkit.mcp import ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.reasoning import Act, Answer, CallTool, Decline, Delegate, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import TOOLS, expert, said, server, state, talk, tools_app

pytestmark = pytest.mark.anyio


class Restless:
    """The orchestrator delegates for ever, an expert calls `calls` times each time."""

    def __init__(self, calls: int = 0, text: str = "x") -> None:
        self._calls = calls
        self._text = text

    async def decide(self, situation: Situation) -> Act:
        if situation.experts:
            return Delegate(situation.experts[0].name, self._text)
        made = len([one for one in situation.observations if one.current])
        if made < self._calls:
            return CallTool(situation.tools[0].name, {"text": self._text})
        return Answer("done", tuple(one.data for one in situation.observations if one.current))


async def limited(reasoner: Restless, **limits: Any) -> dict[str, Any]:
    settings = PlatformSettings(limits=PlatformLimits(**limits))
    async with LocalPlatform(settings, servers={TOOLS: tools_app({"one": NoAuth()})}, reasoner=reasoner) as platform:
        chief = await talk(platform, [expert("reader", server("one"))])
        with anyio.fail_after(HANG):
            return await chief.send("go")


@pytest.mark.parametrize(
    ("limit", "allowed", "reasoner"),
    [
        ("decisions", 7, Restless(1)),
        ("delegations", 3, Restless(0)),
        ("tool_calls", 2, Restless(1)),
        ("output_bytes", 300, Restless(1, "y" * 60)),
    ],
)
async def test_a_turn_that_reaches_a_limit_fails_with_its_name_and_keeps_what_was_found(
    limit: str, allowed: int, reasoner: Restless
) -> None:
    """ORCH-03, V1-OBJ-19."""
    task = await limited(reasoner, **{limit: allowed})
    assert state(task) == "failed"
    report = task["metadata"]["agentkit"]
    assert report["error"] == {"code": "turn_limit_exceeded", "limit": limit, "allowed": allowed}
    assert f"{allowed} {limit.replace('_', ' ')}" in said(task)
    if limit != "delegations":
        assert 1 <= len(task["artifacts"]) <= len(report["steps"])


async def test_the_call_that_brought_too_much_is_told_of_and_is_the_last_one() -> None:
    """ORCH-03: it has happened, so it stands among the steps."""
    task = await limited(Restless(5, "y" * 400), output_bytes=300)
    assert state(task) == "failed"
    report = task["metadata"]["agentkit"]
    assert report["error"]["limit"] == "output_bytes"
    assert [(step["expert"], step["tool"], step["failed"]) for step in report["steps"]] == [("reader", "echo", False)]


async def test_time_is_a_limit_and_the_tool_call_is_stopped() -> None:
    stopped = anyio.Event()
    slow = ToolServer("slow", version="1")

    @slow.tool(title="Wait")
    async def wait(text: str) -> str:
        """Wait for ever."""
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return text

    settings = PlatformSettings(limits=PlatformLimits(turn_seconds=0.3))
    app = host([HostedServer(slow, "/slow/mcp", NoAuth())], public_url=TOOLS)
    async with LocalPlatform(settings, servers={TOOLS: app}, reasoner=Restless(1)) as platform:
        chief = await talk(platform, [expert("reader", server("slow"))])
        with anyio.fail_after(HANG):
            task = await chief.send("go")
            await stopped.wait()
    assert state(task) == "failed"
    error = task["metadata"]["agentkit"]["error"]
    assert error == {"code": "turn_limit_exceeded", "limit": "seconds", "allowed": 0.3}


async def test_a_reasoner_that_never_decides_is_stopped_too() -> None:
    class Stuck:
        async def decide(self, situation: Situation) -> Act:
            await anyio.sleep_forever()
            return Decline(situation.text)

    settings = PlatformSettings(limits=PlatformLimits(turn_seconds=0.1), reasoner=Stuck())
    async with LocalPlatform(settings) as platform:
        chief = await talk(platform)
        with anyio.fail_after(HANG):
            task = await chief.send("go")
    assert task["metadata"]["agentkit"]["error"]["limit"] == "seconds"


async def test_only_the_limit_that_was_said_cuts_a_long_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines = list[float]()
    timeout = asyncio.timeout

    def noted(delay: float | None) -> asyncio.Timeout:
        deadlines.append(delay or 0)
        return timeout(delay)

    monkeypatch.setattr(asyncio, "timeout", noted)
    settings = PlatformSettings(limits=PlatformLimits(turn_seconds=9000), reasoner=Restless(0))
    async with LocalPlatform(settings) as platform:
        chief = await talk(platform)
        assert state(await chief.send("go")) == "completed"
    assert max(deadlines) > 9000


async def test_one_expert_that_goes_in_circles_fails_its_part_and_not_the_turn() -> None:
    class Circle(Restless):
        async def decide(self, situation: Situation) -> Act:
            if situation.delegations:
                return Answer("as far as possible")
            return await super().decide(situation)

    task = await limited(Circle(100), expert_calls=2, tool_calls=20)
    assert state(task) == "failed"
    assert "reader" in said(task)
    assert "error" not in task["metadata"]["agentkit"]
    assert len(task["metadata"]["agentkit"]["steps"]) == 2


async def test_a_result_that_is_too_large_goes_neither_into_the_memory_nor_into_artifacts() -> None:
    seen: list[Situation] = []

    class Once(Restless):
        async def decide(self, situation: Situation) -> Act:
            seen.append(situation)
            if situation.delegations:
                return Answer(situation.delegations[0].text)
            if not situation.experts and any(one.current for one in situation.observations):
                return Answer(situation.observations[-1].text)
            return await super().decide(situation)

    task = await limited(Once(1, "z" * 2000), tool_result_bytes=1000)
    assert (state(task), task["artifacts"]) == ("completed", [])
    (step,) = task["metadata"]["agentkit"]["steps"]
    assert (step["failed"], step["code"]) == (True, "result-too-large")
    assert "1000" in said(task)
    assert all("zzz" not in one.text for one in seen[-1].observations)
