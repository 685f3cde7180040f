from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.client import AsyncCorti
from agentkit.models.interaction import Encounter
from agentkit.testing import ASGITransport
from tests.contract.corti_double import CortiDouble


class Pauses:
    """Waits by writing down that it did."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def double() -> CortiDouble:
    return CortiDouble()


@pytest.fixture
async def corti(double: CortiDouble, pauses: Pauses) -> AsyncGenerator[AsyncCorti]:
    async with AsyncCorti(
        base_url=double.url,
        client_id="local-client",
        client_secret="local-secret",
        transport=ASGITransport(double.app),
        sleep=pauses.sleep,
    ) as client:
        yield client


@pytest.fixture
async def interaction_id(corti: AsyncCorti) -> str:
    encounter = Encounter(identifier="visit-1", status="in-progress", type="consultation")
    return (await corti.interactions.create(encounter=encounter)).id
