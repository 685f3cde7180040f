"""Messages and tasks of v2 over both bindings, in literal JSON (V2-EP-07 to V2-EP-13)."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from agentkit.platform import PlatformSettings
from tests.deadline import HANG
from tests.platform.parts import expert, server
from tests.platform.turns.parts import UNKNOWN, House, house, reason, rpc, v2_send

pytestmark = pytest.mark.anyio

UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
BINDINGS = pytest.mark.parametrize("binding", ["rest", "rpc"])


async def send(home: House, binding: str, body: dict[str, Any]) -> dict[str, Any]:
    """The task that answers a send."""
    if binding == "rpc":
        told = (await home.rpc(home.v2, "SendMessage", body))["result"]
    else:
        answer = await home.call("POST", f"{home.v2}/message:send", body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
    assert set(told) == {"task"}
    return told["task"]


async def get(home: House, binding: str, task_id: str, **query: Any) -> dict[str, Any]:
    """A task as it is kept."""
    if binding == "rpc":
        return (await home.rpc(home.v2, "GetTask", {"id": task_id, **query}))["result"]
    answer = await home.http.get(f"{home.v2}/tasks/{task_id}", params=query, headers=home.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refusal(home: House, binding: str, operation: str, body: Any) -> tuple[int, str]:
    """Number or status and reason of an operation that is refused."""
    if binding == "rpc":
        error = (await home.rpc(home.v2, operation, body))["error"]
        return error["code"], reason(error)
    address = {
        "SendMessage": "/message:send",
        "SendStreamingMessage": "/message:stream",
        "GetTask": f"/tasks/{body.get('id')}",
        "CancelTask": f"/tasks/{body.get('id')}:cancel",
        "SubscribeToTask": f"/tasks/{body.get('id')}:subscribe",
    }[operation]
    verb = "GET" if operation == "GetTask" else "POST"
    answer = await home.call(verb, home.v2 + address, body if operation.startswith("Send") else None)
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, reason(error)


@BINDINGS
async def test_a_message_opens_a_context_and_is_answered_by_its_task(home: House, binding: str) -> None:
    """V2-EP-07, V2-EP-08, V2-OBJ-11 to V2-OBJ-15, V2-ID-01, V2-ID-02, V2-SEND-01, V2-SEND-02, SDKC-06, CON-12."""
    body = v2_send("hello", message_id="msg-1767225600000")
    task = await send(home, binding, body)
    assert re.fullmatch(f"task\\.{UUID7}", task["id"])
    assert re.fullmatch(f"ctx\\.{UUID7}", task["contextId"])
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task["status"]["timestamp"])
    answer = task["status"]["message"]
    assert answer["role"] == "ROLE_AGENT"
    assert answer["parts"] == [{"text": "echo: hello"}]
    assert re.fullmatch(f"msg\\.{UUID7}", answer["messageId"])
    assert (answer["taskId"], answer["contextId"]) == (task["id"], task["contextId"])
    said = task["history"][0]
    assert (said["role"], said["messageId"], said["parts"]) == ("ROLE_USER", "msg-1767225600000", [{"text": "hello"}])
    assert (said["taskId"], said["contextId"]) == (task["id"], task["contextId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", said["metadata"]["$timestamp"])
    assert "kind" not in task
    assert await get(home, binding, task["id"]) == task


@BINDINGS
async def test_a_message_without_an_id_gets_one(home: House, binding: str) -> None:
    """V2-OBJ-11: `messageId` is optional."""
    body = v2_send("hello")
    del body["message"]["messageId"]
    task = await send(home, binding, body)
    assert re.fullmatch(f"msg\\.{UUID7}", task["history"][0]["messageId"])


@BINDINGS
async def test_ids_come_in_with_and_without_prefix(home: House, binding: str) -> None:
    """V2-ID-01, V2-MIG-02, V2-SEND-02."""
    first = await send(home, binding, v2_send("one"))
    bare_context = first["contextId"].removeprefix("ctx.")
    second = await send(home, binding, v2_send("two", contextId=bare_context))
    named = [first["id"].removeprefix("task.")]
    third = await send(home, binding, v2_send("three", contextId=first["contextId"], referenceTaskIds=named))
    assert {first["contextId"], second["contextId"], third["contextId"]} == {first["contextId"]}
    assert third["history"][0]["referenceTaskIds"] == [first["id"]]
    assert (await get(home, binding, second["id"].removeprefix("task.")))["id"] == second["id"]
    bare = await home.call("POST", home.v2.replace("agt.", "") + "/message:send", v2_send("four"))
    assert bare.status_code == 200


@BINDINGS
async def test_an_artifact_has_a_prefixed_id(home: House, binding: str) -> None:
    """V2-OBJ-16, V2-ID-01."""
    task = await send(home, binding, v2_send("tool now"))
    (artifact,) = task["artifacts"]
    assert artifact["artifactId"].startswith("art.")
    assert {"data": {"said": "echo: tool now"}} in artifact["parts"]


@BINDINGS
async def test_a_question_is_answered_in_its_task(home: House, binding: str) -> None:
    """V2-OBJ-15, V1-SEND-02: a message with the id of a task that asks continues it."""
    asking = await send(home, binding, v2_send("ask"))
    assert asking["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    answered = await send(home, binding, v2_send("the left one", taskId=asking["id"], contextId=asking["contextId"]))
    assert (answered["id"], answered["status"]["state"]) == (asking["id"], "TASK_STATE_COMPLETED")
    texts = [message["parts"][0]["text"] for message in answered["history"]]
    assert texts == ["ask", "Which one?", "the left one"]


@BINDINGS
async def test_the_history_is_as_long_as_asked_for(home: House, binding: str) -> None:
    """CON-22, V2-EP-11."""
    asking = await send(home, binding, v2_send("ask", configuration={"historyLength": 0}))
    assert "history" not in asking
    ids = {"taskId": asking["id"]}
    newest = await send(home, binding, v2_send("again", configuration={"historyLength": 1}, **ids))
    assert [message["parts"][0]["text"] for message in newest["history"]] == ["again"]
    assert len((await get(home, binding, asking["id"], historyLength=2))["history"]) == 2
    assert "history" not in await get(home, binding, asking["id"], historyLength=0)


@BINDINGS
async def test_returning_immediately_shows_the_task_at_work(home: House, binding: str) -> None:
    """V2-SEND-01."""
    with anyio.fail_after(HANG):
        task = await send(home, binding, v2_send("wait", configuration={"returnImmediately": True}))
        assert task["status"]["state"] in {"TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"}
        await home.reasoner.waiting.wait()
        async with home.stream(f"{home.v2}/tasks/{task['id']}:subscribe") as events:
            await anext(events)
            home.reasoner.go.set()
            last = [event async for _, event in events][-1]
        assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


@BINDINGS
async def test_a_repeated_message_leads_to_its_task(home: House, binding: str) -> None:
    """CLI-10: the official client sends again what was answered by a 5xx."""
    body = v2_send("hello", message_id="again")
    first = await send(home, binding, body)
    assert await send(home, binding, body) == first
    assert home.reasoner.seen == ["hello"]
    number = {"rest": 400, "rpc": -32602}[binding]
    other = v2_send("something else", message_id="again")
    assert await refusal(home, binding, "SendMessage", other) == (number, "MESSAGE_CONFLICT")


@BINDINGS
async def test_a_final_task_takes_no_message(home: House, binding: str) -> None:
    """V1-SEND-03, V2-ERR-02."""
    task = await send(home, binding, v2_send("hello"))
    number = {"rest": 400, "rpc": -32004}[binding]
    body = v2_send("more", taskId=task["id"])
    assert await refusal(home, binding, "SendMessage", body) == (number, "UNSUPPORTED_OPERATION")


@BINDINGS
async def test_unknown_tasks_and_contexts_are_not_there(home: House, binding: str) -> None:
    """V2-ERR-02, V2-SEND-02, V1-SEND-04: whatever the id is made of."""
    task_number, context_number = (404, 404) if binding == "rest" else (-32001, -32602)
    for unknown in (f"task.{UNKNOWN}", UNKNOWN, "task.x", "nonsense", f"ctx.{UNKNOWN}"):
        for operation in ("GetTask", "CancelTask", "SubscribeToTask"):
            assert await refusal(home, binding, operation, {"id": unknown}) == (task_number, "TASK_NOT_FOUND")
        body = v2_send("hello", taskId=unknown)
        assert await refusal(home, binding, "SendMessage", body) == (task_number, "TASK_NOT_FOUND")
    for unknown in (f"ctx.{UNKNOWN}", "ctx.x", "nonsense", f"task.{UNKNOWN}"):
        body = v2_send("hello", contextId=unknown)
        for operation in ("SendMessage", "SendStreamingMessage"):
            assert await refusal(home, binding, operation, body) == (context_number, "CONTEXT_NOT_FOUND")


@BINDINGS
async def test_a_task_of_another_context_is_refused(home: House, binding: str) -> None:
    """V1-SEND-04, V2-ERR-02."""
    asking = await send(home, binding, v2_send("ask"))
    other = await send(home, binding, v2_send("hello"))
    body = v2_send("left", taskId=asking["id"], contextId=other["contextId"])
    number = {"rest": 400, "rpc": -32602}[binding]
    assert await refusal(home, binding, "SendMessage", body) == (number, "INVALID_PARAMS")


@BINDINGS
async def test_what_belongs_to_another_owner_is_not_there(home: House, binding: str) -> None:
    """V1-ERR-04, CTX-03: also at an agent that both may use, whose conversations are the callers' own."""
    task = await send(home, binding, v2_send("hello"))
    stranger = await home.other()
    hidden = await stranger.call("POST", f"{home.v2}/message:send", v2_send("hello"))
    assert (hidden.status_code, reason(hidden.json()["error"])) == (404, "AGENT_NOT_FOUND")
    shared = f"{home.platform.url}/v2/agentic/agents/agt.{home.agent}"
    merge_patch = "application/merge-patch+json"
    published = await home.call("PATCH", shared, {"visibility": "public"}, Content_Type=merge_patch)
    assert published.status_code == 200, published.text
    mine = await send(stranger, binding, v2_send("hello", message_id=task["history"][0]["messageId"]))
    assert mine["id"] != task["id"]
    number = {"rest": 404, "rpc": -32001}[binding]
    for operation in ("GetTask", "CancelTask", "SubscribeToTask"):
        assert await refusal(stranger, binding, operation, {"id": task["id"]}) == (number, "TASK_NOT_FOUND")
    assert (await refusal(stranger, binding, "SendMessage", v2_send("x", contextId=task["contextId"])))[1] == (
        "CONTEXT_NOT_FOUND"
    )
    assert (await refusal(stranger, binding, "SendMessage", v2_send("x", taskId=task["id"])))[1] == "TASK_NOT_FOUND"
    listed = await stranger.call("GET", f"{home.v2}/tasks")
    assert [one["id"] for one in listed.json()["tasks"]] == [mine["id"]]


