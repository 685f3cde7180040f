"""Corti's own JavaScript SDK talks to the platform and notices nothing (section 15 of the API contract)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.mcp import ToolServer
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth
from agentkit.platform import PlatformSettings, create_platform
from tests.deadline import HANG
from tests.js.node import HERE, RunNode
from tests.platform.parts import TOKEN, Found, Plain, echo_server

pytestmark = pytest.mark.anyio

SCRIPT: Path = HERE / "conversation.mjs"


@pytest.mark.parametrize(
    ("sdk", "layout"),
    [("@corti/sdk", "environment"), ("@corti/sdk", "baseUrl"), ("corti-sdk-0.7", "environment")],
)
async def test_corti_sdk_holds_conversations_with_credentials_and_a_questionnaire(
    run_node: RunNode, sdk: str, layout: str
) -> None:
    """SDKC-01, SDKC-02, SDKC-05, SDKC-08, SDKC-09, HDR-02, HDR-03, LOC-01, LOC-02, QNC-10 to QNC-16."""
    place, tools = [await anyio.to_thread.run_sync(bind, "127.0.0.1", 0) for _ in range(2)]
    servers = host([HostedServer(echo_server("ehr"), "/ehr/mcp", BearerAuth(TOKEN))], public_url=tools.url)
    platform = create_platform(PlatformSettings(url=place.url, reasoner=Plain()))
    async with serving([(tools, servers), (place, platform)]):
        variables = {"BASE": place.url, "TOOLS": tools.url, "TOKEN": TOKEN, "LAYOUT": layout, "SDK": sdk}
        done = await run_node(SCRIPT, env=variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "Failed to validate" not in done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    agent = told["created"]
    assert [expert["name"] for expert in agent["experts"]] == ["record-reader", "memory-expert"]
    assert told["got"] == agent
    assert told["listed"] == [agent["id"], told["interviewer"]]
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
    _check_interview(told["turns"])


def _check_interview(turns: list[dict[str, Any]]) -> None:
    responses = [turn["response"] for turn in turns]
    assert [turn["state"] for turn in turns] == ["completed"] * 4
    assert [response["metadata"] for response in responses] == [{"type": "questionnaire_response"}] * 4
    told = [response["data"] for response in responses]
    assert [one["answers"] for one in told] == [
        {},
        {"q1": 4},
        {"q1": 4, "q2": 7},
        {"q1": 4, "q2": 7, "q3": "Quite rested"},
    ]
    assert [one["next_question_id"] for one in told] == ["q1", "q2", "q3", None]
    assert [one["is_completed"] for one in told] == [False, False, False, True]
    assert [
        turn["asks"] is not None and text in turn["asks"]
        for turn, text in zip(turns[:3], ["nights", "Hours", "rested"], strict=True)
    ] == [True] * 3
    assert turns[3]["asks"] is None


@pytest.mark.parametrize(("generation", "binding"), [("v1", "JSONRPC"), ("v2", "JSONRPC"), ("v2", "HTTP+JSON")])
async def test_the_a2a_clients_stream_from_the_platform_and_cancel_the_tool_at_work(
    run_node: RunNode, generation: str, binding: str
) -> None:
    """V1-RPC-01 to V1-RPC-06, V1-CARD-01, V2-EP-06 to V2-EP-12, V2-SSE-01, MCPAUTH-19."""
    place, tools = [await anyio.to_thread.run_sync(bind, "127.0.0.1", 0) for _ in range(2)]
    slow = SlowEcho()
    route = Route("/started", slow.tell_started)
    servers = host(
        [HostedServer(slow.server, "/ehr/mcp", BearerAuth(TOKEN))], public_url=tools.url, extra_routes=[route]
    )
    platform = create_platform(PlatformSettings(url=place.url, reasoner=Plain()))
    async with serving([(tools, servers), (place, platform)]):
        variables = {
            "BASE": place.url,
            "TOOLS": tools.url,
            "TOKEN": TOKEN,
            "GENERATION": generation,
            "BINDING": binding,
        }
        done = await run_node(HERE / "platform_streams.mjs", env=variables)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        with anyio.fail_after(HANG):
            await slow.stopped.wait()
    told: dict[str, Any] = json.loads(done.stdout)
    words = _WORDS[generation]
    kinds = [kind for kind, _, _ in told["streamed"]]
    assert kinds[0] == "task"
    assert set(kinds[1:-1]) == {words["status"], words["artifact"]}
    assert told["streamed"][-1] == [words["status"], words["completed"], words["final"]]
    assert "ehr: again" in told["sent"]["said"]
    assert told["got"] == told["sent"]["state"] == words["completed"]
    assert told["without"] == words["auth-required"]
    assert told["canceled"] == words["canceled"]
    assert told["rest"][-1] == [words["status"], words["canceled"], words["final"]]
    # Each transport has classes of its own.
    assert "TaskNotCancelable" in told["twice"]
    assert "TaskNotFound" in told["unknown"]
    assert TOKEN not in done.stdout


_WORDS: dict[str, dict[str, Any]] = {
    "v1": {
        "status": "status-update",
        "artifact": "artifact-update",
        "completed": "completed",
        "canceled": "canceled",
        "auth-required": "auth-required",
        "final": True,
    },
    "v2": {
        "status": "statusUpdate",
        "artifact": "artifactUpdate",
        "completed": "TASK_STATE_COMPLETED",
        "canceled": "TASK_STATE_CANCELED",
        "auth-required": "TASK_STATE_AUTH_REQUIRED",
        "final": None,
    },
}


class SlowEcho:
    """An echo server whose tool, told to wait, waits until it is cancelled."""

    def __init__(self) -> None:
        self.started = anyio.Event()
        self.stopped = anyio.Event()
        self.server = ToolServer("ehr", version="1")

        @self.server.tool(title="Echo")
        async def echo(text: Annotated[str, Field(description="What to say.")]) -> Found:
            """Say again what was said."""
            if text == "wait":
                self.started.set()
                try:
                    await anyio.sleep_forever()
                finally:
                    self.stopped.set()
            return Found(said=f"ehr: {text}")

    async def tell_started(self, _request: Request) -> Response:
        """Answer as soon as the tool is at work."""
        await self.started.wait()
        return Response(status_code=204)
