"""What a turn costs the database: each job is paid by every message."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator

import anyio
import pytest

from agentkit.storage.worker import Worker
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import Plain, Talk, talk

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something was waited for, and posted ahead of it."""
    counted: Counter[str] = Counter()
    for name in ("run", "post"):

        def counting(self: Worker, job: object, name: str = name, do: object = getattr(Worker, name)) -> object:
            counted[name] += 1
            assert callable(do)
            return do(self, job)

        monkeypatch.setattr(Worker, name, counting)
    return counted


@pytest.fixture
async def chief() -> AsyncGenerator[Talk]:
    async with LocalPlatform(reasoner=Plain()) as platform:
        yield await talk(platform)


async def test_a_turn_waits_twice_for_the_database_and_a_later_one_three_times(chief: Talk, jobs: Counter[str]) -> None:
    """The message is stored, and the end with what was remembered and traced; a later turn recalls, too."""
    with anyio.fail_after(HANG):
        opened = await chief.send("!hello")
        jobs.clear()
        await chief.send("!hello")
        assert jobs == {"run": 2, "post": 2}
        jobs.clear()
        await chief.send("!and again", context=opened["contextId"])
        assert jobs == {"run": 3, "post": 2}
