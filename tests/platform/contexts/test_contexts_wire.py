"""v2's contexts, their tasks and artifacts on the wire (V2-EP-18 to V2-EP-20, V2-EP-22, V2-EP-23)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest

from agentkit.platform.shortfalls import Shortfall
from tests.deadline import HANG
from tests.platform.contexts.parts import ROOT, UNKNOWN, ids, ward

pytestmark = pytest.mark.anyio


async def test_contexts_are_listed_newest_first_in_pages_and_by_agent_and_time() -> None:
    """V2-EP-18, V2-OBJ-22, V2-PAGE-01, CON-09, V2-LOC-01."""
    async with ward() as home:
        agent, other = await home.agent(), await home.agent()
        made: list[str] = []
        for which in (agent, other, agent):
            made.append((await home.send(which))["contextId"])
            home.clock.advance(timedelta(hours=1))
        await home.send(agent, contextId=made[0])
        await home.send(await home.agent(home.john), who=home.john)

        listed = await home.read("/contexts")
        assert listed["contexts"][2] == {
            "id": made[0],
            "agentId": agent,
            "taskCount": 2,
            "createdAt": "2026-11-20T10:00:00.000Z",
            "updatedAt": "2026-11-20T13:00:00.000Z",
            "expiresAt": None,
        }
        assert (ids(listed["contexts"]), listed["nextPageToken"]) == (made[::-1], None)
        first = await home.read("/contexts?pageSize=2")
        second = await home.read(f"/contexts?pageSize=2&pageToken={first['nextPageToken']}")
        assert (ids(first["contexts"]), ids(second["contexts"])) == ([made[2], made[1]], [made[0]])
        assert second["nextPageToken"] is None
        assert ids((await home.read(f"/contexts?agentId={other}"))["contexts"]) == [made[1]]
        assert ids((await home.read(f"/contexts?agentId={agent[4:]}"))["contexts"]) == [made[2], made[0]]
        assert (await home.read(f"/contexts?agentId={UNKNOWN}"))["contexts"] == []
        within = "from=2026-11-20T11:00:00Z&to=2026-11-20T12:00:00Z"
        assert ids((await home.read(f"/contexts?{within}"))["contexts"]) == [made[1]]


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "to=13", "from=", "agentId=me", "pageSize=0", "pageSize=201", "pageSize=x", "pageToken=x"],
)
async def test_a_list_of_contexts_refuses_what_it_cannot_read(query: str) -> None:
    async with ward() as home:
        assert await home.status("GET", f"/contexts?{query}") == (400, "INVALID_QUERY")


async def test_the_list_is_empty_where_the_platform_is_faithful() -> None:
    """V2-EP-18."""
    async with ward(faithful=frozenset({Shortfall.CONTEXT_LIST})) as home:
        task = await home.send(await home.agent())
        assert await home.read("/contexts") == {"contexts": [], "nextPageToken": None}
        assert (await home.read(f"/contexts/{task['contextId']}"))["id"] == task["contextId"]


async def test_a_context_brings_its_tasks_oldest_first_with_what_was_said() -> None:
    """V2-EP-19."""
    async with ward() as home:
        agent = await home.agent()
        first = await home.send(agent, "one")
        context = first["contextId"]
        second = await home.send(agent, "two", contextId=context)
        await home.send(agent, "elsewhere")

        whole = await home.read(f"/contexts/{context}")
        short = await home.read(f"/contexts/{context[4:]}?historyLength=0")

    assert {name: whole[name] for name in ("id", "agentId", "taskCount", "expiresAt")} == {
        "id": context,
        "agentId": agent,
        "taskCount": 2,
        "expiresAt": None,
    }
    assert ids(whole["tasks"]) == [first["id"], second["id"]]
    said = [[part["text"] for message in task["history"] for part in message["parts"]] for task in whole["tasks"]]
    assert said == [["one"], ["two"]]
    assert [task["status"]["message"]["parts"] for task in whole["tasks"]] == [
        [{"text": "echo: one"}],
        [{"text": "echo: two"}],
    ]
    assert all("history" not in task for task in short["tasks"])


async def test_the_tasks_of_a_context_come_in_pages_and_one_by_one() -> None:
    """V2-EP-22, V2-EP-23."""
    async with ward() as home:
        agent = await home.agent()
        first = await home.send(agent, "tool please")
        context = first["contextId"]
        rest = [await home.send(agent, contextId=context) for _ in range(2)]
        elsewhere = await home.send(agent, "tool too")

        one = await home.read(f"/contexts/{context}/tasks?pageSize=2")
        two = await home.read(f"/contexts/{context}/tasks?pageSize=2&pageToken={one['nextPageToken']}")
        assert (ids(one["tasks"]), ids(two["tasks"])) == ([first["id"], rest[0]["id"]], [rest[1]["id"]])
        assert two["nextPageToken"] is None
        task = await home.read(f"/contexts/{context}/tasks/{first['id']}")
        assert {name: task[name] for name in ("id", "contextId", "status", "artifacts")} == {
            name: first[name] for name in ("id", "contextId", "status", "artifacts")
        }
        (artifact,) = task["artifacts"]
        place = f"/contexts/{context}/tasks/{first['id'][5:]}/artifacts"
        assert await home.read(f"{place}/{artifact['artifactId']}") == artifact
        assert await home.read(f"{place}/{artifact['artifactId'].removeprefix('art.')}") == artifact
        assert artifact["parts"][0]["data"] == {"said": "echo: tool please"}

        missing = {
            f"/contexts/{context}/tasks/{elsewhere['id']}": "TASK_NOT_FOUND",
            f"/contexts/{context}/tasks/{UNKNOWN}": "TASK_NOT_FOUND",
            f"/contexts/{context}/tasks/none": "TASK_NOT_FOUND",
            f"{place}/{UNKNOWN}": "ARTIFACT_NOT_FOUND",
            f"{place}/a/b": "ARTIFACT_NOT_FOUND",
            f"/contexts/{UNKNOWN}": "CONTEXT_NOT_FOUND",
            f"/contexts/{UNKNOWN}/tasks": "CONTEXT_NOT_FOUND",
            "/contexts/none": "CONTEXT_NOT_FOUND",
            f"/contexts/ctx.{UNKNOWN.upper()}/trace": "CONTEXT_NOT_FOUND",
        }
        assert {path: await home.status("GET", path) for path in missing} == {
            path: (404, code) for path, code in missing.items()
        }


async def test_a_context_of_somebody_else_is_a_missing_one_everywhere() -> None:
    """V2-EP-19 to V2-EP-25: never 403, which would tell that it is there; also at an agent both may see."""
    async with ward() as home:
        agent = await home.agent(visibility="public")
        task = await home.send(agent, "tool please")
        artifact = task["artifacts"][0]["artifactId"]
        feedback = f"/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
        paths = [
            ("GET", f"/contexts/{task['contextId']}"),
            ("DELETE", f"/contexts/{task['contextId']}"),
            ("GET", f"/contexts/{task['contextId']}/trace"),
            ("GET", f"/contexts/{task['contextId']}/tasks"),
            ("GET", f"/contexts/{task['contextId']}/tasks/{task['id']}"),
            ("GET", f"/contexts/{task['contextId']}/tasks/{task['id']}/artifacts/{artifact}"),
            ("GET", feedback),
            ("DELETE", feedback),
            ("DELETE", f"{feedback}/fb.{UNKNOWN}"),
        ]
        assert {path: await home.status(*path, home.john) for path in paths} == dict.fromkeys(
            paths, (404, "CONTEXT_NOT_FOUND")
        )
        refused = await home.john.post(f"{ROOT}{feedback}", {"rating": {"scale": "binary", "value": 1}})
        assert refused.status_code == 404
        own = await home.send(agent, who=home.john)
        assert ids((await home.read("/contexts", home.john))["contexts"]) == [own["contextId"]]
        cross = await home.status("GET", f"/contexts/{own['contextId']}/tasks/{task['id']}", home.john)
        assert cross == (404, "TASK_NOT_FOUND")


async def test_a_deleted_context_is_gone_from_every_address() -> None:
    """V2-EP-20."""
    async with ward() as home:
        agent = await home.agent()
        task = await home.send(agent, "tool please")
        kept = await home.send(agent)
        context = task["contextId"]
        assert await home.status("DELETE", f"/contexts/{context}") == (204, "")
        for path in ("", "/trace", "/tasks", f"/tasks/{task['id']}", f"/tasks/{task['id']}/feedback"):
            assert await home.status("GET", f"/contexts/{context}{path}") == (404, "CONTEXT_NOT_FOUND")
        assert await home.status("DELETE", f"/contexts/{context}") == (404, "CONTEXT_NOT_FOUND")
        assert ids((await home.read("/contexts"))["contexts"]) == [kept["contextId"]]
        sent = {"role": "ROLE_USER", "messageId": "late", "parts": [{"text": "x"}], "contextId": context}
        answer = await home.jane.post(f"{ROOT}/agents/{agent}/a2a/message:send", {"message": sent})
        assert answer.status_code == 404


async def test_a_task_at_work_is_shown_as_it_is_now() -> None:
    """V2-EP-19."""
    async with ward() as home:
        agent = await home.agent()
        message = {"role": "ROLE_USER", "messageId": "w", "parts": [{"text": "wait"}]}
        body: dict[str, Any] = {"message": message, "configuration": {"returnImmediately": True}}
        task = (await home.jane.post(f"{ROOT}/agents/{agent}/a2a/message:send", body)).json()["task"]
        with anyio.fail_after(HANG):
            await home.reasoner.waiting.wait()
            found = await home.read(f"/contexts/{task['contextId']}")
            assert [one["status"]["state"] for one in found["tasks"]] == ["TASK_STATE_WORKING"]
            assert await home.status("DELETE", f"/contexts/{task['contextId']}") == (204, "")
        home.reasoner.go.set()


async def test_a_context_of_one_generation_is_read_through_the_other() -> None:
    """A conversation belongs to caller and agent, whichever generation opened it."""
    async with ward() as home:
        agent = await home.agent()
        old = await home.send_v1(agent, "one")
        await home.send(agent, "two", contextId=f"ctx.{old['contextId']}")
        context = await home.read(f"/contexts/ctx.{old['contextId']}")
        assert [task["status"]["message"]["parts"][0]["text"] for task in context["tasks"]] == [
            "echo: one",
            "echo: two",
        ]
        assert context["expiresAt"] is None
        through = await home.jane.read(f"/agents/{agent[4:]}/v1/contexts/{old['contextId']}")
        assert len(through["items"]) == 2
