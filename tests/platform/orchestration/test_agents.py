"""Agents that ask agents of the same platform (V1-AGENT-06, V2-OBJ-06): depth, circles, owners, questions."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from agentkit.compose import FunctionAgent, RunContext
from agentkit.errors import EngineError, InputRequired, UnknownOutcome
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.registry import RegistryEntry
from agentkit.platform.orchestration.journal import Journal
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    Observation,
    ScriptedReasoner,
    Situation,
)
from agentkit.specs import ExpertSpec
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.orchestration.making import V2, a2a, made, mcp, platform_with, served
from tests.platform.parts import TOOLS, Talk, expert, said, server, signed_in, state, talk, tools_app

pytestmark = pytest.mark.anyio


class Down:
    """Everybody gives the work to the first expert; whoever has a tool calls it."""

    async def decide(self, situation: Situation) -> Act:
        if situation.delegations:
            last = situation.delegations[-1]
            return Ask(last.text) if last.asks else Answer(last.text, last.data)
        if situation.experts:
            return Delegate(situation.experts[0].name, situation.text)
        found = [one for one in situation.observations if one.current]
        if found:
            return Answer(found[-1].text, (found[-1].data,))
        return CallTool(situation.tools[0].name, {"text": situation.text}) if situation.tools else Decline("Nobody.")


def agent(talk: Talk) -> dict[str, Any]:
    return {"type": "agent", "agentId": f"agt.{talk.agent}"}


async def test_an_agent_asks_another_one_which_asks_its_expert() -> None:
    """V2-OBJ-06, EXP-05."""
    async with platform_with(Down()) as platform:
        lower = await made(platform, mcp("one"), name="lower")
        middle = await made(platform, agent(lower), name="middle")
        chief = await made(platform, agent(middle))
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert task["artifacts"][0]["parts"][0]["data"] == {"said": "one: hello"}
    report = task["metadata"]["agentkit"]
    assert [one["expert"] for one in report["contributions"]] == ["middle"]
    assert [one["tool"] for one in report["steps"]] == ["echo"]


async def test_a_circle_of_agents_is_cut_and_named() -> None:
    async with platform_with(Down()) as platform:
        one = await made(platform, name="one")
        two = await made(platform, agent(one), name="two")
        await one.api.patch(
            f"{V2}/{one.agent}",
            json={"connectors": [agent(two)]},
            headers={"content-type": "application/merge-patch+json"},
        )
        with anyio.fail_after(HANG):
            task = await one.send("hello")
    assert state(task) == "failed"
    assert "two" in said(task)


async def test_agents_deeper_than_allowed_are_named() -> None:
    """settings.limits.agent_depth."""
    async with platform_with(Down(), agent_depth=1) as platform:
        lower = await made(platform, mcp("one"), name="lower")
        middle = await made(platform, agent(lower), mcp("two"), name="middle")
        chief = await made(platform, agent(middle))
        task = await chief.send("hello")
    assert "lower" in said(task)
    assert "deep" in said(task)


async def test_an_agent_that_is_gone_is_named_and_the_others_answer() -> None:
    """V1-AGENT-08."""
    async with platform_with(Down()) as platform:
        lower = await made(platform, mcp("one"), name="lower")
        chief = await made(platform, agent(lower), mcp("two"))
        assert (await chief.api.delete(f"{V2}/{lower.agent}")).status_code == 204
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert task["metadata"]["agentkit"]["unavailable"] == [
        {"expert": "lower", "reason": "it is not on offer any more."}
    ]


async def test_an_agent_whose_reasoner_cannot_go_on_fails_its_part_only() -> None:
    """As an expert does; what its own experts found until then is told."""

    class Half(Down):
        async def decide(self, situation: Situation) -> Act:
            if situation.experts and situation.experts[0].name == "lower" and situation.delegations:
                raise EngineError("The model is away.")
            if situation.experts and len(situation.delegations) == 1 and situation.delegations[0].failed:
                return Delegate(situation.experts[1].name, situation.text)
            return await super().decide(situation)

    async with platform_with(Half()) as platform:
        lower = await made(platform, mcp("one"), name="lower")
        middle = await made(platform, agent(lower), name="middle")
        chief = await made(platform, agent(middle), mcp("two"))
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert "The expert middle could not do its part: The model is away." in said(task)
    report = task["metadata"]["agentkit"]
    assert [(one["expert"], one["state"]) for one in report["contributions"]] == [
        ("middle", "failed"),
        ("chief", "completed"),
    ]
    assert [one["server"] for one in report["steps"]] == ["one", "two"]


async def test_what_nobody_knows_whether_an_agents_expert_did_it_is_not_given_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash interrupted a call that does more than read: however deep it was made, the turn ends there."""
    asked = list[str]()

    async def interrupted(_journal: Journal, call: object, *, read_only: bool) -> Observation:
        asked.append("call")
        raise UnknownOutcome("Nobody knows whether it was done.", step="call#1")

    class Stubborn(Down):
        async def decide(self, situation: Situation) -> Act:
            if situation.experts and len(situation.delegations) == 1:
                return Delegate(situation.experts[0].name, situation.text)
            return await super().decide(situation)

    monkeypatch.setattr(Journal, "called", interrupted)
    async with platform_with(Stubborn()) as platform:
        lower = await made(platform, mcp("one"), name="lower")
        chief = await made(platform, agent(lower))
        task = await chief.send("hello")
    assert (state(task), asked) == ("failed", ["call"])
    assert task["metadata"]["agentkit"]["error"] == {"code": "unknown_outcome"}


