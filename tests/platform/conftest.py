"""A platform in-process, spoken to in literal JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from agentkit.testing.local_platform import LocalPlatform


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of platforms start here, and hashing a client secret is made to be slow."""
    monkeypatch.setattr("agentkit.oauth.secrets._COST", 2**4)


@pytest.fixture
async def platform() -> AsyncIterator[LocalPlatform]:
    async with LocalPlatform() as running:
        yield running


@pytest.fixture
async def api(platform: LocalPlatform) -> httpx2.AsyncClient:
    """Calls of a signed-in client; the platform's own client is reused for the way there."""
    platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
    platform.http.headers["tenant-name"] = "base"
    platform.http.base_url = platform.url
    return platform.http
