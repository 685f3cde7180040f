"""Static tokens stay with their server as long as it is at its place, and go nowhere else (V1-OBJ-05, V1-AGENT-10)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.view_v1 import shown_v1
from agentkit.platform.agents.view_v2 import shown_v2
from agentkit.wire import v1, v2
from tests.platform.agents.desk import Desk, desk

pytestmark = pytest.mark.anyio

URL = "https://mcp.example.org/ehr/mcp"


def server(name: str, **more: Any) -> dict[str, Any]:
    wanted = {"transportType": "streamable_http", "authorizationType": "bearer", "url": URL}
    return {"name": name, **wanted, **more}


async def made(at: Desk) -> AgentRecord:
    """An agent with one token of its own and one of its expert."""
    reader = {
        "type": "new",
        "name": "reader",
        "description": "Reads.",
        "mcpServers": [server("ehr", token=" canary-1 ")],
    }
    body = {
        "name": "a",
        "description": "d",
        "experts": [reader],
        "mcpServers": [server("own", token="canary-2"), server("open")],
    }
    record = await at.make(body, "v1")
    assert record is not None
    return record


def tokens(record: AgentRecord) -> dict[str, str]:
    """By the name of the server."""
    return {one.name: record.tokens[one.id].get_secret_value() for one in record.servers() if one.id in record.tokens}


def shown(record: AgentRecord) -> dict[str, Any]:
    return v1.encode_agent(shown_v1(record))


async def test_a_token_is_kept_apart_and_shown_by_no_view() -> None:
    """V1-OBJ-05: neither by a repr."""
    async with desk() as at:
        record = await made(at)
    assert tokens(record) == {"ehr": "canary-1", "own": "canary-2"}
    assert "canary" not in str(shown(record)) + str(v2.encode_agent(shown_v2(record))) + repr(record)


async def test_a_token_follows_a_server_that_is_renamed_and_not_one_that_moves() -> None:
    """CON-21: who is meant is said by the id."""
    async with desk() as at:
        record = await made(at)
        body = shown(record)
        body["experts"][0]["mcpServers"][0]["name"] = "records"
        body["mcpServers"][0]["url"] = "https://elsewhere.example/mcp"
        changed = await at.patch_v1(record, body)
    assert tokens(changed) == {"records": "canary-1"}
    assert [one.id for one in changed.servers()] == [one.id for one in record.servers()]


async def test_a_token_is_replaced_by_another_and_goes_with_its_server() -> None:
    """V1-AGENT-03."""
    async with desk() as at:
        record = await made(at)
        replaced = await at.patch_v1(record, {"mcpServers": [server("own", token="canary-3")]})
        without = await at.patch_v1(record, {"experts": []})
    assert tokens(replaced) == {"ehr": "canary-1", "own": "canary-3"}
    assert tokens(without) == {"own": "canary-2"}
    assert set(without.tokens) == {one.id for one in without.servers() if one.name == "own"}


async def test_an_id_of_another_server_brings_nobody_s_token() -> None:
    """A body may hold any id: one that the agent does not have is none."""
    async with desk() as at:
        record, other = await made(at), await made(at)
        foreign = next(other.servers())
        changed = await at.patch_v1(record, {"mcpServers": [server("new", id=foreign.id, url="https://x.example")]})
    assert tokens(changed) == {"ehr": "canary-1"}
    assert foreign.id not in {one.id for one in changed.servers()}


async def test_a_patch_of_v2_keeps_the_token_of_what_stays_at_its_place() -> None:
    """V2-EP-04, V2-EP-17: also under a new id, or switched off; never at another address."""
    async with desk() as at:
        record = await made(at)
        own = {"type": "mcp", "name": "own", "url": URL}
        switched = await at.v2.change(record, {"connectors": [{**own, "enabled": False}]})
        moved = await at.v2.change(record, {"connectors": [{**own, "url": "https://elsewhere.example/mcp"}]})
        connector = next(one for one in record.connectors if one.name == "own")
        renamed = await at.v2.change_connector(record, connector.id, {"name": "other", "auth": None})
        detached = at.v2.detach(record, connector.id)
    assert tokens(switched) == {"own": "canary-2"}
    assert tokens(moved) == {}
    assert renamed is not None
    assert tokens(renamed) == {"ehr": "canary-1", "other": "canary-2"}
    assert detached is not None
    assert tokens(detached) == {"ehr": "canary-1"}
