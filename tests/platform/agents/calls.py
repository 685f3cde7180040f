"""Calls of the tests of agents: v1 and v2 of one platform, in literal JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from agentkit.platform import PlatformSettings
from agentkit.testing.local_platform import LocalPlatform

V1 = "/agents"
V2 = "/v2/agentic/agents"
UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MERGE = {"content-type": "application/merge-patch+json"}
CLIENTS = {"local-client": "local-secret", "other-client": "other-secret"}


@dataclass(frozen=True)
class Caller:
    """One owner's calls."""

    http: httpx2.AsyncClient
    headers: dict[str, str]

    async def call(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str) -> httpx2.Response:
        return await self.call("GET", path)

    async def post(self, path: str, body: Any) -> httpx2.Response:
        return await self.call("POST", path, json=body)

    async def patch(self, path: str, body: Any) -> httpx2.Response:
        """A merge patch in v2, a JSON body in v1."""
        headers = MERGE if path.startswith(V2) else {}
        return await self.call("PATCH", path, json=body, headers=headers)

    async def delete(self, path: str) -> httpx2.Response:
        return await self.call("DELETE", path)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """Something new, as the answer shows it."""
        answer = await self.post(path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def read(self, path: str) -> dict[str, Any]:
        """What is there."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def v1_path(agent_id: str) -> str:
    """Where v1 has an agent of either generation."""
    return f"{V1}/{agent_id.removeprefix('agt.')}"


def v2_path(agent_id: str) -> str:
    """Where v2 has an agent of either generation."""
    return f"{V2}/{agent_id}"


@asynccontextmanager
async def callers(settings: PlatformSettings | None = None) -> AsyncGenerator[tuple[Caller, Caller]]:
    """Two owners of one tenant."""
    settings = replace(settings or PlatformSettings(), clients=CLIENTS, token_lifetime=10**7)
    async with LocalPlatform(settings) as platform:
        platform.http.base_url = platform.url
        tokens = [await platform.bearer(*client) for client in CLIENTS.items()]
        first, second = (Caller(platform.http, {"authorization": f"Bearer {token}"}) for token in tokens)
        yield first, second


@asynccontextmanager
async def caller(settings: PlatformSettings | None = None) -> AsyncGenerator[Caller]:
    """One owner."""
    async with callers(settings) as (first, _):
        yield first


def error(answer: httpx2.Response) -> tuple[int, str]:
    """Status and code of an error of either generation."""
    body = answer.json()
    return answer.status_code, body["error"]["code"] if "error" in body else body["code"]


def refused_fields(answer: httpx2.Response) -> list[str]:
    """The fields a 422 of v2 names."""
    assert error(answer) == (422, "VALIDATION_FAILED"), answer.text
    return [entry["field"] for entry in answer.json()["error"]["details"]["validationErrors"]]
