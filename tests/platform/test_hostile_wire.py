"""Requests and MCP servers that mean no good: a typed refusal, nothing poisoned, no 5xx behind the work (CLI-10)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.testing.asgi import ASGIApp
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import TOOLS, Plain, Talk, body, expert, said, server, state, talk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chief() -> AsyncGenerator[Talk]:
    async with LocalPlatform(reasoner=Plain()) as platform:
        yield await talk(platform)


def bare_server(structured: str) -> ASGIApp:
    """An MCP server of one tool that says what is given, letter by letter."""
    info = '"capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}'
    results = {
        "initialize": f'{{"protocolVersion":"2025-06-18",{info}}}',
        "tools/list": '{"tools":[{"name":"tell","description":"Tells.","inputSchema":{"type":"object"}}]}',
        "tools/call": f'{{"content":[{{"type":"text","text":"told"}}],"structuredContent":{structured}}}',
    }

    async def answer(request: Request) -> Response:
        call = await request.json()
        if "id" not in call:
            return Response(status_code=202)
        found = results.get(call["method"])
        outcome = '"error":{"code":-32601,"message":"no"}' if found is None else f'"result":{found}'
        text = f'{{"jsonrpc":"2.0","id":{json.dumps(call["id"])},{outcome}}}'
        return Response(text, media_type="application/json")

    return Starlette(routes=[Route("/s/mcp", answer, methods=["POST"])])


@pytest.mark.parametrize("place", ["data", "metadata", "unknownField"])
@pytest.mark.parametrize(
    ("value", "status", "code"),
    [("1e400", 400, "invalid_json"), ("[" * 70 + "]" * 70, 422, "validation_failed")],
    ids=["a number too large", "nested too deeply"],
)
async def test_what_could_be_stored_but_not_answered_is_refused(
    chief: Talk, place: str, value: str, status: int, code: str
) -> None:
    """V1-ERR-02: nothing is half stored, so the conversation goes on."""
    task = await chief.send("!hello")
    message = body("!more", {"kind": "data", "data": {}}, context=task["contextId"])["message"]
    (message["parts"][1] if place == "data" else message)[place] = {"v": "HERE"}
    text = json.dumps({"message": message}).replace('"HERE"', value)
    answer = await chief.api.post(f"/agents/{chief.agent}/v1/message:send", content=text)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    kept = await chief.api.get(f"/agents/{chief.agent}/v1/contexts/{task['contextId']}")
    assert [item["id"] for item in kept.json()["items"]] == [task["id"]]


async def test_a_number_of_a_tool_that_json_cannot_say_is_answered_as_null() -> None:
    async with LocalPlatform(reasoner=Plain(), servers={TOOLS: bare_server('{"n":1e400}')}) as platform:
        chief = await talk(platform, [expert("e", server("s"))])
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert task["artifacts"][0]["parts"][0]["data"] == {"n": None}


async def test_an_answer_of_a_tool_that_could_not_be_read_back_fails_and_the_context_stays_readable() -> None:
    deep = '{"v":' + "[" * 197 + "]" * 197 + "}"
    async with LocalPlatform(reasoner=Plain(), servers={TOOLS: bare_server(deep)}) as platform:
        chief = await talk(platform, [expert("e", server("s"))])
        task = await chief.send("hello")
        kept = await chief.api.get(f"/agents/{chief.agent}/v1/contexts/{task['contextId']}")
    assert state(task) == "failed"
    assert "nested deeper than 64 levels" in said(task)
    assert kept.status_code == 200
