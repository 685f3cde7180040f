"""The interview engine, the interpreter of answers, and the bundled instruments."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agentkit_servers.questionnaires.engine import Answered, Session, begin, missing, pending, step
from agentkit_servers.questionnaires.interpreter import Reason, Unclear, Understood, interpret
from agentkit_servers.questionnaires.library import BUNDLED
from agentkit_servers.questionnaires.models import Instrument, Questionnaire
from agentkit_servers.questionnaires.scoring import score

PHQ2 = BUNDLED["phq-2"]
FIRST = PHQ2.questionnaire.first
LABELS = ["Not at all", "Several days", "More than half the days", "Nearly every day"]


def choice(identity: str, **fields: object) -> dict[str, object]:
    options = [{"value": "a", "label": "First"}, {"value": "b", "label": "Second"}]
    return {"id": identity, "type": "single_choice", "text": f"Question {identity}", "options": options, **fields}


def questionnaire(*questions: dict[str, object], **fields: object) -> Questionnaire:
    return Questionnaire.model_validate({"questionnaireId": "q", "version": 1, "questions": list(questions), **fields})


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
        assert [option.label for option in question.options] == LABELS
        assert [option.value for option in question.options] == [0, 1, 2, 3]


def test_every_bundled_file_has_license_source_and_notice() -> None:
    folder = resources.files("agentkit_servers.questionnaires") / "data"
    files = [file for file in folder.iterdir() if file.name.endswith(".json")]
    assert len(files) == len(BUNDLED) == 2
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        for field in ("license", "source", "notice"):
            with pytest.raises(ValidationError):
                Instrument.model_validate({**content, field: ""})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Several days", 1),
        ("  several   days ".replace("   ", " "), 1),
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
    meaning = interpret(FIRST, said)
    assert isinstance(meaning, Understood)
    assert meaning.value == value
    start, end = meaning.evidence
    assert 0 <= start < end <= len(said)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", Reason.NO_ANSWER),
        ("...", Reason.NO_ANSWER),
        ("rarely", Reason.AMBIGUOUS),
        ("hardly ever", Reason.AMBIGUOUS),
        ("all of the time", Reason.AMBIGUOUS),
        ("not several days", Reason.AMBIGUOUS),
        ("not every day", Reason.AMBIGUOUS),
        ("I don't feel like that at all", Reason.AMBIGUOUS),
        ("2 days", Reason.AMBIGUOUS),
        ("this one", Reason.AMBIGUOUS),
        ("a second please", Reason.AMBIGUOUS),
        ("yes", Reason.AMBIGUOUS),
        ("-1", Reason.AMBIGUOUS),
        ("1.5", Reason.AMBIGUOUS),
        ("3/14", Reason.AMBIGUOUS),
        ("7", Reason.OUT_OF_RANGE),
        ("1 or 2", Reason.SEVERAL_VALUES),
        ("2-3", Reason.SEVERAL_VALUES),
        ("several days, nearly every day", Reason.SEVERAL_VALUES),
        ("2 = several days", Reason.SEVERAL_VALUES),
        ("maybe several days", Reason.UNCERTAIN),
        ("several days?", Reason.UNCERTAIN),
        ("More than half the days, I guess", Reason.UNCERTAIN),
        ("I'd rather not say", Reason.REFUSAL),
        ("skip", Reason.REFUSAL),
    ],
)
def test_anything_else_is_unclear_with_its_reason(said: str, reason: Reason) -> None:
    """QN-P1: abstain rather than guess; the cases include those that fuzzy matching gets wrong."""
    assert interpret(FIRST, said) == Unclear(reason)


@given(st.text(max_size=60))
def test_no_text_breaks_the_interpreter_and_every_value_is_an_option(said: str) -> None:
    """QN-E6."""
    meaning = interpret(FIRST, said)
    if isinstance(meaning, Understood):
        assert meaning.value in {0, 1, 2, 3}


@given(st.lists(st.one_of(st.sampled_from([*LABELS, "0", "1", "2", "3", "no idea"]), st.text(max_size=20)), max_size=8))
def test_an_interview_is_complete_exactly_when_nothing_is_missing(said: list[str]) -> None:
    """QN-E6: completion, reachability, and replay of the log give the same state."""
    session, _ = begin(PHQ2.questionnaire)
    for text in said:
        session, output = step(PHQ2.questionnaire, session, Answered(text=text, at="t"))
        complete = pending(PHQ2.questionnaire, session.answers) is None
        assert (output.question is None) is complete
        assert complete is (missing(PHQ2.questionnaire, session.answers) == [])
        assert (score(PHQ2, session.answers) is not None) is complete
    assert Session.model_validate_json(session.model_dump_json()) == session
    replayed, _ = begin(PHQ2.questionnaire)
    for entry in session.log:
        replayed, _ = step(PHQ2.questionnaire, replayed, Answered(text=entry.text, at=entry.at))
    assert replayed.log == session.log


def test_a_score_needs_every_item() -> None:
    """QN-I2."""
    assert score(PHQ2, {"phq-2-1": 3}) is None
    assert missing(PHQ2.questionnaire, {"phq-2-1": 3}) == ["phq-2-2"]


def test_the_next_of_an_option_wins_over_the_default_and_the_default_over_the_list() -> None:
    """QN-04, QN-05, QN-10."""
    options = [{"value": "a", "label": "First", "next": "c"}, {"value": "b", "label": "Second"}]
    asked = questionnaire(
        choice("a", options=options, defaultNext="b"), choice("b", defaultNext=None), choice("c"), startQuestion="a"
    )
    first = asked.first
    third = asked.following(first, "a")
    assert third is not None
    assert third.id == "c"
    second = asked.following(first, "b")
    assert second is not None
    assert asked.following(second, "a") is None
    assert asked.following(third, "a") is None


def test_values_are_typed_strictly() -> None:
    """QN-09: 1, "1" and true are three values."""
    options = [{"value": 1, "label": "Number"}, {"value": "1", "label": "Text"}, {"value": True, "label": "Truth"}]
    question = questionnaire(choice("a", options=options)).first
    assert [type(option.value) for option in question.options] == [int, str, bool]
    meaning = interpret(question, "Truth")
    assert isinstance(meaning, Understood)
    assert meaning.value is True


def test_unknown_fields_are_kept() -> None:
    kept = questionnaire(choice("a", colour="blue")).model_dump(by_alias=True)
    assert kept["questions"][0]["colour"] == "blue"


@pytest.mark.parametrize(
    "content",
    [
        [choice("a"), choice("a")],
        [choice("a", type="number")],
        [choice("a", options=[{"value": 1, "label": "One"}])],
        [choice("a", options=[{"value": 1, "label": "One"}, {"value": 1, "label": "Two"}])],
        [choice("a", options=[{"value": 1, "label": "One"}, {"value": 2, "label": "one"}])],
        [choice("a", defaultNext="z")],
        [choice("a", defaultNext="b"), choice("b", defaultNext="a")],
        [choice("not an id!")],
        [],
    ],
    ids=[
        "doubled id",
        "unknown type",
        "one option",
        "doubled value",
        "doubled label",
        "dangling next",
        "circle",
        "bad id",
        "no question",
    ],
)
def test_a_questionnaire_that_is_not_sound_is_refused(content: list[dict[str, object]]) -> None:
    """Clinical reference 2.4."""
    with pytest.raises(ValidationError):
        questionnaire(*content)


def test_a_start_that_names_no_question_is_refused() -> None:
    with pytest.raises(ValidationError):
        questionnaire(choice("a"), startQuestion="z")
