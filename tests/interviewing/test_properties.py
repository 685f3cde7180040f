"""What holds for every questionnaire and every conversation (QN-E6)."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.interviewing import (
    Amended,
    Answered,
    Event,
    Questionnaire,
    Restarted,
    Session,
    Skipped,
    begin,
    lint,
    load,
    misfit,
    pending,
    replay,
    response,
    say,
    step,
    walk,
)
from agentkit.interviewing.findings import Severity

from .parts import AT, ZONE

IDS = ("a", "b", "c", "d", "e")
WORDS = ("yes", "no", "2", "three", "5", "red", "blue", "red and blue", "none", "yesterday", "skip", "what?", "hello")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PLAIN = (True, False, 0, 1, 2, 3, 5, 7.5, "red", "blue", "x", "2026-03-04")
VALUES: st.SearchStrategy[Any] = st.sampled_from([*PLAIN, ["red"], ["red", "blue"], []])
OPERATORS = "= != < <= > >= contains not_contains exists not_exists in"


@st.composite
def questions(draw: st.DrawFn, place: int) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(["boolean", "text_short", "number", "scale", "single_choice", "multi_choice", "date_time"])
    )
    made: dict[str, Any] = {"id": IDS[place], "type": kind, "text": f"Question {IDS[place]}?"}
    made["required"] = draw(st.booleans())
    later = [*IDS[place + 1 :]]
    if kind == "scale":
        made |= {"min": 1, "max": 5}
    if kind == "date_time":
        made["mode"] = "date"
    if kind.endswith("choice"):
        made["options"] = [{"value": "red", "label": "Red"}, {"value": "blue", "label": "Blue"}]
        if later and draw(st.booleans()):
            made["options"][0]["next"] = draw(st.sampled_from(later))
    if draw(st.integers(0, 3)) == 0:
        made["defaultNext"] = draw(st.sampled_from([*later, None]))
    for _ in range(draw(st.integers(0, 2)) if place else 0):
        condition: dict[str, Any] = {"question": draw(st.sampled_from([*IDS[:place]]))}
        condition["operator"] = draw(st.sampled_from(OPERATORS.split()))
        if condition["operator"] == "in":
            condition["value"] = ["red", 1, True]
        elif not condition["operator"].endswith("exists"):
            condition["value"] = draw(st.sampled_from([1, 3, True, "red", "2026-01-01"]))
        made.setdefault("conditions", []).append(condition)
    return made


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    listed = [draw(questions(place)) for place in range(len(IDS))]
    version: Any = draw(st.sampled_from([1, "1", 2.5]))
    return load({"questionnaireId": "x", "version": version, "questions": [*listed]})


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(WORDS).map(lambda text: Answered(at=AT, zone=ZONE, text=text)),
    st.text(max_size=30).map(lambda text: Answered(at=AT, zone=ZONE, text=text)),
    VALUES.map(lambda value: Answered(at=AT, value=value)),
    st.just(Skipped(at=AT)),
    st.tuples(st.sampled_from(IDS), VALUES).map(lambda one: Amended(at=AT, question_id=one[0], value=one[1])),
    st.just(Restarted(at=AT)),
)


def check(whole: Questionnaire, session: Session) -> None:
    values = session.values
    path = walk(whole, values, session.skipped)
    told = response(whole, session)
    assert told["is_completed"] is (told["next_question_id"] is None)
    assert told["is_completed"] is (pending(whole, session) is None)
    assert {*values} | {*session.skipped} == {*path.passed}
    assert told["answers"] == values
    for identity, value in values.items():
        asked = whole.find(identity)
        assert asked is not None
        assert misfit(asked, value if not isinstance(value, list) else [*value]) is None
    for identity in session.skipped:
        asked = whole.find(identity)
        assert asked is not None
        assert not asked.required


@settings(deadline=None)
@given(questionnaires(), st.lists(EVENTS, max_size=12))
def test_every_answer_is_valid_and_reachable_and_replay_gives_the_same_session(
    whole: Questionnaire, events: list[Event]
) -> None:
    """QN-E1, QN-E3, QN-E4, QN-E6."""
    session, output = begin(whole, AT)
    for event in events:
        session, output = step(whole, session, event)
        check(whole, session)
        assert output.question == pending(whole, session)
        assert (say(output) == "") is (output.question is None)
    assert replay(whole, session.log) == session
    assert Session.model_validate_json(session.model_dump_json()) == session


@settings(deadline=None)
@given(questionnaires())
def test_an_interview_is_over_after_at_most_as_many_answers_as_questions(whole: Questionnaire) -> None:
    """QN-E6."""
    fitting: dict[str, Any] = {
        "boolean": True,
        "text_short": "x",
        "number": 1,
        "scale": 3,
        "single_choice": "red",
        "multi_choice": ["red"],
        "date_time": "2026-03-04",
    }
    session, output = begin(whole)
    for _ in whole.questions:
        if output.question is None:
            break
        session, output = step(whole, session, Answered(at=AT, value=fitting[output.question.type]))
    assert output.question is None


@settings(deadline=None)
@given(questionnaires(), st.data())
def test_the_order_of_corrections_does_not_matter(whole: Questionnaire, data: st.DataObject) -> None:
    """QN-E6, for corrections that lead the path nowhere else."""
    fitting: dict[str, Any] = {"number": (1, 2), "text_short": ("x", "y"), "date_time": ("2026-03-04", "2026-03-05")}
    session, output = begin(whole)
    for _ in whole.questions:
        if output.question is None:
            break
        kind = output.question.type.value
        first = {"boolean": True, "scale": 3, "single_choice": "red", "multi_choice": ["red"]}.get(kind)
        value: Any = fitting[kind][0] if first is None else first
        session, output = step(whole, session, Answered(at=AT, value=value))
    sources = {condition.question for question in whole.questions for condition in question.conditions}
    free = [one for one in session.answers if one not in sources]
    changes = [
        Amended(at=AT, question_id=one, value=fitting[asked.type.value][1])
        for one in free
        if (asked := whole.find(one)) is not None and asked.type.value in fitting
    ]
    once = again = session
    for event in changes:
        once, _ = step(whole, once, event)
    for event in data.draw(st.permutations(changes)):
        again, _ = step(whole, again, event)
    assert response(whole, once) == response(whole, again)


@settings(deadline=None)
@given(JSON)
def test_no_json_breaks_the_lints(document: Any) -> None:
    """QN-E6; what a lint calls an error is refused, everything else can be asked."""
    lint(document)
    mutated: dict[str, Any] = {
        "questionnaireId": "x",
        "version": 1,
        "questions": [{"id": "a", "type": "boolean", "text": "A?"}],
    }
    for key in ("questionnaireId", "version", "startQuestion", "meta", "questions"):
        found = lint({**mutated, key: document})
        if not any(one.severity is Severity.ERROR for one in found):
            begin(load({**mutated, key: document}))


QUESTION_KEYS = (
    "id type text guideline facets required conditions defaultNext meta mode min max step labels options maxSelections"
)


@settings(deadline=None)
@given(
    st.sampled_from(["boolean", "text_long", "number", "scale", "date_time", "single_choice", "multi_choice"]),
    st.dictionaries(st.sampled_from(QUESTION_KEYS.split()), JSON, max_size=4),
    st.sampled_from(WORDS),
    JSON,
)
def test_no_question_and_no_value_raises(kind: str, fields: dict[str, Any], text: str, value: Any) -> None:
    """QN-E6: no input raises, whatever the question looks like."""
    base: dict[str, Any] = {"id": "a", "type": kind, "text": "A?", "min": 0, "max": 4, "mode": "time"}
    if kind.endswith("choice"):
        base["options"] = [{"value": 1, "label": "One"}, {"value": "1", "label": "Uno"}]
    document: Any = {"questionnaireId": "x", "version": 1, "questions": [{**base, **fields}]}
    if any(one.severity is Severity.ERROR for one in lint(document)):
        return
    whole = load(document)
    session, _ = begin(whole)
    for event in (Answered(at=AT, text=text), Answered(at=AT, value=value), Answered(text=text, zone=ZONE)):
        session, output = step(whole, session, event)
        say(output)
        check(whole, session)
    json.dumps(response(whole, session), allow_nan=False)


@settings(deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_no_text_breaks_the_interpreter(text: str, opening: bool) -> None:
    """QN-E6."""
    listed: list[Any] = [
        {"id": "a", "type": "boolean", "text": "Do you smoke?"},
        {"id": "b", "type": "number", "text": "How many?", "meta": {"unit": "kg", "keywords": ["count"]}},
        {"id": "c", "type": "date_time", "text": "When?", "mode": "datetime"},
        {"id": "d", "type": "multi_choice", "text": "Which?", "options": [{"value": 1, "label": "One"}]},
    ]
    for place in range(len(listed)):
        whole = load({"questionnaireId": "x", "version": 1, "questions": [*listed[place:], *listed[:place]]})
        session, _ = begin(whole)
        session, _ = step(whole, session, Answered(at=AT, zone=ZONE, text=text, opening=opening))
        check(whole, session)
