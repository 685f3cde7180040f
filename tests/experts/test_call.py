"""Asking an expert directly: in this process and at an address, once and in a conversation."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import httpx2
import pytest
from pydantic import BaseModel, Field

from agentkit.credentials import ClientCredentials, Token
from agentkit.errors import AgentKitError, ConversationBusy, McpAuthRequired, McpUnreachable, SpecError
from agentkit.experts import CallStarted, Expert, Step, WorkerEvent, WorkerResult, WorkerState
from agentkit.experts.options import read_auth
from agentkit.mcp import BearerAuth, BearerToken, HostedServer, InProcessClient, OAuthClientCredentials, ToolError, host
from agentkit.models import File, Message, Part, Role
from agentkit.reasoning import Answer, Ask, CallTool, Observation, ScriptedReasoner, Situation, Utterance
from agentkit.testing.asgi import ASGITransport, running
from agentkit.tracing import SpanRecord, listen
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8701"
TOKEN = "let-me-in-please"
PATIENT_DATA = "Ingrid Solheim, 1956"


class Tide(BaseModel):
    """A tide."""

    harbour: str = Field(description="Where")
    height: float = Field(description="Metres")

    def to_text(self) -> str:
        """In words."""
        return f"High tide of {self.height} m at {self.harbour}"


class Pilot:
    """An expert with what happened to it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.entered = anyio.Event()
        self.expert = Expert("pilot", description="Knows the tides.", prompt="Be brief.", lifespan=self._open)
        self.expert.tool(title="High tide")(self._high_tide)
        for tool in (self._crash, self._flood):
            self.expert.tool(tool)
        self.expert.tool(timeout=0.01)(self._stuck)
        self.expert.tool(self._wait)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[None]:
        self.log.append("opened")
        yield
        self.log.append("closed")

    async def _high_tide(self, harbour: Annotated[str, Field(description="Name of the harbour")]) -> Tide:
        """Tell the next high tide at a harbour."""
        if harbour == "Atlantis":
            raise ToolError("There is no such harbour.", code="not-found", hint="Name a harbour of this coast.")
        return Tide(harbour=harbour, height=4.2)

    async def _crash(self) -> Tide:
        """Fall over."""
        raise RuntimeError(PATIENT_DATA)

    async def _flood(self) -> Tide:
        """Say too much."""
        return Tide(harbour="x" * 500_000, height=1)

    async def _stuck(self) -> Tide:
        """Never answer in time."""
        await anyio.sleep_forever()
        raise AssertionError

    async def _wait(self) -> Tide:
        """Wait for somebody to give up."""
        self.entered.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.log.append("cancelled")
        raise AssertionError


@asynccontextmanager
async def at_an_address(pilot: Pilot) -> AsyncGenerator[dict[str, Any]]:
    hosted = HostedServer(pilot.expert.server, "/pilot/mcp", BearerAuth(TOKEN))
    app = host([hosted], public_url=URL)
    async with running(app), httpx2.AsyncClient(transport=ASGITransport(app), timeout=HANG) as http:
        yield {"url": hosted.url(URL), "http": http, "auth": BearerToken(TOKEN)}


async def test_a_call_answers_with_text_data_state_and_steps() -> None:
    pilot = Pilot()
    with anyio.fail_after(HANG):
        result = await pilot.expert.call("When is high tide at Dover?")
    assert "4.2" in result.text
    assert (result.state, result.data) == (WorkerState.COMPLETED, ({"harbour": "Dover", "height": 4.2},))
    assert [(step.expert, step.server, step.tool) for step in result.steps] == [("pilot", "pilot", "_high_tide")]
    assert pilot.log == ["opened", "closed"]


