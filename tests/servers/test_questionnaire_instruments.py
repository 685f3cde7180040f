"""The bundled instruments on the one engine of agentkit.interviewing."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentkit.interviewing import (
    Answered,
    Inquiry,
    Reading,
    Reason,
    Session,
    Unclear,
    begin,
    lint,
    missing,
    pending,
    read,
    replay,
    score,
    step,
)
from agentkit_servers.questionnaires.library import BUNDLED, Instrument

PHQ2 = BUNDLED["phq-2"]
LABELS = ["Not at all", "Several days", "More than half the days", "Nearly every day"]


def interpret(said: str) -> Reading:
    return read(Inquiry(PHQ2.questionnaire, PHQ2.questionnaire.first, said))


@pytest.mark.parametrize(
    ("identity", "stem", "items"),
    [
        (
            "phq-2",
            "Over the last 2 weeks, how often have you been bothered by any of the following problems?",
            ["Little interest or pleasure in doing things", "Feeling down, depressed, or hopeless"],
        ),
        (
            "gad-2",
            "Over the last 2 weeks, how often have you been bothered by the following problems?",
            ["Feeling nervous, anxious or on edge", "Not being able to stop or control worrying"],
        ),
    ],
)
def test_bundled_wording_is_the_official_one(identity: str, stem: str, items: list[str]) -> None:
    """Clinical reference 2.8."""
    questions = BUNDLED[identity].questionnaire.questions
    assert [question.text for question in questions] == items
    assert {question.guideline for question in questions} == {stem}
    for question in questions:
        assert question.required
        assert [option.label for option in question.options] == LABELS
        assert [option.value for option in question.options] == [0, 1, 2, 3]


def test_every_bundled_file_has_license_source_and_notice_and_no_finding() -> None:
    folder = resources.files("agentkit_servers.questionnaires") / "data"
    files = [file for file in folder.iterdir() if file.name.endswith(".json")]
    assert len(files) == len(BUNDLED) == 2
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        assert lint(content["questionnaire"]) == ()
        for field in ("license", "source", "notice"):
            with pytest.raises(ValidationError):
                Instrument.model_validate({**content, field: ""})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Several days", 1),
        ("  several   days ", 1),
        ("NEARLY EVERY DAY!", 3),
        ("2", 2),
        ("2 = More than half the days", 2),
        ("two", 2),
        ("option 3", 3),
        ("the second one", 1),
        ("I'd say nearly every day", 3),
        ("I would say it was several days", 1),
        ("almost every day", 3),
        ("never", 0),
        ("over half the days", 2),
    ],
)
def test_a_clear_answer_is_understood(said: str, value: int) -> None:
    """QN-P5."""
    meaning = interpret(said)
    assert not isinstance(meaning, Unclear)
    assert [one.value for one in meaning] == [value]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", Reason.NO_ANSWER),
        ("...", Reason.NO_ANSWER),
        ("rarely", Reason.AMBIGUOUS),
        ("hardly ever", Reason.AMBIGUOUS),
        ("all of the time", Reason.AMBIGUOUS),
        ("not several days", Reason.NEGATED),
        ("not every day", Reason.NEGATED),
        ("I don't feel like that at all", Reason.NEGATED),
        ("2 days", Reason.AMBIGUOUS),
        ("this one", Reason.AMBIGUOUS),
        ("a second please", Reason.AMBIGUOUS),
        ("yes", Reason.AMBIGUOUS),
        ("-1", Reason.AMBIGUOUS),
        ("1.5", Reason.AMBIGUOUS),
        ("3/14", Reason.AMBIGUOUS),
        ("7", Reason.OUT_OF_RANGE),
        ("1 or 2", Reason.SEVERAL_VALUES),
        ("2-3", Reason.RANGE),
        ("several days, nearly every day", Reason.SEVERAL_VALUES),
        ("2 = several days", Reason.SEVERAL_VALUES),
        ("maybe several days", Reason.UNCERTAIN),
        ("several days?", Reason.UNCERTAIN),
        ("More than half the days, I guess", Reason.UNCERTAIN),
        ("I'd rather not say", Reason.REFUSAL),
        ("skip", Reason.REFUSAL),
        ("What do you mean?", Reason.QUESTION),
    ],
)
def test_anything_else_is_unclear_with_its_reason(said: str, reason: Reason) -> None:
    """QN-P1: abstain rather than guess; the cases include those that fuzzy matching gets wrong."""
    assert interpret(said) == Unclear(reason=reason)


@given(st.lists(st.one_of(st.sampled_from([*LABELS, "0", "1", "2", "3", "no idea"]), st.text(max_size=20)), max_size=8))
def test_an_interview_is_complete_exactly_when_nothing_is_missing(said: list[str]) -> None:
    """QN-E6, QN-I2: completion, score, and replay of the log give the same state."""
    whole = PHQ2.questionnaire
    session, _ = begin(whole)
    for text in said:
        session, output = step(whole, session, Answered(text=text, at="t"))
        complete = pending(whole, session) is None
        assert (output.question is None) is complete
        assert complete is (missing(whole, session.values) == [])
        assert (score(whole, PHQ2.scoring, session.values) is not None) is complete
    assert Session.model_validate_json(session.model_dump_json()) == session
    assert replay(whole, session.log) == session


def test_a_score_needs_every_item() -> None:
    """QN-I2."""
    assert score(PHQ2.questionnaire, PHQ2.scoring, {"phq-2-1": 3}) is None
    assert missing(PHQ2.questionnaire, {"phq-2-1": 3}) == ["phq-2-2"]
