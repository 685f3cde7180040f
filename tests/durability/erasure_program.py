"""Serves a workflow that has recorded a step and goes on for ever. Arguments: its part, the address of the database."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from httpx2 import AsyncClient

# Imported before the fork.
import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport]
from agentkit.a2a.standalone import agent_app
from agentkit.compose import FunctionAgent, RunContext, workflow
from agentkit.models import Message
from agentkit.testing import ASGITransport, running
from tests.durability.harness import Tell

CANARY: Final = "canary-5d1e"
URL: Final = "http://127.0.0.1:8702"


async def main(arguments: list[str], tell: Tell) -> None:
    part, url = arguments

    async def say(text: str) -> str:
        return f"{CANARY} heard {text}"

    async def wait(text: str) -> str:
        tell("recorded")
        try:
            await asyncio.Event().wait()
        finally:
            tell("stopped")
        return text

    said = FunctionAgent(say, name="say", effect="once")
    waits = FunctionAgent(wait, name="wait", effect="idempotent")

    @workflow("intake", agents=(said, waits))
    async def intake(ctx: RunContext, message: Message) -> Message:
        """Says something, then waits."""
        await ctx.call(said, message)
        return await ctx.call(waits, message)

    async with (
        running(agent_app(intake, url=URL, database=url, limits=None)) as live,
        AsyncClient(transport=ASGITransport(live), base_url=URL, headers={"A2A-Version": "1.0"}, timeout=60) as http,
    ):
        if part == "begin":
            await _send(http)
        tell("served")
        await asyncio.Event().wait()


async def _send(http: AsyncClient) -> None:
    message: dict[str, Any] = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": f"{CANARY} said"}]}
    params = {"message": message, "configuration": {"returnImmediately": True}}
    await http.post("/a2a", json={"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params})
