"""Paths, conditions, and what becomes of answers (QN-03 to QN-20, QN-E1 to QN-E5)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.interviewing import (
    Amended,
    Answered,
    Misfit,
    Outcome,
    Questionnaire,
    Reason,
    Restarted,
    Session,
    Skipped,
    Unclear,
    Understood,
    begin,
    misfit,
    notices,
    pending,
    response,
    step,
)
from agentkit.interviewing import say as spoken

from .parts import AT, ZONE, choice, question, questionnaire, say


def value(whole: Questionnaire, session: Session, *given: Any) -> Session:
    for one in given:
        session, _ = step(whole, session, Answered(at=AT, value=one))
    return session


def asked(whole: Questionnaire, session: Session) -> str | None:
    present = pending(whole, session)
    return None if present is None else present.id


def way(whole: Questionnaire, *given: Any) -> str | None:
    """Which question is asked after some answers."""
    return asked(whole, value(whole, begin(whole)[0], *given))


def test_the_start_is_the_named_question_else_the_first() -> None:
    """QN-03, QNC-03."""
    assert way(questionnaire(question("a"), question("b"))) == "a"
    assert way(questionnaire(question("a"), question("b"), startQuestion="b")) == "b"


def test_the_next_of_an_option_wins_over_the_default_and_the_default_over_the_list() -> None:
    """QN-04, QN-05, QN-09, QN-10, QNC-06, QNC-09."""
    options = [
        {"value": 1, "label": "One", "next": "c"},
        {"value": True, "label": "Yes", "next": "d"},
        {"value": 2, "label": "Two"},
    ]
    whole = questionnaire(
        question("a", "single_choice", options=options, defaultNext="b"),
        question("b", defaultNext=None),
        question("c"),
        question("d"),
    )
    assert way(whole, 1) == "c"
    assert way(whole, True) == "d"
    assert way(whole, 2) == "b"
    assert way(whole, 2, "x") is None
    assert way(whole, 1, "x") == "d"


def test_of_several_chosen_options_the_first_in_the_order_of_the_options_leads_on() -> None:
    """QN-10."""
    options = [
        {"value": "x", "label": "X mark", "next": "c"},
        {"value": "y", "label": "Y mark", "next": "b"},
    ]
    whole = questionnaire(question("a", "multi_choice", options=options), question("b"), question("c"))
    assert way(whole, ["y", "x"]) == "c"
    assert way(whole, ["y"]) == "b"


def test_a_hidden_target_is_skipped_forward_and_what_is_jumped_over_is_not_required() -> None:
    """QN-11, QN-12."""
    hidden = [{"question": "a", "operator": "=", "value": "never"}]
    whole = questionnaire(
        question("a", defaultNext="c"),
        question("b", required=True),
        question("c", conditions=hidden),
        question("d"),
    )
    assert way(whole, "x") == "d"
    assert way(whole, "x", "y") is None


@pytest.mark.parametrize(
    ("source", "operator", "wanted", "given", "shown"),
    [
        ("number", "=", 1, 1, True),
        ("number", "=", 1, 1.0, True),
        ("number", "=", "1", 1, False),
        ("number", "=", True, 1, False),
        ("number", "!=", 1, 2, True),
        ("number", "<", 3, 2, True),
        ("number", "<=", 2, 2, True),
        ("number", ">", 2, 2, False),
        ("number", ">=", 2, 2.5, True),
        ("number", "<", "3", 2, False),
        ("number", "in", [1, 2], 2, True),
        ("number", "in", [True], 1, False),
        ("number", "not_in", [1, 2], 3, True),
        ("boolean", "=", True, True, True),
        ("boolean", ">", 0, True, False),
        ("text_short", "contains", "PAIN", "some pain", True),
        ("text_short", "not_contains", "pain", "none", True),
        ("text_short", "exists", None, "x", True),
        ("text_short", "not_exists", None, "x", False),
        ("multi_choice", "=", "a", ["a", "b"], True),
        ("multi_choice", "!=", "a", ["a", "b"], False),
        ("multi_choice", "contains", "b", ["a", "b"], True),
        ("multi_choice", "contains", "Option b", ["a", "b"], False),
        ("multi_choice", "in", ["b", "c"], ["a", "b"], True),
        ("multi_choice", "not_in", ["c"], ["a", "b"], True),
        ("date_time", "<", "2026-03-05", "2026-03-04", True),
        ("date_time", "<", "2026-03", "2026-03-04", False),
        ("date_time", "<", "2026-04", "2026-03-04", True),
        ("date_time", ">=", "2026-03", "2026-03-04", True),
        ("date_time", "=", "2026-03-04", "2026-03-04", True),
        ("date_time", ">", "14:30", "2026-03-04", False),
    ],
)
def test_conditions_compare_by_json_types_texts_by_case_and_dates_as_ranges(
    source: str, operator: str, wanted: Any, given: Any, shown: bool
) -> None:
    """QN-08, QN-09, QNC-07."""
    condition = {"question": "a", "operator": operator, **({} if wanted is None else {"value": wanted})}
    first = choice("a", kind="multi_choice") if source == "multi_choice" else question("a", source, mode="date")
    whole = questionnaire(first, question("b", conditions=[condition]), question("c"))
    assert way(whole, given) == ("b" if shown else "c")


@pytest.mark.parametrize(
    ("operator", "shown"),
    [
        ("=", False),
        ("!=", True),
        ("<", False),
        ("contains", False),
        ("not_contains", True),
        ("in", False),
        ("not_in", True),
        ("exists", False),
        ("not_exists", True),
    ],
)
def test_a_skipped_hidden_or_later_source_is_unanswered(operator: str, shown: bool) -> None:
    """QN-07, QN-E5."""
    wanted: dict[str, Any] = {} if operator.endswith("exists") else {"value": ["x"] if operator.endswith("in") else "x"}
    condition = {"question": "a", "operator": operator, **wanted}
    whole = questionnaire(question("a"), question("b", conditions=[condition]), question("c"))
    session, _ = step(whole, begin(whole)[0], Skipped(at=AT))
    assert asked(whole, session) == ("b" if shown else "c")
    later = questionnaire(question("b", conditions=[condition]), question("c"), question("a"))
    assert way(later) == ("b" if shown else "c")


def test_conditions_are_joined_by_and_unless_told_otherwise() -> None:
    """QN-06."""
    both = [
        {"question": "a", "operator": "=", "value": "x"},
        {"question": "a", "operator": "=", "value": "y"},
    ]
    strict = questionnaire(question("a"), question("b", conditions=both), question("c"))
    loose = questionnaire(
        question("a"), question("b", conditions=both, meta={"conditionBehavior": "any"}), question("c")
    )
    assert way(strict, "x") == "c"
    assert way(loose, "x") == "b"


@pytest.mark.parametrize(
    ("asked_as", "given", "why"),
    [
        (question("a", "scale", min=1, max=5), 6, Misfit.RANGE),
        (question("a", "scale", min=1, max=5), 2.5, Misfit.STEP),
        (question("a", "scale", min=0, max=1, step=0.1), 0.3, None),
        (question("a", "scale", min=1, max=5), True, Misfit.TYPE),
        (question("a", "number", meta={"min": 0}), -1, Misfit.RANGE),
        (question("a", "number"), 10**400, None),
        (question("a", "boolean"), 1, Misfit.TYPE),
        (question("a", "text_short"), "  ", Misfit.EMPTY),
        (question("a", "text_long"), 7, Misfit.TYPE),
        (question("a", "boolean"), "yes", Misfit.TYPE),
        (choice("a", 1, "1"), True, Misfit.OPTION),
        (choice("a", 1, "1"), "1", None),
        (choice("a", 1, kind="multi_choice"), [1, 1], Misfit.REPEATED),
        (choice("a", 1, 2, kind="multi_choice", maxSelections=1), [1, 2], Misfit.SELECTIONS),
        (choice("a", 1, kind="multi_choice"), 1, Misfit.TYPE),
        (choice("a", 1, kind="multi_choice"), [], None),
        (question("a", "date_time", mode="date"), "2026-03", Misfit.PARTIAL),
        (question("a", "date_time", mode="date", meta={"allowPartial": True}), "2026-03", None),
        (question("a", "date_time", mode="date"), "14:30", Misfit.TYPE),
        (question("a", "date_time", mode="time"), "24:30", Misfit.TYPE),
        (question("a", "date_time", mode="datetime"), "2026-03-04T14:30:00+01:00", None),
    ],
)
def test_one_check_decides_what_is_an_answer(asked_as: dict[str, Any], given: Any, why: Misfit | None) -> None:
    """QN-09, QN-15, QN-16, QN-17, QNC-15, QNC-18, QNC-05."""
    whole = questionnaire(asked_as)
    assert misfit(whole.questions[0], given) is why
    session, output = step(whole, begin(whole)[0], Answered(at=AT, value=given))
    assert (session.values == {"a": given}) is (why is None)
    assert (output.outcome is Outcome.ACCEPTED) is (why is None)


def test_what_an_interpreter_says_passes_the_same_check() -> None:
    """QN-E2: a value that does not fit counts as unclear, whoever read it."""
    whole = questionnaire(question("a", "scale", min=1, max=5))
    session, _ = begin(whole)
    wrong = Understood(question_id="a", value=9, confidence=0.9, method="model")
    session, output = step(whole, session, Answered(at=AT, text="great", reading=(wrong,)))
    assert (output.outcome, output.reason) == (Outcome.UNCLEAR, Reason.OUT_OF_RANGE)
    assert session.values == {}
    _, output = step(whole, session, Answered(at=AT, text="great", reading=Unclear(reason=Reason.AMBIGUOUS)))
    assert output.reason is Reason.AMBIGUOUS


def test_a_correction_takes_the_path_anew_and_keeps_what_it_leaves_for_the_audit() -> None:
    """QN-14, QN-E4: what becomes reachable again is offered, never resurrected silently."""
    whole = questionnaire(
        choice("a", "yes-way", "no-way", required=True),
        question("b", "number", conditions=[{"question": "a", "operator": "=", "value": "yes-way"}]),
        question("c"),
    )
    session = value(whole, begin(whole)[0], "yes-way", 7)
    session, output = step(whole, session, Amended(at=AT, question_id="a", value="no-way"))
    assert output.outcome is Outcome.ACCEPTED
    assert session.values == {"a": "no-way"}
    assert [(one.question, one.value, one.reason) for one in session.dropped] == [
        ("a", "yes-way", "amended"),
        ("b", 7, "unreachable"),
    ]
    session, output = step(whole, session, Amended(at=AT, question_id="a", value="yes-way"))
    assert output.question is not None
    assert (output.question.id, output.offer) == ("b", 7)
    assert "Earlier you answered 7" in spoken(output)
    confirmed, _ = say(whole, session, "yes")
    assert confirmed.values == {"a": "yes-way", "b": 7}
    other, outputs = say(whole, session, "8")
    assert other.values == {"a": "yes-way", "b": 8}
    assert outputs[-1].offer is None


def test_a_correction_of_what_was_not_answered_or_does_not_fit_changes_nothing() -> None:
    whole = questionnaire(question("a", "number"), question("b", "number"))
    session = value(whole, begin(whole)[0], 1)
    for event, outcome in (
        (Amended(at=AT, question_id="b", value=2), Outcome.STALE),
        (Amended(at=AT, question_id="z", value=2), Outcome.STALE),
        (Amended(at=AT, question_id="a", value="x"), Outcome.UNCLEAR),
    ):
        after, output = step(whole, session, event)
        assert after == session
        assert output.outcome is outcome


def test_an_optional_question_that_is_declined_is_skipped_and_not_asked_again() -> None:
    """QN-18, QN-20."""
    whole = questionnaire(question("a", "number"), question("b", "number"))
    session, outputs = say(whole, begin(whole)[0], "I'd rather not say", "3")
    assert [one.outcome for one in outputs] == [Outcome.SKIPPED, Outcome.ACCEPTED]
    assert response(whole, session)["answers"] == {"b": 3}
    assert session.skipped == ("a",)
    assert pending(whole, session) is None
    session, _ = step(whole, session, Amended(at=AT, question_id="a", value=1))
    assert (session.skipped, session.values) == ((), {"a": 1, "b": 3})


def test_a_required_question_is_asked_again_and_given_up_after_three_refusals() -> None:
    """QN-19: never invented."""
    whole = questionnaire(question("a", "number", required=True, guideline="Count them all."))
    session, outputs = say(whole, begin(whole)[0], "skip", "no comment", "I won't answer", "pass")
    assert [one.outcome for one in outputs] == [Outcome.DECLINED] * 4
    assert [one.exhausted for one in outputs] == [False, False, True, True]
    assert "Count them all." in spoken(outputs[0])
    assert session.values == {}
    patient = questionnaire(question("a", "number", required=True), meta={"maxAttempts": 1})
    _, (only,) = say(patient, begin(patient)[0], "skip")
    assert only.exhausted


def test_a_question_back_is_answered_with_the_guideline_and_is_no_attempt() -> None:
    """QN-P6, QNC-04."""
    whole = questionnaire(question("a", "number", guideline="Count whole hours."))
    session, (output,) = say(whole, begin(whole)[0], "What do you mean?")
    assert output.outcome is Outcome.EXPLAINED
    assert "Count whole hours." in spoken(output)
    assert session.attempts == 0


def test_one_utterance_answers_further_questions_on_explicit_evidence_only() -> None:
    """QN-22, QNC-11."""
    whole = questionnaire(
        question("a", "number", text="How many hours did you sleep?"),
        question("b", "number", text="How many times did you wake up?", meta={"keywords": ["wake-ups"]}),
        choice("c", "x", "y"),
    )
    start = begin(whole)[0]
    session, _ = say(whole, start, '7 hours, wake-ups: 2, "Option x"')
    assert session.values == {"a": 7, "b": 2, "c": "x"}
    session, _ = say(whole, start, "7 hours; option x")
    assert session.values.get("c") is None


def test_an_answer_delivered_twice_counts_once() -> None:
    whole = questionnaire(question("a", "number"), question("b", "number"))
    session, _ = step(whole, begin(whole)[0], Answered(at=AT, text="3", question="a"))
    again, output = step(whole, session, Answered(at=AT, text="3", question="a"))
    assert (again, output.outcome) == (session, Outcome.REPEATED)
    _, output = step(whole, session, Answered(at=AT, text="4", question="a"))
    assert output.outcome is Outcome.STALE


def test_a_restart_asks_everything_again_and_offers_nothing() -> None:
    whole = questionnaire(question("a", "number"), question("b", "number"))
    session, output = step(whole, value(whole, begin(whole)[0], 1, 2), Restarted(at=AT))
    assert session.values == {}
    assert output.question is not None
    assert (output.question.id, output.offer) == ("a", None)
    assert [one.reason for one in session.dropped] == ["restarted", "restarted"]


def test_after_the_end_nothing_is_taken() -> None:
    whole = questionnaire(question("a", "number"))
    session = value(whole, begin(whole)[0], 1)
    for event in (Answered(at=AT, text="2"), Skipped(at=AT)):
        after, output = step(whole, session, event)
        assert (after, output.outcome, spoken(output)) == (session, Outcome.OVER, "")


@pytest.mark.parametrize(
    ("asked_as", "opening", "taken"),
    [
        (question("a", "scale", min=1, max=5), "I would say satisfied enough", None),
        (question("a", "scale", min=1, max=5), "4", 4),
        (question("a", "boolean", text="Do you smoke?"), "Yes, let's begin", None),
        (question("a", "boolean", text="Do you smoke?"), "yes", None),
        (question("a", "text_short"), "Hello, please start", None),
        (question("a", "date_time", mode="date"), "today", None),
        (question("a", "date_time", mode="date"), "4 March 2026", "2026-03-04"),
        (choice("a", "x", "y"), "a", None),
        (choice("a", "x", "y"), "Option x", "x"),
        (choice("a", "x", "y", required=True), "skip", None),
    ],
)
def test_an_opening_text_answers_only_what_it_answers_beyond_doubt(
    asked_as: dict[str, Any], opening: str, taken: Any
) -> None:
    """QNC-10, QN-25: nobody has asked yet, so a yes, a greeting or a vague word answers nothing."""
    whole = questionnaire(asked_as)
    session, output = step(whole, begin(whole)[0], Answered(at=AT, zone=ZONE, text=opening, opening=True))
    assert session.values == ({} if taken is None else {"a": taken})
    assert session.attempts == 0
    if taken is None:
        assert output.outcome is Outcome.ASKED


def test_a_relative_date_tells_what_it_was_resolved_against_and_needs_a_zone() -> None:
    """QN-17."""
    whole = questionnaire(question("a", "date_time", mode="date"))
    session, _ = say(whole, begin(whole)[0], "yesterday")
    assert session.answers["a"].value == "2026-11-17"
    assert session.answers["a"].clock == {"at": AT, "zone": ZONE}
    _, output = step(whole, begin(whole)[0], Answered(at=AT, text="yesterday"))
    assert output.outcome is Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("item", "given", "raised"),
    [
        ({"text": "Thoughts that you would be better off dead, or of hurting yourself"}, 1, True),
        ({"text": "Thoughts that you would be better off dead, or of hurting yourself"}, 0, False),
        ({"text": "Item 9", "meta": {"loinc": "44260-8"}}, 3, True),
        ({"text": "Item 9", "meta": {"safetyNotice": {"above": 1, "text": "Call."}}}, 1, False),
        ({"text": "Item 9", "meta": {"safetyNotice": {"above": 1, "text": "Call."}}}, 2, True),
        ({"text": "Item 8"}, 3, False),
    ],
)
def test_item_nine_above_zero_raises_a_notice_whatever_comes_of_the_interview(
    item: dict[str, Any], given: int, raised: bool
) -> None:
    """QN-I1: even when the interview is abandoned or begun anew; a correction takes it back."""
    whole = questionnaire({**choice("i9", 0, 1, 2, 3), **item}, question("b"))
    session = value(whole, begin(whole)[0], given)
    assert bool(notices(whole, session)) is raised
    anew, _ = step(whole, session, Restarted(at=AT))
    assert bool(notices(whole, anew)) is raised
    corrected, _ = step(whole, session, Amended(at=AT, question_id="i9", value=0))
    assert notices(whole, corrected) == ()


def test_unknown_fields_are_kept_in_the_schema() -> None:
    """QNC-20."""
    whole = questionnaire(question("a", colour="blue"), theme="dark")
    dumped = whole.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert dumped["questions"][0]["colour"] == "blue"
    assert dumped["theme"] == "dark"


def test_what_is_logged_shows_no_content() -> None:
    whole = questionnaire(question("a"))
    session, output = say(whole, begin(whole)[0], "Mrs Example")
    assert "Example" not in f"{session!r}{session}{output!r}"
