"""Contexts, traces, feedback, usage, lifetime and erasure on PostgreSQL."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from agentkit.storage import Connection, Database
from agentkit.tasks import MIGRATIONS
from tests.platform.contexts.dying import CANARY
from tests.platform.contexts.parts import ROOT, ids, ward

pytestmark = pytest.mark.anyio


async def test_all_of_it_works_on_postgresql_too(postgres_url: str) -> None:
    secret_key = base64.urlsafe_b64encode(bytes(32)).decode()
    async with ward(database=postgres_url, secret_key=secret_key, trace_content=True) as home:
        agent, gone = await home.agent(), await home.agent()
        task = await home.send(agent, f"tool {CANARY}")
        old = await home.send_v1(agent, f"tool {CANARY}")
        left = await home.send(gone, CANARY)
        context = f"/contexts/{task['contextId']}"
        feedback = f"{ROOT}{context}/tasks/{task['id']}/feedback"
        body = {"rating": {"scale": "binary", "value": 1}, "reason": CANARY}
        made = [await home.jane.made(feedback, body) for _ in range(2)]

        listed = ids((await home.read("/contexts?pageSize=2"))["contexts"])
        assert listed == [left["contextId"], f"ctx.{old['contextId']}"]
        assert (await home.read(context))["taskCount"] == 1
        assert len((await home.read(f"{context}/trace"))["traces"]) == 1
        assert (await home.jane.delete(f"{feedback}/{made[0]['id']}")).status_code == 204
        assert ids((await home.jane.read(feedback))["feedbacks"]) == [made[1]["id"]]
        home.clock.advance(timedelta(seconds=1))
        report = await home.read(f"/agents/{agent}/usage?granularity=week")
        assert report["totals"] == {"invocations": 2, "uniqueContexts": 2}
        assert [bucket["periodStart"] for bucket in report["buckets"]] == ["2026-11-16T00:00:00.000Z"]

        assert await home.status("DELETE", f"/agents/{gone}") == (204, "")
        home.clock.advance(timedelta(minutes=2))
        assert len((await home.read("/contexts"))["contexts"]) == 3
        home.clock.advance(timedelta(days=31))
        assert ids((await home.read("/contexts"))["contexts"]) == [task["contextId"]]
        assert await home.status("DELETE", context) == (204, "")

    def look(connection: Connection) -> list[str]:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [
            name
            for (name,) in names
            if any(CANARY in str(row) for row in connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
        ]

    database = await Database.open(postgres_url, MIGRATIONS)
    try:
        assert await database.read(look) == []
    finally:
        await database.close()
