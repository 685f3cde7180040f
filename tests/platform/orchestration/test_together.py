"""Several experts at once: nobody's result is lost, and everything stands in the order asked (ORCH-01)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from agentkit.mcp import ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Answer, CallTool, Delegate, DelegateTogether, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.orchestration.making import V2, streamed
from tests.platform.parts import TOOLS, Talk, expert, said, server, state, talk, token, tools_app

pytestmark = pytest.mark.anyio


class Both:
    """Gives the same text to both experts at once; an expert calls its first tool; the answer joins what they said."""

    def __init__(self) -> None:
        self.situations: list[Situation] = []

    async def decide(self, situation: Situation) -> Act:
        self.situations.append(situation)
        if situation.experts:
            if not situation.delegations:
                return DelegateTogether(tuple(Delegate(one.name, situation.text) for one in situation.experts))
            return Answer("\n".join(one.text for one in situation.delegations))
        found = [one for one in situation.observations if one.current]
        return Answer(f"found: {found[-1].text}", (found[-1].data,)) if found else CallTool("wait", {})


class Turnstile:
    """Two servers whose tools answer when they are let go, and note when they were stopped."""

    def __init__(self) -> None:
        self.arrived = {name: anyio.Event() for name in ("one", "two")}
        self.go = {name: anyio.Event() for name in ("one", "two")}
        self.stopped = {name: anyio.Event() for name in ("one", "two")}

    def app(self) -> Any:
        return host([HostedServer(self._server(name), f"/{name}/mcp", NoAuth()) for name in self.go], public_url=TOOLS)

    def _server(self, name: str) -> ToolServer:
        made = ToolServer(name, version="1")

        @made.tool(title="Wait", read_only=True)
        async def wait() -> dict[str, str]:
            """Wait until let go."""
            self.arrived[name].set()
            try:
                await self.go[name].wait()
            except BaseException:
                self.stopped[name].set()
                raise
            return {"who": name}

        return made


@asynccontextmanager
async def two(reasoner: Both, turnstile: Turnstile) -> AsyncGenerator[Talk]:
    async with LocalPlatform(servers={TOOLS: turnstile.app()}, reasoner=reasoner) as platform:
        yield await talk(platform, [expert("one-reader", server("one")), expert("two-reader", server("two"))])


async def test_both_are_at_work_at_once_and_their_results_stand_in_the_order_asked() -> None:
    """ORCH-01: in parallel; whoever is ready first."""
    turnstile, reasoner = Turnstile(), Both()
    tasks: list[dict[str, Any]] = []
    async with two(reasoner, turnstile) as chief, anyio.create_task_group() as group:

        async def send() -> None:
            tasks.append(await chief.send("go"))

        with anyio.fail_after(HANG):
            group.start_soon(send)
            await turnstile.arrived["one"].wait()
            await turnstile.arrived["two"].wait()
            turnstile.go["two"].set()
            turnstile.go["one"].set()
    (task,) = tasks
    assert state(task) == "completed"
    assert [one.expert for one in reasoner.situations[-1].delegations] == ["one-reader", "two-reader"]
    assert [one["expert"] for one in task["metadata"]["agentkit"]["contributions"]] == ["one-reader", "two-reader"]
    by_id = {artifact["artifactId"]: artifact for artifact in task["artifacts"]}
    for one, name in zip(task["metadata"]["agentkit"]["contributions"], ("one", "two"), strict=True):
        (artifact_id,) = one["artifactIds"]
        assert by_id[artifact_id]["parts"][0]["data"] == {"who": name}
        assert by_id[artifact_id]["metadata"]["agentkit"] == {"expert": f"{name}-reader"}


async def test_one_that_fails_does_not_lose_what_the_other_found() -> None:
    turnstile = Turnstile()
    turnstile.go["two"].set()
    settings = PlatformSettings(mcp_timeout=0.3)
    async with LocalPlatform(settings, servers={TOOLS: turnstile.app()}, reasoner=Both()) as platform:
        chief = await talk(platform, [expert("one-reader", server("one")), expert("two-reader", server("two"))])
        with anyio.fail_after(HANG):
            task = await chief.send("go")
    assert state(task) == "completed"
    assert [artifact["parts"][0]["data"] for artifact in task["artifacts"]] == [{"who": "two"}]
    assert "The expert one-reader could not do its part" in said(task)
    assert [one["state"] for one in task["metadata"]["agentkit"]["contributions"]] == ["failed", "completed"]


class Echoing(Both):
    """As `Both` with echo servers; an expert that has answered for the message already is not asked again."""

    async def decide(self, situation: Situation) -> Act:
        done = {one.expert for one in situation.delegations}
        rest = [one.name for one in situation.experts if one.name not in done]
        if done and rest:
            self.situations.append(situation)
            return Delegate(rest[0], situation.text)
        act = await super().decide(situation)
        return CallTool("echo", {"text": situation.text}) if isinstance(act, CallTool) else act


async def test_one_that_lacks_a_credential_keeps_what_the_other_found_and_it_is_not_done_again() -> None:
    """MCPAUTH-06, MCPAUTH-18: a token stops working in the middle of the work; with a new one only the rest is done."""
    app, accepted = tools_app({"one": NoAuth(), "two": NoAuth()}), {"Bearer old"}

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] == "http" and scope["path"] == "/two/mcp" and given not in accepted:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        await app(scope, receive, send)

    reasoner = Echoing()
    async with LocalPlatform(servers={TOOLS: door}, reasoner=reasoner) as platform:
        experts = [expert("one-reader", server("one")), expert("two-reader", server("two", "bearer"))]
        chief = await talk(platform, experts)
        first = await chief.send("hello", token("two", "old"))
        assert state(first) == "completed"
        accepted.clear()
        waiting = await chief.send("again", context=first["contextId"])
        assert state(waiting) == "auth-required"
        assert [one["mcp_name"] for one in waiting["metadata"]["agentkit"]["authRequired"]] == ["two"]
        assert [one["parts"][0]["data"] for one in waiting["artifacts"]] == [{"said": "one: again"}]
        calls = len([path for path, _ in app.seen if path == "/one/mcp"])
        accepted.add("Bearer new")
        done = await chief.send(None, token("two", "new"), task=waiting["id"])
    assert state(done) == "completed"
    assert said(done) == 'found: {"said":"one: again"} [one-reader]\nfound: {"said":"two: again"} [two-reader]'
    assert [one.expert for one in reasoner.situations[-1].delegations] == ["one-reader", "two-reader"]
    assert len([path for path, _ in app.seen if path == "/one/mcp"]) == calls


async def test_cancelling_stops_all_of_them_at_their_servers_and_keeps_what_was_found() -> None:
    """A2A-CAN-01: what is ready stays with the canceled task; the others are stopped."""
    turnstile, reasoner = Turnstile(), Both()
    async with two(reasoner, turnstile) as chief:
        task = await chief.send("go", blocking=False)
        with anyio.fail_after(HANG):
            await turnstile.arrived["one"].wait()
            await turnstile.arrived["two"].wait()
            turnstile.go["one"].set()
            stream = chief.api.stream("POST", f"{V2}/{chief.agent}/a2a/tasks/{task['id']}:subscribe")
            async with stream as answer:
                async for line in answer.aiter_lines():
                    if '"artifactUpdate"' in line or '"artifacts"' in line:
                        break
            canceled = await chief.api.post(f"{V2}/{chief.agent}/a2a/tasks/{task['id']}:cancel")
            assert canceled.status_code == 200, canceled.text
            await turnstile.stopped["two"].wait()
        read = (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")).json()
        assert state(read) == "canceled"
        assert [one["parts"][0]["data"] for one in read["artifacts"]] == [{"who": "one"}]
        # The context remembers it, too.
        turnstile.go["two"].set()
        await chief.send("and now?", context=task["contextId"])
    after = next(one for one in reasoner.situations if one.text == "and now?" and one.experts)
    assert [one.data for one in after.observations] == [{"who": "one"}]


async def test_each_piece_of_work_is_shown_when_it_begins() -> None:
    turnstile = Turnstile()
    for event in turnstile.go.values():
        event.set()
    async with two(Both(), turnstile) as chief:
        with anyio.fail_after(HANG):
            events = [event async for event in streamed(chief.api, chief.agent, "go")]
    texts = [
        part["text"]
        for one in events
        if "statusUpdate" in one
        for part in one["statusUpdate"]["status"].get("message", {}).get("parts", [])
    ]
    assert texts[:2] == ["Asking one-reader.", "Asking two-reader."]
    assert len([one for one in events if "artifactUpdate" in one]) == 2
