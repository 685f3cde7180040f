"""The worker: a bounded loop over the tools of several servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import pytest

from agentkit.errors import EngineError, McpAuthRequired, McpTimeout
from agentkit.experts import CallStarted, Step, Worker, WorkerEvent, WorkerResult, WorkerState
from agentkit.models import JsonObject
from agentkit.reasoning import (
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    Observation,
    ScriptedReasoner,
    Situation,
    Tool,
)
from agentkit.tracing import SpanRecord, listen
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class Box:
    """A toolbox of functions."""

    def __init__(self, **tools: Callable[[JsonObject], Observation]) -> None:
        self.tools = tools
        self.listed = 0
        self.calls: list[tuple[str, JsonObject]] = []

    async def list_tools(self) -> Sequence[Tool]:
        self.listed += 1
        return [Tool(name, f"does {name}", {"type": "object"}) for name in self.tools]

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        self.calls.append((name, arguments))
        return self.tools[name](arguments)


def says(text: str, **more: object) -> Callable[[JsonObject], Observation]:
    return lambda arguments: Observation("x", arguments, text, data={"said": text}, **more)  # pyright: ignore[reportArgumentType]


async def run(worker: Worker, text: str = "go") -> list[WorkerEvent]:
    with anyio.fail_after(HANG):
        return [event async for event in worker.run(Situation(text))]


def result_of(events: list[WorkerEvent]) -> WorkerResult:
    assert isinstance(events[-1], WorkerResult)
    return events[-1]


async def test_a_run_calls_the_tools_decided_on_and_ends_with_the_answer() -> None:
    reasoner = ScriptedReasoner([CallTool("look", {"at": "it"}), lambda s: Answer(s.observations[-1].text)])
    events = await run(Worker("looker", reasoner, {"eyes": Box(look=says("seen"))}, "Look well."))
    started, step, result = events
    assert isinstance(started, CallStarted)
    assert (started.server, started.tool, started.arguments) == ("eyes", "look", {"at": "it"})
    assert isinstance(step, Step)
    assert (step.expert, step.server, step.tool, step.failed) == ("looker", "eyes", "look", False)
    assert step.result == {"said": "seen"}
    assert step.duration_ms >= 0
    assert isinstance(result, WorkerResult)
    assert (result.text, result.state) == ("seen", WorkerState.COMPLETED)
    assert result.steps == (step,)
    assert [observation.tool for observation in result.observations] == ["look"]
    assert reasoner.situations[0].instructions == "Look well."
    assert [tool.name for tool in reasoner.situations[0].tools] == ["look"]


async def test_a_tool_name_of_two_servers_gets_the_server_in_front_and_reaches_the_right_one() -> None:
    left, right = Box(look=says("left"), hear=says("ear")), Box(look=says("right"))
    reasoner = ScriptedReasoner([CallTool("my_right__look", {}), lambda s: Answer(s.observations[-1].text)])
    worker = Worker("two", reasoner, {"left": left, "my right": right})
    result = result_of(await run(worker))
    assert [tool.name for tool in await worker.tools()] == ["left__look", "hear", "my_right__look"]
    assert result.text == "right"
    assert (result.steps[0].server, result.steps[0].tool) == ("my right", "look")
    assert result.observations[0].tool == "my_right__look"
    assert left.calls == []


async def test_the_servers_are_asked_for_their_tools_once() -> None:
    box = Box(look=says("seen"))
    worker = Worker("once", ScriptedReasoner([Answer("a"), Answer("b")]), {"eyes": box})
    await worker.tools()
    await run(worker)
    await run(worker)
    assert box.listed == 1


async def test_a_question_ends_the_run_input_required() -> None:
    result = result_of(await run(Worker("asker", ScriptedReasoner([Ask("Who?", ("who",))]), {})))
    assert (result.text, result.state, result.missing) == ("Who?", WorkerState.INPUT_REQUIRED, ("who",))


async def test_a_refusal_completes_and_says_that_it_is_one() -> None:
    result = result_of(await run(Worker("no", ScriptedReasoner([Decline("Not I.")]), {})))
    assert (result.text, result.state, result.declined) == ("Not I.", WorkerState.COMPLETED, True)


async def test_a_failure_of_a_tool_is_shown_to_the_reasoner() -> None:
    box = Box(look=says("too dark", failed=True, code="dark"))
    reasoner = ScriptedReasoner([CallTool("look", {}), lambda s: Answer(f"{s.observations[-1].code}")])
    result = result_of(await run(Worker("looker", reasoner, {"eyes": box})))
    assert result.text == "dark"
    assert (result.steps[0].failed, result.steps[0].code) == (True, "dark")


async def test_a_tool_that_does_not_exist_is_an_observation_that_names_the_known_ones() -> None:
    reasoner = ScriptedReasoner([CallTool("fly", {}), lambda s: Answer(s.observations[-1].text)])
    result = result_of(await run(Worker("looker", reasoner, {"eyes": Box(look=says("seen"))})))
    assert "Known: look." in result.text
    assert result.steps[0].code == "unknown-tool"


async def test_a_run_without_end_is_stopped_after_the_limit_of_steps() -> None:
    reasoner = ScriptedReasoner([CallTool("look", {})] * 4)
    result = result_of(await run(Worker("looker", reasoner, {"eyes": Box(look=says("seen"))}, max_steps=3)))
    assert result.state is WorkerState.FAILED
    assert "3 tool calls" in result.text
    assert len(result.steps) == 3


async def test_a_server_that_wants_a_credential_ends_the_run_with_the_typed_error() -> None:
    def refuse(_: JsonObject) -> Observation:
        raise McpAuthRequired("eyes", "no credential was sent", status=401)

    worker = Worker("looker", ScriptedReasoner([CallTool("look", {})]), {"eyes": Box(look=refuse)})
    with pytest.raises(McpAuthRequired) as caught:
        await run(worker)
    assert caught.value.server == "eyes"


async def test_a_server_that_cannot_be_used_fails_the_run_and_keeps_the_error() -> None:
    def slow(_: JsonObject) -> Observation:
        raise McpTimeout("eyes", "no answer within 30 s")

    worker = Worker("looker", ScriptedReasoner([CallTool("look", {})]), {"eyes": Box(look=slow)})
    result = result_of(await run(worker))
    assert result.state is WorkerState.FAILED
    assert isinstance(result.error, McpTimeout)


async def test_what_was_found_before_the_run_counts_as_earlier() -> None:
    reasoner = ScriptedReasoner([CallTool("look", {}), Answer("done")])
    worker = Worker("looker", reasoner, {"eyes": Box(look=says("seen"))})
    with anyio.fail_after(HANG):
        events = [event async for event in worker.run(Situation("go", observations=(Observation("look", {}),)))]
    assert len(result_of(events).observations) == 1
    assert [one.current for one in reasoner.situations[1].observations] == [False, True]


async def test_an_expert_cannot_delegate() -> None:
    result = result_of(await run(Worker("boss", ScriptedReasoner([Delegate("other", "do it")]), {})))
    assert result.state is WorkerState.FAILED


async def test_an_error_of_the_reasoner_reaches_the_caller() -> None:
    with pytest.raises(EngineError, match="asked for one more"):
        await run(Worker("empty", ScriptedReasoner([]), {}))


async def test_every_run_is_a_span_with_the_name_of_the_expert() -> None:
    spans: list[SpanRecord] = []
    with listen(spans.append):
        await run(Worker("looker", ScriptedReasoner([Answer("done")]), {}))
    assert [(record.name, record.attributes["agentkit.expert.name"]) for record in spans] == [("expert.work", "looker")]


async def test_a_reader_who_stops_early_stops_the_tool_call() -> None:
    entered, cancelled = anyio.Event(), anyio.Event()

    class Slow(Box):
        async def call(self, name: str, arguments: JsonObject) -> Observation:
            entered.set()
            try:
                await anyio.sleep_forever()
            finally:
                cancelled.set()
            return Observation(name, arguments)

    worker = Worker("looker", ScriptedReasoner([CallTool("look", {})]), {"eyes": Slow(look=says("seen"))})
    with anyio.fail_after(HANG):
        events = worker.run(Situation("go"))
        assert isinstance(await anext(events), CallStarted)
        await entered.wait()
        await events.aclose()
        assert cancelled.is_set()
