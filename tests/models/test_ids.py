"""Prefixed ids (V2-ID-01, V2-MIG-02)."""

from __future__ import annotations

import json
import pickle
from typing import cast

import pytest

from agentkit.errors import SpecError
from agentkit.models import AgentId, ArtifactId, ConnectorId, ContextId, FeedbackId, PrefixedId, TaskId, UserId

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
KINDS: list[tuple[type[PrefixedId], str]] = [
    (AgentId, "agt."),
    (ConnectorId, "con."),
    (ContextId, "ctx."),
    (TaskId, "task."),
    (ArtifactId, "art."),
    (FeedbackId, "fb."),
    (UserId, "usr."),
]


@pytest.mark.parametrize(("kind", "prefix"), KINDS)
def test_an_id_reads_both_forms_and_writes_the_prefixed_one(kind: type[PrefixedId], prefix: str) -> None:
    """V2-ID-01: input also takes a bare UUID, output is always prefixed."""
    for given in (BARE, prefix + BARE, kind(BARE)):
        found = kind(given)
        assert found == prefix + BARE
        assert str(found) == prefix + BARE
        assert json.dumps([found]) == f'["{prefix}{BARE}"]'
        assert found.bare == BARE
        assert isinstance(found, kind)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "agt.",
        "agt.7",
        BARE.upper(),
        f"AGT.{BARE}",
        f"ctx.{BARE}",
        f"agt.agt.{BARE}",
        f" {BARE}",
        f"{BARE}\n",
        BARE.replace("-", ""),
        cast(str, None),
        cast(str, 7),
    ],
)
def test_anything_else_is_refused_naming_the_field_and_not_the_value(value: str) -> None:
    with pytest.raises(SpecError) as refused:
        AgentId(value, field="agent_id")
    assert refused.value.field == "agent_id"
    assert "agt.<uuid>" in str(refused.value)
    with pytest.raises(SpecError) as refused:
        AgentId(value)
    assert refused.value.field == "AgentId"


def test_an_id_is_a_string_like_any_other() -> None:
    one, two = AgentId(BARE), AgentId(f"agt.{BARE}")
    assert {one: 1}[two] == 1
    assert {one: 1}[cast(AgentId, f"agt.{BARE}")] == 1
    again = pickle.loads(pickle.dumps(one))  # noqa: S301
    assert again == one
    assert isinstance(again, AgentId)