async def test_the_reasoner_is_the_callers_choice_and_sees_prompt_and_data() -> None:
    reasoner = ScriptedReasoner([CallTool("_high_tide", {"harbour": "Hull"}), Answer("done")])
    message = Message.user("Go", data=[{"ship": "Fram"}])
    with anyio.fail_after(HANG):
        result = await Pilot().expert.call(message, reasoner=reasoner)
    assert result.text == "done"
    first, second = reasoner.situations
    assert (first.text, first.data, first.instructions) == ("Go", ({"ship": "Fram"},), "Be brief.")
    assert first.tools[0].name == "_high_tide"
    assert second.observations[0].data == {"harbour": "Hull", "height": 4.2}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("_high_tide", {"harbour": "Dover"}),
        ("_high_tide", {"harbour": "Atlantis"}),
        ("_high_tide", {"harbour": 7}),
        ("_high_tide", {"harbor": "Dover"}),
        ("_high_tide", {}),
        ("_crash", {}),
        ("_flood", {}),
        ("_stuck", {}),
        ("_sail", {}),
    ],
)
async def test_a_tool_answers_in_this_process_as_it_does_over_http(tool: str, arguments: dict[str, Any]) -> None:
    found: list[list[object]] = []
    pilot = Pilot()
    with anyio.fail_after(HANG):
        async with at_an_address(pilot) as address:
            for options in ({}, address):
                reasoner = ScriptedReasoner([CallTool(tool, arguments), lambda s: Answer(s.observations[-1].text)])
                result = await pilot.expert.call("Go", reasoner=reasoner, **options)
                (step,) = result.steps
                said = re.sub(r"reference \w+", "reference", result.text)
                found.append([said, result.state, step.failed, step.code, result.data, reasoner.situations[0].tools])
    assert found[0] == found[1]


async def test_what_a_crash_says_is_shown_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    reasoner = ScriptedReasoner([CallTool("_crash", {}), lambda s: Answer(s.observations[-1].text)])
    with caplog.at_level(logging.DEBUG), anyio.fail_after(HANG):
        result = await Pilot().expert.call("Go", reasoner=reasoner)
    assert result.steps[0].code == "internal-error"
    assert "failed unexpectedly (reference" in result.text
    assert PATIENT_DATA not in result.text + caplog.text + str(reasoner.situations[-1].observations[0].data)


async def test_a_server_that_wants_a_credential_is_a_typed_error() -> None:
    pilot = Pilot()
    with anyio.fail_after(HANG):
        async with at_an_address(pilot) as address:
            for auth in (None, BearerToken("another-token")):
                address["auth"] = auth
                with pytest.raises(McpAuthRequired) as caught:
                    await pilot.expert.call("When is high tide at Dover?", **address)
                assert caught.value.server == "pilot"


async def test_a_server_that_cannot_be_reached_is_a_failed_result_with_the_error() -> None:
    with anyio.fail_after(HANG):
        result = await Pilot().expert.call("When is high tide at Dover?", url="http://127.0.0.1:1/mcp")
    assert result.state is WorkerState.FAILED
    assert isinstance(result.error, McpUnreachable)


async def test_an_expert_at_an_address_needs_no_tools_here() -> None:
    pilot = Pilot()
    with anyio.fail_after(HANG):
        async with at_an_address(pilot) as address:
            result = await Expert("far", description="Far away.").call("When is high tide at Dover?", **address)
    assert result.steps[0].server == "far"


async def test_an_installed_server_is_called_in_this_process() -> None:
    reader = Expert("reader", description="Reads records.", server="ehr")
    with anyio.fail_after(HANG):
        async with reader.session() as session:
            result = await session.call("Which medications does Ingrid Solheim take?")
            again = await session.call("And her allergies?")
    assert [step.server for step in result.steps] == ["ehr"] * len(result.steps)
    assert [step.tool for step in again.steps] == ["list_allergies"]


