"""What an agent of v1 becomes in v2, and what is lost (V2-MIG-01)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from agentkit.client.migration import MigrationPlan, plan_migration
from agentkit.errors import SpecError
from agentkit.models import AgentInfo, ConnectorInfo
from agentkit.specs import AgentReferenceSpec, Authorization, ExpertReferenceSpec, ExpertSpec
from agentkit.wire import v1, v2
from agentkit.wire.generations import supported_generations
from tests.wire import spec_strategies as specs

OLD = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0009"
NEW = "agt.0198f6a2-5c1e-7a3b-8c4d-0123456789ab"


def server(name: str, transport: str, authorization: str, **more: str) -> dict[str, object]:
    url = "https://mcp.example.org/mcp"
    wire = {"id": "s", "name": name, "transportType": transport, "authorizationType": authorization, "url": url}
    return {**wire, **more}


def agent(**fields: object) -> AgentInfo:
    info = v1.decode_agent({"id": OLD, "name": "visit-helper", "description": "d", "systemPrompt": "p", **fields})
    assert isinstance(info, AgentInfo)
    return info


def lost(plan: MigrationPlan, words: str) -> bool:
    return any(words in loss.what for loss in plan.losses)


def test_a_plain_agent_loses_only_what_every_agent_loses() -> None:
    plan = plan_migration(agent(mcpServers=[server("calc", "streamable_http", "none")]))
    assert v2.encode_create_agent(plan.spec) == {
        "name": "visit-helper",
        "description": "d",
        "systemPrompt": "p",
        "lifecycle": "persistent",
        "connectors": [{"type": "mcp", "name": "calc", "url": "https://mcp.example.org/mcp"}],
    }
    assert [loss.what for loss in plan.losses] == [
        "The default prompt",
        "The agent type",
        "The agent's id",
        "Contexts, tasks and memory",
        "The lifecycle",
        "Push notifications",
    ]


@pytest.mark.parametrize("transport", ["sse", "stdio"])
def test_a_server_v2_cannot_reach_is_left_out(transport: str) -> None:
    plan = plan_migration(agent(mcpServers=[server("ehr", transport, "none")]))
    assert plan.spec.servers == ()
    assert lost(plan, "The MCP server 'ehr' of the agent")


def test_authorization_keeps_its_meaning_and_loses_its_delivery() -> None:
    """V2-AUTH-01, MCPAUTH-19."""
    servers = [
        server("a", "streamable_http", "oauth2.0", authorizationScope="ehr.read"),
        server("b", "streamable_http", "bearer"),
        server("c", "streamable_http", "inherit"),
        server("d", "streamable_http", "oauth2.1"),
        server("e", "streamable_http", "secret handshake"),
        server("f", "streamable_http", "none", url="https://x.org?key=very-secret"),
    ]
    plan = plan_migration(agent(mcpServers=servers))
    assert [(made.name, made.authorization, made.scope) for made in plan.spec.servers] == [
        ("a", Authorization.OAUTH2, "ehr.read"),
        ("b", Authorization.BEARER, None),
        ("c", Authorization.INHERIT, None),
        ("d", Authorization.OAUTH2, None),
    ]
    assert lost(plan, "'a' of the agent: client credentials")
    assert lost(plan, "'b' of the agent: tokens sent with messages, and a static token")
    assert not lost(plan, "'c'")
    assert lost(plan, "'e'")
    assert lost(plan, "'f'")
    assert "very-secret" not in str(plan)


def test_an_inline_expert_becomes_connectors_and_a_section() -> None:
    expert = {
        "type": "expert",
        "id": "e",
        "name": "reader",
        "description": "Reads.",
        "systemPrompt": "Quote.",
        "mcpServers": [server("ehr", "streamable_http", "inherit")],
    }
    plan = plan_migration(agent(experts=[expert]))
    assert isinstance(plan.spec.experts[0], ExpertSpec)
    assert lost(plan, "The expert 'reader' as an agent of its own")
    wire = v2.encode_create_agent(plan.spec)
    assert wire["systemPrompt"] == "p\n\n## Expert reader\n\nReads.\n\nQuote.\n\nTools: ehr."


def test_a_sub_agent_must_be_migrated_first() -> None:
    reference = {"type": "reference", "id": "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001", "name": "other-agent"}
    info = agent(experts=[reference])
    before = plan_migration(info, registry={"pubmed-expert"})
    assert before.spec.experts == ()
    remedy = next(loss.remedy for loss in before.losses if "other-agent" in loss.what)
    assert "Migrate that agent first" in remedy
    assert reference["id"] in remedy
    after = plan_migration(info, registry={"pubmed-expert"}, migrated={reference["id"]: NEW})
    assert after.spec.experts == (AgentReferenceSpec(NEW),)
    assert not lost(after, "other-agent")


def test_a_registry_expert_keeps_its_config_and_loses_its_prompt() -> None:
    reference = {
        "type": "reference",
        "id": "r",
        "name": "pubmed-expert",
        "systemPrompt": "Newest first.",
        "resolvedConfig": {"limit": 3},
    }
    plan = plan_migration(agent(experts=[reference]))
    assert plan.spec.experts == (ExpertReferenceSpec(name="pubmed-expert", config={"limit": 3}),)
    assert lost(plan, "The prompt on the reference 'pubmed-expert'")
    assert lost(plan, "Perhaps the configuration of 'pubmed-expert'")


def test_what_v1_shows_beyond_its_documentation_is_lost_with_a_word() -> None:
    """V1-OBJ-08: one environment shows `maxLoops`."""
    plain = {"id": "e", "description": "d", "systemPrompt": ""}
    odd = {"type": "expert", "name": "odd", "maxLoops": 5, "mcpServers": [server("ehr", "sse", "none")], **plain}
    calc: dict[str, object] = {**server("calc", "streamable_http", "none"), "retries": 2}
    plan = plan_migration(agent(experts=[odd], mcpServers=[calc], guardrails=True))
    for words in ("the expert 'odd' as 'maxLoops'", "'calc' of the agent as 'retries'", "the agent as 'guardrails'"):
        assert lost(plan, words)


def test_a_configuration_that_cannot_be_sent_is_lost_with_a_word() -> None:
    config: dict[str, object] = {}
    for _ in range(70):
        config = {"a": config}
    plan = plan_migration(agent(experts=[{"type": "reference", "id": "r", "name": "x", "resolvedConfig": config}]))
    assert plan.spec.experts == (ExpertReferenceSpec(name="x"),)
    assert lost(plan, "The configuration of 'x'")


def test_a_reference_without_a_name_that_says_something_is_lost_with_a_word() -> None:
    plan = plan_migration(agent(experts=[{"type": "reference", "id": "r", "name": " "}]))
    assert plan.spec.experts == ()
    assert lost(plan, "The reference 'r'")


def test_the_lifecycle_is_the_callers_choice() -> None:
    assert plan_migration(agent(), ephemeral=True).spec.ephemeral


def test_an_agent_of_v2_needs_no_plan() -> None:
    with pytest.raises(SpecError):
        plan_migration(agent().model_copy(update={"connectors": (ConnectorInfo(type="agent"),)}))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs.v1_agents)
def test_every_agent_of_v1_has_a_plan_that_v2_can_express(info: AgentInfo) -> None:
    plan = plan_migration(info)
    assert supported_generations(plan.spec)["v2"] == ()
    assert v2.decode_create_agent(v2.encode_create_agent(plan.spec)).name == plan.spec.name


def test_a_plan_is_made_of_what_an_agent_is_and_not_of_its_handle() -> None:
    with pytest.raises(SpecError, match=r"info: must be an AgentInfo\. .*agent\.info"):
        plan_migration(object())  # pyright: ignore[reportArgumentType]
