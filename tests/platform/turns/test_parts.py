"""What a message may hold, in both generations: it comes back as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platform.turns.parts import UNKNOWN, House, rpc, v1_send, v2_send

pytestmark = pytest.mark.anyio

WHERE: dict[str, Any] = {"patientRef": "example-1", "codes": ["a", 1, None, {"deep": True}]}


async def test_a_message_of_v1_comes_back_with_all_it_held(home: House) -> None:
    """V1-OBJ-15, V1-OBJ-16: `kind`, every sort of part, and what is beside the parts; ids are the server's."""
    first = (await home.call("POST", f"{home.v1}/message:send", v1_send("ask"))).json()["task"]
    message: dict[str, Any] = {
        "kind": "message",
        "role": "user",
        "messageId": "msg-1767225600000",
        "parts": [
            {"kind": "text", "text": "the left one", "metadata": {"language": "en"}},
            {"kind": "data", "data": WHERE, "metadata": {"source": "ehr"}},
            {"kind": "file", "file": {"uri": "https://files.example.org/a.pdf", "mimeType": "application/pdf"}},
            {"kind": "file", "file": {"bytes": "JVBERi0=", "name": "b.pdf"}, "metadata": {"pages": 2}},
        ],
        "contextId": first["contextId"],
        "taskId": first["id"],
        "referenceTaskIds": [first["id"]],
        "extensions": ["https://example.org/extension"],
        "metadata": {"visit": 7},
    }
    answer = await home.call("POST", f"{home.v1}/message:send", {"message": message})
    assert answer.status_code == 200, answer.text
    task = answer.json()["task"]
    assert task["history"][-1] == message
    assert (await home.call("GET", f"{home.v1}/tasks/{task['id']}")).json()["history"][-1] == message
    said = task["status"]["message"]
    assert (said["kind"], said["role"], said["parts"]) == (
        "message",
        "agent",
        [{"kind": "text", "text": "echo: the left one"}],
    )
    assert (said["taskId"], said["contextId"]) == (task["id"], task["contextId"])


@pytest.mark.parametrize("data", [[1, None], "token", 7, False])
async def test_data_that_are_no_object_stay_an_ordinary_part(home: House, data: Any) -> None:
    """MCPAUTH-12, CTX-09: any JSON, also beside a credential."""
    parts = [{"kind": "text", "text": "hello"}, {"kind": "data", "data": data}]
    token = {"kind": "data", "data": {"type": "token", "mcp_name": "elsewhere", "token": "t"}}
    answer = await home.call("POST", f"{home.v1}/message:send", v1_send("", parts=[*parts, token]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["task"]["history"][0]["parts"] == parts


@pytest.mark.parametrize("binding", ["rest", "rpc"])
async def test_a_message_of_v2_comes_back_with_all_it_held(home: House, binding: str) -> None:
    """V2-OBJ-11 to V2-OBJ-13, V2-ID-02, CON-11: data may be any JSON value, and more fields do no harm."""
    first = (await home.call("POST", f"{home.v2}/message:send", v2_send("ask"))).json()["task"]
    parts: list[dict[str, Any]] = [
        {"text": "the left one", "metadata": {"language": "en"}},
        {"data": WHERE, "mediaType": "application/json"},
        {"data": [1, "two", None]},
        {"raw": "JVBERi0=", "filename": "b.pdf", "mediaType": "application/pdf"},
        {"url": "https://files.example.org/a.pdf", "filename": "a.pdf"},
    ]
    message: dict[str, Any] = {
        "role": "ROLE_USER",
        "messageId": UNKNOWN,
        "parts": parts,
        "contextId": first["contextId"],
        "taskId": first["id"],
        "referenceTaskIds": [first["id"]],
        "extensions": ["https://example.org/extension"],
        "metadata": {"visit": 7},
    }
    configuration = {"returnImmediately": False, "historyLength": 10, "acceptedOutputModes": ["text/plain"]}
    body: dict[str, Any] = {
        "message": {**message, "parts": [{**part, "tomorrow": 1} for part in parts]},
        "configuration": configuration,
        "metadata": {"c": 3},
        "tenant": "base",
    }
    if binding == "rpc":
        answer = await home.call("POST", home.v2, rpc("SendMessage", body))
        task = answer.json()["result"]["task"]
    else:
        answer = await home.call("POST", f"{home.v2}/message:send", body)
        assert answer.status_code == 200, answer.text
        task = answer.json()["task"]
    told = task["history"][-1]
    told["parts"] = [{key: value for key, value in part.items() if key != "tomorrow"} for part in told["parts"]]
    assert {**told, "metadata": {"visit": told["metadata"]["visit"]}} == message
    assert set(told["metadata"]) == {"visit", "$timestamp"}
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
