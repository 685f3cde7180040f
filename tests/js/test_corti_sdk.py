"""Corti's own JavaScript SDK calls every method of v1, and logs in by every grant, at the double and at the platform.

That it notices nothing shows that neither wire is ours alone.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.corti_double import Answer, CortiDouble, Turn, Usage, data_part, in_pieces
from tests.contract.serving import served, served_platform
from tests.js.node import HERE, RunNode

pytestmark = pytest.mark.anyio

METHODS: Path = HERE / "v1_methods.mjs"
GRANTS: Path = HERE / "grants.mjs"
TURNS = (
    Turn("Penicillin.", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4, 0.5)),
    Turn("Which ear?", "input-required"),
    Turn("The left one.", parts=[data_part({"ear": "left"}, type="finding")]),
    Turn("Hi.", as_message=True),
)
TOKENS = {"ehr": {"jwt-of-the-visit"}}


@asynccontextmanager
async def serving_turns(kind: str) -> AsyncGenerator[str]:
    """A double, or a platform, whose agents answer with `TURNS`."""
    if kind == "platform":
        async with served_platform() as (url, replies, mcp):
            mcp.tokens = TOKENS
            replies.queue(*TURNS)
            yield url
            assert replies.turns == len(TURNS)
        return
    double = CortiDouble()
    double.mcp.tokens = TOKENS
    double.agent_answers(*TURNS)
    async with served(double):
        yield double.url
    assert set(double.executed.values()) == {1}


@pytest.mark.parametrize("server", ["double", "platform"])
@pytest.mark.parametrize(
    ("sdk", "layout"),
    [
        ("@corti/sdk", "environment"),
        ("@corti/sdk", "baseUrl"),
        ("corti-sdk-0.9", "environment"),
        ("corti-sdk-0.7", "environment"),
    ],
)
async def test_corti_sdk_calls_every_method_of_v1(run_node: RunNode, sdk: str, layout: str, server: str) -> None:
    """V1-EP-01 to V1-EP-10, V1-EP-12; SDKC-01, SDKC-02: no warning, no parse error; LOC-01, LOC-02."""
    async with serving_turns(server) as url:
        done = await run_node(METHODS, env={"BASE": url, "SDK": sdk, "LAYOUT": layout})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    agent = told["created"]
    assert told["got"] == agent
    assert [expert["type"] for expert in agent["experts"]] == ["expert", "reference", "reference"]
    assert told["listed"] == ["helper", "visit-helper"]
    assert told["page"] == ["hidden"]
    assert told["updated"] == "renamed"
    assert told["card"]["url"] == f"{url}/agents/{agent['id']}/v1"
    assert "pubmed-expert" in told["offered"]
    assert told["registry"] == told["offered"][1:3]
    _check_turns(told)
    # An agent of the platform answers with a task always, and makes artifacts of what experts found.
    if server == "double":
        _check_forms(told)
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


def _check_turns(told: dict[str, Any]) -> None:
    first = told["first"]
    assert first["status"]["message"]["parts"] == [{"kind": "text", "text": "Penicillin."}]
    assert first["metadata"]["credits"] == 0.5
    assert first["metadata"]["_usage"] == {"input_tokens": 3, "output_tokens": 4}
    assert [part["kind"] for part in first["history"][0]["parts"]] == ["text", "file"]
    assert told["asking"]["status"]["state"] == "input-required"
    assert told["answered"]["id"] == told["asking"]["id"]
    assert told["answered"]["status"]["message"]["parts"][0]["text"] == "The left one."
    assert told["waiting"] == "auth-required"
    assert told["task"]["id"] == first["id"]
    assert len(told["task"]["history"]) == 1
    assert told["contextPage"] == ["task"]
    assert {item["kind"] for item in told["context"]["items"][:2]} == {"task"}


def _check_forms(told: dict[str, Any]) -> None:
    """An artifact in pieces, a message with data, and one in place of a task."""
    assert told["first"]["artifacts"][0]["parts"] == [{"kind": "text", "text": "a"}, {"kind": "text", "text": "b"}]
    assert told["answered"]["status"]["message"]["parts"][1]["data"] == {"ear": "left"}
    assert told["quick"]["parts"] == [{"kind": "text", "text": "Hi."}]
    assert [item["kind"] for item in told["context"]["items"]] == ["task", "task", "message", "message"]


@asynccontextmanager
async def serving_logins(kind: str) -> AsyncGenerator[tuple[str, str]]:
    """A double, or a platform, whose tokens claim to come from `eu`, with one agent of `local-client`; and a token."""
    if kind == "platform":
        async with served_platform(issuer_environment="eu") as (url, _, _), httpx2.AsyncClient() as client:
            form = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
            answer = await client.post(f"{url}/realms/base/protocol/openid-connect/token", data=form)
            token = answer.json()["access_token"]
            agent = {"name": "visit-helper", "description": "d"}
            made = await client.post(f"{url}/agents", json=agent, headers={"authorization": f"Bearer {token}"})
            assert made.status_code == 201
            yield url, token
        return
    double = CortiDouble()
    double.add_agent()
    double.issue_as("eu")
    async with served(double):
        yield double.url, double.token()


@pytest.mark.parametrize("server", ["double", "platform"])
@pytest.mark.parametrize("sdk", ["@corti/sdk", "corti-sdk-0.9", "corti-sdk-0.7"])
async def test_corti_sdk_logs_in_by_every_grant(run_node: RunNode, sdk: str, server: str) -> None:
    """AUTH-01 to AUTH-05, AUTH-07 to AUTH-10, ENV-05, LOC-02."""
    async with serving_logins(server) as (url, token):
        done = await run_node(GRANTS, env={"BASE": url, "HOSTED": token, "SDK": sdk})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    user = {"type": "Bearer", "expiresIn": 300, "refreshable": True, "refreshExpiresIn": 1800}
    assert told["client"] == {"type": "Bearer", "expiresIn": 300, "refreshable": False, "refreshExpiresIn": 0}
    assert [told[name] for name in ("ropc", "refreshed", "code", "pkce")] == [user] * 4
    # The agent is the client's own: at the platform nobody else sees it, while the double knows no owners.
    assert told["calls"] == ([1] * 8 if server == "double" else [1, 0, 0, 0, 0, 0, 1, 1])
    assert {name: (refusal.get("status"), refusal.get("error")) for name, refusal in told["refusals"].items()} == {
        "id": (401, "invalid_client"),
        "secret": (401, "unauthorized_client"),
        "password": (401, "invalid_grant"),
        "code": (400, "invalid_grant"),
        "verifier": (400, "invalid_grant"),
        "refresh": (400, "invalid_grant"),
        # 0.7 refuses what is no JWT of Corti itself (SDKC-09).
        "token": (None if sdk == "corti-sdk-0.7" else 401, None),
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
