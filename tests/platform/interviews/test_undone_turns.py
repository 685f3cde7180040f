"""A turn whose answer nobody got does not count: after a crash, a cancel, or when it is done again."""

from __future__ import annotations

import base64
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from agentkit.platform import PlatformSettings
from agentkit.platform.orchestration.interview_store import StoredInterview
from agentkit.testing.local_platform import LocalPlatform

from .parts import REST, Interviewer, interviewer, part, told

pytestmark = pytest.mark.anyio

KEPT = StoredInterview("x", 3, "task", "message", "{}", "after", "before", 1, "completed")


def test_a_session_counts_unless_its_turn_is_done_again_or_came_to_nothing() -> None:
    assert KEPT.present("other", "other") == "after"
    assert KEPT.present("task", "other") == "after"
    assert KEPT.present("task", "message") == "before"
    for state in ("failed", "canceled", "rejected"):
        assert replace(KEPT, state=state).present("other", "other") == "before"
    assert replace(KEPT, state="input-required").present("task", "other") == "after"


async def test_an_answer_whose_task_a_crash_ended_is_asked_for_again(tmp_path: Path) -> None:
    """The person never saw that it was taken: the next words must not answer the next question instead."""
    database = tmp_path / "platform.db"
    async with LocalPlatform(PlatformSettings(database=database)) as platform:
        asked = await interviewer(platform)
        await asked.says("hello", part(REST))
        await asked.says("3")
        crashed = await asked.says("7")

    def crash() -> None:
        connection = sqlite3.connect(database)
        try:
            connection.execute("UPDATE tasks SET state = 'failed' WHERE id = ?", (crashed["id"],))
            connection.commit()
        finally:
            connection.close()

    await anyio.to_thread.run_sync(crash)
    async with LocalPlatform(PlatformSettings(database=database)) as platform:
        platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
        platform.http.base_url = platform.url
        again = Interviewer(platform.http, asked.agent, asked.context, sent=10)
        assert told(await again.says("8"))["answers"] == {"q1": 3, "q2": 8}


async def test_interviews_are_kept_on_postgresql_as_on_sqlite(postgres_url: str) -> None:
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    async with LocalPlatform(PlatformSettings(database=postgres_url, secret_key=key)) as platform:
        asked = await interviewer(platform)
        await asked.says("hello", part(REST))
        assert told(await asked.says("3"))["answers"] == {"q1": 3}
        assert told(await asked.says("7"))["answers"] == {"q1": 3, "q2": 7}
        gone = await platform.http.delete(f"/agents/{asked.agent}/v1/contexts/{asked.context}")
        assert gone.status_code == 204
