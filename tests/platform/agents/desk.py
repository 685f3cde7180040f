"""Both ways to make and change agents, without HTTP: over a store of their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from agentkit.errors import WireError
from agentkit.models import Json
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.drafting_v1 import DraftingV1
from agentkit.platform.agents.drafting_v2 import DraftingV2
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import MEMORY_EXPERT, Registry, RegistryEntry
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.schema import MIGRATIONS
from agentkit.specs import ExpertSpec
from agentkit.storage import Database
from agentkit.storage.sealing import Sealer
from agentkit.wire import v1

OWNER = Ownership("base", "clinic")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HELPER = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
REGISTRY = Registry(
    (
        MEMORY_EXPERT,
        RegistryEntry(
            ExpertSpec(name="pubmed-expert", description="Searches."),
            config_schema={"type": "object", "properties": {"maxResults": {"type": "integer", "default": 5}}},
        ),
    )
)


class Desk:
    """Both ways to make and change agents, over one store."""

    def __init__(self, store: AgentStore) -> None:
        self.v1 = DraftingV1(store, REGISTRY, OWNER)
        self.v2 = DraftingV2(store, REGISTRY, OWNER, PlatformSettings())

    async def make(self, body: dict[str, Any], generation: str) -> AgentRecord | None:
        """An agent, or None where two names collide or the like."""
        try:
            if generation == "v1":
                return await self.v1.create(v1.decode_create_agent(body))
            return await self.v2.create(body)
        except WireError:
            return None

    async def patch_v1(self, record: AgentRecord, body: Json) -> AgentRecord:
        return await self.v1.change(record, v1.decode_update_agent(body), v1.decode_shown_ids(body))


@asynccontextmanager
async def desk() -> AsyncGenerator[Desk, None]:
    database = await Database.open(None, MIGRATIONS)
    try:
        store = AgentStore(database, Sealer(bytes(32)), ephemeral_lifetime=timedelta(hours=1), clock=lambda: NOW)
        await store.add(AgentRecord(HELPER, "helper", OWNER, NOW, NOW))
        yield Desk(store)
    finally:
        await database.close()
