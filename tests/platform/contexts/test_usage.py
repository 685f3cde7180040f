"""How often agents were called, on the wire (V2-EP-14, V2-OBJ-21)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentkit.platform.shortfalls import Shortfall
from tests.platform.contexts.parts import UNKNOWN, ward

pytestmark = pytest.mark.anyio

DAY = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00.000Z"


async def test_calls_are_counted_by_period_over_a_half_open_range_in_utc() -> None:
    """V2-EP-14, V2-OBJ-21: both generations count, and a message that continues a task is a call, too."""
    async with ward() as home:
        agent = await home.agent()
        usage = f"/agents/{agent}/usage"
        first = await home.send(agent)
        home.clock.advance(timedelta(seconds=30))
        await home.send(agent, contextId=first["contextId"])
        home.clock.advance(timedelta(minutes=30))
        asked = await home.send_v1(agent, "ask")
        home.clock.advance(timedelta(days=3))
        await home.send_v1(agent, "that one", taskId=asked["id"], contextId=asked["contextId"])
        home.clock.advance(timedelta(seconds=1))

        assert await home.read(usage) == {
            "granularity": "day",
            "from": "2026-10-24T10:30:31.000Z",
            "to": "2026-11-23T10:30:31.000Z",
            "totals": {"invocations": 4, "uniqueContexts": 2},
            "buckets": [
                {
                    "periodStart": "2026-11-20T00:00:00.000Z",
                    "periodEnd": "2026-11-21T00:00:00.000Z",
                    "invocations": 3,
                    "uniqueContexts": 2,
                },
                {
                    "periodStart": "2026-11-23T00:00:00.000Z",
                    "periodEnd": "2026-11-24T00:00:00.000Z",
                    "invocations": 1,
                    "uniqueContexts": 1,
                },
            ],
        }
        counts = {
            granularity: [
                (bucket["periodStart"], bucket["invocations"])
                for bucket in (await home.read(f"{usage}?granularity={granularity}"))["buckets"]
            ]
            for granularity in ("minute", "hour", "week")
        }
        assert counts == {
            "minute": [
                ("2026-11-20T10:00:00.000Z", 2),
                ("2026-11-20T10:30:00.000Z", 1),
                ("2026-11-23T10:30:00.000Z", 1),
            ],
            "hour": [("2026-11-20T10:00:00.000Z", 3), ("2026-11-23T10:00:00.000Z", 1)],
            "week": [("2026-11-16T00:00:00.000Z", 3), ("2026-11-23T00:00:00.000Z", 1)],
        }
        half_open = await home.read(f"{usage}?from=2026-11-20T10:00:00Z&to=2026-11-20T10:00:30Z&granularity=minute")
        assert half_open["totals"] == {"invocations": 1, "uniqueContexts": 1}
        elsewhere = await home.read(f"{usage}?from=2026-11-20T12:00:00%2B02:00&to=2026-11-20T10:00:30Z")
        assert (elsewhere["from"], elsewhere["totals"]["invocations"]) == ("2026-11-20T10:00:00.000Z", 1)


async def test_counts_survive_the_deletion_of_contexts() -> None:
    async with ward() as home:
        agent = await home.agent()
        task = await home.send(agent)
        await home.send(agent, contextId=task["contextId"])
        before = await home.read(f"/agents/{agent}/usage?{DAY}")
        assert await home.status("DELETE", f"/contexts/{task['contextId']}") == (204, "")
        assert await home.read(f"/agents/{agent}/usage?{DAY}") == before
        assert before["totals"] == {"invocations": 2, "uniqueContexts": 1}


async def test_the_owner_sees_all_calls_and_everybody_else_his_own() -> None:
    async with ward() as home:
        agent, hidden = await home.agent(visibility="public"), await home.agent()
        for who in (home.jane, home.john, home.john):
            await home.send(agent, who=who)
        usage = f"/agents/{agent}/usage?{DAY}"
        assert (await home.read(usage))["totals"] == {"invocations": 3, "uniqueContexts": 3}
        assert (await home.read(usage, home.john))["totals"] == {"invocations": 2, "uniqueContexts": 2}
        assert await home.status("GET", f"/agents/{hidden}/usage", home.john) == (404, "AGENT_NOT_FOUND")
        assert await home.status("GET", f"/agents/{UNKNOWN}/usage") == (404, "AGENT_NOT_FOUND")


@pytest.mark.parametrize(
    "query",
    [
        "granularity=year",
        "granularity=",
        "from=yesterday",
        "to=tomorrow",
        "from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z",
        "from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z",
        "from=2100-01-01T00:00:00Z",
        "from=2020-01-01T00:00:00Z&granularity=minute",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=0001-01-02T00:00:00Z",
        "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
    ],
)
async def test_a_range_that_is_none_is_refused(query: str) -> None:
    async with ward() as home:
        agent = await home.agent()
        assert await home.status("GET", f"/agents/{agent}/usage?{query}") == (400, "INVALID_QUERY")


async def test_a_faithful_platform_counts_by_day_whatever_is_asked() -> None:
    """V2-EP-14."""
    async with ward(faithful=frozenset({Shortfall.USAGE_BY_DAY_ONLY})) as home:
        agent = await home.agent()
        await home.send(agent)
        report = await home.read(f"/agents/{agent}/usage?granularity=minute&{DAY}")
        assert (report["granularity"], len(report["buckets"])) == ("day", 1)
        assert await home.status("GET", f"/agents/{agent}/usage?granularity=year") == (400, "INVALID_QUERY")
