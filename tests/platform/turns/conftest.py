"""A platform whose agent does what the message says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.platform.turns.parts import House, house


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with house() as running:
        yield running