async def test_an_agent_of_somebody_else_is_asked_with_what_its_owner_gave_it() -> None:
    """V2-OBJ-01 visibility: who shares an agent shares what it uses, private agents too."""
    settings = PlatformSettings(clients={"local-client": "local-secret", "other": "secret"})
    app = tools_app({"one": NoAuth()})
    async with LocalPlatform(settings, servers={TOOLS: app}, reasoner=Down()) as platform:
        hidden = await made(platform, mcp("one"), name="hidden")
        shared = await made(platform, agent(hidden), name="shared", visibility="unlisted")
        bearer = await platform.bearer("other", "secret")
        platform.http.headers["authorization"] = f"Bearer {bearer}"
        api = platform.http
        assert (await api.get(f"{V2}/{hidden.agent}")).status_code == 404
        created = await api.post(V2, json={"name": "mine", "connectors": [agent(shared)]})
        assert created.status_code == 201, created.text
        task = await Talk(api, created.json()["id"].removeprefix("agt.")).send("hello")
    assert state(task) == "completed"
    assert "one: hello" in said(task)


async def test_a_question_from_below_waits_and_its_answer_finds_the_way_down() -> None:
    """V2-OBJ-07 inside V2-OBJ-06: an agent elsewhere, asked by an agent that this one asks."""
    seen: list[tuple[str, str]] = []

    async def booking(text: str, context: RunContext) -> str:
        seen.append((context.task_id, text))
        if not context.resumed:
            raise InputRequired("Which day?")
        return f"booked for {text}"

    async with platform_with(Down(), apps=served(FunctionAgent(booking))) as platform:
        desk = await made(platform, a2a(), name="desk")
        chief = await made(platform, agent(desk))
        waiting = await chief.send("book it")
        assert (state(waiting), said(waiting)) == ("input-required", "Which day?")
        done = await chief.send("Monday", task=waiting["id"])
    assert (state(done), said(done)) == ("completed", "booked for Monday")
    assert len({task for task, _ in seen}) == 1


async def test_a_changed_agent_is_planned_anew() -> None:
    """The plan of an agent is kept until the agent changes, and no longer."""
    async with platform_with(Down()) as platform:
        chief = await made(platform, mcp("one"))
        assert "one: hello" in said(await chief.send("hello"))
        assert "one: hello" in said(await chief.send("hello"))
        await chief.api.patch(
            f"{V2}/{chief.agent}",
            json={"connectors": [mcp("two")]},
            headers={"content-type": "application/merge-patch+json"},
        )
        assert "two: hello" in said(await chief.send("hello"))


async def test_the_configuration_of_a_registry_expert_reaches_its_reasoner() -> None:
    """V1-OBJ-04, V2-OBJ-04: merged over the entry's defaults, behind its prompt."""
    entry = RegistryEntry(
        ExpertSpec(name="tuned", description="Can be tuned.", prompt="Be exact."),
        config_schema={"type": "object", "properties": {"depth": {"type": "integer", "default": 1}}},
    )
    reasoner = ScriptedReasoner([Delegate("tuned", "x"), Answer("y"), Answer("z")])
    settings = PlatformSettings(registry=(entry,))
    async with platform_with(reasoner, settings=settings) as platform:
        api = await signed_in(platform)
        offered = (await api.get("/v2/agentic/registry/connectors?q=tuned")).json()["connectors"]
        chief = await made(platform, {"type": "registry", "name": offered[0]["id"], "config": {"depth": 3}})
        assert state(await chief.send("hello")) == "completed"
    assert reasoner.situations[1].instructions == 'Be exact.\n\nConfiguration: {"depth": 3}'


async def test_what_an_expert_of_a_nested_agent_found_is_told_once_where_the_next_one_is_refused() -> None:
    """V2-OBJ-14: the steps of a nested agent are its experts' own, each once."""

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        """Lists its tools, and lets nobody call them."""
        body, more = b"", scope["type"] == "http"
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if b'"tools/call"' in body and scope["path"] == "/two/mcp":
            await send({"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]})
            await send({"type": "http.response.body", "body": b""})
            return
        whole = iter([{"type": "http.request", "body": body, "more_body": False}] if body else [])

        async def again() -> Any:
            return next(whole, None) or await receive()

        await open_app(scope, again, send)

    class InTurn(Down):
        async def decide(self, situation: Situation) -> Act:
            done = len(situation.delegations)
            if done < len(situation.experts):
                return Delegate(situation.experts[done].name, situation.text)
            return await super().decide(situation)

    open_app = tools_app({"one": NoAuth(), "two": NoAuth()})
    async with LocalPlatform(servers={TOOLS: closing}, reasoner=InTurn()) as platform:
        lower = await talk(platform, [expert("reader", server("one")), expert("writer", server("two"))])
        chief = await made(platform, agent(lower), name="top")
        task = await chief.send("hello")
    assert state(task) == "auth-required"
    assert [one["server"] for one in task["metadata"]["agentkit"]["steps"]] == ["one"]
