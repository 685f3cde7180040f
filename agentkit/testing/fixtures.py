"""Fixtures for pytest; take them into a test suite with one line in its `conftest.py`.

```python
pytest_plugins = ["agentkit.testing.fixtures"]
```

The asynchronous ones work with tests that anyio runs (`@pytest.mark.anyio`) and with pytest-asyncio in its automatic
mode.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agentkit.client import AsyncCorti
from agentkit.platform import PlatformSettings
from agentkit.testing.clock import MovableClock
from agentkit.testing.local_platform import LocalPlatform, platform


@pytest.fixture
def movable_clock() -> MovableClock:
    """The clock of `local_platform`; nothing moves it but the test."""
    return MovableClock()


@pytest.fixture
def platform_settings() -> PlatformSettings:
    """What `local_platform` is told; override it to tell something else."""
    return PlatformSettings()


@pytest.fixture
async def local_platform(
    platform_settings: PlatformSettings, movable_clock: MovableClock
) -> AsyncIterator[LocalPlatform]:
    """A platform of its own for each test, with the installed MCP servers, everything in memory."""
    async with platform(platform_settings, installed=True, clock=movable_clock) as local:
        yield local


@pytest.fixture
def corti(local_platform: LocalPlatform) -> AsyncCorti:
    """A Corti client of `local_platform`, signed in."""
    return local_platform.corti
