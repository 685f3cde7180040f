"""Where Corti's own server does less than it declares, and a faithful platform does too (V2-LOC-01)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.platform import PlatformSettings
from agentkit.platform.agents.registry import RegistryEntry
from agentkit.platform.shortfalls import Shortfall
from agentkit.specs import ExpertSpec
from tests.platform.agents.calls import V2, caller, error, v2_path

pytestmark = pytest.mark.anyio

CONFIGURED = RegistryEntry(
    ExpertSpec(name="pubmed-expert", description="Searches PubMed."),
    config_schema={"type": "object", "properties": {"maxResults": {"type": "integer", "default": 5}}},
)
AGENT: dict[str, Any] = {
    "name": "visit-helper",
    "visibility": "public",
    "lifecycle": "persistent",
    "labels": {"a": "b"},
    "connectors": [
        {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 1}, "enabled": False},
        {"type": "schema", "name": "done", "schema": {}},
    ],
}


async def test_a_faithful_platform_ignores_what_corti_ignores() -> None:
    """V2-EP-02, V2-EP-17, V2-EP-26, V2-OBJ-01, V2-OBJ-02, V2-OBJ-04, V2-OBJ-09."""
    async with caller(PlatformSettings(faithful=True, registry=(CONFIGURED,))) as api:
        agent = await api.made(V2, AGENT)
        path = v2_path(agent["id"])
        pubmed, done = agent["connectors"]
        assert (agent["visibility"], agent["labels"], agent["lifecycle"]) == ("private", {}, "persistent")
        assert set(pubmed) == {"id", "type", "name"}
        assert done["enabled"] is True
        patch = {"visibility": "public", "lifecycle": "ephemeral", "labels": {"c": "d"}, "description": "new"}
        changed = (await api.patch(path, patch)).json()
        assert changed == {**agent, "description": "new", "updatedAt": changed["updatedAt"]}
        for query in ("q=nothing", "label=x%3Dy", "visibility=public", "lifecycle=ephemeral"):
            assert len((await api.read(f"{V2}?{query}"))["agents"]) == 1
        refused = await api.patch(f"{path}/connectors/{done['id']}", {"enabled": False})
        assert error(refused) == (501, "NOT_IMPLEMENTED")
        assert (await api.read("/v2/agentic/registry/connectors?q=nothing"))["connectors"]


async def test_it_can_be_faithful_in_one_point_alone() -> None:
    """V2-LOC-01."""
    settings = PlatformSettings(faithful=frozenset({Shortfall.CONNECTOR_ENABLED}), registry=(CONFIGURED,))
    async with caller(settings) as api:
        agent = await api.made(V2, AGENT)
        pubmed, done = agent["connectors"]
        assert (agent["visibility"], agent["labels"]) == ("public", {"a": "b"})
        assert pubmed["config"] == {"maxResults": 1}
        assert ("enabled" in pubmed, done["enabled"]) == (False, True)