async def test_a_list_is_paged_newest_first(home: House) -> None:
    """V2-EP-10, V2-PAGE-01."""
    tasks = [await send(home, "rest", v2_send(text)) for text in ("one", "two", "three")]
    first = (await home.call("GET", f"{home.v2}/tasks?pageSize=2")).json()
    assert [task["id"] for task in first["tasks"]] == [tasks[2]["id"], tasks[1]["id"]]
    assert (first["pageSize"], first["totalSize"]) == (2, 3)
    rest = (await home.call("GET", f"{home.v2}/tasks?pageSize=2&pageToken={first['nextPageToken']}")).json()
    assert [task["id"] for task in rest["tasks"]] == [tasks[0]["id"]]
    assert rest["nextPageToken"] is None
    told = (await home.rpc(home.v2, "ListTasks", {"pageSize": 200}))["result"]
    assert ([task["id"] for task in told["tasks"]], told["nextPageToken"]) == ([one["id"] for one in tasks[::-1]], "")
    of_context = await home.call("GET", f"{home.v2}/tasks?contextId={tasks[0]['contextId']}")
    assert [task["id"] for task in of_context.json()["tasks"]] == [tasks[0]["id"]]
    assert (await home.call("GET", f"{home.v2}/tasks?contextId=nonsense")).json()["tasks"] == []
    working = await home.rpc(home.v2, "ListTasks", {"status": "TASK_STATE_WORKING"})
    assert working["result"]["tasks"] == []


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=201", "pageSize=x", "pageToken=x", "historyLength=-1"])
async def test_a_wrong_query_is_an_invalid_request(home: House, query: str) -> None:
    """V2-PAGE-01, V2-ERR-02."""
    answer = await home.call("GET", f"{home.v2}/tasks?{query}")
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    (violation,) = answer.json()["error"]["details"][1]["fieldViolations"]
    assert violation["field"] == query.partition("=")[0]


