"""Agents, connectors and the registry of v2, rule by rule, through the public API (section 14)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentkit.client import AgentHandle
from agentkit.errors import (
    ConflictError,
    InternalServerError,
    NotFoundError,
    NotImplementedByServerError,
    UnprocessableEntityError,
    UnsupportedByGeneration,
)
from agentkit.models import AgentId, AgentInfo, ConnectorInfo, PushNotificationConfig
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    Authorization,
    ConnectorChanges,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
    Visibility,
)
from tests.client.connecting import connected, last
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.corti_double.registries import CONNECTORS
from tests.contract.on_platform import Server

pytestmark = pytest.mark.anyio

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
ROOT = "/v2/agentic"


def info_of(agent: AgentHandle) -> AgentInfo:
    assert isinstance(agent.info, AgentInfo)
    return agent.info


def spec(other: str, **more: Any) -> AgentSpec:
    """One of every kind of connector."""
    return AgentSpec(
        name="visit-helper",
        experts=[
            ExpertReferenceSpec(name="pubmed-expert", config={"maxResults": 3}),
            AgentReferenceSpec(other),
            RemoteAgentSpec("https://remote.example.org/a2a", "remote"),
            OutputSchemaSpec("triage", {"type": "object"}, transition=Transition.INPUT_REQUIRED),
        ],
        servers=[
            McpServerSpec(name="ehr", url="https://mcp.example.org/ehr", authorization=Authorization.OAUTH2, scope="s")
        ],
        **more,
    )


async def test_every_field_of_a_create_reaches_the_server_and_comes_back(server: Server) -> None:
    """V2-EP-01, V2-EP-03, V2-OBJ-01, V2-OBJ-03 to V2-OBJ-10, EXP-05, ORCH-04."""
    other = await server.v2_agent("other")
    wanted = spec(
        other, description="d", prompt="p", model="corti-default", visibility=Visibility.UNLISTED, labels={"team": "a"}
    )
    async with connected(server) as corti:
        made = await corti.agents.create(wanted)
        again = info_of(await corti.agents.get(made.id))
    assert server.targets == [f"POST {ROOT}/agents", f"GET {ROOT}/agents/{made.id}"]
    assert server.calls[0].json == {
        "name": "visit-helper",
        "description": "d",
        "systemPrompt": "p",
        "model": "corti-default",
        "visibility": "unlisted",
        "lifecycle": "persistent",
        "labels": {"team": "a"},
        "connectors": [
            {
                "type": "mcp",
                "name": "ehr",
                "url": "https://mcp.example.org/ehr",
                "auth": {"type": "oauth2", "scope": "s"},
            },
            {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 3}},
            {"type": "agent", "agentId": other},
            {"type": "a2a", "url": "https://remote.example.org/a2a", "name": "remote"},
            {"type": "schema", "name": "triage", "schema": {"type": "object"}, "transition": "input_required"},
        ],
    }
    assert (made.generation, again) == ("v2", made.info)
    assert (again.description, again.system_prompt, again.model) == ("d", "p", "corti-default")
    assert (again.visibility, again.lifecycle, again.labels) == ("unlisted", "persistent", {"team": "a"})
    assert again.created_at is not None
    assert (again.created_by or "").startswith("usr.")
    assert [connector.type for connector in again.connectors] == ["mcp", "registry", "agent", "a2a", "schema"]
    assert all((connector.id or "").startswith("con.") and connector.enabled for connector in again.connectors)


async def test_the_lifecycle_is_always_said_because_the_servers_default_is_ephemeral(server: Server) -> None:
    """V2-OBJ-01, V2-MIG-01."""
    async with connected(server, generation="v2") as corti:
        lasting = info_of(await corti.agents.create(AgentSpec(name="a")))
        passing = info_of(await corti.agents.create(AgentSpec(name="b", ephemeral=True)))
    assert (lasting.lifecycle, passing.lifecycle) == ("persistent", "ephemeral")


async def test_ids_may_be_given_bare_and_come_back_with_their_prefix(server: Server) -> None:
    """V2-ID-01, V2-MIG-02."""
    full = await server.v2_agent()
    async with connected(server, generation="v2") as corti:
        agent = await corti.agents.get(AgentId(full).bare)
        by_type = await corti.agents.get(AgentId(AgentId(full).bare))
        reply = await (await corti.agents.get(full)).send("hello")
        assert reply.task is not None
        context, task = (reply.context or "").partition(".")[2], reply.task.id.partition(".")[2]
        found = await corti.contexts.task(context, task)
    assert agent.id == by_type.id == full
    assert (found.id, found.context_id) == (reply.task.id, reply.context)
    assert last(server, "GET").target == f"{ROOT}/contexts/{context}/tasks/{task}"


async def test_a_name_that_is_taken_is_a_conflict(server: Server) -> None:
    """V2-EP-01."""
    await server.v2_agent("taken")
    async with connected(server, generation="v2") as corti:
        with pytest.raises(ConflictError):
            await corti.agents.create(AgentSpec(name="taken"))


async def test_a_merge_patch_keeps_clears_and_replaces(server: Server) -> None:
    """V2-EP-04, V2-OBJ-02."""
    agent = await server.v2_agent(description="d", systemPrompt="p", labels={"a": "1", "b": "2"})
    async with connected(server) as corti:
        await corti.agents.update(agent, AgentChanges(description=CLEAR, labels={"a": None, "c": "3"}))
        changed = info_of(await corti.agents.update(agent, AgentChanges(experts=["web-search-expert"], servers=CLEAR)))
    assert [call.headers["content-type"] for call in server.calls] == ["application/merge-patch+json"] * 2
    assert server.calls[0].json == {"description": None, "labels": {"a": None, "c": "3"}}
    assert server.calls[1].json == {"connectors": [{"type": "registry", "name": "web-search-expert"}]}
    assert (changed.description, changed.system_prompt, changed.labels) == ("", "p", {"b": "2", "c": "3"})
    assert [connector.name for connector in changed.connectors] == ["web-search-expert"]


async def test_deleting_twice_is_no_error_and_deleting_nobody_is(server: Server) -> None:
    """V2-EP-05, SDKC-04."""
    agent = await server.v2_agent()
    async with connected(server) as corti:
        for _ in range(2):
            await corti.agents.delete(agent)
        with pytest.raises(NotFoundError):
            await corti.agents.get(agent)
        with pytest.raises(NotFoundError):
            await corti.agents.delete(f"agt.{BARE}")


async def test_a_list_is_followed_over_its_pages(server: Server) -> None:
    """V2-EP-02, V2-PAGE-01: fifty at a time where nothing is said, two hundred at most."""
    for number in range(103):
        await server.v2_agent(f"agent-{number}")
    async with connected(server, generation="v2") as corti:
        names = [agent.name async for agent in corti.agents.list()]
        first = [agent.name for agent in await corti.agents.list(limit=2).all()]
        pages = [len(page.items) async for page in corti.agents.list(limit=1000).pages()]
    assert names == [f"agent-{number}" for number in range(103)]
    assert first == names[:2]
    assert pages == [103]
    assert [call.query.get("pageSize") for call in server.calls] == [None, None, None, ["2"], ["200"]]
    assert "pageToken" not in server.calls[0].query
    assert len({call.query["pageToken"][0] for call in server.calls[1:3]}) == 2


@pytest.mark.parametrize("as_of_today", [False, True])
async def test_filters_are_sent_as_declared_whether_or_not_they_are_honoured(as_of_today: bool) -> None:
    """V2-EP-02, V2-EP-26, V2-LOC-01: repeated keys, `key=value`."""
    double = CortiDouble()
    double.as_of_today = as_of_today
    for name in ("one", "two"):
        double.add_v2_agent(name, labels={"a": name, "b": "x"})
    async with connected(double) as corti:
        found = [
            agent.name
            async for agent in corti.agents.list(
                visibility=["private", "public"], labels={"a": "one", "b": "x"}, text="o", ephemeral=False
            )
        ]
        entries = await corti.experts.list(text="pubmed").all()
    assert double.calls[0].query == {
        "visibility": ["private", "public"],
        "label": ["a=one", "b=x"],
        "q": ["o"],
        "lifecycle": ["persistent"],
    }
    assert found == (["one", "two"] if as_of_today else [])
    assert len(entries) == (4 if as_of_today else 1)
    assert double.calls[-1].query["q"] == ["pubmed"]


async def test_the_card_names_both_bindings_and_each_connector_as_a_skill(server: Server) -> None:
    """V2-EP-06, V2-OBJ-17."""
    async with connected(server) as corti:
        agent = await corti.agents.create(spec(await server.v2_agent("other")))
        card = await agent.card()
    assert server.targets[-1] == f"GET {ROOT}/agents/{agent.id}/.well-known/agent-card.json"
    assert [(one.protocol_binding, one.protocol_version, one.url) for one in card.supported_interfaces] == [
        (binding, "1.0", f"{server.url}{ROOT}/agents/{agent.id}/a2a") for binding in ("JSONRPC", "HTTP+JSON")
    ]
    assert [skill.id for skill in card.skills] == [connector.id for connector in info_of(agent).connectors]


async def made_one_by_one(agent: AgentHandle, other: str) -> list[ConnectorInfo]:
    wanted = spec(other)
    connectors = [one for one in (*wanted.servers, *wanted.experts) if not isinstance(one, str | ExpertSpec)]
    return [await agent.connectors.create(one) for one in connectors]


async def test_connectors_are_made_read_listed_changed_and_removed(server: Server) -> None:
    """V2-EP-15 to V2-EP-17, V2-OBJ-09."""
    other = await server.v2_agent("other")
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        made = await made_one_by_one(agent, other)
        listed = await agent.connectors.list()
        read = await agent.connectors.get(made[0].id or "")
        with pytest.raises(ConflictError):
            await agent.connectors.create(McpServerSpec(name="ehr", url="https://mcp.example.org/ehr"))
        changed = await agent.connectors.update(made[0].id or "", ConnectorChanges(enabled=False))
        await agent.connectors.delete(made[0].id or "")
        with pytest.raises(NotFoundError):
            await agent.connectors.get(made[0].id or "")
    assert listed == tuple(made)
    assert (read, changed.enabled) == (made[0], False)
    assert last(server, "PATCH").json == {"enabled": False}
    assert last(server, "DELETE").target == f"{ROOT}/agents/{agent.id}/connectors/{made[0].id}"


async def test_what_corti_does_not_do_today_is_no_surprise() -> None:
    """V2-EP-17, V2-EP-18, V2-OBJ-04, V2-OBJ-09, V2-LOC-01."""
    double = CortiDouble()
    double.as_of_today = True
    async with connected(double) as corti:
        agent = await corti.agents.create(
            spec(double.add_v2_agent("other"), visibility=Visibility.PUBLIC, labels={"a": "b"})
        )
        info = info_of(agent)
        with pytest.raises(NotImplementedByServerError) as refused:
            await agent.connectors.update(info.connectors[0].id or "", ConnectorChanges(enabled=False))
        await agent.send("hello")
        contexts = await corti.contexts.list().all()
    assert refused.value.status == 501
    assert (info.visibility, info.labels) == ("private", {})
    assert [connector.config for connector in info.connectors if connector.type == "registry"] == [None]
    assert all(connector.enabled for connector in info.connectors)
    assert contexts == ()


async def test_an_entry_of_the_registry_is_what_a_connector_names(server: Server) -> None:
    """V2-EP-26, V2-OBJ-23, V2-OBJ-04, EXP-03."""
    async with connected(server, generation="v2") as corti:
        entries = await corti.experts.list().all()
        entry = await corti.experts.get("@corti/medical-coding")
        agent = await corti.agents.create(AgentSpec(name="a", experts=[ExpertReferenceSpec(name=entry.id)]))
        with pytest.raises(NotFoundError):
            await corti.experts.get("nobody")
        with pytest.raises(UnprocessableEntityError) as refused:
            await corti.agents.create(AgentSpec(name="b", experts=["nobody"]))
    assert {one.name for one in entries} >= {one["name"] for one in CONNECTORS}
    assert info_of(agent).connectors[0].name == entry.id
    assert refused.value.code == "VALIDATION_FAILED"
    (fault,) = refused.value.faults
    assert fault.startswith("connectors[0].name: ")


async def test_a_refusal_of_the_management_plane_is_typed_with_all_it_says() -> None:
    """V2-ERR-01."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    body = {"error": {"code": "INTERNAL_ERROR", "message": "broken", "howToFix": "Ask us.", "requestId": "req-7"}}
    async with connected(double, max_retries=0) as corti:
        double.inject(Answer(500, json.dumps(body), {"content-type": "application/json"}))
        with pytest.raises(InternalServerError) as broken:
            await corti.agents.get(agent)
        with pytest.raises(NotFoundError) as unknown:
            await corti.agents.get(f"agt.{BARE}")
    assert (broken.value.code, broken.value.request_id, broken.value.how_to_fix) == (
        "INTERNAL_ERROR",
        "req-7",
        "Ask us.",
    )
    assert unknown.value.code == "AGENT_NOT_FOUND"


async def test_what_a_generation_lacks_says_which_one_has_it_and_nothing_is_sent(server: Server) -> None:
    """V2-MIG-01, V2-OBJ-13, V1-TASK-02."""
    async with connected(server) as corti:
        old = await corti.agents.get(await server.agent("old"))
        new = await corti.agents.get(await server.v2_agent("new"))
        server.calls.clear()
        for ask in (old.tasks, lambda: old.connectors, lambda: corti.experts.list(text="x", offset=1)):
            with pytest.raises(UnsupportedByGeneration) as refused:
                ask()
            assert refused.value.supported_by
        with pytest.raises(UnsupportedByGeneration):
            await old.usage()
        with pytest.raises(UnsupportedByGeneration):
            await old.context("c", history_length=1)
        with pytest.raises(UnsupportedByGeneration):
            await new.context("c", limit=1)
        with pytest.raises(UnsupportedByGeneration) as push:
            await new.send("hello", push_notification=PushNotificationConfig(url="https://app.example.org/hook"))
    assert push.value.supported_by == ("v1",)
    assert not server.calls
