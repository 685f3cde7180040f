"""Functions that do as tools what no tool should: the caller gets an answer, and the server goes on (MCP-SRV-04)."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from agentkit.mcp import ToolError, ToolServer
from agentkit.mcp.tools import running
from tests.deadline import HANG
from tests.mcp.library import CANARY
from tests.mcp.test_limits import app_of, connected, error_of

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


class Ending(BaseException):
    """What no `except Exception` sees."""


class Page(BaseModel):
    number: int


async def fine() -> str:
    """Answer."""
    return "fine"


async def ends() -> str:
    """Raise what is no Exception."""
    raise Ending(CANARY)


async def ends_together() -> str:
    """Raise it in a group."""

    async def ending() -> None:
        raise Ending(CANARY)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ending())
    return "never"


async def waits_in_vain() -> str:
    """Wait for something that was cancelled."""
    never = asyncio.get_running_loop().create_future()
    never.cancel()
    await never
    return "never"


async def cancels_itself() -> str:
    """Cancel the task it runs in."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    return "never"


async def exits() -> str:
    """End the process."""
    raise SystemExit(CANARY)


async def closes() -> str:
    """Raise what ends a generator."""
    raise GeneratorExit(CANARY)


async def counts_far() -> dict[str, int]:
    """Return a number that JSON libraries do not read."""
    return {"number": 10**5000}


async def counts_far_in_silence():
    """Return it without saying so."""
    return [10**5000]


async def changes_its_mind() -> Page:
    """Return a model that no longer is what it was."""
    page = Page(number=1)
    page.number = CANARY  # pyright: ignore[reportAttributeAccessIssue]
    return page


ODD = [
    ends,
    ends_together,
    waits_in_vain,
    cancels_itself,
    exits,
    closes,
    counts_far,
    counts_far_in_silence,
    changes_its_mind,
]


def misbehaving() -> ToolServer:
    server = ToolServer("odd")
    for function in (fine, *ODD):
        server.tool(function)
    return server


async def failure(server: ToolServer, tool: str, era: str) -> dict[str, Any]:
    async with connected(app_of(server), era) as client:
        with anyio.fail_after(HANG):
            failed = await client.call_tool(tool, {})
            assert not (await client.call_tool("fine", {})).is_error
    return error_of(failed)


@ERAS
@pytest.mark.parametrize("tool", [function.__name__ for function in ODD])
async def test_whatever_a_function_does_is_one_failed_call_without_its_content(
    era: str, tool: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        error = await failure(misbehaving(), tool, era)
    assert error["code"] == "internal-error"
    assert CANARY not in f"{error}{caplog.text}"
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [
        "agentkit.mcp.tools.guarded"
    ]


@ERAS
@pytest.mark.parametrize("how", ["finally ends", "never ends"])
async def test_the_time_of_a_tool_is_over_even_where_it_does_not_let_itself_be_cancelled(
    era: str, how: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PATIENCE", HANG if how == "finally ends" else 0.01)
    server, released = failing("no"), asyncio.Event()
    ended = asyncio.Event()

    @server.tool(timeout=0.01)
    async def stubborn() -> str:
        """Do not let itself be cancelled."""
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                if how == "finally ends":
                    released.set()
        ended.set()
        return "late"

    error = await failure(server, "stubborn", era)
    assert error["code"] == "timeout"
    left = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(left) == (how == "never ends")
    assert all(line.startswith("tool stubborn does not let itself be cancelled") for line in left)
    released.set()
    with anyio.fail_after(HANG):
        await ended.wait()


def failing(text: Any, **told: Any) -> ToolServer:
    server = ToolServer("failing")

    @server.tool
    async def fine() -> str:
        """Answer."""
        return "fine"

    @server.tool
    async def fail() -> str:
        """Fail."""
        raise ToolError(text, **told)

    return server


@ERAS
@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (failing("half \ud800 a character"), {"message": "half ? a character"}),
        (failing("x" * 1_000_000, hint="y" * 1_000_000), {"message": "x" * 10_000, "hint": "y" * 10_000}),
        (failing(KeyError("who")), {"message": "'who'"}),
        (failing("later", retry_after=float("nan")), {"message": "later", "retry_after": None}),
        (failing("later", retry_after=float("inf")), {"retry_after": None}),
    ],
    ids=["surrogate", "long", "exception", "nan", "infinite"],
)
async def test_whatever_a_failure_says_arrives_as_json_of_a_sensible_size(
    era: str, server: ToolServer, expected: dict[str, object]
) -> None:
    error = await failure(server, "fail", era)
    assert error | expected == error
