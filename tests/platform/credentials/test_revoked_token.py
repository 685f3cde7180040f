"""A credential that stops working in the middle of a conversation stops the turn honestly."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.reasoning import Act, Answer, Ask, CallTool, Delegate, ScriptedReasoner, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import TOOLS, Plain, expert, said, server, state, talk, token, tools_app

pytestmark = pytest.mark.anyio


class Door:
    """Lets in whoever has one of the accepted tokens."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.accepted: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bearer = dict(scope.get("headers", ())).get(b"authorization", b"").decode().removeprefix("Bearer ")
        if scope["type"] == "http" and bearer not in self.accepted:
            headers = [(b"www-authenticate", b'Bearer error="invalid_token"')]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        await self._app(scope, receive, send)


async def test_a_revoked_token_is_asked_for_and_a_new_one_resumes_the_question() -> None:
    door = Door(tools_app({"ehr": NoAuth()}))
    door.accepted = {"old"}
    async with LocalPlatform(servers={TOOLS: door}, reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        first = await chief.send("hello", token("ehr", "old"))
        assert state(first) == "completed"
        door.accepted = {"new"}
        waiting = await chief.send("the question", context=first["contextId"])
        assert state(waiting) == "auth-required"
        assert waiting["metadata"]["agentkit"]["authRequired"][0]["status"] == 401
        done = await chief.send(None, token("ehr", "new"), task=waiting["id"])
    assert state(done) == "completed"
    assert "the question" in said(done)


async def test_an_orchestrator_that_calls_a_tool_itself_fails_the_task() -> None:
    async with LocalPlatform(reasoner=ScriptedReasoner([CallTool("echo", {})])) as platform:
        task = await (await talk(platform)).send()
    assert state(task) == "failed"


async def test_steps_of_a_task_add_up_over_its_turns() -> None:
    def again(situation: Situation) -> Act:
        return Answer(f"{[one.tool for one in situation.observations]}")

    script = [
        Delegate("reader", "one"),
        CallTool("echo", {"text": "one"}),
        Answer("first"),
        Ask("Go on?"),
        Delegate("reader", "two"),
        CallTool("echo", {"text": "two"}),
        Answer("second"),
        again,
    ]
    app = tools_app({"ehr": NoAuth()})
    async with LocalPlatform(servers={TOOLS: app}, reasoner=ScriptedReasoner(script)) as platform:
        chief = await talk(platform, [expert("reader", server("ehr"))])
        waiting = await chief.send()
        assert state(waiting) == "input-required"
        done = await chief.send("yes", task=waiting["id"])
    steps = done["metadata"]["agentkit"]["steps"]
    assert [step["arguments"] for step in steps] == [{"text": "one"}, {"text": "two"}]
    assert said(done) == "['echo', 'echo']"
    assert "agentkit.continuation" not in done["metadata"]


async def test_an_expert_without_tools_says_that_it_cannot() -> None:
    async with LocalPlatform(reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("thinker")])
        task = await chief.send("hello")
    assert (state(task), said(task)) == ("completed", "No expert can do that.")