@BINDINGS
async def test_a_task_at_work_is_cancelled_and_a_final_one_is_not(home: House, binding: str) -> None:
    """V2-EP-12, CON-20, V2-ERR-02, V2-OBJ-15: 409 over HTTP+JSON."""
    with anyio.fail_after(HANG):
        task = await send(home, binding, v2_send("wait", configuration={"returnImmediately": True}))
        await home.reasoner.waiting.wait()
        if binding == "rpc":
            canceled = (await home.rpc(home.v2, "CancelTask", {"id": task["id"]}))["result"]
        else:
            answer = await home.call("POST", f"{home.v2}/tasks/{task['id']}:cancel")
            assert answer.status_code == 200
            canceled = answer.json()
        await home.reasoner.stopped.wait()
    assert (canceled["id"], canceled["status"]["state"]) == (task["id"], "TASK_STATE_CANCELED")
    expected = (409, "TASK_NOT_CANCELABLE") if binding == "rest" else (-32002, "TASK_NOT_CANCELABLE")
    assert await refusal(home, binding, "CancelTask", {"id": task["id"]}) == expected
    again = await home.call("POST", f"{home.v2}/tasks/{task['id']}:cancel")
    assert again.json()["error"]["status"] == "FAILED_PRECONDITION"


@pytest.mark.parametrize("faithful", [False, True])
async def test_usage_is_told_in_v2s_words(faithful: bool) -> None:
    """V2-OBJ-14, CON-14; V2-LOC-01: faithful, only JSON-RPC tells it."""
    async with house(PlatformSettings(faithful=faithful)) as home:
        rest = await send(home, "rest", v2_send("spend"))
        told = await send(home, "rpc", v2_send("spend"))
    used = told["metadata"]["$usage"]
    assert (used["inputTokens"], used["outputTokens"], used["totalTokens"], used["credits"]) == (10, 5, 15, 0.5)
    assert ("$usage" in rest.get("metadata", {})) is not faithful


