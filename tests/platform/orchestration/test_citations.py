"""An answer that rests on several experts says who said what (ORCH-01)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.platform.orchestration.citing import cited
from agentkit.reasoning import Delegation


def said(expert: str, text: str, how: str = "") -> Delegation:
    return Delegation(expert, text, asks=how == "asks", failed=how == "failed", declined=how == "declined")


def test_what_stands_in_the_answer_is_followed_by_its_name() -> None:
    delegations = [said("ehr", "Penicillin allergy."), said("calculator", "The score is 3.")]
    answer = "Penicillin allergy.\n\nThe score is 3."
    assert cited(answer, delegations) == "Penicillin allergy. [ehr]\n\nThe score is 3. [calculator]"


def test_who_is_not_quoted_is_named_at_the_end() -> None:
    delegations = [said("ehr", "Penicillin allergy."), said("calculator", "The score is 3.")]
    assert cited("All is well.", delegations) == "All is well.\n\nSources: ehr, calculator."
    assert cited("The score is 3.", delegations) == "The score is 3. [calculator]\n\nSources: ehr."


@pytest.mark.parametrize("how", ["asks", "failed", "declined"])
def test_one_expert_alone_needs_no_citation(how: str) -> None:
    delegations = [said("ehr", "Penicillin."), said("calculator", "no", how)]
    assert cited("Penicillin.", delegations) == "Penicillin."
    assert cited("Penicillin.", delegations[:1] * 2) == "Penicillin."


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.text(min_size=1)), max_size=5), st.text())
def test_nothing_of_the_answer_is_lost_and_every_contributor_is_named(
    pieces: list[tuple[str, str]], answer: str
) -> None:
    delegations = [said(expert, text) for expert, text in pieces]
    told = cited(answer, delegations)
    names = {expert for expert, _ in pieces}
    if len(names) < 2:
        assert told == answer
        return
    remaining = iter(told)
    assert all(character in remaining for character in answer)
    assert all(f"[{name}]" in told or name in told.rpartition("Sources: ")[2] for name in names)
