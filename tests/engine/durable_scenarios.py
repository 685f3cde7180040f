"""What holds for `DbosEngine` beyond the conformance suite; run in a child process, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from agentkit.engine import DbosEngine, Effect, Found, Runner, RunStatus
from agentkit.errors import EngineError, UnknownOutcome
from agentkit.models import Json, JsonObject
from tests.engine.conformance import LATER, forever, returns

DurableScenario = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def durable(url: str, service: str, runner: Runner | None = None) -> AsyncGenerator[DbosEngine]:
    engine = await DbosEngine.acquire(url, service=service)
    try:
        if runner is not None:
            await engine.launch(runner)
        yield engine
    finally:
        await engine.close()


class Interrupted:
    """A run that is stopped while its step `work` is executed, and carried out again by the next `life`."""

    def __init__(self, url: str, service: str) -> None:
        self.url, self.service = url, service
        self.executed = list[str]()

    async def work(self) -> Json:
        self.executed.append("work")
        if len(self.executed) == 1:
            self.interrupted.set()
            await asyncio.Event().wait()
        return "second"

    async def life(self, body: Callable[[DbosEngine, str], Awaitable[None]]) -> None:
        """Carry the run out until `work` is interrupted, or to its end."""
        self.interrupted = asyncio.Event()
        ended = asyncio.Event()

        async def runner(run_id: str, payload: JsonObject) -> None:
            await body(engine, run_id)
            ended.set()

        engine = await DbosEngine.acquire(self.url, service=self.service)
        await engine.launch(runner)
        if not self.executed:
            await engine.start("r", {})
        waits = [asyncio.ensure_future(event.wait()) for event in (self.interrupted, ended)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        await engine.close()


async def recorded_steps_are_found_by_key_in_any_order(url: str) -> None:
    executed, lives, again = list[str](), list[list[str]](), asyncio.Event()
    keys = [f"branch/{n}" for n in range(12)]

    async def life(order: list[str], stop: bool) -> None:
        async def runner(run_id: str, payload: JsonObject) -> None:
            async def one(key: str) -> Json:
                async def work() -> Json:
                    executed.append(key)
                    return {"of": key}

                return await engine.step(run_id, key, work)

            assert set(engine.recorded(run_id)) == set(executed)
            assert await asyncio.gather(*(one(key) for key in order)) == [{"of": key} for key in order]
            lives.append(order)
            again.set()
            if stop:
                await asyncio.Event().wait()

        again.clear()
        async with durable(url, "order") as engine:
            await engine.launch(runner)
            if not lives:
                await engine.start("r", {})
            await again.wait()

    await life(keys[:6], True)
    await life(keys[::-1], True)
    await life([*keys[3:], *keys[:3]], False)

    assert len(lives) == 3
    assert sorted(executed) == sorted(keys)


async def what_raised_is_executed_again(url: str) -> None:
    run, executed = Interrupted(url, "raised"), list[str]()

    async def fails() -> Json:
        executed.append("fails")
        raise LookupError

    async def body(engine: DbosEngine, run_id: str) -> None:
        with pytest.raises(LookupError):
            await engine.step(run_id, "fails", fails)
        assert await engine.step(run_id, "work", run.work) == "second"

    await run.life(body)
    await run.life(body)

    assert executed == ["fails", "fails"]


async def an_interrupted_idempotent_step_is_executed_again(url: str) -> None:
    run = Interrupted(url, "idempotent")

    async def body(engine: DbosEngine, run_id: str) -> None:
        assert await engine.step(run_id, "a", run.work) == "second"

    await run.life(body)
    await run.life(body)

    assert run.executed == ["work", "work"]


async def an_interrupted_once_step_is_unknown_for_good(url: str) -> None:
    run, unknown, ended = Interrupted(url, "once"), list[str](), list[str]()

    async def body(engine: DbosEngine, run_id: str) -> None:
        for _ in range(2):
            try:
                await engine.step(run_id, "send", run.work, effect="once")
            except UnknownOutcome as error:
                unknown.append(error.step)
        if len(unknown) == 2:
            # Stopped once more: it stays unknown on the next replay.
            run.interrupted.set()
            await asyncio.Event().wait()
        ended.append(run_id)

    for _ in range(3):
        await run.life(body)

    assert run.executed == ["work"]
    assert unknown == ["send"] * 4
    assert ended == ["r"]


async def a_lookup_step_that_happened_is_recorded_and_not_executed(url: str) -> None:
    run, asked = Interrupted(url, "found"), list[str]()

    async def look_up() -> Found:
        asked.append("asked")
        return Found({"task": "t-1"})

    async def body(engine: DbosEngine, run_id: str) -> None:
        for _ in range(2):
            assert await engine.step(run_id, "send", run.work, effect="lookup", look_up=look_up) == {"task": "t-1"}

    await run.life(body)
    await run.life(body)

    assert run.executed == ["work"]
    assert asked == ["asked"]


async def a_lookup_step_that_did_not_happen_is_executed(url: str) -> None:
    run, asked = Interrupted(url, "not-found"), list[str]()

    async def look_up() -> None:
        asked.append("asked")

    async def body(engine: DbosEngine, run_id: str) -> None:
        assert await engine.step(run_id, "send", run.work, effect="lookup", look_up=look_up) == "second"

    await run.life(body)
    await run.life(body)

    assert run.executed == ["work", "work"]
    assert asked == ["asked"]


async def a_lookup_that_nobody_can_answer_is_unknown(url: str) -> None:
    run, unknown = Interrupted(url, "nobody"), list[str]()

    async def look_up() -> Found:
        raise UnknownOutcome("It does not answer.", step="send")

    async def body(engine: DbosEngine, run_id: str) -> None:
        for ask in (look_up, None):
            try:
                await engine.step(run_id, "send", run.work, effect="lookup", look_up=ask)
            except UnknownOutcome as error:
                unknown.append(error.step)

    await run.life(body)
    await run.life(body)

    assert run.executed == ["work"]
    assert unknown == ["send", "send"]


async def what_is_no_json_is_not_recorded(url: str) -> None:
    refused: list[object] = [b"bytes", math.nan, [math.inf], {1: "a"}, (1, 2), "half \ud800", object(), {"a": {1}}]
    seen = list[str]()

    async def runner(run_id: str, payload: JsonObject) -> None:
        for value in refused:
            with pytest.raises(EngineError, match="cannot be recorded"):
                await engine.step(run_id, "a", returns(value))  # pyright: ignore[reportArgumentType]
        deep: Json = []
        for _ in range(100_000):
            deep = [deep]
        with pytest.raises(EngineError, match="RecursionError"):
            await engine.step(run_id, "a", returns(deep))
        seen.append("all")

    async with durable(url, "json") as engine:
        await engine.launch(runner)
        await engine.start("r", {})
        await engine.wait("r")
    assert seen == ["all"]


async def a_step_that_was_cancelled_is_not_executed_again_by_the_same_process(url: str) -> None:
    executed, ended = list[str](), asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        async def attempt(key: str, effect: Effect) -> Json:
            begun = asyncio.Event()

            async def work() -> Json:
                executed.append(key)
                begun.set()
                return await asyncio.Event().wait()

            async def look_up() -> Found | None:
                return Found("found")

            first = asyncio.create_task(engine.step(run_id, key, work, effect=effect, look_up=look_up))
            await begun.wait()
            first.cancel()
            await asyncio.wait([first])
            return await engine.step(run_id, key, work, effect=effect, look_up=look_up)

        assert await attempt("lookup", "lookup") == "found"
        with pytest.raises(UnknownOutcome):
            await attempt("once", "once")
        ended.set()

    async with durable(url, "cancelled-steps") as engine:
        await engine.launch(runner)
        await engine.start("r", {})
        await ended.wait()
    assert executed == ["lookup", "once"]


async def a_key_is_used_by_one_step_at_a_time_and_inside_of_a_run(url: str) -> None:
    seen = list[str]()

    async def runner(run_id: str, payload: JsonObject) -> None:
        async def nested() -> Json:
            return await engine.step(run_id, "a", returns(1))

        with pytest.raises(EngineError, match="at work already"):
            await engine.step(run_id, "a", nested)
        for key in ("", "x" * 513, "a\nb"):
            with pytest.raises(EngineError, match="key of a step"):
                await engine.step(run_id, key, returns(1))
        assert await engine.step(run_id, "a", returns(1)) == 1
        assert await engine.step(run_id, "a", returns(2)) == 1
        seen.append("all")

    async with durable(url, "keys") as engine:
        await engine.launch(runner)
        await engine.start("r", {})
        await engine.wait("r")
        with pytest.raises(EngineError, match="not at work in this process"):
            await engine.step("r", "a", returns(1))
        assert not engine.recorded("r")
    assert seen == ["all"]


async def timers_survive_and_so_do_their_cancellations(url: str) -> None:
    began: asyncio.Queue[str] = asyncio.Queue()

    async def runner(run_id: str, payload: JsonObject) -> None:
        began.put_nowait(run_id)

    async with durable(url, "timers", forever) as engine:
        soon = datetime.now(UTC) + timedelta(seconds=0.3)
        for run_id in ("b", "cancelled"):
            await engine.start_at(run_id, {"n": 1}, soon)
        await engine.start_at("a", {}, soon - timedelta(seconds=0.1))
        await engine.start_at("far", {}, datetime.now(UTC) + LATER)
        assert await engine.cancel("cancelled") is True
    async with durable(url, "timers", runner) as engine:
        assert [await began.get(), await began.get()] == ["a", "b"]
        assert await engine.status("far") is RunStatus.WAITING
        assert await engine.status("cancelled") is RunStatus.UNKNOWN
        assert await engine.cancel("far") is True
    assert began.empty()


async def a_run_that_fails_while_it_is_stopped_goes_on_later(url: str) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def fails(run_id: str, payload: JsonObject) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("what broke while it was stopped") from None

    async def ends(run_id: str, payload: JsonObject) -> None:
        ended.set()

    async with durable(url, "stopped", fails) as engine:
        await engine.start("r", {})
        await began.wait()
    async with durable(url, "stopped", ends):
        await ended.wait()


async def a_run_stopped_in_good_order_is_never_given_up(url: str) -> None:
    lives = list[str]()
    for _ in range(4):
        began = asyncio.Event()

        async def runner(run_id: str, payload: JsonObject, began: asyncio.Event = began) -> None:
            lives.append(run_id)
            began.set()
            await asyncio.Event().wait()

        engine = await DbosEngine.acquire(url, service="patient", recoveries=1)
        await engine.launch(runner)
        if not lives:
            await engine.start("r", {})
        await began.wait()
        await engine.close()
    assert lives == ["r"] * 4


async def services_of_a_process_share_it_and_keep_to_their_runs(url: str) -> None:
    seen: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def runner(name: str) -> Runner:
        async def run(run_id: str, payload: JsonObject) -> None:
            seen.put_nowait((name, run_id))
            if run_id == "stays":
                await asyncio.Event().wait()

        return run

    async with durable(url, "one", runner("one")) as one, durable(url, "two", runner("two")) as two:
        await one.start("same", {})
        await two.start("same", {})
        assert {await seen.get(), await seen.get()} == {("one", "same"), ("two", "same")}
        await one.start("stays", {})
        assert await seen.get() == ("one", "stays")
        assert await two.status("stays") is RunStatus.UNKNOWN
        assert await two.cancel("stays") is False
        await one.close()
        # The process lives on, and whoever serves the service again goes on with its run.
        async with durable(url, "one", runner("one again")):
            assert await seen.get() == ("one again", "stays")


async def a_process_has_one_database(url: str) -> None:
    other = f"{os.sep}nowhere{os.sep}elsewhere.db"
    async with durable(url, "mine", forever):
        with pytest.raises(EngineError) as error:
            await DbosEngine.acquire(other)
        assert other in str(error.value)
        # The whole address of its own database, which ends in the file or in the name of the database.
        assert url.partition("?")[0].rpartition("/")[2] in str(error.value)
        with pytest.raises(EngineError, match="'mine' has an engine in this process already"):
            await DbosEngine.acquire(url, service="mine")
        for wrong in ("", "sqlite://", ":memory:", "mysql://user:secret@host/db"):
            with pytest.raises(EngineError) as error:
                await DbosEngine.acquire(wrong)
            assert "secret" not in str(error.value)
        with pytest.raises(EngineError, match="name of a service"):
            await DbosEngine.acquire(url, service="Mine:yours")


DURABLE: list[DurableScenario] = [
    recorded_steps_are_found_by_key_in_any_order,
    what_raised_is_executed_again,
    an_interrupted_idempotent_step_is_executed_again,
    an_interrupted_once_step_is_unknown_for_good,
    a_lookup_step_that_happened_is_recorded_and_not_executed,
    a_lookup_step_that_did_not_happen_is_executed,
    a_lookup_that_nobody_can_answer_is_unknown,
    what_is_no_json_is_not_recorded,
    a_step_that_was_cancelled_is_not_executed_again_by_the_same_process,
    a_key_is_used_by_one_step_at_a_time_and_inside_of_a_run,
    timers_survive_and_so_do_their_cancellations,
    a_run_that_fails_while_it_is_stopped_goes_on_later,
    a_run_stopped_in_good_order_is_never_given_up,
    services_of_a_process_share_it_and_keep_to_their_runs,
    a_process_has_one_database,
]
