"""What holds for every engine; run in this process on `InlineEngine`, in child processes on `DbosEngine`.

A scenario takes a function that opens an engine with a runner. It is called by the tests, not collected.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from agentkit.engine import Engine, Runner, RunStatus
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject


class Open(Protocol):
    """Makes an engine that is not launched yet; it is closed by the scenario, or after it."""

    async def __call__(self, *, patience: float = 10.0) -> Engine: ...


Scenario = Callable[[Open], Awaitable[None]]

LATER = timedelta(days=30)


@asynccontextmanager
async def launched(make: Open, runner: Runner) -> AsyncGenerator[Engine]:
    engine = await make()
    await engine.launch(runner)
    try:
        yield engine
    finally:
        await engine.close()


@contextmanager
def logged() -> Generator[list[str]]:
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler = logging.getLogger(), Keep()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)


def returns(value: Json) -> Callable[[], Awaitable[Json]]:
    async def work() -> Json:
        return value

    return work


async def forever(run_id: str, payload: JsonObject) -> None:
    await asyncio.Event().wait()


async def at_once(run_id: str, payload: JsonObject) -> None:
    return None


async def a_run_goes_on_when_its_starter_is_cancelled(make: Open) -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        await go.wait()
        done.set()

    async with launched(make, runner) as engine:
        begun = asyncio.Event()

        async def starter() -> None:
            await engine.start("r", {})
            begun.set()
            await engine.wait("r")

        task = asyncio.create_task(starter())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await engine.status("r") is RunStatus.RUNNING
        go.set()
        await engine.wait("r")
        assert done.is_set()
        assert await engine.status("r") is RunStatus.UNKNOWN


async def the_runner_gets_id_and_payload(make: Open) -> None:
    seen: list[tuple[str, JsonObject]] = []

    async def runner(run_id: str, payload: JsonObject) -> None:
        seen.append((run_id, payload))

    payload: JsonObject = {"taskId": "t-1", "version": 3, "tenant": "", "traceparent": None}
    async with launched(make, runner) as engine:
        await engine.start("t-1.3", payload)
        await engine.wait("t-1.3")

    assert seen == [("t-1.3", payload)]


async def starting_a_known_id_again_attaches(make: Open) -> None:
    go, starts = asyncio.Event(), list[str]()

    async def runner(run_id: str, payload: JsonObject) -> None:
        starts.append(run_id)
        await go.wait()

    async with launched(make, runner) as engine:
        await asyncio.gather(*(engine.start("r", {}) for _ in range(5)))
        await engine.start_at("r", {}, datetime.now(UTC) + LATER)
        await engine.start_at("waits", {}, datetime.now(UTC) + LATER)
        await engine.start("waits", {})
        assert await engine.status("waits") is RunStatus.WAITING
        go.set()
        await engine.wait("r")

    assert starts == ["r"]


async def an_ended_run_is_forgotten_and_its_id_is_free(make: Open) -> None:
    starts = list[str]()

    async def runner(run_id: str, payload: JsonObject) -> None:
        starts.append(run_id)

    async with launched(make, runner) as engine:
        for _ in range(3):
            await engine.start("r", {})
            await engine.wait("r")
            assert await engine.status("r") is RunStatus.UNKNOWN
            assert await engine.cancel("r") is False

    assert starts == ["r", "r", "r"]


async def cancel_waits_until_the_run_has_cleaned_up(make: Open) -> None:
    cleaned, began = list[str](), asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(run_id)

    async with launched(make, runner) as engine:
        await engine.start("r", {})
        await began.wait()

        assert await engine.cancel("r") is True
        assert cleaned == ["r"]
        assert await engine.cancel("r") is False
        assert await engine.status("r") is RunStatus.UNKNOWN


async def a_run_cancelled_in_the_moment_it_starts_is_forgotten(make: Open) -> None:
    async with launched(make, forever) as engine:
        await engine.start("r", {})
        assert await engine.cancel("r") is True
        assert await engine.status("r") is RunStatus.UNKNOWN


async def a_run_waits_for_its_moment(make: Open) -> None:
    began = asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        assert payload == {"taskId": "t"}
        began.set()

    async with launched(make, runner) as engine:
        await engine.start_at("far", {"taskId": "t"}, datetime.now(UTC) + LATER)
        await engine.start_at("near", {"taskId": "t"}, datetime.now(UTC) + timedelta(seconds=0.2))
        assert await engine.status("near") is RunStatus.WAITING
        await began.wait()
        await engine.wait("near")
        assert await engine.status("near") is RunStatus.UNKNOWN
        assert await engine.status("far") is RunStatus.WAITING


async def a_moment_in_the_past_is_now(make: Open) -> None:
    began = asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        began.set()

    async with launched(make, runner) as engine:
        await engine.start_at("r", {}, datetime.now(UTC) - LATER)
        await began.wait()


async def a_waiting_run_that_is_cancelled_never_begins(make: Open) -> None:
    async with launched(make, forever) as engine:
        await engine.start_at("r", {}, datetime.now(UTC) + LATER)
        assert await engine.cancel("r") is True
        assert await engine.cancel("r") is False
        assert await engine.status("r") is RunStatus.UNKNOWN


async def an_error_of_a_run_ends_it_and_is_logged_by_class_only(make: Open) -> None:
    async def runner(run_id: str, payload: JsonObject) -> None:
        raise ValueError("Jane Example")

    with logged() as lines:
        async with launched(make, runner) as engine:
            await engine.start("r", {})
            await engine.wait("r")
            assert await engine.status("r") is RunStatus.UNKNOWN

    assert any("ValueError" in line for line in lines)
    assert not any("Jane" in line for line in lines)


async def a_step_returns_or_raises_what_its_work_does(make: Open) -> None:
    seen: list[object] = []

    async def fails() -> Json:
        raise LookupError

    async def runner(run_id: str, payload: JsonObject) -> None:
        seen.append(await engine.step(run_id, "a", returns({"codes": ["é", 1, 0.5, None, True]})))
        seen.append(await engine.step(run_id, "b", returns(None), effect="once"))
        seen.append(await engine.step(run_id, "c", returns([]), effect="lookup"))
        for _ in range(2):
            with pytest.raises(LookupError):
                await engine.step(run_id, "d", fails, effect="once")
        seen.append(await asyncio.gather(*(engine.step(run_id, f"p{n}", returns(n)) for n in range(20))))

    async with launched(make, runner) as engine:
        await engine.start("r", {})
        await engine.wait("r")

    assert seen == [{"codes": ["é", 1, 0.5, None, True]}, None, [], list(range(20))]


async def a_run_starts_others(make: Open) -> None:
    seen, last = list[str](), asyncio.Event()

    async def runner(run_id: str, payload: JsonObject) -> None:
        seen.append(run_id)
        if run_id == "a":
            await engine.start("b", {})
        elif run_id == "b":
            await engine.step(run_id, "s", returns(1))
            await engine.start_at("c", {}, datetime.now(UTC) + timedelta(seconds=0.05))
        else:
            last.set()

    async with launched(make, runner) as engine:
        await engine.start("a", {})
        await last.wait()
        await engine.wait("c")

    assert seen == ["a", "b", "c"]


async def many_runs_at_once_all_end(make: Open) -> None:
    ended: set[str] = set()

    async def runner(run_id: str, payload: JsonObject) -> None:
        await engine.step(run_id, "s", returns(1))
        ended.add(run_id)

    async with launched(make, runner) as engine:
        await asyncio.gather(*(engine.start(f"r{n}", {}) for n in range(300)))
        await asyncio.gather(*(engine.wait(f"r{n}") for n in range(300)))

    assert len(ended) == 300


async def an_engine_is_launched_once_and_before_anything_starts(make: Open) -> None:
    engine = await make()
    with pytest.raises(EngineError, match="not launched"):
        await engine.start("r", {})
    await engine.launch(at_once)
    with pytest.raises(EngineError, match="launched already"):
        await engine.launch(at_once)
    assert await engine.adopt_orphans() == 0
    await engine.close()
    await engine.close()


async def a_closed_engine_has_stopped_its_runs_and_starts_none(make: Open) -> None:
    began, ended = asyncio.Event(), list[str]()

    async def runner(run_id: str, payload: JsonObject) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append(run_id)
            raise

    async with launched(make, runner) as engine:
        await engine.start("r", {})
        await began.wait()

    assert ended == ["r"]
    with pytest.raises(EngineError, match="closed"):
        await engine.start("s", {})


async def closing_does_not_wait_for_ever_for_a_run_that_will_not_stop(make: Open) -> None:
    engine = await make(patience=0.05)
    began, may_stop, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stubborn(run_id: str, payload: JsonObject) -> None:
        while not may_stop.is_set():
            began.set()
            with suppress(asyncio.CancelledError):
                await may_stop.wait()
        stopped.set()

    await engine.launch(stubborn)
    await engine.start("r", {})
    await began.wait()
    with logged() as lines:
        await engine.close()

    assert any("1 runs did not stop" in line for line in lines)
    may_stop.set()
    await stopped.wait()


async def content_and_credentials_are_no_payload(make: Open) -> None:
    refused: list[JsonObject] = [
        {"text": "x" * 513},
        {"text": "line\nline"},
        {"text": "half \ud800"},
        {"message": {"text": "a"}},
        {"parts": ["a"]},
        {"score": float("nan")},
        {f"k{n}": n for n in range(17)},
        {"": "a"},
    ]
    async with launched(make, forever) as engine:
        for payload in refused:
            with pytest.raises(EngineError) as error:
                await engine.start("r", payload)
            assert "line\n" not in str(error.value)
        for run_id in ("", "x" * 513, "a\0b"):
            with pytest.raises(EngineError, match="id of a run"):
                await engine.start_at(run_id, {}, datetime.now(UTC) + LATER)
        assert await engine.status("r") is RunStatus.UNKNOWN


async def what_is_unknown_is_neither_waited_for_nor_cancelled(make: Open) -> None:
    async with launched(make, at_once) as engine:
        await engine.wait("nobody")
        assert await engine.cancel("nobody") is False
        assert await engine.status("nobody") is RunStatus.UNKNOWN


SCENARIOS: list[Scenario] = [
    a_run_goes_on_when_its_starter_is_cancelled,
    the_runner_gets_id_and_payload,
    starting_a_known_id_again_attaches,
    an_ended_run_is_forgotten_and_its_id_is_free,
    cancel_waits_until_the_run_has_cleaned_up,
    a_run_cancelled_in_the_moment_it_starts_is_forgotten,
    a_run_waits_for_its_moment,
    a_moment_in_the_past_is_now,
    a_waiting_run_that_is_cancelled_never_begins,
    an_error_of_a_run_ends_it_and_is_logged_by_class_only,
    a_step_returns_or_raises_what_its_work_does,
    a_run_starts_others,
    many_runs_at_once_all_end,
    an_engine_is_launched_once_and_before_anything_starts,
    a_closed_engine_has_stopped_its_runs_and_starts_none,
    closing_does_not_wait_for_ever_for_a_run_that_will_not_stop,
    content_and_credentials_are_no_payload,
    what_is_unknown_is_neither_waited_for_nor_cancelled,
]
