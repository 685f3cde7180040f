from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from agentkit.errors import SpecError
from agentkit.models import AgentId, JsonObject
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    Authorization,
    Clear,
    ConnectorChanges,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
    Transport,
    Visibility,
)

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"


def server(name: str = "ehr") -> McpServerSpec:
    return McpServerSpec(name=name, url="https://mcp.example.org/mcp")


def expert(name: str = "reader", *servers: McpServerSpec) -> ExpertSpec:
    return ExpertSpec(name=name, description="d", servers=servers)


def wrong(value: object) -> str:
    return cast(str, value)


CASES: list[tuple[str, Callable[[], object]]] = [
    ("McpServerSpec.name", lambda: McpServerSpec(name=" ", url="https://x.org")),
    ("McpServerSpec.name", lambda: McpServerSpec(name=wrong(5), url="https://x.org")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="x.org/mcp")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="ftp://x.org")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://user:pass@x.org")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://x.org?token=t")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url=wrong(None))),
    (
        "McpServerSpec.authorization",
        lambda: McpServerSpec(name="a", url="https://x.org", authorization=cast(Authorization, "basic")),
    ),
    (
        "McpServerSpec.authorization",
        lambda: McpServerSpec(
            name="a", url="https://x.org", authorization=Authorization.OAUTH2, transport=Transport.SSE
        ),
    ),
    ("McpServerSpec.scope", lambda: McpServerSpec(name="a", url="https://x.org", scope=wrong(1))),
    ("ExpertSpec.description", lambda: ExpertSpec(name="a", description="")),
    ("ExpertSpec.servers", lambda: ExpertSpec(name="a", description="d", servers=cast(tuple[McpServerSpec], "x"))),
    ("ExpertReferenceSpec.name", lambda: ExpertReferenceSpec()),
    ("AgentSpec.experts[0]", lambda: AgentSpec(name="a", description="d", experts=[""])),
    ("AgentSpec.experts[1]", lambda: AgentSpec(name="a", description="d", experts=["x", wrong(3)])),
    ("AgentSpec.experts[1].name", lambda: AgentSpec(name="a", description="d", experts=[expert(), expert()])),
    (
        "AgentSpec.experts[1].servers[0].name",
        lambda: AgentSpec(name="a", description="d", experts=[expert("a", server()), expert("b", server(" ehr "))]),
    ),
    (
        "AgentSpec.experts[0].servers[0].name",
        lambda: AgentSpec(name="a", description="d", experts=[expert("a", server())], servers=[server()]),
    ),
    ("AgentChanges.name", lambda: AgentChanges(name="")),
    ("AgentChanges.name", lambda: AgentChanges(name=wrong(CLEAR))),
    ("AgentChanges.description", lambda: AgentChanges(description=" ")),
    ("AgentChanges.prompt", lambda: AgentChanges(prompt=wrong(1))),
    ("AgentChanges.labels.a", lambda: AgentChanges(labels={"a": wrong(1)})),
    ("AgentChanges.ephemeral", lambda: AgentChanges(ephemeral=cast(bool, "yes"))),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://[::1")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://:8080/mcp")),
    ("McpServerSpec.enabled", lambda: McpServerSpec(name="a", url="https://x.org", enabled=cast(bool, 1))),
    ("McpServerSpec.auth_ref", lambda: McpServerSpec(name="a", url="https://x.org", auth_ref="r", token="t")),
    ("ExpertReferenceSpec.config", lambda: ExpertReferenceSpec(name="a", config=cast(JsonObject, []))),
    ("ExpertReferenceSpec.config.x[0]", lambda: ExpertReferenceSpec(name="a", config={"x": [wrong(object())]})),
    ("ExpertReferenceSpec.config.x", lambda: ExpertReferenceSpec(name="a", config={"x": float("nan")})),
    ("ExpertReferenceSpec.config", lambda: ExpertReferenceSpec(name="a", config=cast(JsonObject, {1: 2}))),
    ("AgentReferenceSpec.id", lambda: AgentReferenceSpec("visit-helper")),
    ("AgentReferenceSpec.id", lambda: AgentReferenceSpec("")),
    ("RemoteAgentSpec.url", lambda: RemoteAgentSpec("remote.example.org")),
    ("RemoteAgentSpec.url", lambda: RemoteAgentSpec("https://remote.example.org/?token=t")),
    ("OutputSchemaSpec.name", lambda: OutputSchemaSpec("", {})),
    ("OutputSchemaSpec.schema", lambda: OutputSchemaSpec("a", cast(JsonObject, "{}"))),
    ("OutputSchemaSpec.transition", lambda: OutputSchemaSpec("a", {}, transition=cast(Transition, "failed"))),
    ("AgentSpec.experts[0]", lambda: AgentSpec(name="a", experts=["https://"])),
    ("AgentSpec.experts[1]", lambda: AgentSpec(name="a", experts=["x", "https://x.org?token=t"])),
    ("AgentSpec.experts[1].name", lambda: AgentSpec(name="a", experts=[expert("t"), OutputSchemaSpec("t", {})])),
    ("AgentSpec.description", lambda: AgentSpec(name="a", description=" ")),
    ("AgentSpec.visibility", lambda: AgentSpec(name="a", visibility=cast(Visibility, "secret"))),
    ("AgentSpec.labels", lambda: AgentSpec(name="a", labels={"a b": "c"})),
    ("AgentSpec.labels", lambda: AgentSpec(name="a", labels={"a" * 129: "c"})),
    ("AgentSpec.labels", lambda: AgentSpec(name="a", labels={f"k{number}": "" for number in range(65)})),
    ("AgentSpec.labels", lambda: AgentSpec(name="a", labels=cast(dict[str, str], ["a"]))),
    ("AgentSpec.labels.a", lambda: AgentSpec(name="a", labels={"a": "b" * 257})),
    ("AgentSpec.labels.a", lambda: AgentSpec(name="a", labels=cast(dict[str, str], {"a": None}))),
    ("ConnectorChanges.url", lambda: ConnectorChanges(url="x")),
    ("ConnectorChanges.authorization", lambda: ConnectorChanges(scope="read")),
    ("ConnectorChanges.authorization", lambda: ConnectorChanges(authorization=CLEAR, auth_ref="x")),
    ("AgentChanges.experts[1].name", lambda: AgentChanges(experts=[expert(), expert()])),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://@x.org")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://x.org:99999")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://x.org:port")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://x.org\n.example")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url=" https://x.org")),
    ("McpServerSpec.url", lambda: McpServerSpec(name="a", url="https://x.org/a b")),
    ("McpServerSpec.token", lambda: McpServerSpec(name="a", url="https://x.org", token="")),
    ("McpServerSpec.auth_ref", lambda: McpServerSpec(name="a", url="https://x.org", auth_ref=" ")),
    ("ExpertReferenceSpec.name", lambda: ExpertReferenceSpec(name=" ")),
    ("ExpertReferenceSpec.id", lambda: ExpertReferenceSpec(id="", name="pubmed-expert")),
    ("RemoteAgentSpec.name", lambda: RemoteAgentSpec("https://x.org", "")),
    ("AgentSpec.experts[0]", lambda: AgentSpec(name="a", experts=[" "])),
]


