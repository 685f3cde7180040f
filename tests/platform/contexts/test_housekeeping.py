"""Who looks after what has had its time, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from agentkit.errors import StorageError
from agentkit.platform import housekeeping
from agentkit.platform.agents.store import AgentStore
from agentkit.tasks import Scope
from agentkit.tasks.forgetting import Forgetting
from tests.deadline import HANG
from tests.platform.contexts.parts import ward

pytestmark = pytest.mark.anyio

MONTH = timedelta(days=30)


async def test_what_is_over_goes_without_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """CTX-04: an idle platform does not keep what it may not keep."""
    monkeypatch.setattr(housekeeping, "EVERY", timedelta(milliseconds=5))
    finish, finished = Forgetting.finish, anyio.Event()

    async def noted(forgetting: Forgetting, hidden: Sequence[tuple[Scope, str]]) -> None:
        await finish(forgetting, hidden)
        finished.set()

    monkeypatch.setattr(Forgetting, "finish", noted)
    async with ward() as home:
        await home.send_v1(await home.agent())
        home.clock.advance(MONTH)
        with anyio.fail_after(HANG):
            await finished.wait()
        assert (await home.read("/contexts"))["contexts"] == []


async def test_a_store_that_refuses_delays_the_end_and_fails_no_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_store: AgentStore) -> None:
        raise StorageError("The database refused (DiskFull).")

    async with ward() as home:
        task = await home.send_v1(await home.agent())
        home.clock.advance(MONTH)
        with monkeypatch.context() as patched:
            patched.setattr(AgentStore, "bury_expired", refuse)
            assert (await home.read("/contexts"))["contexts"][0]["id"] == f"ctx.{task['contextId']}"
        assert "StorageError" in caplog.text
        home.clock.advance(housekeeping.EVERY)
        assert (await home.read("/contexts"))["contexts"] == []


async def test_what_could_not_be_erased_is_erased_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_forgetting: Forgetting, _hidden: Sequence[tuple[Scope, str]]) -> None:
        refused.set()
        raise StorageError("The database refused (DiskFull).")

    refused = anyio.Event()
    async with ward(database=tmp_path / "platform.db") as home:
        await home.send_v1(await home.agent(), "canary-3e")
        home.clock.advance(MONTH)
        with monkeypatch.context() as patched, anyio.fail_after(HANG):
            patched.setattr(Forgetting, "finish", refuse)
            assert (await home.read("/contexts"))["contexts"] == []
            await refused.wait()
    assert "was not erased yet" in caplog.text
    assert all(b"canary-3e" not in file.read_bytes() for file in tmp_path.glob("platform.db*"))  # noqa: ASYNC240
