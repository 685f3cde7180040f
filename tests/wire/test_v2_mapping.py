"""Experts and servers become connectors and sections of the prompt, and connectors experts and servers (V2-MIG-01)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentkit.errors import UnsupportedByGeneration
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentSpec,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    RemoteAgentSpec,
)
from agentkit.wire import v2

EHR = McpServerSpec(
    name="ehr", url="https://mcp.example.org/ehr", authorization=Authorization.OAUTH2, description="The record."
)
CALC = McpServerSpec(name="calc", url="https://mcp.example.org/calc")
READER = ExpertSpec(name="record-reader", description="Reads the record.", servers=[EHR])
PROMPTED = ExpertSpec(name="record-reader", description="Reads the record.", prompt="Quote it.", servers=[EHR])


def test_an_inline_expert_becomes_its_servers() -> None:
    wire = v2.encode_create_agent(AgentSpec(name="a", experts=["pubmed-expert", READER], servers=[CALC]))
    assert wire == {
        "name": "a",
        "lifecycle": "persistent",
        "connectors": [
            {"type": "mcp", "name": "calc", "url": "https://mcp.example.org/calc"},
            {"type": "registry", "name": "pubmed-expert"},
            {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr", "auth": {"type": "oauth2"}},
        ],
    }


def test_nobodys_prompt_leaves_the_servers_own() -> None:
    assert "systemPrompt" not in v2.encode_create_agent(AgentSpec(name="a", experts=[READER]))


def test_the_agents_prompt_is_followed_by_a_section_for_each_expert() -> None:
    remote = RemoteAgentSpec("https://remote.example.org", "booking", description="Books visits.")
    wire = v2.encode_create_agent(AgentSpec(name="a", prompt="Be brief.", experts=[PROMPTED, remote], servers=[CALC]))
    assert wire["systemPrompt"] == (
        "Be brief.\n\n"
        "## Expert record-reader\n\nReads the record.\n\nQuote it.\n\nTools: ehr.\n\n"
        "## Tools of ehr\n\nThe record.\n\n"
        "## Agent booking\n\nBooks visits."
    )


def test_an_experts_prompt_alone_makes_sections_too() -> None:
    read_from_a_file = replace(PROMPTED, prompt="Quote it.\n")
    wire = v2.encode_create_agent(AgentSpec(name="a", experts=[read_from_a_file]))
    assert "Quote it.\n\nTools: ehr." in str(wire["systemPrompt"])
    assert str(wire["systemPrompt"]).startswith("## Expert record-reader\n\nReads the record.\n\nQuote it.")


def test_an_expert_that_is_nothing_but_a_description_is_not_lost() -> None:
    summarizer = ExpertSpec(name="summarizer", description="Summarizes.")
    wire = v2.encode_create_agent(AgentSpec(name="a", experts=[summarizer]))
    assert wire["systemPrompt"] == "## Expert summarizer\n\nSummarizes."
    with pytest.raises(UnsupportedByGeneration, match="give prompt too"):
        v2.encode_update_agent(AgentChanges(experts=[summarizer], servers=CLEAR))


def test_a_changed_prompt_carries_the_sections_of_the_experts_given_with_it() -> None:
    wire = v2.encode_update_agent(AgentChanges(prompt="New.", experts=[PROMPTED], servers=CLEAR))
    assert str(wire["systemPrompt"]).startswith("New.\n\n## Expert record-reader")
    assert wire["connectors"] == [
        {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr", "auth": {"type": "oauth2"}}
    ]
    assert v2.encode_update_agent(AgentChanges(prompt="New.")) == {"systemPrompt": "New."}
    assert v2.encode_update_agent(AgentChanges(experts=[READER], servers=())).get("systemPrompt") is None


def test_the_id_of_a_registry_reference_wins_over_its_name() -> None:
    """V1-OBJ-04, V2-OBJ-04."""
    assert v2.encode_create_connector(ExpertReferenceSpec(id="i", name="n")) == {"type": "registry", "name": "i"}
