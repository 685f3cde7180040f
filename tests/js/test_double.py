"""Corti's own JavaScript SDK talks to the double and notices nothing, so the double's wire is not ours alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.corti_double import Answer, CortiDouble, Turn, Usage, data_part, in_pieces
from tests.contract.serving import served
from tests.js.node import HERE, RunNode

pytestmark = pytest.mark.anyio

V1: Path = HERE / "double_v1.mjs"
LOGIN: Path = HERE / "double_login.mjs"


@pytest.mark.parametrize(
    ("sdk", "layout"),
    [("@corti/sdk", "environment"), ("@corti/sdk", "baseUrl"), ("corti-sdk-0.9", "environment")],
)
async def test_corti_sdk_calls_every_method_of_v1(run_node: RunNode, sdk: str, layout: str) -> None:
    """V1-EP-01 to V1-EP-10, V1-EP-12; SDKC-01, SDKC-02: no warning, no parse error; LOC-01, LOC-02."""
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    double.agent_answers(
        Turn("Penicillin.", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4, 0.5)),
        Turn("Which ear?", "input-required"),
        Turn(parts=[data_part({"ear": "left"}, type="finding")]),
        Turn("Hi.", as_message=True),
    )
    async with served(double):
        done = await run_node(V1, env={"BASE": double.url, "SDK": sdk, "LAYOUT": layout})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    agent = told["created"]
    assert told["got"] == agent
    assert [expert["type"] for expert in agent["experts"]] == ["expert", "reference", "reference"]
    assert told["listed"] == ["helper", "visit-helper"]
    assert told["page"] == ["hidden"]
    assert told["updated"] == "renamed"
    assert told["card"]["url"] == f"{double.url}/agents/{agent['id']}/v1"
    assert told["registry"] == ["web-search-expert", "interviewing-expert"]
    _check_turns(told)
    assert told["refusals"] == {
        "get": {"name": "NotFoundError", "status": 404, "code": "expert_not_found"},
        "id": {"name": "BadRequestError", "status": 400, "code": "invalid_id"},
        "update": {"name": "NotFoundError", "status": 404, "code": "agent_not_found"},
        "delete": {"name": "NotFoundError", "status": 404, "code": "agent_delete_failed"},
        "send": {"name": "NotFoundError", "status": 404, "code": "expert_not_found"},
        "settled": {"name": "BadRequestError", "status": 400, "code": "task_not_continuable"},
        "task": {"name": "NotFoundError", "status": 404, "code": "task_not_found"},
        "context": {"name": "NotFoundError", "status": 404, "code": "context_not_found"},
        "credential": {"name": "BadRequestError", "status": 400, "code": "mcp_auth_duplicate_name"},
        "reference": {"name": "BadRequestError", "status": 400, "code": "expert_not_found"},
    }
    assert told["left"] == 0
    assert {"static-secret", "jwt-of-the-visit"}.isdisjoint(done.stdout.replace('"', " ").split())
    assert set(double.executed.values()) == {1}


def _check_turns(told: dict[str, Any]) -> None:
    first = told["first"]
    assert first["status"]["message"]["parts"] == [{"kind": "text", "text": "Penicillin."}]
    assert first["artifacts"][0]["parts"] == [{"kind": "text", "text": "a"}, {"kind": "text", "text": "b"}]
    assert first["metadata"] == {"credits": 0.5, "_usage": {"input_tokens": 3, "output_tokens": 4}}
    assert [part["kind"] for part in first["history"][0]["parts"]] == ["text", "file"]
    assert told["asking"]["status"]["state"] == "input-required"
    assert told["answered"]["id"] == told["asking"]["id"]
    assert told["answered"]["status"]["message"]["parts"][0]["data"] == {"ear": "left"}
    assert told["message"]["parts"] == [{"kind": "text", "text": "Hi."}]
    assert told["waiting"] == "auth-required"
    assert told["task"]["id"] == first["id"]
    assert len(told["task"]["history"]) == 1
    assert [item["kind"] for item in told["context"]["items"]] == ["task", "task", "message", "message"]
    assert told["contextPage"] == ["task"]


async def test_corti_sdk_logs_in_by_every_grant(run_node: RunNode) -> None:
    """AUTH-01 to AUTH-05, AUTH-07 to AUTH-10, ENV-05, LOC-02."""
    double = CortiDouble()
    double.add_agent()
    double.issue_as("eu")
    async with served(double):
        done = await run_node(LOGIN, env={"BASE": double.url, "HOSTED": double.token()})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    user = {"type": "Bearer", "expiresIn": 300, "refreshable": True, "refreshExpiresIn": 1800}
    assert told["client"] == {"type": "Bearer", "expiresIn": 300, "refreshable": False, "refreshExpiresIn": 0}
    assert [told[name] for name in ("ropc", "refreshed", "code", "pkce")] == [user] * 4
    assert told["calls"] == [1] * 8
    assert {name: (refusal["status"], refusal.get("error")) for name, refusal in told["refusals"].items()} == {
        "id": (401, "invalid_client"),
        "secret": (401, "unauthorized_client"),
        "password": (401, "invalid_grant"),
        "code": (400, "invalid_grant"),
        "verifier": (400, "invalid_grant"),
        "refresh": (400, "invalid_grant"),
        "token": (401, None),
    }


async def test_a_wrong_wire_would_be_seen(run_node: RunNode) -> None:
    """SDKC-02: what the SDK does not understand it only warns of, where the tests above look."""
    double = CortiDouble()
    double.inject(Answer(200, {"id": "c", "items": [{"id": "t", "status": {"state": "completed"}}]}))
    script = """
        import { CortiClient } from "@corti/sdk";
        const client = new CortiClient({
          baseUrl: process.env.BASE,
          tenantName: "base",
          auth: { clientId: "local-client", clientSecret: "local-secret" },
        });
        await client.agents.getContext("a", "c");
    """
    async with served(double):
        done = await run_node(script, env={"BASE": double.url})
    assert "Failed to validate" in done.stdout + done.stderr
