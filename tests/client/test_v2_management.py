"""The management plane of v2 as requests (V2-EP-01 to V2-EP-06, V2-EP-15 to V2-EP-17, V2-EP-26)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from agentkit.client.operation import Answer, Operation
from agentkit.client.v2 import agents, connectors, registry
from agentkit.errors import SpecError, UnsupportedByGeneration
from agentkit.specs import CLEAR, AgentChanges, AgentSpec, AgentType, ConnectorChanges, RemoteAgentSpec

AGENT = {"id": "agt.1", "name": "n", "connectors": [{"id": "con.1", "type": "registry", "name": "pubmed-expert"}]}
CONNECTOR = {"id": "con.1", "type": "a2a", "url": "https://remote.example.org"}
ENTRY = {"id": "pubmed-expert", "type": "registry", "name": "pubmed-expert"}

SENT: list[tuple[Operation[object], str, str, object]] = [
    (agents.create_agent(AgentSpec(name="n")), "POST", "/agentic/agents", {"name": "n", "lifecycle": "persistent"}),
    (agents.list_agents(), "GET", "/agentic/agents", None),
    (
        agents.list_agents(
            page_size=10,
            page_token="t&",
            visibility=["private", "public"],
            lifecycle="ephemeral",
            labels={"a": "b", "c": "d"},
            text="visit",
        ),
        "GET",
        (
            "/agentic/agents?pageSize=10&pageToken=t%26&lifecycle=ephemeral&q=visit&visibility=private&visibility=public"
            "&label=a%3Db&label=c%3Dd"
        ),
        None,
    ),
    (agents.get_agent("agt.1"), "GET", "/agentic/agents/agt.1", None),
    (
        agents.update_agent("agt.1", AgentChanges(description=CLEAR)),
        "PATCH",
        "/agentic/agents/agt.1",
        {"description": None},
    ),
    (agents.delete_agent("agt.1/../x"), "DELETE", "/agentic/agents/agt.1%2F..%2Fx", None),
    (agents.get_card("agt.1"), "GET", "/agentic/agents/agt.1/.well-known/agent-card.json", None),
    (connectors.list_connectors("agt.1"), "GET", "/agentic/agents/agt.1/connectors", None),
    (
        connectors.create_connector("agt.1", RemoteAgentSpec("https://remote.example.org")),
        "POST",
        "/agentic/agents/agt.1/connectors",
        {"type": "a2a", "url": "https://remote.example.org"},
    ),
    (connectors.get_connector("agt.1", "con.1"), "GET", "/agentic/agents/agt.1/connectors/con.1", None),
    (
        connectors.update_connector("agt.1", "con.1", ConnectorChanges(enabled=False)),
        "PATCH",
        "/agentic/agents/agt.1/connectors/con.1",
        {"enabled": False},
    ),
    (connectors.delete_connector("agt.1", "con.1"), "DELETE", "/agentic/agents/agt.1/connectors/con.1", None),
    (
        registry.list_registry_connectors(text="pub", page_size=2, page_token="t"),
        "GET",
        "/agentic/registry/connectors?q=pub&pageSize=2&pageToken=t",
        None,
    ),
    (
        registry.get_registry_connector("@ns/name"),
        "GET",
        "/agentic/registry/connectors/%40ns%2Fname",
        None,
    ),
]


def answer(document: object) -> Answer:
    return Answer(200, {}, json.dumps(document).encode())


@pytest.mark.parametrize(("operation", "method", "url", "body"), SENT)
def test_a_call_is_spelled_as_documented(operation: Operation[object], method: str, url: str, body: object) -> None:
    query: Mapping[str, object] = operation.query
    spelled = operation.path + (f"?{urlencode(query, doseq=True)}" if query else "")
    assert (operation.root, operation.method, spelled, operation.body) == ("base", method, url, body)
    assert operation.content_type == ("application/merge-patch+json" if method == "PATCH" else None)


def test_answers_are_read_into_neutral_words() -> None:
    assert agents.get_agent("a").parse(answer(AGENT)).experts[0].name == "pubmed-expert"
    page = agents.list_agents().parse(answer({"agents": [AGENT], "nextPageToken": "t2"}))
    assert (page.items[0].id, page.next_token) == ("agt.1", "t2")
    assert connectors.list_connectors("a").parse(answer({"connectors": [CONNECTOR]}))[0].type == "a2a"
    assert connectors.get_connector("a", "c").parse(answer(CONNECTOR)).url == "https://remote.example.org"
    entries = registry.list_registry_connectors().parse(answer({"connectors": [ENTRY], "nextPageToken": None}))
    assert (entries.items[0].id, entries.next_token) == ("pubmed-expert", None)
    assert registry.get_registry_connector("pubmed-expert").parse(answer(ENTRY)).type == "registry"


@pytest.mark.parametrize("status", [200, 204])
def test_what_stands_in_the_answer_to_a_delete_is_not_read(status: int) -> None:
    """SDKC-04."""
    for operation in (agents.delete_agent("a"), connectors.delete_connector("a", "c")):
        operation.parse(Answer(status, {}, b"<html>"))


def test_what_cannot_be_sent_is_refused_before_it_is() -> None:
    with pytest.raises(UnsupportedByGeneration):
        agents.create_agent(AgentSpec(name="n", agent_type=AgentType.EXPERT))
    with pytest.raises(SpecError):
        agents.get_agent("")
