"""Erasure removes content from every table and leaves the audit record, whatever happens in between (V1-CTXEP-02)."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from agentkit.cli.commands import app
from agentkit.tasks import erasing
from tests.deadline import HANG
from tests.platform.agents.calls import Caller
from tests.platform.contexts.dying import CANARY
from tests.platform.contexts.parts import ROOT, Ward, ward

pytestmark = pytest.mark.anyio

PROJECT = Path(__file__).parents[3]
JANE = "http://127.0.0.1:8700/realms/base|local-client"
JOHN = "http://127.0.0.1:8700/realms/base|other-client"


def files(folder: Path) -> bytes:
    """What the files of the database hold."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("platform.db*")))


def tables(database: Path) -> dict[str, int]:
    """In how many rows of each table the canary is, of tables that have it."""
    connection = sqlite3.connect(database)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        name: sum(CANARY in str(row) for row in connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
        for name in names
    }
    connection.close()
    return {name: count for name, count in found.items() if count}


def audit(database: Path) -> list[tuple[Any, ...]]:
    """What is left of erased tasks."""
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT tenant, owner, state, body FROM tasks WHERE deleted IS NOT NULL").fetchall()
    connection.close()
    return rows


async def talk(home: Ward, agent: str, who: Caller | None = None) -> dict[str, Any]:
    """A conversation with content in every place where there can be some."""
    metadata = {"about": CANARY}
    task = await home.send(agent, f"tool {CANARY}", who, metadata=metadata)
    await home.send(agent, f"ask {CANARY}", who, contextId=task["contextId"])
    feedback = f"{ROOT}/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
    body = {"rating": {"scale": "binary", "value": 1}, "labels": ["other"], "reason": CANARY}
    assert (await (who or home.jane).post(feedback, body)).status_code == 201
    return task


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Ward]:
    async with ward(database=folder / "platform.db", trace_content=True) as home:
        yield home


async def test_a_deleted_context_leaves_no_word_in_any_table_or_file(tmp_path: Path) -> None:
    """V2-EP-20: tasks, events, artifacts, memory, traces with content, feedback."""
    async with opened(tmp_path) as home:
        agent = await home.agent()
        task = await talk(home, agent)
        kept = await home.send(agent, "another conversation")
        before = set(tables(tmp_path / "platform.db"))
        assert {"tasks", "events", "artifacts", "platform_traces", "platform_feedback"} <= before
        assert any(name.startswith("memory") for name in before)

        assert await home.status("DELETE", f"/contexts/{task['contextId']}") == (204, "")

        assert tables(tmp_path / "platform.db") == {}
        assert CANARY.encode() not in files(tmp_path)
        assert len((await home.read(f"/contexts/{kept['contextId']}/trace"))["traces"]) == 1
    assert sorted(audit(tmp_path / "platform.db")) == [
        ("base", JANE, "completed", ""),
        ("base", JANE, "input-required", ""),
    ]


async def test_feedback_that_is_taken_back_is_in_no_file_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as home:
        task = await home.send(await home.agent())
        path = f"{ROOT}/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
        made = await home.jane.made(path, {"rating": {"scale": "binary", "value": 1}, "reason": CANARY})
        assert (await home.jane.delete(f"{path}/{made['id']}")).status_code == 204
        assert CANARY.encode() not in files(tmp_path)


async def test_what_is_still_at_work_leaves_nothing_behind_what_deletes_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as home:
        agent = await home.agent()
        task = await home.send(agent, CANARY)
        message = {"role": "ROLE_USER", "messageId": "w", "parts": [{"text": f"wait {CANARY}"}]}
        message["contextId"] = task["contextId"]
        body = {"message": message, "configuration": {"returnImmediately": True}}
        assert (await home.jane.post(f"{ROOT}/agents/{agent}/a2a/message:send", body)).status_code == 200
        with anyio.fail_after(HANG):
            await home.reasoner.waiting.wait()
            assert await home.status("DELETE", f"/contexts/{task['contextId']}") == (204, "")
        home.reasoner.go.set()
        assert tables(tmp_path / "platform.db") == {}
    assert CANARY.encode() not in files(tmp_path)


async def test_a_platform_that_is_killed_while_it_erases_goes_on_at_its_next_start(tmp_path: Path) -> None:
    """Hidden at once, scrubbed batch by batch: after the kill nobody finds it, and the next start finishes."""
    database = tmp_path / "platform.db"
    arguments = [sys.executable, "-m", "tests.platform.contexts.dying", str(database), str(erasing.BATCH + 20)]
    with anyio.fail_after(HANG * 2):
        died = await anyio.run_process(arguments, cwd=PROJECT, check=False, stderr=subprocess.PIPE)
    assert died.returncode == -9, died.stderr.decode()
    context = died.stdout.decode().strip()
    assert CANARY.encode() in files(tmp_path)
    async with opened(tmp_path) as home:
        assert tables(database) == {}
        assert await home.status("GET", f"/contexts/{context}") == (404, "CONTEXT_NOT_FOUND")
    assert CANARY.encode() not in files(tmp_path)
    assert len(audit(database)) == erasing.BATCH + 20


async def test_the_command_line_erases_an_owner_from_every_table_of_a_platform(tmp_path: Path) -> None:
    """`agentkit tasks erase` reaches memory, traces and feedback, and nobody else's."""
    database = tmp_path / "platform.db"
    async with opened(tmp_path) as home:
        agent = await home.agent(visibility="public")
        await talk(home, agent)
        other = await talk(home, agent, home.john)
    before = tables(database)

    arguments = ["tasks", "erase", "--owner", JANE, "--tenant", "base", "--database", str(database), "--yes"]
    done = await anyio.to_thread.run_sync(CliRunner().invoke, app, arguments)
    assert done.exit_code == 0, done.output
    assert "Erased 2 tasks" in done.output

    assert {name: count * 2 for name, count in tables(database).items()} == before
    async with opened(tmp_path) as home:
        assert (await home.read("/contexts"))["contexts"] == []
        assert (await home.read(f"/contexts/{other['contextId']}", home.john))["taskCount"] == 2
        assert len((await home.read(f"/contexts/{other['contextId']}/trace", home.john))["traces"]) == 2
    arguments[3] = JOHN
    done = await anyio.to_thread.run_sync(CliRunner().invoke, app, arguments)
    assert done.exit_code == 0, done.output
    assert CANARY.encode() not in files(tmp_path)


async def test_retention_takes_memory_traces_and_feedback_with_the_tasks(tmp_path: Path) -> None:
    database = tmp_path / "platform.db"
    async with opened(tmp_path) as home:
        await talk(home, await home.agent())
        home.clock.move_to(datetime(2026, 11, 20, 11, tzinfo=UTC))
    arguments = ["tasks", "retain", "--days", "0", "--waiting-days", "0", "--database", str(database), "--yes"]
    done = await anyio.to_thread.run_sync(CliRunner().invoke, app, arguments)
    assert done.exit_code == 0, done.output
    assert tables(database) == {}
    assert CANARY.encode() not in files(tmp_path)
