"""Yes and no in what people and programs answer: only clear words count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.compose.workflow.verdict import Unclear, verdict_of
from agentkit.models import File, Message, Part, Role

HASH = "0" * 64


def answer(*parts: Part) -> Message:
    return Message(role=Role.USER, parts=parts)


@pytest.mark.parametrize(
    ("text", "approved", "reason"),
    [
        ("yes", True, None),
        (" Yes! ", True, None),
        ("y", True, None),
        ("OK", True, None),
        ("yes please", True, None),
        ("I approve this", True, None),
        ("Approved.", True, None),
        ("yes, approved", True, None),
        ("yes, looks right", True, "looks right"),
        ("Approve: checked with Dr. Roe.", True, "checked with Dr. Roe"),
        ("ok because the lab agrees", True, "the lab agrees"),
        ("yes, that is correct", True, "that is correct"),
        ("no", False, None),
        ("No.", False, None),
        ("no thanks", False, None),
        ("Declined: wrong patient", False, "wrong patient"),
        ("reject - but only the second code is wrong", False, "but only the second code is wrong"),
        ("no\nnot before Monday", False, "not before Monday"),
    ],
)
def test_clear_words_decide(text: str, approved: bool, reason: str | None) -> None:
    verdict = verdict_of(answer(Part(text=text)), HASH)

    assert (verdict.approved, verdict.reason) == (approved, reason)


@pytest.mark.parametrize(
    "text",
    [
        "maybe",
        "yes, but leave out the second",
        "yes if the lab agrees",
        "ok unless she objects",
        "yes and delete the others",
        "approve, then remove J18",
        "yes, except the first",
        "yes, don\u2019t wait",
        "yes no",
        "no, approve it",
        "no problem",
        "no, go ahead",
        "not yet",
        "I do not approve",
        "yesterday",
        "y e s",
        "the patient said yes",
        "approve only the first",
        "yes?",
        "Ok, what is this",
        "yes, wrong patient",
        "yes, provided that she is fasting",
        "approved, subject to review",
        "yes - as soon as Dr. Roe signs",
        "ok, stop",
        "yes, cancel it",
        "yes, skip the second",
        "ok, correct the date to 2024",
        "?",
        "1",
    ],
)
def test_anything_else_is_unclear(text: str) -> None:
    with pytest.raises(Unclear):
        verdict_of(answer(Part(text=text)), HASH)


def test_data_decides_with_the_hash_of_what_was_shown() -> None:
    assert verdict_of(answer(Part(data={"approved": True, "reason": " fine ", "hash": HASH})), HASH).reason == "fine"
    assert not verdict_of(answer(Part(data={"approved": False})), HASH).approved
    with pytest.raises(Unclear, match="another proposal"):
        verdict_of(answer(Part(data={"approved": True, "hash": "1" * 64})), HASH)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Part(text="  "),),
        (Part(data={"approved": "true"}),),
        (Part(data={"approved": 1}),),
        (Part(data=[True]),),
        (Part(data=None),),
        (Part(file=File(uri="https://example.org/yes")),),
        (Part(text="yes"), Part(text="no")),
        (Part(text="no"), Part(data={"approved": True})),
        (Part(data={"approved": True}), Part(data={"approved": False})),
        (Part(data={"approved": True}), Part(text="change the second one first")),
    ],
)
def test_parts_that_say_nothing_or_contradict_each_other_decide_nothing(parts: tuple[Part, ...]) -> None:
    with pytest.raises(Unclear):
        verdict_of(answer(*parts), HASH)


@given(st.text(max_size=40), st.sampled_from(["but", "if", "unless", "except", "not", "only", "don't"]), st.text())
def test_no_yes_with_a_condition_is_ever_an_approval(before: str, hedge: str, after: str) -> None:
    try:
        approved = verdict_of(answer(Part(text=f"yes, {before} {hedge} {after}")), HASH).approved
    except Unclear:
        approved = False
    assert not approved


@given(st.text())
def test_any_text_is_read_or_unclear(text: str) -> None:
    try:
        verdict = verdict_of(answer(Part(text=text)), HASH)
    except Unclear:
        return
    assert text.strip().lower().startswith(("i", "w", "y", "a", "o", "c", "n", "d", "r"))
    assert verdict.reason is None or verdict.reason in text
