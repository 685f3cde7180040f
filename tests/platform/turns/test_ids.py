"""The prefixes of v2's ids: on every id that goes out, with or without on every id that comes in."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.models import AgentId, ArtifactId, ConnectorId, ContextId, FeedbackId, TaskId, UserId
from agentkit.platform.v2.ids import Kind, bare_id, shown_id, shown_if_ours

KINDS = st.sampled_from(Kind)
BARE = st.uuids().map(str)


@given(kind=KINDS, bare=BARE)
def test_what_goes_out_comes_in_again(kind: Kind, bare: str) -> None:
    """V2-ID-01."""
    shown = shown_id(kind, bare)
    assert shown == f"{kind.value}.{bare}"
    assert bare_id(kind, shown) == bare_id(kind, bare) == bare
    assert shown_if_ours(kind, bare) == shown


@given(kind=KINDS, text=st.text(max_size=60))
def test_any_other_text_is_no_id_and_stays_as_it_is(kind: Kind, text: str) -> None:
    """V2-ID-02: a `messageId` that a client chose comes back unchanged."""
    if bare_id(kind, text) is None:
        assert shown_if_ours(kind, text) == text


@given(kind=KINDS, other=KINDS, bare=BARE)
def test_the_prefix_of_another_kind_makes_no_id(kind: Kind, other: Kind, bare: str) -> None:
    """V2-ID-01: the pattern of an id holds its own prefix only."""
    if kind is not other:
        assert bare_id(kind, shown_id(other, bare)) is None


@pytest.mark.parametrize(
    "text",
    [
        "0192F4C8-2C5A-7B3E-9F1A-3C8D6E2B7A40",
        "0192f4c82c5a7b3e9f1a3c8d6e2b7a40",
        "task.task.0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40",
        "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40\n",
        "",
        "task.",
    ],
)
def test_ids_are_lower_case_and_whole(text: str) -> None:
    """V2-ID-01."""
    assert bare_id(Kind.TASK, text) is None


def test_the_kinds_are_the_documented_ones() -> None:
    """V2-ID-01."""
    assert {kind.value for kind in Kind} == {"agt", "con", "ctx", "task", "msg", "art", "fb", "usr", "span"}
    types = (AgentId, ConnectorId, ContextId, TaskId, ArtifactId, FeedbackId, UserId)
    assert {one.PREFIX for one in types} <= {f"{kind.value}." for kind in Kind}
    assert str(UUID(int=0)) == bare_id(Kind.USER, "usr.00000000-0000-0000-0000-000000000000")
