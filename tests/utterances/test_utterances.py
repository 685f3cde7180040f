"""What people say, and what the rules make of it on the real platform: right answers, questions back, no inventions."""

from __future__ import annotations

import sys

import pytest

from agentkit.testing.installed import InstalledServers
from tests.utterances.entries import Entry, entries
from tests.utterances.judging import Judgement, judge
from tests.utterances.stage import installed, stage

pytestmark = pytest.mark.anyio

LEAST = {"tuned": 0.9, "held_out": 0.75}
"""The share of a half that must be right."""


async def judgements(listed: list[Entry], servers: InstalledServers) -> list[Judgement]:
    """Play a half of the suite."""
    async with stage(servers) as played:
        return [judge(await played.play(entry)) for entry in listed]


def told(half: str, judged: list[Judgement]) -> str:
    """The rates and the failures, by id: no sentence, so that nobody tunes on the other half by reading a log."""
    right = [one for one in judged if one.fault is None]
    kinds = (("answerable", True), ("unanswerable", False))
    rates = [
        f"{sum((one.entry.tool is not None) is kind for one in right)} of "
        f"{sum((one.entry.tool is not None) is kind for one in judged)} {name}"
        for name, kind in kinds
    ]
    lines = [f"{one.entry.id}: {one.fault}" for one in judged if one.fault]
    return "\n".join([f"{half}: {len(right)} of {len(judged)} right ({', '.join(rates)})", *lines])


# Both cover the same, and a tracer doubles the time.
@pytest.fixture(params=["tuned", pytest.param("held_out", marks=pytest.mark.no_cover)])
def half(request: pytest.FixtureRequest) -> str:
    """Which half."""
    return str(request.param)


@pytest.fixture
def listed(half: str) -> list[Entry]:
    """Its entries, read before the loop runs."""
    return entries(half)


@pytest.fixture
def servers() -> InstalledServers:
    """The installed servers."""
    return installed()


async def test_of_what_people_say_enough_is_understood_and_nothing_is_invented(
    half: str, listed: list[Entry], servers: InstalledServers
) -> None:
    judged = await judgements(listed, servers)
    report = told(half, judged)
    sys.stdout.write(f"{report}\n")
    assert [one.invented for one in judged if one.invented] == [], report
    assert sum(one.fault is None for one in judged) >= LEAST[half] * len(judged), report
