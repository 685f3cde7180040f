"""`corti.agents.edit`: an agent goes from one state to another, and what is equal in both is left alone."""

from __future__ import annotations

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import UnprocessableEntityError
from agentkit.models import AgentInfo, ConnectorInfo, ExpertInfo, McpServerInfo
from tests.client.connecting import connected, last
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio

EHR = {
    "name": "ehr",
    "transportType": "streamable_http",
    "authorizationType": "bearer",
    "url": "https://mcp.example.org/ehr/mcp",
}
NEW_SERVER = McpServerInfo(
    id="", name="labs", transport_type="streamable_http", authorization_type="none", url="https://x.org/mcp"
)


async def got(corti: AsyncCorti, agent_id: str) -> AgentInfo:
    info = (await corti.agents.get(agent_id)).info
    assert isinstance(info, AgentInfo)
    return info


async def test_an_expert_that_stays_is_named_by_its_id_and_one_that_changes_keeps_its_own() -> None:
    """V1-AGENT-03, V1-AGENT-04, CON-21: lists replace, and what is not shown of an expert must survive that."""
    double = CortiDouble()
    agent_id = double.add_agent(
        experts=[
            {"type": "new", "name": "reader", "description": "Reads", "systemPrompt": "Quote.", "mcpServers": [EHR]},
            {"type": "new", "name": "writer", "description": "Writes"},
            {"type": "reference", "name": "pubmed-expert", "systemPrompt": "Newest first."},
        ]
    )
    double.v1.agents[agent_id].wire["experts"][0]["maxLoops"] = 5
    stored = [dict(expert) for expert in double.v1.agents[agent_id].wire["experts"]]
    async with connected(double) as corti:
        before = await got(corti, agent_id)
        reader, writer, pubmed = before.experts
        assert isinstance(writer, ExpertInfo)
        changed = writer.model_copy(update={"description": "Writes letters", "mcp_servers": (NEW_SERVER,)})
        new = ExpertInfo(id="", name="third", description="New")
        after = before.model_copy(update={"experts": (reader, changed, pubmed, new)})
        edited = await corti.agents.edit(before, after)
    sent = last(double, "PATCH").json
    assert list(sent) == ["experts"]
    assert sent["experts"] == [
        {"type": "reference", "id": reader.id},
        {
            "type": "expert",
            "id": writer.id,
            "name": "writer",
            "description": "Writes letters",
            "mcpServers": [
                {
                    "name": "labs",
                    "transportType": "streamable_http",
                    "authorizationType": "none",
                    "url": "https://x.org/mcp",
                }
            ],
        },
        {"type": "reference", "id": pubmed.id, "systemPrompt": "Newest first.", **_config(stored[2])},
        {"type": "new", "name": "third", "description": "New", "mcpServers": []},
    ]
    now = double.v1.agents[agent_id].wire["experts"]
    assert now[0] == stored[0]
    assert now[2] == stored[2]
    assert now[1]["id"] == writer.id
    assert edited.generation == "v1"


def _config(stored: dict[str, object]) -> dict[str, object]:
    return {"config": stored["resolvedConfig"]} if "resolvedConfig" in stored else {}


async def test_only_what_differs_is_sent_in_v1() -> None:
    """V1-AGENT-03."""
    double = CortiDouble()
    agent_id = double.add_agent(mcpServers=[EHR])
    async with connected(double) as corti:
        before = await got(corti, agent_id)
        await corti.agents.edit(before, before.model_copy(update={"name": "other", "system_prompt": "Be brief."}))
        assert last(double, "PATCH").json == {"name": "other", "systemPrompt": "Be brief."}
        before = await got(corti, agent_id)
        servers = (*before.mcp_servers, NEW_SERVER)
        await corti.agents.edit(before, before.model_copy(update={"mcp_servers": servers}))
    first, second = last(double, "PATCH").json["mcpServers"]
    assert first["id"] == before.mcp_servers[0].id
    assert "id" not in second


async def test_connectors_keep_their_order_and_ids() -> None:
    """V2-EP-04, V2-OBJ-09: one list replaces; a connector whose form is unchanged keeps its id."""
    double = CortiDouble()
    double.as_of_today = True
    agent_id = double.add_v2_agent(
        systemPrompt="Be brief.",
        connectors=[
            {"type": "registry", "name": double.connectors[0]["id"]},
            {"type": "mcp", "name": "ehr", "url": "https://x.org/mcp?key=odd", "auth": {"type": "bearer"}},
            {"type": "schema", "name": "out", "schema": {"type": "object"}, "enabled": False},
        ],
    )
    double.v2.agents[agent_id].wire["connectors"][1]["seenAt"] = "today"
    async with connected(double) as corti:
        before = await got(corti, agent_id)
        new = ConnectorInfo(type="mcp", name="labs", url="https://x.org/labs")
        after = before.model_copy(update={"connectors": (*before.connectors, new), "system_prompt": ""})
        edited = (await corti.agents.edit(before, after)).info
    sent = last(double, "PATCH").json
    assert sent == {
        "systemPrompt": None,
        "connectors": [
            {"type": "registry", "name": double.connectors[0]["id"]},
            {"type": "mcp", "name": "ehr", "url": "https://x.org/mcp?key=odd", "auth": {"type": "bearer"}},
            {"type": "schema", "name": "out", "schema": {"type": "object"}, "enabled": False},
            {"type": "mcp", "name": "labs", "url": "https://x.org/labs"},
        ],
    }
    assert isinstance(edited, AgentInfo)
    assert [one.id for one in edited.connectors[::2]] == [one.id for one in before.connectors[::2]]


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_refused_change_is_a_typed_error(generation: str) -> None:
    double = CortiDouble()
    agent_id = double.add_agent() if generation == "v1" else double.add_v2_agent()
    async with connected(double) as corti:
        before = await got(corti, agent_id)
        with pytest.raises(UnprocessableEntityError):
            await corti.agents.edit(before, before.model_copy(update={"name": ""}))