async def test_a_session_remembers_what_was_said_and_found() -> None:
    def count(situation: Situation) -> Answer:
        return Answer(f"{len(situation.history)} turns, {len(situation.observations)} findings")

    script = [
        CallTool("_high_tide", {"harbour": "Hull"}),
        Ask("Which ship?", ("ship",)),
        count,
    ]
    reasoner = ScriptedReasoner(script)
    with anyio.fail_after(HANG):
        async with Pilot().expert.session(reasoner=reasoner) as session:
            asked = await session.call("When can I sail?")
            answered = await session.call("The Fram")
    assert (asked.state, asked.missing) == (WorkerState.INPUT_REQUIRED, ("ship",))
    assert answered.text == "2 turns, 1 findings"
    last = reasoner.situations[-1]
    assert [(turn.role, turn.text, turn.expert, turn.asks) for turn in last.history] == [
        (Role.USER, "When can I sail?", None, False),
        (Role.AGENT, "Which ship?", "pilot", True),
    ]
    assert [finding.current for finding in last.observations] == [False]


async def test_a_question_back_is_answered_by_the_next_call() -> None:
    with anyio.fail_after(HANG):
        async with Pilot().expert.session() as session:
            asked = await session.call("When is high tide?")
            answered = await session.call("Dover")
    assert asked.state is WorkerState.INPUT_REQUIRED
    assert answered.data == ({"harbour": "Dover", "height": 4.2},)


async def test_a_session_goes_on_from_what_was_kept() -> None:
    reasoner = ScriptedReasoner([Answer("x")])
    history = [Utterance(Role.USER, str(number)) for number in range(50)]
    found = [Observation("t", {}, "x")]
    with anyio.fail_after(HANG):
        async with Pilot().expert.session(reasoner=reasoner, history=history, observations=found) as session:
            await session.call("Go")
            assert [turn.text for turn in session.history][-2:] == ["Go", "x"]
            assert len(session.history) == 40
            assert session.observations == tuple(found)
    assert reasoner.situations[0].history == tuple(history[10:])


async def test_a_cancelled_call_is_cancelled_in_the_tool_and_leaves_nothing_behind() -> None:
    pilot = Pilot()
    reasoner = ScriptedReasoner([CallTool("_wait", {}), Answer("back")])
    with anyio.fail_after(HANG):
        async with pilot.expert.session(reasoner=reasoner) as session:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(session.call, "Wait")
                await pilot.entered.wait()
                tasks.cancel_scope.cancel()
            assert pilot.log == ["opened", "cancelled"]
            assert session.history == ()
            assert (await session.call("Go")).text == "back"
    assert pilot.log == ["opened", "cancelled", "closed"]


async def test_leaving_a_session_ends_the_call_that_still_runs_before_the_lifespan_is_left() -> None:
    pilot = Pilot()
    ended: list[WorkerResult] = []
    session = pilot.expert.session(reasoner=ScriptedReasoner([CallTool("_wait", {})]))

    async def ask() -> None:
        ended.append(await session.call("go"))

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as tasks, session:
            tasks.start_soon(ask)
            await pilot.entered.wait()
    assert pilot.log == ["opened", "cancelled", "closed"]
    assert isinstance(ended[0].error, McpUnreachable)


async def test_what_a_reasoner_may_not_decide_is_named() -> None:
    class Odd:
        async def decide(self, situation: Situation) -> Any:
            return str(situation.text)

    result = await Pilot().expert.call("go", reasoner=Odd())
    assert "decided str; it may answer, ask, decline or call a tool" in result.text


async def test_one_turn_follows_the_other() -> None:
    pilot = Pilot()
    reasoner = ScriptedReasoner([CallTool("_wait", {})])
    with anyio.fail_after(HANG):
        async with pilot.expert.session(reasoner=reasoner) as session, anyio.create_task_group() as tasks:
            tasks.start_soon(session.call, "Wait")
            await pilot.entered.wait()
            with pytest.raises(ConversationBusy):
                await session.call("Go")
            tasks.cancel_scope.cancel()


async def test_a_reasoner_that_fails_leaves_the_session_usable() -> None:
    def fail(_: Situation) -> Answer:
        raise AgentKitError("no model")

    reasoner = ScriptedReasoner([fail, Answer("back")])
    with anyio.fail_after(HANG):
        async with Pilot().expert.session(reasoner=reasoner) as session:
            with pytest.raises(AgentKitError, match="no model"):
                await session.call("Go")
            assert (await session.call("Go")).text == "back"