@pytest.mark.parametrize("faithful", [False, True])
async def test_a_task_that_wants_a_credential_says_so(faithful: bool) -> None:
    """V2-AUTH-01, V2-OBJ-15: AUTH_REQUIRED on both bindings; faithful, HTTP+JSON shows it as failed."""
    async with house(PlatformSettings(faithful=faithful)) as home:
        server = {"name": "echo", "transportType": "streamable_http", "authorizationType": "bearer"}
        body = {
            "name": "guarded",
            "description": "d",
            "mcpServers": [{**server, "url": "http://127.0.0.1:8701/echo/mcp"}],
        }
        made = await home.call("POST", f"{home.platform.url}/agents", body)
        home.agent = made.json()["id"]
        rest = await send(home, "rest", v2_send("hello"))
        told = await send(home, "rpc", v2_send("hello"))
    assert told["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    assert rest["status"]["state"] == ("TASK_STATE_FAILED" if faithful else "TASK_STATE_AUTH_REQUIRED")


@BINDINGS
async def test_an_agent_and_its_tasks_are_the_same_in_both_generations(home: House, binding: str) -> None:
    """V2-MIG-01: made through one, used through the other."""
    task = await send(home, binding, v2_send("hello", message_id="m-1"))
    bare = task["id"].removeprefix("task.")
    seen = (await home.call("GET", f"{home.v1}/tasks/{bare}")).json()
    assert (seen["id"], seen["status"]["state"]) == (bare, "completed")
    assert seen["history"][0]["messageId"] == "m-1"
    assert "metadata" not in seen["history"][0]


async def test_push_notifications_are_refused_and_not_forgotten(home: House) -> None:
    """V2-OBJ-13: there is no push configuration."""
    body = v2_send("hello", configuration={"taskPushNotificationConfig": {"url": "https://example.org"}})
    assert await refusal(home, "rpc", "SendMessage", body) == (-32003, "PUSH_NOTIFICATION_NOT_SUPPORTED")
    assert home.reasoner.seen == []


async def test_only_version_1_0_is_spoken(home: House) -> None:
    """V2-VER-01, HDR-04: by header and by query, answered in the header."""
    send_url = f"{home.v2}/message:send"
    plain = await home.call("POST", send_url, v2_send("hello"))
    named = await home.call("POST", send_url, v2_send("hello"), A2A_Version="1.0")
    patched = await home.call("POST", f"{send_url}?A2A-Version=1.0.1", v2_send("hello"))
    assert {answer.status_code for answer in (plain, named, patched)} == {200}
    for answer in (
        await home.call("POST", send_url, v2_send("hello"), A2A_Version="0.3"),
        await home.call("POST", f"{send_url}?A2A-Version=2.0", v2_send("hello")),
        await home.call("GET", f"{home.v2}/tasks", A2A_Version="x"),
        await home.call("POST", f"{home.v2}/tasks/task.{UNKNOWN}:subscribe", A2A_Version="0.9"),
    ):
        assert (answer.status_code, reason(answer.json()["error"])) == (400, "VERSION_NOT_SUPPORTED")
    told = await home.rpc(home.v2, "SendMessage", v2_send("hello"), A2A_Version="0.3")
    assert (told["error"]["code"], reason(told["error"])) == (-32009, "VERSION_NOT_SUPPORTED")
    answers = [plain, named, answer, await home.call("POST", home.v2, rpc("GetTask", {"id": "x"}))]
    assert [one.headers["a2a-version"] for one in answers] == ["1.0"] * 4


async def test_an_unknown_agent_is_an_http_error_on_both_bindings(home: House) -> None:
    """V2-EP-07, V2-EP-08, V2-ERR-02."""
    for agent in (f"agt.{UNKNOWN}", UNKNOWN, "x", f"ctx.{home.agent}"):
        place = f"{home.platform.url}/v2/agentic/agents/{agent}/a2a"
        for url, body in ((place, rpc("SendMessage", v2_send("x"))), (f"{place}/message:send", v2_send("x"))):
            answer = await home.call("POST", url, body)
            error = answer.json()["error"]
            assert (answer.status_code, error["status"], reason(error)) == (404, "NOT_FOUND", "AGENT_NOT_FOUND")


@BINDINGS
async def test_credentials_come_as_data_parts_and_are_shown_to_nobody(home: House, binding: str) -> None:
    """MCPAUTH-19, MCPAUTH-15, V2-AUTH-01: the parts of v1, in A2A's spelling, our own extension."""
    body = {
        "name": "guarded",
        "description": "d",
        "experts": [expert("echo", server("echo", "bearer"))],
    }
    made = await home.call("POST", f"{home.platform.url}/agents", body)
    home.agent = made.json()["id"]
    asking = await send(home, binding, v2_send("tool now"))
    assert asking["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    given = {"data": {"type": "token", "mcp_name": "echo", "token": "the-secret-token"}}
    answered = await send(home, binding, v2_send("go on", taskId=asking["id"], parts=[{"text": "go on"}, given]))
    assert answered["status"]["state"] == "TASK_STATE_COMPLETED"
    assert "the-secret-token" not in str(answered)
    broken = {"data": {"type": "token", "mcp_name": "echo"}}
    error = (await home.rpc(home.v2, "SendMessage", v2_send("x", parts=[broken])))["error"]
    assert (error["code"], error["data"][0]["metadata"]["code"]) == (-32602, "mcp_auth_missing_token")
