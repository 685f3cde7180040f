"""Two callers, an agent that does what the message says, and a clock that is moved; in literal JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.platform import PlatformSettings
from agentkit.testing.clock import MovableClock
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.agents.calls import CLIENTS, Caller
from tests.platform.parts import TOOLS, tools_app
from tests.platform.turns.parts import Obedient

ROOT = "/v2/agentic"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
MCP = {"type": "mcp", "name": "echo", "url": f"{TOOLS}/echo/mcp"}
_numbers = count(1)


@dataclass
class Ward:
    """A running platform and its two callers."""

    platform: LocalPlatform
    clock: MovableClock
    reasoner: Obedient
    jane: Caller
    john: Caller

    async def agent(self, who: Caller | None = None, **more: Any) -> str:
        """A new agent; its prefixed id."""
        body = {"name": f"agent-{next(_numbers)}", "lifecycle": "persistent", "connectors": [MCP], **more}
        return (await (who or self.jane).made(f"{ROOT}/agents", body))["id"]

    async def send(self, agent: str, text: str = "hello", who: Caller | None = None, **ids: Any) -> dict[str, Any]:
        """A message over v2, and its task."""
        message = {"role": "ROLE_USER", "messageId": f"m-{next(_numbers)}", "parts": [{"text": text}], **ids}
        answer = await (who or self.jane).post(f"{ROOT}/agents/{agent}/a2a/message:send", {"message": message})
        assert answer.status_code == 200, answer.text
        return answer.json()["task"]

    async def send_v1(self, agent: str, text: str = "hello", who: Caller | None = None, **ids: Any) -> dict[str, Any]:
        """A message over v1, and its task."""
        parts = [{"kind": "text", "text": text}]
        message = {"kind": "message", "role": "user", "messageId": f"m-{next(_numbers)}", "parts": parts, **ids}
        path = f"/agents/{agent.removeprefix('agt.')}/v1/message:send"
        answer = await (who or self.jane).post(path, {"message": message})
        assert answer.status_code == 200, answer.text
        return answer.json()["task"]

    async def read(self, path: str, who: Caller | None = None) -> dict[str, Any]:
        """What lies below the root of v2."""
        return await (who or self.jane).read(f"{ROOT}{path}")

    async def status(self, method: str, path: str, who: Caller | None = None) -> tuple[int, str]:
        """Status and error code of a call below the root of v2."""
        answer = await (who or self.jane).call(method, f"{ROOT}{path}")
        return answer.status_code, "" if not answer.content else answer.json().get("error", {}).get("code", "")


@asynccontextmanager
async def ward(settings: PlatformSettings | None = None, **changes: Any) -> AsyncGenerator[Ward]:
    """A platform with an MCP server beside it."""
    clock, reasoner = MovableClock(START), Obedient()
    given = replace(settings or PlatformSettings(), clients=CLIENTS, token_lifetime=10**8, **changes)
    platform = LocalPlatform(given, servers={TOOLS: tools_app({"echo": NoAuth()})}, reasoner=reasoner, clock=clock)
    async with platform:
        platform.http.base_url = platform.url
        tokens = [await platform.bearer(*client) for client in CLIENTS.items()]
        jane, john = (Caller(platform.http, {"authorization": f"Bearer {token}"}) for token in tokens)
        yield Ward(platform, clock, reasoner, jane, john)


def ids(entries: list[dict[str, Any]]) -> list[str]:
    """The ids of a list."""
    return [entry["id"] for entry in entries]