async def test_every_tool_call_can_be_followed() -> None:
    reasoner = ScriptedReasoner([CallTool("_high_tide", {"harbour": "Hull"}), Answer("done")])
    with anyio.fail_after(HANG):
        async with Pilot().expert.session(reasoner=reasoner) as session:
            events: list[WorkerEvent] = [event async for event in session.run("Go")]
    assert [type(event) for event in events] == [CallStarted, Step, WorkerResult]


async def test_the_hops_of_a_call_are_spans() -> None:
    spans: list[SpanRecord] = []
    with listen(spans.append), anyio.fail_after(HANG):
        await Pilot().expert.call("When is high tide at Dover?")
    assert [record.name for record in spans] == ["mcp.list_tools", "mcp.tool", "mcp.call", "expert.work"]


@pytest.mark.parametrize(
    ("field", "message", "options"),
    [
        ("message", "", {}),
        ("message", " \n", {}),
        ("message", 7, {}),
        ("message", Message(role=Role.USER, parts=(Part(file=File(uri="https://x/y")),)), {}),
        ("message", Message.user("Go", data=[{"type": "token", "mcp_name": "pilot", "token": "secret"}]), {}),
        ("auth", "Go", {"auth": BearerToken("x")}),
        ("timeout", "Go", {"timeout": 3.0}),
        ("max_steps", "Go", {"max_steps": 0}),
        ("max_steps", "Go", {"max_steps": True}),
        ("McpClient.url", "Go", {"url": "ftp://x"}),
        ("url", "Go", {"url": 5}),
        ("timeout", "Go", {"url": URL, "timeout": 0}),
        ("timeout", "Go", {"url": URL, "timeout": float("nan")}),
        ("auth", "Go", {"url": URL, "auth": "secret"}),
        ("auth", "Go", {"url": URL, "auth": Token("another", "secret")}),
        ("reasoner", "Go", {"reasoner": ScriptedReasoner}),
        ("reasoner", "Go", {"reasoner": "rules"}),
        ("history", "Go", {"history": ["Hello"]}),
        ("observations", "Go", {"observations": 5}),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(field: str, message: Any, options: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        await Pilot().expert.call(message, **options)
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


async def test_an_option_that_does_not_exist_is_not_overlooked() -> None:
    options: dict[str, Any] = {"reasonr": None}
    with pytest.raises(TypeError, match="without an option 'reasonr'; known: reasoner, url"):
        await Pilot().expert.call("Go", **options)


async def test_the_credentials_of_agents_open_a_server_too() -> None:
    pilot = Pilot()
    with anyio.fail_after(HANG):
        async with at_an_address(pilot) as address:
            address["auth"] = Token("pilot", TOKEN)
            result = await pilot.expert.call("When is high tide at Dover?", **address)
    assert result.state is WorkerState.COMPLETED
    pair = read_auth("pilot", ClientCredentials("pilot", "id", "secret"))
    assert pair == OAuthClientCredentials("id", "secret")


async def test_an_expert_without_tools_cannot_be_asked() -> None:
    with pytest.raises(SpecError, match="has no tools"):
        await Expert("empty", description="Has nothing.").call("Go")


async def test_a_session_that_is_not_open_says_so() -> None:
    session = Pilot().expert.session()
    with pytest.raises(SpecError, match="is not open"):
        await session.call("Go")
    client = InProcessClient(Pilot().expert.server, name="pilot")
    with pytest.raises(McpUnreachable, match="not open"):
        await client.list_tools()


async def test_a_lifespan_that_fails_is_heard_of_and_no_session_begins() -> None:
    @asynccontextmanager
    async def closed() -> AsyncGenerator[None]:
        raise OSError("no database")
        yield

    expert = Expert("pilot", description="x", lifespan=closed)

    @expert.tool
    async def high_tide() -> Tide:
        """Tell."""
        return Tide(harbour="x", height=1)

    assert high_tide
    with pytest.raises(OSError, match="no database"):
        await expert.call("Go")
