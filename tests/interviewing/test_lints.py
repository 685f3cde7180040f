"""What a questionnaire must be before anybody is asked (clinical reference 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.errors import SpecError
from agentkit.interviewing import Code, QuestionnaireInvalid, Severity, lint, load

from .parts import choice, document, question


def when(source: str, operator: str, *value: Any) -> dict[str, Any]:
    return {"question": source, "operator": operator, **({"value": value[0]} if value else {})}


ERRORS: list[tuple[str, Any, Code, str]] = [
    ("nothing", None, Code.WRONG_TYPE, ""),
    ("no object", [1], Code.WRONG_TYPE, ""),
    ("no questions", document(), Code.MISSING_FIELD, "questions"),
    ("no id", {"version": 1, "questions": [question("a")]}, Code.MISSING_FIELD, "questionnaireId"),
    ("no version", {"questionnaireId": "x", "questions": [question("a")]}, Code.MISSING_FIELD, "version"),
    ("version is true", document(question("a"), version=True), Code.WRONG_TYPE, "version"),
    ("empty question id", document(question("")), Code.MISSING_FIELD, "questions[0].id"),
    ("unknown type", document(question("a", "essay")), Code.WRONG_TYPE, "questions[0].type"),
    ("required is a text", document(question("a", required="yes")), Code.WRONG_TYPE, "questions[0].required"),
    ("doubled id", document(question("a"), question("a")), Code.DUPLICATE_ID, "questions[1].id"),
    ("doubled option", document(choice("a", 1, 1)), Code.DUPLICATE_OPTION, "questions[0].options[1].value"),
    ("dangling start", document(question("a"), startQuestion="z"), Code.DANGLING_REFERENCE, "startQuestion"),
    ("dangling next", document(question("a", defaultNext="z")), Code.DANGLING_REFERENCE, "questions[0].defaultNext"),
    (
        "dangling option",
        document(question("a", "single_choice", options=[{"value": 1, "label": "One", "next": "z"}])),
        Code.DANGLING_REFERENCE,
        "questions[0].options[0].next",
    ),
    (
        "dangling source",
        document(question("a", conditions=[when("z", "exists")])),
        Code.DANGLING_REFERENCE,
        "questions[0].conditions[0].question",
    ),
    ("itself", document(question("a", defaultNext="a")), Code.CYCLE, "questions[0]"),
    ("circle", document(question("a"), question("b", defaultNext="a")), Code.CYCLE, "questions[0]"),
    ("no mode", document(question("a", "date_time")), Code.MISSING_MODE, "questions[0].mode"),
    ("wrong mode", document(question("a", "date_time", mode="month")), Code.WRONG_TYPE, "questions[0].mode"),
    ("no options", document(question("a", "single_choice")), Code.MISSING_OPTIONS, "questions[0].options"),
    ("no min", document(question("a", "scale", max=5)), Code.MISSING_BOUNDS, "questions[0].min"),
    ("no max", document(question("a", "scale", min=5)), Code.MISSING_BOUNDS, "questions[0].max"),
    ("min over max", document(question("a", "scale", min=5, max=1)), Code.BAD_BOUNDS, "questions[0].min"),
    ("no step", document(question("a", "scale", min=1, max=5, step=0)), Code.BAD_STEP, "questions[0].step"),
    ("odd step", document(question("a", "scale", min=0, max=1, step=0.3)), Code.BAD_STEP, "questions[0].step"),
    (
        "three labels",
        document(question("a", "scale", min=1, max=5, labels=["x", "y", "z"])),
        Code.BAD_LABELS,
        "questions[0].labels",
    ),
    (
        "label beside",
        document(question("a", "scale", min=1, max=5, labels=[{"value": 6, "label": "x"}])),
        Code.BAD_LABELS,
        "questions[0].labels[0].value",
    ),
    (
        "too many",
        document(choice("a", 1, 2, kind="multi_choice", maxSelections=3)),
        Code.BAD_MAX_SELECTIONS,
        "questions[0].maxSelections",
    ),
    (
        "none",
        document(choice("a", 1, 2, kind="multi_choice", maxSelections=0)),
        Code.BAD_MAX_SELECTIONS,
        "questions[0].maxSelections",
    ),
    (
        "no list",
        document(choice("a", 1), question("b", conditions=[when("a", "in", 1)])),
        Code.LIST_EXPECTED,
        "questions[1].conditions[0].value",
    ),
    (
        "exists with value",
        document(choice("a", 1), question("b", conditions=[when("a", "exists", 1)])),
        Code.VALUE_UNEXPECTED,
        "questions[1].conditions[0].value",
    ),
    (
        "no value",
        document(choice("a", 1), question("b", conditions=[when("a", "=")])),
        Code.VALUE_MISSING,
        "questions[1].conditions[0].value",
    ),
    (
        "unknown operator",
        document(choice("a", 1), question("b", conditions=[when("a", "~", 1)])),
        Code.WRONG_TYPE,
        "questions[1].conditions[0].operator",
    ),
]

WARNINGS: list[tuple[str, Any, Code, str]] = [
    ("unreachable", document(question("a", defaultNext=None), question("b")), Code.UNREACHABLE, "questions[1]"),
    (
        "jumped over",
        document(question("a", defaultNext="c"), question("b"), question("c")),
        Code.UNREACHABLE,
        "questions[1]",
    ),
    (
        "later source",
        document(question("a", conditions=[when("b", "exists")]), question("b")),
        Code.LATE_SOURCE,
        "questions[0].conditions[0].question",
    ),
    (
        "order of texts",
        document(choice("a", "x", "y"), question("b", conditions=[when("a", "<", 3)])),
        Code.IMPOSSIBLE_CONDITION,
        "questions[1].conditions[0]",
    ),
    (
        "no such option",
        document(choice("a", 1, 2), question("b", conditions=[when("a", "=", "1")])),
        Code.IMPOSSIBLE_CONDITION,
        "questions[1].conditions[0]",
    ),
    (
        "optional source",
        document(question("a"), question("b", conditions=[when("a", "!=", "x")])),
        Code.OPTIONAL_SOURCE,
        "questions[1].conditions[0].question",
    ),
    (
        "two ways",
        document(
            question(
                "a",
                "multi_choice",
                options=[{"value": 1, "label": "One", "next": "b"}, {"value": 2, "label": "Two", "next": "c"}],
            ),
            question("b"),
            question("c"),
        ),
        Code.NEXT_CONFLICT,
        "questions[0].options",
    ),
    (
        "never shown",
        document(choice("a", 1, 2), question("b", required=True, conditions=[when("a", "=", 3)])),
        Code.NEVER_VISIBLE,
        "questions[1]",
    ),
    ("unknown field", document(question("a", colour="blue")), Code.UNKNOWN_FIELD, "questions[0]"),
    (
        "same label",
        document(question("a", "single_choice", options=[{"value": 1, "label": "X"}, {"value": 2, "label": "x"}])),
        Code.DUPLICATE_LABEL,
        "questions[0].options[1].label",
    ),
]


@pytest.mark.parametrize(("sent", "code", "path"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
def test_an_error_is_found_with_its_code_and_path_and_the_questionnaire_refused(
    sent: Any, code: Code, path: str
) -> None:
    found = [(one.code, one.path) for one in lint(sent) if one.severity is Severity.ERROR]
    assert (code, path) in found
    with pytest.raises(QuestionnaireInvalid) as refused:
        load(sent)
    assert isinstance(refused.value, SpecError)
    assert (code, path) in [(one.code, one.path) for one in refused.value.findings]


@pytest.mark.parametrize(("sent", "code", "path"), [case[1:] for case in WARNINGS], ids=[case[0] for case in WARNINGS])
def test_a_warning_is_found_and_the_questionnaire_used(sent: Any, code: Code, path: str) -> None:
    assert (code, path, Severity.WARNING) in [(one.code, one.path, one.severity) for one in lint(sent)]
    load(sent)


def test_no_text_of_a_questionnaire_is_in_a_finding() -> None:
    """A questionnaire may name a patient; the log must not."""
    secret = "Mrs Example"
    sent = document(
        {**question(secret), "text": secret, secret: 1, "conditions": [{"question": secret, secret: 2}]},
        question(secret, defaultNext=secret),
    )
    found = lint(sent)
    assert found
    for one in found:
        assert secret not in str(one)


def test_a_sound_questionnaire_has_no_finding() -> None:
    sent = document(
        question("a", "scale", min=0, max=1, step=0.1, labels=["Low", "High"], required=True),
        choice("b", "x", 2, True, required=True),
        question("c", "date_time", mode="date", conditions=[{"question": "b", "operator": "=", "value": "x"}]),
        question("d", "number", defaultNext=None),
    )
    assert lint(sent) == ()


def test_cycles_that_only_an_option_closes_are_found_and_forks_that_meet_again_are_none() -> None:
    """QN-13."""
    fork = question(
        "a",
        "single_choice",
        options=[{"value": 1, "label": "One", "next": "b"}, {"value": 2, "label": "Two", "next": "c"}],
    )
    assert lint(document({**fork, "required": True}, question("b", defaultNext="c"), question("c"))) == ()
    back = question("c", "single_choice", options=[{"value": 1, "label": "One", "next": "a"}])
    assert Code.CYCLE in [one.code for one in lint(document(fork, question("b"), back))]