@pytest.mark.parametrize(("field", "make"), CASES)
def test_a_wrong_spec_is_refused_naming_the_field(field: str, make: Callable[[], object]) -> None:
    with pytest.raises(SpecError) as refused:
        make()
    assert refused.value.field == field


def test_lists_become_immutable_and_words_become_members() -> None:
    spec = AgentSpec(name="a", description="d", experts=["pubmed-expert", expert("reader", server())])
    assert isinstance(spec.experts, tuple)
    assert McpServerSpec(name="a", url="https://x.org", authorization=cast(Authorization, "bearer")).authorization is (
        Authorization.BEARER
    )
    assert AgentChanges().experts is None


def test_what_an_author_does_to_a_list_or_an_object_later_changes_no_spec() -> None:
    schema: JsonObject = {"type": "object", "required": ["a"]}
    output, changes = OutputSchemaSpec("o", schema), ConnectorChanges(config=schema)
    reference = ExpertReferenceSpec(name="r", config=schema)
    experts, labels = ["pubmed-expert"], {"team": "a"}
    spec = AgentSpec(name="a", experts=experts, labels=labels)
    cast(list[str], schema["required"]).append("b")
    schema["type"] = "array"
    experts.append("web-search-expert")
    labels["team"] = "b"
    assert output.schema == changes.config == reference.config == {"type": "object", "required": ["a"]}
    assert spec == AgentSpec(name="a", experts=["pubmed-expert"], labels={"team": "a"})


def test_equal_specs_have_equal_hashes() -> None:
    def made() -> set[object]:
        experts = [ExpertReferenceSpec(name="r", config={"limit": 3}), OutputSchemaSpec("o", {"type": "object"})]
        spec = AgentSpec(name="a", experts=experts, labels={"team": "a"})
        return {spec, AgentChanges(labels={"team": None}), ConnectorChanges(config={})}

    assert made() == made()
    assert len(made() | made()) == 3


def test_a_static_token_shows_in_no_repr() -> None:
    spec = McpServerSpec(name="a", url="https://x.org", token="s3cret")
    assert "s3cret" not in repr(AgentSpec(name="a", description="d", servers=[spec]))


def test_a_url_among_the_experts_is_a_remote_agent_and_another_text_a_registry_name() -> None:
    spec = AgentSpec(name="a", experts=["https://remote.example.org/a2a", "pubmed-expert", "httpx-expert"])
    assert spec.experts == (RemoteAgentSpec("https://remote.example.org/a2a"), "pubmed-expert", "httpx-expert")


def test_an_agent_reference_keeps_the_id_of_its_generation() -> None:
    """V2-ID-01."""
    assert AgentReferenceSpec(BARE).id == BARE
    prefixed = AgentReferenceSpec(f"agt.{BARE}").id
    assert isinstance(prefixed, AgentId)
    assert prefixed.bare == BARE


def test_labels_take_64_entries_and_the_documented_characters() -> None:
    """V2-OBJ-01."""
    labels = {f"team.a/b_c-{number}": "x" * 256 for number in range(64)}
    assert AgentSpec(name="a", labels=labels).labels == labels
    assert AgentChanges(labels={"a": None}).labels == {"a": None}


def test_clearing_is_not_leaving() -> None:
    """V2-EP-04."""
    changes = AgentChanges(description=CLEAR, experts=CLEAR)
    assert changes.description is CLEAR
    assert AgentChanges().description is None
    assert isinstance(changes.experts, Clear)
    assert repr(CLEAR) == "CLEAR"
