from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from agentkit.errors import SpecError
from agentkit.specs import (
    AgentChanges,
    AgentSpec,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    Transport,
)


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
    ("AgentChanges.experts[1].name", lambda: AgentChanges(experts=[expert(), expert()])),
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


def test_a_static_token_shows_in_no_repr() -> None:
    spec = McpServerSpec(name="a", url="https://x.org", token="s3cret")
    assert "s3cret" not in repr(AgentSpec(name="a", description="d", servers=[spec]))
