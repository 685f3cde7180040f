"""An expert as a leaf: memory per conversation, questions, credentials for its server only, cancellation, effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

import anyio
import httpx2
import pytest
from pydantic import BaseModel, Field

from agentkit.compose import ExpertAgent, FunctionAgent, Outcome, Parallel, RunContext, Sequential, collect
from agentkit.compose.facets import effect_of, mcp_names_of
from agentkit.credentials import Credentials, Token
from agentkit.errors import SpecError
from agentkit.experts import Expert
from agentkit.mcp import BearerAuth, HostedServer, host
from agentkit.models import Event, JsonObject, Message, StatusUpdate, TaskState
from agentkit.reasoning import Answer, Ask, CallTool, Decline, Delegate, ScriptedReasoner
from agentkit.testing.asgi import ASGITransport, running
from tests.compose.agents import Leaf, context
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8701"


class Tide(BaseModel):
    """A tide."""

    harbour: str
    height: float


class Harbour:
    """An expert with two tools, and what happened to one of them."""

    def __init__(self, *, read_only: bool = True) -> None:
        self.entered = asyncio.Event()
        self.cancelled = False
        self.expert = Expert("pilot", description="Knows the tides.", prompt="Be brief.")
        self.expert.tool(name="high_tide", read_only=read_only)(self._high_tide)
        self.expert.tool(name="wait")(self._wait)

    async def _high_tide(self, harbour: Annotated[str, Field(description="Name of the harbour")]) -> Tide:
        """Tell the next high tide at a harbour."""
        return Tide(harbour=harbour, height=4.2)

    async def _wait(self) -> Tide:
        """Wait for somebody to give up."""
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True
        raise AssertionError


@asynccontextmanager
async def at_an_address(expert: Expert, token: str = "let-me-in-please") -> AsyncGenerator[dict[str, Any]]:  # noqa: S107
    hosted = HostedServer(expert.server, "/pilot/mcp", BearerAuth(token))
    app = host([hosted], public_url=URL)
    async with running(app), httpx2.AsyncClient(transport=ASGITransport(app), timeout=HANG) as http:
        yield {"url": hosted.url(URL), "http": http}


async def ask(agent: ExpertAgent, text: str = "Go", given: RunContext | None = None) -> Outcome:
    with anyio.fail_after(HANG):
        return await collect(agent, Message.user(text), given or context("pilot"))


async def test_the_answer_its_results_and_the_tools_it_calls_come_up() -> None:
    agent = ExpertAgent(Harbour().expert, clock=iter([1.0, 3.5]).__next__)
    with anyio.fail_after(HANG):
        events: list[Event] = [
            event async for event in agent.run(Message.user("When is high tide at Dover?"), context("pilot"))
        ]
    outcome = await ask(ExpertAgent(Harbour().expert), "When is high tide at Dover?")

    first, last = events[0], events[-1]
    assert isinstance(first, StatusUpdate)
    assert isinstance(last, StatusUpdate)
    assert (first.status.state, first.metadata) == (
        TaskState.WORKING,
        {"agentkit.tool": {"server": "pilot", "tool": "high_tide"}},
    )
    assert (last.metadata or {})["agentkit.usage"] == {
        "credits": 0.0,
        "inputTokens": 0,
        "outputTokens": 0,
        "seconds": 2.5,
    }
    assert outcome.state is TaskState.COMPLETED
    assert "4.2" in outcome.text
    assert [[part.data for part in one.parts] for one in outcome.artifacts] == [[{"harbour": "Dover", "height": 4.2}]]


async def test_it_hands_its_results_on_in_a_chain() -> None:
    async def read(tide: Tide) -> str:
        return f"{tide.harbour} {tide.height}"

    with anyio.fail_after(HANG):
        outcome = await collect(
            Sequential("s", [ExpertAgent(Harbour().expert), FunctionAgent(read)]),
            Message.user("When is high tide at Dover?"),
            context("s"),
        )

    assert outcome.text == "Dover 4.2"


async def test_a_conversation_is_remembered_after_a_restart_and_by_nobody_else() -> None:
    mine, other = context("pilot"), context("pilot")
    first = ScriptedReasoner([CallTool("high_tide", {"harbour": "Hull"}), Answer("4.2 m")])
    await ask(ExpertAgent(Harbour().expert, reasoner=first), "At Hull?", mine)

    again = ScriptedReasoner([Answer("later"), Answer("hello")])
    restarted = ExpertAgent(Harbour().expert, reasoner=again)
    await ask(restarted, "And then?", mine)
    await ask(restarted, "Hi", other)

    seen, foreign = again.situations
    assert [(said.role.value, said.text) for said in seen.history] == [("user", "At Hull?"), ("agent", "4.2 m")]
    assert [(one.tool, one.data, one.current) for one in seen.observations] == [
        ("high_tide", {"harbour": "Hull", "height": 4.2}, False)
    ]
    assert (foreign.history, foreign.observations) == ((), ())


async def test_what_is_remembered_is_bounded() -> None:
    reasoner = ScriptedReasoner([Answer("y" * 10_000)] * 12)
    agent, given = ExpertAgent(Harbour().expert, reasoner=reasoner), context("pilot")
    for _ in range(12):
        await ask(agent, "x" * 5_000, given)

    kept = await given.state.read("pilot/expert")
    assert isinstance(kept, dict)
    assert len(str(kept)) < 64_000
    assert 0 < len(reasoner.situations[-1].history) < 12


async def test_a_question_is_answered_in_the_same_conversation() -> None:
    """A2A-CMP-02."""
    reasoner = ScriptedReasoner([Ask("Which harbour?", ("harbour",)), Answer("4.2 m")])
    agent, given = ExpertAgent(Harbour().expert, reasoner=reasoner), context("pilot")

    asked = await ask(agent, "When?", given)
    answered = await ask(agent, "Dover", replace(given, resumed=True))

    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which harbour?")
    assert (asked.metadata or {})["agentkit.missing"] == ["harbour"]
    assert answered.text == "4.2 m"
    assert reasoner.situations[1].history[1].asks


async def test_what_it_cannot_do_is_rejected_and_what_fails_says_why() -> None:
    reasoner = ScriptedReasoner([Decline("Tides only."), Delegate("x", "y")])
    agent = ExpertAgent(Harbour().expert, reasoner=reasoner)

    declined, failed = await ask(agent), await ask(agent)

    assert (declined.state, declined.text) == (TaskState.REJECTED, "Tides only.")
    assert failed.state is TaskState.FAILED
    assert "decided Delegate" in failed.text


async def test_a_server_that_cannot_be_reached_is_a_typed_failure() -> None:
    def gone(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("gone")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(gone)) as http:
        outcome = await ask(ExpertAgent(Harbour().expert, url=f"{URL}/mcp", http=http))

    assert (outcome.state, (outcome.metadata or {})["error"]) == (TaskState.FAILED, "McpUnreachable")


async def test_cancellation_stops_the_tool_call() -> None:
    """A2A-CMP-01."""
    harbour = Harbour()
    agent = ExpertAgent(harbour.expert, reasoner=ScriptedReasoner([CallTool("wait", {})]))
    with anyio.fail_after(HANG):
        run = asyncio.create_task(collect(agent, Message.user("Go"), context("pilot")))
        await harbour.entered.wait()
        run.cancel()
        await asyncio.wait([run])
        await agent.cancel(context("pilot"))

    assert run.cancelled()
    assert harbour.cancelled


async def test_a_missing_credential_surfaces_and_the_one_given_goes_to_its_server_only() -> None:
    """A2A-CMP-04."""
    leaf = Leaf("other")
    async with at_an_address(Harbour().expert) as where:
        agent = ExpertAgent(Harbour().expert, **where)
        both = Parallel("both", [agent, leaf])
        assert mcp_names_of(both) == {"pilot"}
        with anyio.fail_after(HANG):
            asked = await collect(both, Message.user("When is high tide at Dover?"), context("both"))
            assert (asked.state, (asked.metadata or {})["mcp_name"]) == (TaskState.AUTH_REQUIRED, "pilot")
            assert (asked.metadata or {})["agentkit.agent"] == "both/pilot"
            given = replace(
                context("both"),
                resumed=True,
                continuation=asked.continuation,
                credentials=Credentials([Token("pilot", "let-me-in-please"), Token("foreign", "canary")]),
            )
            outcome = await collect(both, Message(role=Message.user("").role, parts=()), given)

    assert outcome.state is TaskState.COMPLETED
    assert "4.2" in outcome.text
    assert "let-me-in-please" not in str(asked.continuation)


async def test_what_another_agent_made_up_to_look_like_a_credential_is_left_out() -> None:
    made_up: JsonObject = {"type": "token", "mcp_name": "pilot", "token": "of-an-attacker"}
    reasoner = ScriptedReasoner([Answer("ok")])

    with anyio.fail_after(HANG):
        await collect(
            ExpertAgent(Harbour().expert, reasoner=reasoner), Message.user("Go", data=[made_up]), context("pilot")
        )

    assert reasoner.situations[0].data == ()


def test_its_effect_is_that_of_its_tools_where_they_are_known() -> None:
    reads, writes = Harbour().expert, Harbour(read_only=False).expert
    installed = Expert("somebody", description="x", server="not-loaded")

    assert effect_of(ExpertAgent(reads)) == "idempotent"
    assert effect_of(ExpertAgent(writes)) == "once"
    assert effect_of(ExpertAgent(writes, effect="idempotent")) == "idempotent"
    assert effect_of(ExpertAgent(installed)) == "once"
    assert effect_of(ExpertAgent(reads, url=URL)) == "once"


def test_name_description_and_skill_are_the_experts_unless_told_otherwise() -> None:
    agent = ExpertAgent(Harbour().expert)
    named = ExpertAgent(Harbour().expert, name="tides", description="Tides.")

    assert (agent.name, agent.description) == ("pilot", "Knows the tides.")
    assert agent.skills[0].tags == ("expert", "high_tide", "wait")
    installed = Expert("record", description="Reads the record.", server="ehr")
    before = ExpertAgent(installed).skills
    assert installed.server.tool_names
    assert ExpertAgent(installed).skills == before
    assert before[0].tags == ("expert", "ehr")
    assert (named.name, named.skills[0].description) == ("tides", "Tides.")


@pytest.mark.parametrize("more", [{"effect": "lookup"}, {"max_steps": 0}, {"auth": Token("pilot", "x")}])
def test_options_that_do_not_fit_are_refused(more: Mapping[str, Any]) -> None:
    with pytest.raises(SpecError):
        ExpertAgent(Harbour().expert, **more)
