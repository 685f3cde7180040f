"""What `generation` and `binding` take, and what `auto` says when no generation can do all of a spec (V2-MIG-01)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit import AgentSpec, AsyncCorti, Corti
from agentkit.errors import ConfigurationError, UnsupportedByGeneration
from agentkit.specs import AgentType


@pytest.mark.parametrize("client", [AsyncCorti, Corti])
@pytest.mark.parametrize(
    ("setting", "known"), [({"generation": "v3"}, "auto, v1 or v2"), ({"binding": "GRPC"}, "HTTP+JSON or JSONRPC")]
)
def test_an_unknown_word_is_refused_when_the_client_is_made(client: Any, setting: dict[str, str], known: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(base_url="http://127.0.0.1:8700", token="t", **setting)
    assert caught.value.setting in setting
    assert known in str(caught.value)


def test_a_spec_that_no_generation_can_do_names_what_keeps_each_from_it() -> None:
    spec = AgentSpec(name="helper", description="Helps", agent_type=AgentType.ORCHESTRATOR, model="corti-default")
    with Corti(base_url="http://127.0.0.1:8700", token="t") as corti, pytest.raises(UnsupportedByGeneration) as caught:
        corti.agents.create(spec)
    assert (caught.value.generation, caught.value.field) == ("v1", "AgentSpec.model")
    assert "AgentSpec.agent_type" in str(caught.value)
    assert "generation=" not in str(caught.value)


def test_a_client_for_v1_says_that_an_agent_is_one_of_v2() -> None:
    with Corti(base_url="http://127.0.0.1:8700", token="t", generation="v1") as corti:
        for call in (corti.agents.get, corti.agents.delete):
            with pytest.raises(UnsupportedByGeneration, match=r"agents of v2 \(agt\.<uuid>\); v2 can") as caught:
                call("agt.01a1feab-66ff-76db-8fd3-52d6f72a0df2")
            assert caught.value.supported_by == ("v2",)
