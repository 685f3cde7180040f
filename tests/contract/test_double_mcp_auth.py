"""MCP credentials in messages to the double (section 10)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.corti_double import CortiDouble
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

TOKEN = {"type": "token", "mcp_name": "ehr", "token": "secret-token"}
CREDENTIALS = {"type": "credentials", "mcp_name": "lab", "client_id": "id", "client_secret": "secret-client"}


def server(name: str = "ehr", authorization: str = "bearer", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "transportType": "streamable_http",
        "authorizationType": authorization,
        "url": f"https://mcp.example.org/{name}/mcp",
        **more,
    }


async def send(client: httpx2.AsyncClient, agent: str, *data: object, message_id: str = "m", **more: Any) -> Any:
    parts: list[Any] = [{"kind": "text", "text": "Hi"}, *({"kind": "data", "data": item} for item in data)]
    message = {"kind": "message", "role": "user", "messageId": message_id, "parts": parts, **more}
    return await client.post(f"/agents/{agent}/v1/message:send", json={"message": message})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([TOKEN, {**TOKEN, "mcp_name": " ehr "}], "mcp_auth_duplicate_name"),
        ([TOKEN, {**CREDENTIALS, "mcp_name": "ehr"}], "mcp_auth_duplicate_name"),
        ([{**TOKEN, "mcp_name": "  "}], "mcp_auth_missing_name"),
        ([{"type": "TOKEN", "mcp_name": "ehr"}], "mcp_auth_missing_token"),
        ([{**CREDENTIALS, "client_secret": ""}], "mcp_auth_missing_credentials"),
    ],
)
async def test_auth_parts_are_checked(data: list[object], code: str) -> None:
    """MCPAUTH-01 to MCPAUTH-03, MCPAUTH-09 to MCPAUTH-11, CON-23."""
    double = CortiDouble()
    agent = double.add_agent(mcpServers=[server()])
    async with calling(double) as client:
        answer = await send(client, agent, *data)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "secret" not in answer.text
    assert double.executed == {}


async def test_auth_parts_are_registered_and_never_echoed() -> None:
    """MCPAUTH-12, MCPAUTH-13, MCPAUTH-15 to MCPAUTH-17."""
    double = CortiDouble()
    agent = double.add_agent(mcpServers=[server()])
    kept = [{"type": "note", "token": "plain"}, {"type": 7}, "no object"]
    async with calling(double) as client:
        task = (await send(client, agent, TOKEN, {**TOKEN, "mcp_name": "nobody"}, *kept)).json()["task"]
        again = await send(client, agent, TOKEN, message_id="m-2", contextId=task["contextId"])
        context = await client.get(f"/agents/{agent}/v1/contexts/{task['contextId']}")
    assert [part["data"] for part in task["history"][0]["parts"][1:]] == kept
    assert again.json()["task"]["status"]["state"] == "completed"
    assert "secret-token" not in str(task) + again.text + context.text
    assert double.credentials_of(task["contextId"])["ehr"].token == "secret-token"


@pytest.mark.parametrize(
    ("registered", "data", "state"),
    [
        (server(), [TOKEN], "completed"),
        (server(), [], "auth-required"),
        (server(), [{**TOKEN, "token": "wrong"}], "auth-required"),
        (server(), [{**CREDENTIALS, "mcp_name": "ehr"}], "auth-required"),
        (server(token="secret-token"), [], "completed"),
        (server(token="secret-token"), [{**TOKEN, "token": "wrong"}], "auth-required"),
        (server(authorization="none"), [{**TOKEN, "token": "wrong"}], "completed"),
        (server(authorization="inherit"), [], "completed"),
        (server(authorization="inherit"), [{**TOKEN, "token": "wrong"}], "auth-required"),
        (server("lab", "oauth2.0"), [CREDENTIALS], "completed"),
        (server("lab", "oauth2.0"), [{**CREDENTIALS, "client_secret": "wrong"}], "auth-required"),
        (server("lab", "oauth2.0"), [{**TOKEN, "mcp_name": "lab"}], "auth-required"),
    ],
)
async def test_a_server_that_refuses_the_credential_stops_the_turn(
    registered: dict[str, Any], data: list[object], state: str
) -> None:
    """MCPAUTH-04 to MCPAUTH-08, V1-AGENT-10."""
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"secret-token"}}
    double.mcp.clients = {"lab": {("id", "secret-client")}}
    agent = double.add_agent(experts=[{"type": "new", "name": "x", "description": "d", "mcpServers": [registered]}])
    async with calling(double) as client:
        task = (await send(client, agent, *data)).json()["task"]
    assert task["status"]["state"] == state


@pytest.mark.parametrize("late", [False, True])
async def test_credentials_count_on_the_first_message_of_a_context_only(late: bool) -> None:
    """MCPAUTH-14, MCPAUTH-18."""
    double = CortiDouble()
    double.mcp.demanding = {"ehr"}
    double.mcp.accepts_late = late
    agent = double.add_agent(mcpServers=[server()])
    async with calling(double) as client:
        waiting = (await send(client, agent)).json()["task"]
        ids = {"contextId": waiting["contextId"]}
        same_context = (await send(client, agent, TOKEN, message_id="m-2", **ids)).json()["task"]
        same_task = await send(client, agent, TOKEN, message_id="m-3", taskId=waiting["id"], **ids)
        fresh = (await send(client, agent, TOKEN, message_id="m-4")).json()["task"]
    assert waiting["status"]["state"] == same_context["status"]["state"] == "auth-required"
    assert fresh["status"]["state"] == "completed"
    assert same_task.status_code == (200 if late else 400)


async def test_a_token_that_cannot_be_inherited_refuses_the_request() -> None:
    """MCPAUTH-05, MCPAUTH-11."""
    double = CortiDouble()
    double.mcp.inherits = False
    agent = double.add_agent(mcpServers=[server(authorization="inherit")])
    async with calling(double) as client:
        refused = await send(client, agent)
        replaced = await send(client, agent, TOKEN)
    assert (refused.status_code, refused.json()["code"]) == (401, "missing_inherited_token")
    assert replaced.status_code == 200


async def test_oauth_is_refused_for_other_transports() -> None:
    """V1-AGENT-09, MCPAUTH-07."""
    servers = [server("lab", "oauth2.0") | {"transportType": "sse"}]
    async with calling(CortiDouble()) as client:
        answer = await client.post("/agents", json={"name": "a", "description": "d", "mcpServers": servers})
    assert answer.status_code == 422


async def test_the_second_generation_takes_the_same_parts() -> None:
    """MCPAUTH-19, V2-AUTH-01."""
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"secret-token"}}
    connector = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr/mcp", "auth": {"type": "bearer"}}
    agent = double.add_v2_agent(connectors=[connector])
    path = f"/v2/agentic/agents/{agent}/a2a/message:send"

    def body(number: int, *parts: dict[str, Any]) -> dict[str, Any]:
        return {"message": {"role": "ROLE_USER", "messageId": f"m{number}", "parts": [{"text": "Hi"}, *parts]}}

    async with calling(double) as client:
        admitted = await client.post(path, json=body(1, {"data": TOKEN}))
        refused = await client.post(path, json=body(2))
        double.as_of_today = True
        today = await client.post(path, json=body(3))
        doubled = await client.post(path, json=body(4, {"data": TOKEN}, {"data": TOKEN}))
    states = [answer.json()["task"]["status"]["state"] for answer in (admitted, refused, today)]
    assert states == ["TASK_STATE_COMPLETED", "TASK_STATE_AUTH_REQUIRED", "TASK_STATE_FAILED"]
    assert "secret-token" not in admitted.text
    assert doubled.json()["error"]["details"][0]["reason"] == "mcp_auth_duplicate_name"
