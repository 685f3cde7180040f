"""A platform whose faults are watched instead of waited for."""

from __future__ import annotations

from typing import Any

import httpx2

from agentkit.platform import PlatformSettings
from agentkit.platform.faults import Fault, FaultRule, Faults
from agentkit.testing.local_platform import LocalPlatform

V1 = "/agents"
V2 = "/v2/agentic/agents"
TOKEN = "/realms/base/protocol/openid-connect/token"


class Sleeps:
    """Takes the place of sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def settings(*rules: FaultRule, allow_header: bool = False, seed: int = 0, sleep: Any = None) -> PlatformSettings:
    return PlatformSettings(faults=Faults(rules, allow_header, seed, sleep or Sleeps()))


async def call(platform: LocalPlatform, path: str = V1, method: str = "GET", **more: Any) -> httpx2.Response:
    headers: dict[str, str] = {"authorization": f"Bearer {await bearer(platform)}", **more.pop("headers", {})}
    return await platform.http.request(method, platform.url + path, headers=headers, **more)


async def bearer(platform: LocalPlatform) -> str:
    known: dict[str, str] = platform.__dict__.setdefault("known", {})
    if "bearer" not in known:
        known["bearer"] = await platform.bearer()
    return known["bearer"]


def asked(text: str) -> dict[str, str]:
    return {"X-Agentkit-Fault": text}


__all__ = ["TOKEN", "V1", "V2", "Fault", "FaultRule", "Sleeps", "asked", "bearer", "call", "settings"]
