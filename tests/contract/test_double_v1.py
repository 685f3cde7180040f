"""The double's v1 plane over REST (sections 6 to 8, 11, 13)."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from tests.contract.corti_double import CortiDouble, Gate, Received, Turn, in_pieces
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def message(text: str = "Any allergies?", message_id: str = "m-1", **more: Any) -> dict[str, Any]:
    parts = [{"kind": "text", "text": text}]
    return {"kind": "message", "role": "user", "messageId": message_id, "parts": parts, **more}


async def send(client: httpx2.AsyncClient, agent: str, sent: dict[str, Any], **more: Any) -> httpx2.Response:
    return await client.post(f"/agents/{agent}/v1/message:send", json={"message": sent, **more})


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_agents_are_made_changed_and_deleted() -> None:
    """V1-EP-01, V1-EP-03 to V1-EP-05, V1-AGENT-03, V1-AGENT-08, V1-OBJ-05: the token never comes back."""
    server = {
        "name": "ehr",
        "transportType": "streamable_http",
        "authorizationType": "bearer",
        "url": "https://mcp.example.org/ehr/mcp",
        "token": "static-secret",
    }
    spec = {"name": "visit-helper", "description": "d", "mcpServers": [server]}
    async with calling(CortiDouble()) as client:
        created = await client.post("/agents", json=spec)
        agent = created.json()
        got = await client.get(f"/agents/{agent['id']}")
        alias = await client.get(f"/v2/agents/{agent['id']}")
        patched = await client.patch(f"/agents/{agent['id']}", json={"name": "renamed"})
        whole = await client.patch(f"/agents/{agent['id']}", json={**agent, "description": "other"})
        deleted = await client.delete(f"/agents/{agent['id']}")
        again = await client.delete(f"/agents/{agent['id']}")
    assert created.status_code == 201
    assert isinstance(agent["systemPrompt"], str)
    assert "static-secret" not in created.text
    assert got.json() == alias.json() == agent
    assert patched.json() == {**agent, "name": "renamed"}
    assert whole.json()["description"] == "other"
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert again.json() == {
        "code": "agent_delete_failed",
        "description": "The agent could not be found.",
        "cause": {
            "code": "expert_delete_failed",
            "description": "The agent could not be found.",
            "cause": {"code": "expert_not_found", "description": "The expert could not be found."},
        },
    }


async def test_experts_come_back_in_their_answer_forms() -> None:
    """V1-OBJ-03, V1-OBJ-04, V1-OBJ-08, V1-OBJ-09, V1-AGENT-02, V1-AGENT-06."""
    double = CortiDouble()
    helper = double.add_agent("helper")
    experts = [
        {"type": "new", "name": "reader", "description": "reads"},
        {"type": "reference", "name": "pubmed-expert", "config": {"maxResults": 2}, "systemPrompt": "Cite."},
        {"type": "reference", "name": "@corti/medical-coding"},
        {"type": "reference", "id": helper, "name": "ignored"},
    ]
    async with calling(double) as client:
        made = (await client.post("/agents", json={"name": "a", "description": "d", "experts": experts})).json()
        bad = {"type": "reference", "name": "pubmed-expert", "config": {"maxResults": "many"}}
        wrong = await client.post("/agents", json={"name": "a", "description": "d", "experts": [bad]})
    reader, pubmed, coding, sub = made["experts"]
    assert (reader["type"], reader["systemPrompt"], reader["mcpServers"]) == ("expert", "", [])
    assert pubmed["resolvedConfig"] == {"maxResults": 2, "language": "en"}
    assert pubmed["systemPrompt"] == "Cite."
    assert (coding["type"], coding["name"]) == ("reference", "@corti/medical-coding")
    assert (sub["id"], sub["name"]) == (helper, "helper")
    assert refusal(wrong) == (422, "validation_failed")


async def test_the_list_hides_ephemeral_agents_and_pages_by_offset() -> None:
    """V1-EP-02, V1-AGENT-05, V1-AGENT-07, V1-OBJ-07."""
    double = CortiDouble()
    for name in "abc":
        double.add_agent(name)
    double.references.append({"type": "reference", "name": "elsewhere"})
    async with calling(double) as client:
        hidden = await client.post("/agents?ephemeral=true", json={"name": "e", "description": "d"})
        listed = (await client.get("/agents")).json()
        paged = (await client.get("/agents?limit=2&offset=2&ephemeral=true")).json()
        found = await client.get(f"/agents/{hidden.json()['id']}")
        refused = [await client.get(f"/agents?{query}") for query in ("limit=0", "offset=-1", "limit=x")]
    assert [agent["name"] for agent in listed] == ["a", "b", "c", "elsewhere"]
    assert [agent["name"] for agent in paged] == ["c", "e"]
    assert found.status_code == 200
    assert [answer.status_code for answer in refused] == [400, 400, 400]


async def test_a_message_opens_a_context_that_others_join() -> None:
    """V1-SEND-01, V1-SEND-05 to V1-SEND-07, V1-CTXEP-01."""
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("r1", "a", "b")), Turn("Hi", as_message=True))
    async with calling(double) as client:
        task = (await send(client, agent, message(role="agent", referenceTaskIds=["x"], metadata={"a": 1}))).json()[
            "task"
        ]
        context = task["contextId"]
        second = (await send(client, agent, message(message_id="m-2", contextId=context))).json()
        items = (await client.get(f"/agents/{agent}/v1/contexts/{context}")).json()
        page = (await client.get(f"/agents/{agent}/v1/contexts/{context}?limit=1&offset=1")).json()
        deleted = await client.delete(f"/agents/{agent}/v1/contexts/{context}")
        gone = await client.get(f"/agents/{agent}/v1/contexts/{context}")
        task_gone = await client.get(f"/agents/{agent}/v1/tasks/{task['id']}")
    assert task["status"]["message"]["parts"] == [{"kind": "text", "text": "One"}]
    assert [part["text"] for part in task["artifacts"][0]["parts"]] == ["a", "b"]
    assert set(second) == {"message"}
    assert second["message"]["contextId"] == context
    assert items["id"] == context
    assert [item["kind"] for item in items["items"]] == ["task", "message", "message"]
    assert page["items"] == items["items"][1:2]
    assert deleted.status_code == 204
    assert refusal(gone) == (404, "context_not_found")
    assert refusal(task_gone) == (404, "task_not_found")


async def test_only_a_task_that_waits_for_input_is_continued() -> None:
    """V1-SEND-02 to V1-SEND-04, V1-ID-01, V1-ID-02."""
    double = CortiDouble()
    agent, other = double.add_agent(), double.add_agent("other")
    double.agent_answers(Turn("Which ear?", "input-required"), "Left it is.")
    async with calling(double) as client:
        asking = (await send(client, agent, message())).json()["task"]
        ids = {"contextId": asking["contextId"], "taskId": asking["id"]}
        answered = (await send(client, agent, message("Left", "m-2", **ids))).json()["task"]
        elsewhere = (await send(client, agent, message(message_id="m-3"))).json()["task"]["contextId"]
        refused = {
            "settled": await send(client, agent, message(message_id="m-4", **ids)),
            "task": await send(client, agent, message(message_id="m-5", taskId=UNKNOWN)),
            "context": await send(client, agent, message(message_id="m-6", contextId=UNKNOWN)),
            "mixed": await send(client, agent, message(message_id="m-7", taskId=ids["taskId"], contextId=elsewhere)),
            "agent": await send(client, UNKNOWN, message(message_id="m-8")),
            "id": await send(client, "x", message(message_id="m-9")),
            "foreign": await client.get(f"/agents/{other}/v1/tasks/{asking['id']}"),
        }
    assert asking["status"]["state"] == "input-required"
    assert answered["id"] == asking["id"]
    assert [entry["role"] for entry in answered["history"]] == ["user", "agent", "user"]
    assert {name: refusal(answer) for name, answer in refused.items()} == {
        "settled": (400, "task_not_continuable"),
        "task": (404, "task_not_found"),
        "context": (404, "context_not_found"),
        "mixed": (400, "context_mismatch"),
        "agent": (404, "expert_not_found"),
        "id": (400, "invalid_id"),
        "foreign": (404, "task_not_found"),
    }


async def test_long_work_is_followed_by_polling() -> None:
    """V1-SEND-08, V1-TASK-01, V1-TASK-02."""
    double = CortiDouble()
    agent, gate = double.add_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    async with calling(double) as client:
        task = (await send(client, agent, message(), configuration={"blocking": False})).json()["task"]
        path = f"/agents/{agent}/v1/tasks/{task['id']}"
        with anyio.fail_after(60):
            await gate.reached()
        working = (await client.get(path)).json()
        gate.open()
        await double.finish()
        done = (await client.get(path)).json()
        none = (await client.get(f"{path}?historyLength=0")).json()
    assert (task["status"]["state"], working["status"]["state"]) == ("submitted", "working")
    assert done["status"]["state"] == "completed"
    assert len(done["history"]) == 1
    assert none["history"] == []


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({}, "message"),
        ({"message": {"kind": "message", "role": "user", "messageId": "m"}}, "message.parts"),
        ({"message": message() | {"parts": [{"kind": "text"}]}}, "message.parts[0].text"),
        ({"message": message() | {"parts": [{"text": "no kind"}]}}, "message.parts[0].kind"),
        ({"message": message() | {"role": "ROLE_USER"}}, "message.role"),
        ({"message": message(), "configuration": {"blocking": "yes"}}, "configuration.blocking"),
    ],
)
async def test_a_message_that_breaks_the_schema_is_named(sent: object, where: str) -> None:
    """V1-SEND-10, V1-ERR-02."""
    double = CortiDouble()
    agent = double.add_agent()
    async with calling(double) as client:
        answer = await client.post(f"/agents/{agent}/v1/message:send", json=sent)
        malformed = await client.post(f"/agents/{agent}/v1/message:send", content=b'{"message":')
    assert refusal(answer) == (422, "validation_failed")
    assert [entry["errors"][0]["location"] for entry in answer.json()["detail"]] == [where]
    assert refusal(malformed) == (400, "malformed_json")
    assert double.executed == {}


@pytest.mark.parametrize("deduplicates", [True, False])
async def test_a_repeated_message_is_executed_once_unless_switched_off(deduplicates: bool) -> None:
    """CLI-10."""
    double = CortiDouble()
    double.deduplicates = deduplicates
    agent = double.add_agent()
    async with calling(double) as client:
        tasks = [(await send(client, agent, message())).json()["task"]["id"] for _ in range(2)]
    assert (tasks[0] == tasks[1]) is deduplicates
    assert double.executed["m-1"] == (1 if deduplicates else 2)


async def test_turns_are_queued_by_agent_and_may_look_at_the_message() -> None:
    double = CortiDouble()
    first, second = double.add_agent("first"), double.add_agent("second")

    def echo(received: Received) -> Turn:
        return Turn(f"{received.earlier}: {received.text}")

    double.agent_answers("for second", agent=second)
    double.default_turn = echo
    async with calling(double) as client:
        texts = [
            (await send(client, agent, message(message_id=f"m-{number}"))).json()["task"]["status"]["message"]
            for number, agent in enumerate((first, second, second))
        ]
    assert [text["parts"][0]["text"] for text in texts] == ["0: Any allergies?", "for second", "0: Any allergies?"]


async def test_the_card_names_the_json_rpc_endpoint() -> None:
    """V1-EP-06, V1-OBJ-12, V1-CARD-01, V1-CARD-02."""
    double = CortiDouble()
    agent = double.add_agent(experts=[{"type": "new", "name": "reader", "description": "reads"}])
    async with calling(double) as client:
        card = (await client.get(f"/agents/{agent}/agent-card.json")).json()
    assert card["url"] == f"http://127.0.0.1:8700/agents/{agent}/v1"
    assert card["capabilities"]["streaming"] is True
    assert [(skill["name"], "examples" in skill) for skill in card["skills"]] == [("reader", False)]


async def test_the_documented_questionnaire_is_replayed() -> None:
    """QNC-12 to QNC-17, CON-24."""
    double = CortiDouble()
    agent = double.add_agent(agentType="interviewing-expert")
    form: dict[str, Any] = {"questionnaireId": "rest-demo", "version": 7, "startQuestion": "q1", "questions": []}
    start = message("Satisfied enough")
    start["parts"].append({"kind": "data", "data": {"type": "questionnaire", "questionnaire": form}})
    async with calling(double) as client:
        tasks = [(await send(client, agent, start)).json()["task"]]
        for number in (2, 3, 4):
            more = message("Seven hours", f"m-{number}", contextId=tasks[0]["contextId"])
            tasks.append((await send(client, agent, more)).json()["task"])
    answers = [task["artifacts"][0]["parts"][0] for task in tasks[:3]]
    assert [answer["metadata"] for answer in answers] == [{"type": "questionnaire_response"}] * 3
    assert [answer["data"]["next_question_id"] for answer in answers] == ["q2", "q3", None]
    assert [answer["data"]["is_completed"] for answer in answers] == [False, False, True]
    assert {(answer["data"]["questionnaire_id"], answer["data"]["version"]) for answer in answers} == {("rest-demo", 7)}
    assert ["message" in task["status"] for task in tasks] == [True, True, False, True]
    assert {task["status"]["state"] for task in tasks} == {"completed"}
    assert len({task["id"] for task in tasks}) == 4


async def test_the_registry_is_paged() -> None:
    """V1-EP-12, V1-OBJ-11."""
    async with calling(CortiDouble()) as client:
        everything = (await client.get("/agents/registry/experts")).json()["experts"]
        page = (await client.get("/agents/registry/experts?limit=1&offset=1")).json()["experts"]
    assert everything[0]["mcpServers"] == [{"name": "pubmed", "authorizationType": "none"}]
    assert page == everything[1:2]
