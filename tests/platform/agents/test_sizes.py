"""How much one agent may hold, so that no single request keeps the platform busy for all others."""

from __future__ import annotations

import pytest

from agentkit.errors import WireError
from agentkit.models import ConnectorInfo, Json, JsonObject
from agentkit.platform.agents import identity_v2
from agentkit.platform.agents.connecting import LARGEST_SCHEMA
from agentkit.platform.agents.connector import Connector
from agentkit.platform.agents.naming import MOST
from agentkit.wire import v1
from tests.platform.agents.calls import V2, caller, error
from tests.platform.agents.desk import desk

pytestmark = pytest.mark.anyio


def servers(count: int, prefix: str = "s") -> list[Json]:
    """MCP servers as v1 takes them."""
    how: JsonObject = {"transportType": "streamable_http", "authorizationType": "none"}
    return [{"name": f"{prefix}{n}", "url": f"https://mcp.example.org/{n}/mcp", **how} for n in range(count)]


def connectors(count: int, **more: Json) -> list[Json]:
    """The same as v2 takes them."""
    return [{"type": "mcp", "name": f"s{n}", "url": f"https://mcp.example.org/{n}/mcp", **more} for n in range(count)]


def body(count: int) -> JsonObject:
    return {"name": "n", "connectors": connectors(count)}


def expert(name: str, count: int = 0) -> JsonObject:
    return {"type": "new", "name": name, "description": "d", "mcpServers": servers(count, name)}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"experts": [expert(f"e{n}") for n in range(MOST + 1)]}, "experts"),
        ({"mcpServers": servers(MOST + 1)}, "mcpServers"),
        ({"experts": [expert("few"), expert("many", MOST + 1)]}, "experts[1].mcpServers"),
        ({"experts": [expert("one", MOST), expert("two", 1)]}, ""),
        ({"experts": [expert("one")], "mcpServers": servers(MOST)}, ""),
    ],
)
async def test_v1_takes_so_many_experts_and_servers_and_no_more(given: JsonObject, place: str) -> None:
    """V1-OBJ-01, V1-OBJ-02."""
    async with desk() as home:
        with pytest.raises(WireError) as refused:
            await home.v1.create(v1.decode_create_agent({"name": "n", "description": "d", **given}))
        assert (refused.value.path, refused.value.reason) == (place, "value")
        record = await home.v1.create(v1.decode_create_agent({"name": "n", "description": "d"}))
        with pytest.raises(WireError) as refused:
            await home.patch_v1(record, given)
        assert (refused.value.path, refused.value.reason) == (place, "value")


async def test_v2_takes_so_many_connectors_and_no_more() -> None:
    """V2-OBJ-01, V2-OBJ-02, V2-EP-15."""
    async with desk() as home:
        full = await home.v2.create(body(MOST))
        for refusing in (home.v2.create(body(MOST + 1)), home.v2.change(full, body(MOST + 1))):
            with pytest.raises(WireError) as refused:
                await refusing
            assert (refused.value.path, refused.value.reason) == ("connectors", "value")
    async with caller() as api:
        agent = await api.made(V2, body(MOST))
        another = {"type": "a2a", "url": "https://agents.example.org"}
        assert error(await api.post(f"{V2}/{agent['id']}/connectors", another)) == (409, "ASSIGNMENT_CONFLICT")


async def test_the_schema_of_an_output_may_not_be_of_any_size() -> None:
    """V2-OBJ-08: to check one takes a core seconds for each megabyte."""
    schema: JsonObject = {"type": "object", "description": "d" * LARGEST_SCHEMA}
    async with desk() as home:
        with pytest.raises(WireError) as refused:
            await home.v2.create({"name": "n", "connectors": [{"type": "schema", "name": "s", "schema": schema}]})
        assert (refused.value.path, refused.value.reason) == ("connectors[0].schema", "value")


async def test_what_a_patch_means_is_found_without_comparing_all_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """V2-OBJ-09: a patch of some hundred connectors once held the platform up for seconds."""
    shown, show = list[str](), identity_v2.connector_shown

    def counted(connector: Connector) -> ConnectorInfo:
        shown.append(connector.id)
        return show(connector)

    async with desk() as home:
        record = await home.v2.create(body(MOST))
        monkeypatch.setattr(identity_v2, "connector_shown", counted)
        off = await home.v2.change(record, {"connectors": [*reversed(connectors(MOST, enabled=False))]})
        same = await home.v2.change(record, {"connectors": [*reversed(connectors(MOST))]})
    assert len(shown) <= 4 * MOST
    assert {one.id for one in off.connectors}.isdisjoint(one.id for one in record.connectors)
    assert same.connectors == record.connectors[::-1]
