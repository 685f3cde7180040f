"""Agents and the registry of v1, rule by rule, through the public API (V1-EP, V1-ID, V1-AGENT, V1-CARD, V1-ERR)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agentkit.client import AgentHandle, AsyncCorti
from agentkit.errors import ApiError, BadRequestError, NotFoundError, SpecError, UnprocessableEntityError
from agentkit.models import AgentInfo, AgentReference, ExpertInfo, ExpertReference, RegistryExpert
from agentkit.specs import (
    AgentChanges,
    AgentSpec,
    AgentType,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    Transport,
)
from agentkit.wire.v1 import encode_agent
from tests.client.connecting import connected, last
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.corti_double.registries import EXPERTS
from tests.contract.on_platform import Server

pytestmark = pytest.mark.anyio

NOBODY = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"
SERVER = McpServerSpec(
    name="ehr",
    url="https://mcp.example.org/ehr/mcp",
    authorization=Authorization.OAUTH2,
    scope="ehr.read",
    redirect_url="https://app.example.org/back",
    description="The record",
)
STATIC = McpServerSpec(
    name="calc",
    url="https://mcp.example.org/calc/sse",
    authorization=Authorization.BEARER,
    transport=Transport.SSE,
    token="static-secret",
)


def info_of(agent: AgentHandle) -> AgentInfo:
    assert isinstance(agent.info, AgentInfo)
    return agent.info


async def test_every_field_of_a_create_reaches_the_server_and_comes_back(server: Server) -> None:
    """V1-EP-01, V1-OBJ-01, V1-OBJ-03 to V1-OBJ-06, V1-OBJ-08 to V1-OBJ-10; CON-03: `new`, without ids."""
    spec = AgentSpec(
        name="visit-helper",
        description="Answers questions about one visit",
        prompt="Be brief.",
        agent_type=AgentType.ORCHESTRATOR,
        experts=[
            ExpertSpec(name="record-reader", description="Reads the record", prompt="Read it.", servers=[SERVER]),
            ExpertReferenceSpec(name="pubmed-expert", prompt="Newest first.", config={"maxResults": 3}),
        ],
        servers=[STATIC],
    )
    async with connected(server) as corti:
        info = info_of(await corti.agents.create(spec))
        again = info_of(await corti.agents.get(info.id))
    assert server.targets == ["POST /agents", f"GET /agents/{info.id}"]
    assert server.calls[0].headers["content-type"] == "application/json"
    assert server.calls[0].json == {
        "name": "visit-helper",
        "description": "Answers questions about one visit",
        "systemPrompt": "Be brief.",
        "agentType": "orchestrator",
        "experts": [
            {
                "type": "new",
                "name": "record-reader",
                "description": "Reads the record",
                "systemPrompt": "Read it.",
                "mcpServers": [
                    {
                        "name": "ehr",
                        "description": "The record",
                        "transportType": "streamable_http",
                        "authorizationType": "oauth2.0",
                        "authorizationScope": "ehr.read",
                        "url": "https://mcp.example.org/ehr/mcp",
                        "redirectUrl": "https://app.example.org/back",
                    }
                ],
            },
            {
                "type": "reference",
                "name": "pubmed-expert",
                "systemPrompt": "Newest first.",
                "config": {"maxResults": 3},
            },
        ],
        "mcpServers": [
            {
                "name": "calc",
                "transportType": "sse",
                "authorizationType": "bearer",
                "url": "https://mcp.example.org/calc/sse",
                "token": "static-secret",
            }
        ],
    }
    assert again == info
    assert (info.name, info.description, info.system_prompt) == (spec.name, spec.description, "Be brief.")
    reader, pubmed = info.experts
    assert isinstance(reader, ExpertInfo)
    (ehr,) = reader.mcp_servers
    assert (ehr.name, ehr.transport_type, ehr.authorization_type) == ("ehr", "streamable_http", "oauth2.0")
    assert (ehr.authorization_scope, ehr.redirect_url) == ("ehr.read", "https://app.example.org/back")
    assert isinstance(pubmed, ExpertReference)
    assert (pubmed.name, pubmed.system_prompt) == ("pubmed-expert", "Newest first.")
    assert pubmed.resolved_config == {"maxResults": 3, "language": "en"}
    assert [(server.name, server.transport_type, server.redirect_url) for server in info.mcp_servers] == [
        ("calc", "sse", None)
    ]
    assert "static-secret" not in str(info.model_dump())


async def test_a_name_and_a_description_are_enough_and_the_server_has_a_prompt(server: Server) -> None:
    """V1-AGENT-01, V1-OBJ-01."""
    async with connected(server) as corti:
        made = info_of(await corti.agents.create(AgentSpec(name="a", description="b")))
    assert server.calls[0].json == {"name": "a", "description": "b"}
    assert made.system_prompt


async def test_an_expert_nobody_knows_is_a_bad_request_on_create_and_update(server: Server) -> None:
    """V1-AGENT-01, V1-AGENT-04."""
    unknown = [ExpertReferenceSpec(name="no-such-expert")]
    async with connected(server) as corti:
        with pytest.raises(BadRequestError) as on_create:
            await corti.agents.create(AgentSpec(name="a", description="b", experts=unknown))
        with pytest.raises(BadRequestError) as on_update:
            await corti.agents.update(await server.agent(), AgentChanges(experts=unknown))
    assert on_create.value.code == on_update.value.code == "expert_not_found"


async def test_an_expert_of_a_namespace_is_found_by_its_name(server: Server) -> None:
    """V1-AGENT-02."""
    async with connected(server) as corti:
        made = await corti.agents.create(AgentSpec(name="a", description="b", experts=["@corti/medical-coding"]))
    assert server.calls[0].json["experts"] == [{"type": "reference", "name": "@corti/medical-coding"}]
    assert info_of(made).experts[0].name == "@corti/medical-coding"


async def test_an_update_changes_what_is_given_replaces_lists_and_may_be_empty(server: Server) -> None:
    """V1-EP-04, V1-OBJ-02, V1-AGENT-03, CON-21."""
    agent = await server.agent(experts=[{"type": "reference", "name": "pubmed-expert"}], systemPrompt="p")
    async with connected(server) as corti:
        renamed = info_of(await corti.agents.update(agent, AgentChanges(name="renamed")))
        other = info_of(await corti.agents.update(agent, AgentChanges(experts=["web-search-expert"])))
        same = info_of(await corti.agents.update(agent, AgentChanges()))
        none = info_of(await corti.agents.update(agent, AgentChanges(description="new", experts=())))
    assert [call.json for call in server.calls] == [
        {"name": "renamed"},
        {"experts": [{"type": "reference", "name": "web-search-expert"}]},
        {},
        {"description": "new", "experts": []},
    ]
    assert {call.target for call in server.calls} == {f"/agents/{agent}"}
    assert (renamed.name, renamed.system_prompt, renamed.experts[0].name) == ("renamed", "p", "pubmed-expert")
    assert [expert.name for expert in other.experts] == ["web-search-expert"]
    assert same == other
    assert (none.description, none.experts) == ("new", ())


async def test_ephemeral_agents_show_only_when_asked_for_and_are_found_by_their_id(server: Server) -> None:
    """V1-EP-01, V1-EP-02, V1-AGENT-05."""
    await server.agent("lasting")
    async with connected(server) as corti:
        made = await corti.agents.create(AgentSpec(name="passing", description="b", ephemeral=True))
        usual = [agent.name for agent in await corti.agents.list().all()]
        everyone = [agent.name for agent in await corti.agents.list(ephemeral=True).all()]
        found = await corti.agents.get(made.id)
    assert server.targets[0] == "POST /agents?ephemeral=true"
    assert "ephemeral" not in server.calls[0].json
    assert (usual, everyone, found.name) == (["lasting"], ["lasting", "passing"], "passing")


async def test_another_agent_becomes_an_expert_by_its_id(server: Server) -> None:
    """V1-AGENT-06, V1-OBJ-04: the id wins."""
    async with connected(server) as corti:
        sub = await corti.agents.create(AgentSpec(name="sub", description="b"))
        boss = await corti.agents.create(AgentSpec(name="boss", description="b", experts=[sub.reference(prompt="p")]))
    assert server.calls[1].json["experts"] == [{"type": "reference", "id": sub.id, "systemPrompt": "p"}]
    assert info_of(boss).experts == (ExpertReference(id=sub.id, name="sub", system_prompt="p"),)


async def test_a_list_is_read_to_its_end(server: Server) -> None:
    """V1-EP-02, V1-AGENT-07."""
    for number in range(103):
        await server.agent(f"agent-{number}")
    async with connected(server) as corti:
        names = [agent.name for agent in await corti.agents.list().all()]
        some = [agent.name for agent in await corti.agents.list(limit=2, offset=100).all()]
    assert names == [f"agent-{number}" for number in range(103)]
    assert some == ["agent-100", "agent-101"]
    assert [call.query["offset"] for call in server.calls if "offset" in call.query][:2] == [["0"], ["100"]]
    assert server.calls[-1].query == {"limit": ["2"], "offset": ["100"]}


async def test_a_list_is_read_to_its_end_also_where_the_service_caps_a_page() -> None:
    """V1-EP-02, V1-AGENT-07: only the double can be made to cap one."""
    double = CortiDouble()
    for number in range(103):
        double.add_agent(f"agent-{number}")
    async with connected(double) as corti:
        capped = [agent.wire for agent in list(double.v1.agents.values())[:40]]
        double.inject(Answer(200, capped), on="GET /agents")
        names = [agent.name for agent in await corti.agents.list().all()]
    assert names == [f"agent-{number}" for number in range(103)]


async def test_a_reference_may_stand_where_an_agent_was_asked_for() -> None:
    """V1-EP-02, V1-EP-03, V1-OBJ-07."""
    double = CortiDouble()
    double.references = [{"type": "reference", "name": "elsewhere"}]
    async with connected(double) as corti:
        (listed,) = await corti.agents.list().all()
        double.inject(Answer(200, double.references[0]))
        found = await corti.agents.get(NOBODY)
        with pytest.raises(SpecError, match="agent_id"):
            await listed.send("hello")
    assert listed.info == found.info == AgentReference(name="elsewhere")
    assert (listed.id, found.id) == ("", NOBODY)


async def test_a_deleted_agent_is_unknown_to_every_later_call(server: Server) -> None:
    """V1-EP-05, V1-AGENT-08, V1-ERR-03."""
    agent_id = await server.agent()
    async with connected(server) as corti:
        agent = await corti.agents.get(agent_id)
        await corti.agents.delete(agent_id)
        with pytest.raises(NotFoundError):
            await agent.send("hello")
        with pytest.raises(NotFoundError) as again:
            await corti.agents.delete(agent_id)
    assert again.value.code == "agent_delete_failed"


async def test_unknown_agents_are_told_with_the_causes_behind_the_code(server: Server) -> None:
    """V1-ERR-01, V1-ERR-03, V1-ERR-04, V1-ID-01."""
    causes: list[tuple[str | None, tuple[str, ...]]] = []
    async with connected(server) as corti:
        calls: list[Awaitable[object]] = [
            corti.agents.get(NOBODY),
            corti.agents.card(NOBODY),
            corti.agents.update(NOBODY, AgentChanges(name="x")),
            corti.agents.delete(NOBODY),
        ]
        for call in calls:
            with pytest.raises(NotFoundError) as caught:
                await call
            causes.append((caught.value.code, caught.value.cause_codes))
    assert causes == [
        ("expert_not_found", ()),
        ("expert_not_found", ()),
        ("agent_not_found", ("expert_not_found",)),
        ("agent_delete_failed", ("expert_delete_failed", "expert_not_found")),
    ]


CALLS: list[tuple[str, Callable[[AsyncCorti, str], Awaitable[object]]]] = [
    ("get", lambda corti, agent_id: corti.agents.get(agent_id)),
    ("update", lambda corti, agent_id: corti.agents.update(agent_id, AgentChanges(name="x"))),
    ("delete", lambda corti, agent_id: corti.agents.delete(agent_id)),
    ("card", lambda corti, agent_id: corti.agents.card(agent_id)),
]


@pytest.mark.parametrize(("name", "call"), CALLS)
async def test_what_is_no_id_is_a_bad_request(
    name: str, call: Callable[[AsyncCorti, str], Awaitable[object]], server: Server
) -> None:
    """V1-ID-01."""
    async with connected(server) as corti:
        with pytest.raises(BadRequestError) as caught:
            await call(corti, "visit-helper")
    assert caught.value.code == "invalid_id", name


async def test_what_the_schema_refuses_is_told_field_by_field() -> None:
    """V1-ERR-02, V1-AGENT-09 (behind the check of the spec, for a server that knows more)."""
    double = CortiDouble()
    detail = [
        {
            "msg": "oauth2.0 needs streamable_http",
            "type": "value_error",
            "reason": "unsupported",
            "howToFix": "Use streamable_http.",
            "errors": [{"location": "mcpServers[0].authorizationType", "reason": "unsupported"}],
        }
    ]
    double.inject(Answer(422, {"code": "validation_failed", "description": "No.", "detail": detail}))
    async with connected(double) as corti:
        with pytest.raises(UnprocessableEntityError) as caught:
            await corti.agents.create(AgentSpec(name="a", description="b", servers=[STATIC]))
    assert caught.value.details == tuple(detail)
    assert caught.value.faults == ("mcpServers[0].authorizationType: unsupported",)
    assert "static-secret" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_an_error_is_told_by_status_and_code_and_unknown_codes_are_kept(status: int) -> None:
    """V1-ERR-06."""
    double = CortiDouble()
    double.inject(Answer(status, {"code": "never_heard_of", "description": "agent_not_found"}))
    async with connected(double) as corti:
        with pytest.raises(ApiError) as caught:
            await corti.agents.get(NOBODY)
    assert (caught.value.status, caught.value.code) == (status, "never_heard_of")


async def test_the_card_lies_beside_the_agent_and_leads_to_json_rpc(server: Server) -> None:
    """V1-EP-06, V1-CARD-01, V1-OBJ-12."""
    agent = await server.agent(experts=[{"type": "reference", "name": "pubmed-expert"}])
    async with connected(server) as corti:
        card = await corti.agents.card(agent)
        assert server.targets == [f"GET /agents/{agent}/agent-card.json"]
        assert await (await corti.agents.get(agent)).card() == card
    assert card.url == f"{server.url}/agents/{agent}/v1"
    assert (card.protocol_version, card.preferred_transport) == ("0.3.0", "JSONRPC")
    assert [skill.name for skill in card.skills] == ["pubmed-expert"]


async def test_the_registry_tells_which_experts_there_are(server: Server) -> None:
    """V1-EP-12, V1-OBJ-11, EXP-03, CON-04."""
    async with connected(server) as corti:
        experts = await corti.experts.list().all()
        some = await corti.experts.list(limit=2, offset=1).all()
        assert server.calls[-1].query == {"limit": ["2"], "offset": ["1"]}
    assert last(server, "GET").target.startswith("/agents/registry/experts?")
    names = [expert.name for expert in experts]
    assert set(names) >= {entry["name"] for entry in EXPERTS}
    assert len(names) == len(set(names))
    assert some == experts[1:3]
    pubmed: Any = experts[names.index("pubmed-expert")]
    assert isinstance(pubmed, RegistryExpert)
    assert (pubmed.display_name, pubmed.mcp_servers[0].authorization_type) == ("PubMed", "none")
    assert pubmed.config_schema is not None


async def test_a_registry_without_a_list_is_an_empty_one() -> None:
    """V1-OBJ-11: Corti leaves it away; neither the double nor the platform does."""
    double = CortiDouble()
    double.inject(Answer(200, {}), on="GET /agents/registry/experts")
    async with connected(double) as corti:
        assert await corti.experts.list().all() == ()


@pytest.mark.parametrize("transport", ["stdio", "streamable_http", "sse", "carrier_pigeon"])
@pytest.mark.parametrize("authorization", ["none", "bearer", "inherit", "oauth2.0", "oauth2.1"])
async def test_words_of_answers_are_kept_also_the_unknown_ones(transport: str, authorization: str) -> None:
    """CON-06, CON-07."""
    double = CortiDouble()
    agent = double.add_agent()
    server = {"id": NOBODY, "name": "ehr", "transportType": transport, "authorizationType": authorization, "url": "u"}
    double.v1.agents[agent].wire["mcpServers"] = [server]
    async with connected(double) as corti:
        (read,) = info_of(await corti.agents.get(agent)).mcp_servers
    assert (read.transport_type, read.authorization_type) == (transport, authorization)


async def test_an_expert_of_a_type_nobody_knows_hides_no_agent() -> None:
    """SDKC-02, SDKC-06, CLI-12: Corti's own SDK only warns; the words are kept."""
    double = CortiDouble()
    agent = double.add_agent()
    odd = [{"type": "specialist", "id": NOBODY, "name": "odd", "level": 3}, {"name": "untyped"}, {}]
    double.v1.agents[agent].wire["experts"] = [*odd, {"type": "reference", "name": "pubmed-expert"}]
    async with connected(double) as corti:
        (listed,) = await corti.agents.list().all()
        read = info_of(await corti.agents.get(agent))
    assert info_of(listed) == read
    assert [expert.name for expert in read.experts] == ["odd", "untyped", None, "pubmed-expert"]
    assert read.experts[0].unknown_fields == {"type": "specialist", "level": 3}
    assert read.experts[3].unknown_fields == {}
    assert encode_agent(read)["experts"] == double.v1.agents[agent].wire["experts"][:1] + [
        {"type": "reference", **expert} for expert in double.v1.agents[agent].wire["experts"][1:]
    ]
