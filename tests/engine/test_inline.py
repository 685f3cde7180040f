"""The inline engine: runs outlive their starter, are started once, and end with it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import anyio
import pytest

from agentkit.engine import InlineEngine, RunStatus
from agentkit.errors import EngineError
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def test_a_run_goes_on_when_its_starter_is_cancelled() -> None:
    engine, go, done = InlineEngine(), asyncio.Event(), asyncio.Event()

    async def run() -> None:
        await go.wait()
        done.set()

    async def starter() -> None:
        await engine.start("r", run)
        await engine.wait("r")

    task = asyncio.create_task(starter())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert engine.status("r") is RunStatus.RUNNING
    go.set()
    with anyio.fail_after(HANG):
        await engine.wait("r")
    assert done.is_set()
    assert engine.status("r") is RunStatus.UNKNOWN
    await engine.close()


async def test_starting_a_running_id_again_attaches() -> None:
    engine, go, starts = InlineEngine(), asyncio.Event(), list[int]()

    async def run() -> None:
        starts.append(1)
        await go.wait()

    await engine.start("r", run)
    await engine.start("r", run)
    await asyncio.sleep(0)
    go.set()
    with anyio.fail_after(HANG):
        await engine.wait("r")

    assert starts == [1]
    await engine.close()


async def test_cancel_waits_until_the_run_has_cleaned_up() -> None:
    engine, cleaned, began = InlineEngine(), list[str](), asyncio.Event()

    async def run() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("yes")

    await engine.start("r", run)
    await began.wait()

    assert await engine.cancel("r") is True
    assert cleaned == ["yes"]
    assert await engine.cancel("r") is False


async def test_a_run_cancelled_before_it_began_is_forgotten() -> None:
    engine = InlineEngine()

    async def run() -> None:
        raise AssertionError("never reached")

    await engine.start("r", run)

    assert await engine.cancel("r") is True
    assert engine.status("r") is RunStatus.UNKNOWN


async def test_an_error_of_a_run_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    engine = InlineEngine()

    async def run() -> None:
        raise ValueError("Jane Example")

    with caplog.at_level(logging.DEBUG):
        await engine.start("r", run)
        await engine.wait("r")

    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text


async def test_a_step_returns_what_the_work_returns() -> None:
    async def work() -> int:
        return 7

    assert await InlineEngine().step("r", "k", work) == 7


async def test_a_closed_engine_has_ended_its_runs_and_starts_none() -> None:
    engine, began, ended = InlineEngine(), asyncio.Event(), list[str]()

    async def run() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("r")
            raise

    await engine.start("r", run)
    await began.wait()
    with anyio.fail_after(HANG):
        await engine.close()

    assert ended == ["r"]
    with pytest.raises(EngineError, match="closed"):
        await engine.start("s", run)


async def test_closing_does_not_wait_for_ever_for_a_run_that_will_not_stop(caplog: pytest.LogCaptureFixture) -> None:
    engine = InlineEngine(patience=0.01)
    began, may_stop = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        while not may_stop.is_set():
            began.set()
            with suppress(asyncio.CancelledError):
                await may_stop.wait()

    with anyio.fail_after(HANG):
        await engine.start("r", stubborn)
        await began.wait()
        await engine.close()

    assert "1 runs did not stop" in caplog.text
    may_stop.set()
    await asyncio.sleep(0)
