"""Corti's own JavaScript SDK talks to the platform and notices nothing (section 15 of the API contract)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth
from agentkit.platform import PlatformSettings, create_platform
from tests.js.node import HERE, RunNode
from tests.platform.parts import TOKEN, Plain, echo_server

pytestmark = pytest.mark.anyio

SCRIPT: Path = HERE / "conversation.mjs"


@pytest.mark.parametrize("layout", ["environment", "baseUrl"])
async def test_corti_sdk_1_0_0_creates_an_agent_and_sends_messages_with_credentials(
    run_node: RunNode, layout: str
) -> None:
    """SDKC-01, SDKC-02, SDKC-05, SDKC-08, HDR-02, LOC-01, LOC-02."""
    place, tools = [await anyio.to_thread.run_sync(bind, "127.0.0.1", 0) for _ in range(2)]
    servers = host([HostedServer(echo_server("ehr"), "/ehr/mcp", BearerAuth(TOKEN))], public_url=tools.url)
    platform = create_platform(PlatformSettings(url=place.url, reasoner=Plain()))
    async with serving([(tools, servers), (place, platform)]):
        variables = {"BASE": place.url, "TOOLS": tools.url, "TOKEN": TOKEN, "LAYOUT": layout}
        done = await run_node(SCRIPT, env=variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "Failed to validate" not in done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    agent = told["created"]
    assert [expert["name"] for expert in agent["experts"]] == ["record-reader", "memory-expert"]
    assert told["got"] == agent
    assert told["listed"] == [agent["id"]]
    assert told["updated"] == "renamed"
    assert told["card"] == f"{place.url}/agents/{agent['id']}/v1"
    assert "memory-expert" in told["registry"]
    for name, text in (("first", "hello"), ("second", "again")):
        task = told[name]
        assert task["status"]["state"] == "completed"
        assert f"ehr: {text}" in task["status"]["message"]["parts"][0]["text"]
        assert task["artifacts"][0]["parts"][0]["data"] == {"said": f"ehr: {text}"}
    assert told["waiting"] == "auth-required"
    assert told["second"]["contextId"] == told["first"]["contextId"]
    assert told["task"]["id"] == told["first"]["id"]
    assert len(told["task"]["history"]) == 1
    assert told["context"] == ["task", "task"]
    assert told["refusal"] == {"name": "NotFoundError", "status": 404, "code": "expert_not_found"}
    assert TOKEN not in done.stdout
