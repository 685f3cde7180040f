from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.client import AsyncCorti
from agentkit.models.interaction import Encounter
from tests.client.connecting import Connect


@pytest.fixture
async def corti(connect: Connect) -> AsyncGenerator[AsyncCorti]:
    async with connect() as client:
        yield client


@pytest.fixture
async def interaction_id(corti: AsyncCorti) -> str:
    encounter = Encounter(identifier="visit-1", status="in-progress", type="consultation")
    return (await corti.interactions.create(encounter=encounter)).id
