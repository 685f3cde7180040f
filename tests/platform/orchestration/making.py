"""Agents with connectors of every kind, and agents elsewhere, for the tests of orchestration."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.types import ASGIApp

from agentkit.a2a.standalone import agent_app
from agentkit.compose import Agent
from agentkit.mcp.hosting.authorization import NoAuth, ServerAuth
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.reasoning import Reasoner, ScriptedReasoner
from agentkit.reasoning.scripted import ScriptEntry
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import TOOLS, Talk, signed_in, tools_app

REMOTE = "http://127.0.0.1:8702"
V2 = "/v2/agentic/agents"


def a2a(name: str = "far", url: str = REMOTE, **more: Any) -> dict[str, Any]:
    """A connector of type `a2a`."""
    return {"type": "a2a", "name": name, "url": url, **more}


def mcp(name: str, auth: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A connector of type `mcp`."""
    return {"type": "mcp", "name": name, "url": f"{TOOLS}/{name}/mcp", **({"auth": auth} if auth else {}), **more}


def output(name: str, schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A connector of type `schema`."""
    return {"type": "schema", "name": name, "schema": schema, **more}


async def made(platform: LocalPlatform, *connectors: Mapping[str, Any], name: str = "chief", **more: Any) -> Talk:
    """A new agent, made through v2 and talked to through v1."""
    api = await signed_in(platform)
    created = await api.post(V2, json={"name": name, "connectors": list(connectors), **more})
    assert created.status_code == 201, created.text
    return Talk(api, created.json()["id"].removeprefix("agt."))


@asynccontextmanager
async def platform_with(
    script: Sequence[ScriptEntry] | Reasoner,
    *,
    auth: Mapping[str, ServerAuth] | None = None,
    apps: Mapping[str, ASGIApp] | None = None,
    settings: PlatformSettings | None = None,
    **limits: Any,
) -> AsyncGenerator[LocalPlatform]:
    """A platform with echo servers `one` and `two`, and other apps beside it."""
    reasoner = ScriptedReasoner(script) if isinstance(script, Sequence) else script
    given = settings or PlatformSettings(limits=PlatformLimits(**limits))
    servers: dict[str, ASGIApp] = {TOOLS: tools_app(dict(auth or {"one": NoAuth(), "two": NoAuth()})), **(apps or {})}
    async with LocalPlatform(given, servers=servers, reasoner=reasoner) as platform:
        yield platform


def served(agent: Agent, url: str = REMOTE, **more: Any) -> dict[str, ASGIApp]:
    """An agent elsewhere, over A2A."""
    return {url: agent_app(agent, url=url, limits=None, push=None, **more)}


async def streamed(api: httpx2.AsyncClient, agent: str, text: str) -> AsyncGenerator[dict[str, Any]]:
    """What a stream of v2 tells of a message, event by event."""
    message = {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": text}]}
    async with api.stream("POST", f"{V2}/{agent}/a2a/message:stream", json={"message": message}) as answer:
        assert answer.status_code == 200, await answer.aread()
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                yield json.loads(line.removeprefix("data:"))
