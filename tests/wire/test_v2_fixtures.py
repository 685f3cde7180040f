"""v2's objects, typed from the contract and never made by our encoder, in both directions (V2-OBJ-01 to V2-OBJ-23)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

import pytest

from agentkit.errors import WireError
from agentkit.models import AgentId, ExpertReference, JsonObject, McpServerInfo
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    Authorization,
    ConnectorChanges,
    ConnectorSpec,
    ExpertReferenceSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
    Visibility,
)
from agentkit.wire import v2

U = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
AGENT_ID = f"agt.{U}"

CONNECTOR_ANSWERS = {
    "V2-OBJ-04 registry": f"""{{"id":"con.{U}","type":"registry","name":"pubmed-expert","config":{{"limit":3}},
      "enabled":true}}""",
    "V2-OBJ-05 mcp": f"""{{"id":"con.{U}","type":"mcp","name":"ehr","url":"https://mcp.example.org/ehr/mcp",
      "auth":{{"type":"oauth2","scope":"ehr.read","redirectUrl":"https://example.org/cb","ref":"vault-7"}},
      "enabled":true}}""",
    "V2-OBJ-06 agent": f"""{{"id":"con.{U}","type":"agent","agentId":"{AGENT_ID}","enabled":true}}""",
    "V2-OBJ-07 a2a": f"""{{"id":"con.{U}","type":"a2a","url":"https://remote.example.org/a2a","name":"remote",
      "enabled":true}}""",
    "V2-OBJ-08 schema": f"""{{"id":"con.{U}","type":"schema","name":"triage","schema":{{"type":"object"}},
      "description":"The urgency","transition":"input_required","enabled":false}}""",
    "V2-OBJ-09 reserved type": f"""{{"id":"con.{U}","type":"openapi","document":{{"openapi":"3.1.0"}},
      "enabled":true}}""",
}

CREATED: dict[str, tuple[str, ConnectorSpec]] = {
    "V2-OBJ-04 registry": (
        '{"type":"registry","name":"pubmed-expert","config":{"limit":3}}',
        ExpertReferenceSpec(name="pubmed-expert", config={"limit": 3}),
    ),
    "V2-OBJ-05 mcp": (
        '{"type":"mcp","name":"calc","url":"https://mcp.example.org/calc"}',
        McpServerSpec(name="calc", url="https://mcp.example.org/calc"),
    ),
    "V2-OBJ-05 mcp, V2-OBJ-10 auth": (
        """{"type":"mcp","name":"ehr","url":"https://mcp.example.org/ehr","enabled":false,
        "auth":{"type":"oauth2","scope":"ehr.read","redirectUrl":"https://example.org/cb","ref":"vault-7"}}""",
        McpServerSpec(
            name="ehr",
            url="https://mcp.example.org/ehr",
            authorization=Authorization.OAUTH2,
            scope="ehr.read",
            redirect_url="https://example.org/cb",
            auth_ref="vault-7",
            enabled=False,
        ),
    ),
    "V2-OBJ-10 apiKey": (
        '{"type":"mcp","name":"k","url":"https://x.org","auth":{"type":"apiKey","ref":"r"}}',
        McpServerSpec(name="k", url="https://x.org", authorization=Authorization.API_KEY, auth_ref="r"),
    ),
    "V2-OBJ-10 bearer": (
        '{"type":"mcp","name":"b","url":"https://x.org","auth":{"type":"bearer"}}',
        McpServerSpec(name="b", url="https://x.org", authorization=Authorization.BEARER),
    ),
    "V2-OBJ-10 inherit": (
        '{"type":"mcp","name":"i","url":"https://x.org","auth":{"type":"inherit"}}',
        McpServerSpec(name="i", url="https://x.org", authorization=Authorization.INHERIT),
    ),
    "V2-OBJ-06 agent": (f'{{"type":"agent","agentId":"{AGENT_ID}"}}', AgentReferenceSpec(AGENT_ID)),
    "V2-OBJ-07 a2a": (
        '{"type":"a2a","url":"https://remote.example.org/a2a","name":"remote","enabled":false}',
        RemoteAgentSpec("https://remote.example.org/a2a", "remote", enabled=False),
    ),
    "V2-OBJ-08 schema": (
        """{"type":"schema","name":"triage","schema":{"type":"object","required":["level"]},
        "description":"The urgency","transition":"input_required"}""",
        OutputSchemaSpec(
            "triage",
            {"type": "object", "required": ["level"]},
            description="The urgency",
            transition=Transition.INPUT_REQUIRED,
        ),
    ),
}

CREATE = f"""{{"name":"visit-helper","description":"Answers questions about one visit","systemPrompt":"Be brief.",
  "model":"corti-default","visibility":"unlisted","lifecycle":"persistent",
  "connectors":[
    {{"type":"mcp","name":"ehr","url":"https://mcp.example.org/ehr/mcp","auth":{{"type":"bearer"}}}},
    {{"type":"registry","name":"pubmed-expert"}},
    {{"type":"agent","agentId":"{AGENT_ID}"}},
    {{"type":"a2a","url":"https://remote.example.org/a2a"}},
    {{"type":"schema","name":"triage","schema":{{"type":"object"}},"transition":"complete"}}],
  "labels":{{"team":"a","cost.centre/1":"x"}}}}"""

CREATE_SPEC = AgentSpec(
    name="visit-helper",
    description="Answers questions about one visit",
    prompt="Be brief.",
    model="corti-default",
    visibility=Visibility.UNLISTED,
    servers=[
        McpServerSpec(name="ehr", url="https://mcp.example.org/ehr/mcp", authorization=Authorization.BEARER),
    ],
    experts=[
        ExpertReferenceSpec(name="pubmed-expert"),
        AgentReferenceSpec(AGENT_ID),
        "https://remote.example.org/a2a",
        OutputSchemaSpec("triage", {"type": "object"}),
    ],
    labels={"team": "a", "cost.centre/1": "x"},
)

PATCHES: dict[str, tuple[str, AgentChanges]] = {
    "nothing": ("{}", AgentChanges()),
    "everything set": (
        """{"name":"n","description":"d","systemPrompt":"p","model":"m","visibility":"public",
        "lifecycle":"ephemeral","connectors":[{"type":"registry","name":"pubmed-expert"}],
        "labels":{"team":"b","old":null}}""",
        AgentChanges(
            name="n",
            description="d",
            prompt="p",
            model="m",
            visibility=Visibility.PUBLIC,
            ephemeral=True,
            experts=[ExpertReferenceSpec(name="pubmed-expert")],
            servers=(),
            labels={"team": "b", "old": None},
        ),
    ),
    "everything cleared": (
        '{"description":null,"systemPrompt":null,"model":null,"connectors":null,"labels":null}',
        AgentChanges(description=CLEAR, prompt=CLEAR, model=CLEAR, experts=CLEAR, servers=CLEAR, labels=CLEAR),
    ),
    "no connectors": ('{"connectors":[]}', AgentChanges(experts=(), servers=())),
}

CONNECTOR_PATCHES: dict[str, tuple[str, ConnectorChanges]] = {
    "everything set": (
        """{"enabled":false,"name":"n","url":"https://x.org","config":{"a":1},
        "auth":{"type":"oauth2","scope":"s","redirectUrl":"https://y.org","ref":"r"}}""",
        ConnectorChanges(
            enabled=False,
            name="n",
            url="https://x.org",
            config={"a": 1},
            authorization=Authorization.OAUTH2,
            scope="s",
            redirect_url="https://y.org",
            auth_ref="r",
        ),
    ),
    "everything cleared": (
        '{"url":null,"config":null,"auth":null}',
        ConnectorChanges(url=CLEAR, config=CLEAR, authorization=CLEAR),
    ),
}

AGENT = f"""{{"id":"{AGENT_ID}","name":"visit-helper","description":"Answers questions","systemPrompt":"Be brief.",
  "model":"corti-default","visibility":"private","lifecycle":"persistent",
  "connectors":[{",".join(CONNECTOR_ANSWERS.values())}],"labels":{{"team":"a"}},
  "createdAt":"2026-08-19T10:00:00.123456Z","updatedAt":"2026-08-20T10:00:00.000Z","createdBy":"usr.{U}"}}"""

BARE_AGENT = f"""{{"id":"{AGENT_ID}","name":"n","description":null,"systemPrompt":null,"model":null,
  "visibility":"private","lifecycle":"ephemeral","connectors":[],"labels":{{}},
  "createdAt":"2026-08-19T10:00:00.000Z","updatedAt":"2026-08-19T10:00:00.000Z","createdBy":"usr.{U}"}}"""

REGISTRY = """{"connectors":[
  {"id":"pubmed-expert","type":"registry","name":"pubmed-expert","title":"PubMed","description":"Literature",
   "configSchema":{"type":"object"},"version":"1.2.0","provider":"Corti","tags":["research"],
   "capabilities":{"streaming":true,"inputModes":["text/plain"],"outputModes":["text/plain"],"tools":["search"]},
   "icons":[{"src":"https://x.org/i.png","mimeType":"image/png","sizes":["48x48"]}],
   "websiteUrl":"https://x.org","documentationUrl":"https://x.org/docs"},
  {"id":"coding-expert","type":"registry","name":"coding-expert"}],"nextPageToken":"p2"}"""


def load(text: str) -> JsonObject:
    return cast(JsonObject, json.loads(text))


@pytest.mark.parametrize("name", CONNECTOR_ANSWERS)
def test_a_connector_of_an_answer_is_written_back_as_it_was_read(name: str) -> None:
    wire = load(CONNECTOR_ANSWERS[name])
    assert v2.encode_connector(v2.decode_connector(wire)) == wire


@pytest.mark.parametrize("name", CREATED)
def test_a_connector_to_be_made_is_the_same_in_both_directions(name: str) -> None:
    text, spec = CREATED[name]
    assert v2.encode_create_connector(spec) == load(text)
    assert v2.decode_create_connector(load(text)) == spec


def test_a_create_is_the_same_in_both_directions() -> None:
    """V2-OBJ-01."""
    assert v2.encode_create_agent(CREATE_SPEC) == load(CREATE)
    assert v2.decode_create_agent(load(CREATE)) == CREATE_SPEC


def test_the_smallest_create_says_the_lifecycle_because_the_servers_default_is_ephemeral() -> None:
    """V2-MIG-01."""
    assert v2.encode_create_agent(AgentSpec(name="n")) == {"name": "n", "lifecycle": "persistent"}
    assert v2.encode_create_agent(AgentSpec(name="n", ephemeral=True)) == {"name": "n", "lifecycle": "ephemeral"}
    assert v2.decode_create_agent({"name": "n"}).ephemeral
    assert not v2.decode_create_agent({"name": "n", "lifecycle": "persistent"}).ephemeral


@pytest.mark.parametrize("name", PATCHES)
def test_a_merge_patch_is_the_same_in_both_directions(name: str) -> None:
    """V2-OBJ-02, V2-EP-04."""
    text, changes = PATCHES[name]
    assert v2.encode_update_agent(changes) == load(text)
    assert v2.decode_update_agent(load(text)) == changes


@pytest.mark.parametrize("name", CONNECTOR_PATCHES)
def test_a_merge_patch_of_a_connector_is_the_same_in_both_directions(name: str) -> None:
    """V2-EP-17."""
    text, changes = CONNECTOR_PATCHES[name]
    assert v2.encode_update_connector(changes) == load(text)
    assert v2.decode_update_connector(load(text)) == changes


@pytest.mark.parametrize("text", [AGENT, BARE_AGENT])
def test_an_agent_of_an_answer_is_written_back_as_it_was_read(text: str) -> None:
    """V2-OBJ-03."""
    assert v2.encode_agent(v2.decode_agent(load(text))) == load(text)


def test_an_agent_reads_into_the_neutral_words_and_into_those_of_v1() -> None:
    """V2-OBJ-03, V2-MIG-01."""
    agent = v2.decode_agent(load(AGENT))
    assert AgentId(agent.id).bare == U
    assert (agent.name, agent.description, agent.system_prompt) == ("visit-helper", "Answers questions", "Be brief.")
    assert (agent.model, agent.visibility, agent.lifecycle) == ("corti-default", "private", "persistent")
    assert agent.labels == {"team": "a"}
    assert agent.created_at == datetime(2026, 8, 19, 10, 0, 0, 123456, UTC)
    assert agent.created_by == f"usr.{U}"
    assert [connector.type for connector in agent.connectors] == [
        "registry",
        "mcp",
        "agent",
        "a2a",
        "schema",
        "openapi",
    ]
    assert agent.connectors[4].output_schema == {"type": "object"}
    assert not agent.connectors[4].enabled
    assert agent.connectors[5].unknown_fields == {"document": {"openapi": "3.1.0"}}
    assert agent.experts == (
        ExpertReference(name="pubmed-expert", resolved_config={"limit": 3}),
        ExpertReference(id=AGENT_ID),
    )
    assert agent.mcp_servers == (
        McpServerInfo(
            id=f"con.{U}",
            name="ehr",
            transport_type="streamable_http",
            authorization_type="oauth2.0",
            url="https://mcp.example.org/ehr/mcp",
            authorization_scope="ehr.read",
            redirect_url="https://example.org/cb",
        ),
    )


def test_an_agent_with_nothing_but_name_and_id_is_read() -> None:
    """SDKC-06: the client tolerates what is missing."""
    agent = v2.decode_agent({"id": "x", "name": "n"})
    assert (agent.description, agent.system_prompt, agent.connectors, agent.labels) == ("", "", (), None)
    assert agent.created_at is None
    assert v2.decode_agent({"id": "x", "name": "n", "createdAt": "yesterday", "color": 1}).unknown_fields == {
        "color": 1
    }


def test_a_connector_that_fits_no_form_is_read_and_never_written() -> None:
    """SDKC-03: official clients throw on it."""
    unfit: list[JsonObject] = [{}, {"type": "mcp", "name": "x"}, {"type": "schema", "schema": {}}, {"type": "agent"}]
    for wire in unfit:
        connector = v2.decode_connector(wire)
        with pytest.raises(WireError):
            v2.encode_connector(connector)
    assert v2.decode_agent({"id": "x", "name": "n", "connectors": [unfit[0]]}).connectors[0].type == ""


def test_pages_carry_the_token_of_the_next_one() -> None:
    """V2-PAGE-01, V2-EP-02, V2-EP-26."""
    entries, token = v2.decode_registry(load(REGISTRY))
    assert token == "p2"
    assert v2.encode_registry(entries, token) == load(REGISTRY)
    assert entries[0].capabilities is not None
    assert entries[0].capabilities.tools == ("search",)
    assert entries[0].icons[0].sizes == ("48x48",)
    agents, token = v2.decode_agents({"agents": [load(BARE_AGENT)], "nextPageToken": None})
    assert token is None
    assert v2.encode_agents(agents) == {"agents": [load(BARE_AGENT)], "nextPageToken": None}
    assert v2.decode_agents({"agents": [], "nextPageToken": "", "totalSize": 7}) == ((), None)


def test_the_connectors_of_an_agent_are_one_list() -> None:
    """V2-EP-15."""
    wire: JsonObject = {"connectors": [load(text) for text in CONNECTOR_ANSWERS.values()]}
    assert v2.encode_connectors(v2.decode_connectors(wire)) == wire
