"""Static checks of a questionnaire before anybody is asked (clinical reference 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from agentkit.interviewing.findings import Code, Finding, QuestionnaireInvalid, Severity
from agentkit.interviewing.flow import check_flow
from agentkit.interviewing.schema import Question, Questionnaire, QuestionType
from agentkit.interviewing.values import exact
from agentkit.models.base import Json, Model

_MISSING: Final = frozenset({"missing", "too_short", "string_too_short"})
_NAMES: Final = (
    "questionnaireId version questions startQuestion title description meta id type text guideline facets required"
    " conditions defaultNext mode min max step labels options maxSelections value label next question operator"
)
_FIELDS: Final = frozenset(_NAMES.split())


def load(document: Json) -> Questionnaire:
    """The questionnaire of a document.

    Raises:
        QuestionnaireInvalid: A lint found an error; the error names code and path.
    """
    errors = [finding for finding in lint(document) if finding.severity is Severity.ERROR]
    if errors:
        raise QuestionnaireInvalid(errors)
    return Questionnaire.model_validate(document)


def lint(document: Json) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful about a document; none of its texts is repeated."""
    try:
        questionnaire = Questionnaire.model_validate(document)
    except ValidationError as error:
        return tuple(_shape(error))
    except RecursionError:
        return (Finding(Code.WRONG_TYPE, "", "is nested too deeply"),)
    findings = [*_unknown(questionnaire, ""), *_identities(questionnaire)]
    for place, question in enumerate(questionnaire.questions):
        path = f"questions[{place}]"
        findings += [*_unknown(question, path), *_kind(question, path), *_options(question, path)]
    findings += check_flow(questionnaire)
    return tuple(findings)


def _shape(error: ValidationError) -> Iterator[Finding]:
    """What pydantic found, once for each place, without the input."""
    seen: set[str] = set()
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        path = ""
        for step in one["loc"]:
            if isinstance(step, int):
                path += f"[{step}]"
            elif step in _FIELDS:
                path += f".{step}" if path else step
        if path in seen:
            continue
        seen.add(path)
        missing = one["type"] in _MISSING
        message = "is required and must not be empty" if missing else "has the wrong type or value"
        yield Finding(Code.MISSING_FIELD if missing else Code.WRONG_TYPE, path, message)


def _unknown(piece: Model, path: str) -> Iterator[Finding]:
    if piece.unknown_fields:
        count = len(piece.unknown_fields)
        yield Finding(Code.UNKNOWN_FIELD, path, f"{count} fields are kept and mean nothing here")


def _identities(questionnaire: Questionnaire) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, question in enumerate(questionnaire.questions):
        if question.id in seen:
            yield Finding(Code.DUPLICATE_ID, f"questions[{place}].id", "is taken by an earlier question")
        seen.add(question.id)


def _kind(question: Question, path: str) -> Iterator[Finding]:
    match question.type:
        case QuestionType.DATE_TIME if question.mode is None:
            yield Finding(Code.MISSING_MODE, f"{path}.mode", "must be date, time or datetime")
        case QuestionType.SCALE:
            yield from _scale(question, path)
        case QuestionType.SINGLE_CHOICE | QuestionType.MULTI_CHOICE if not question.options:
            yield Finding(Code.MISSING_OPTIONS, f"{path}.options", "must list the answers to choose from")
        case QuestionType.MULTI_CHOICE if question.max_selections is not None:
            if not 1 <= question.max_selections <= len(question.options):
                text = f"must be from 1 to the number of options, {len(question.options)}"
                yield Finding(Code.BAD_MAX_SELECTIONS, f"{path}.maxSelections", text)
        case _:
            pass


def _scale(question: Question, path: str) -> Iterator[Finding]:
    absent = [name for name, value in (("min", question.minimum), ("max", question.maximum)) if value is None]
    yield from (Finding(Code.MISSING_BOUNDS, f"{path}.{name}", "is required for a scale") for name in absent)
    if question.minimum is None or question.maximum is None:
        return
    low, high = exact(question.minimum), exact(question.maximum)
    if low > high:
        yield Finding(Code.BAD_BOUNDS, f"{path}.min", "is greater than max")
        return
    step = exact(question.step) if question.step is not None else exact(1)
    if step <= 0 or (high - low) % step:
        yield Finding(Code.BAD_STEP, f"{path}.step", "must be positive and divide the range from min to max")
        return
    yield from _labels(question, path, int((high - low) / step) + 1)


def _labels(question: Question, path: str, steps: int) -> Iterator[Finding]:
    texts = [label for label in question.labels if isinstance(label, str)]
    places = [label for label in question.labels if not isinstance(label, str)]
    if texts and (places or len(texts) not in {2, steps}):
        text = f"must be one text per step ({steps}), two for the ends, or objects with value and label"
        yield Finding(Code.BAD_LABELS, f"{path}.labels", text)
    low, high = question.minimum, question.maximum
    for number, label in enumerate(places):
        inside = low is not None and high is not None and low <= label.value <= high
        step = exact(question.step) if question.step is not None else exact(1)
        if not inside or (low is not None and (exact(label.value) - exact(low)) % step):
            yield Finding(Code.BAD_LABELS, f"{path}.labels[{number}].value", "is no value of the scale")


def _options(question: Question, path: str) -> Iterator[Finding]:
    values: set[tuple[bool, bool | int | float | str]] = set()
    labels: set[str] = set()
    for number, option in enumerate(question.options):
        place = f"{path}.options[{number}]"
        yield from _unknown(option, place)
        key = (isinstance(option.value, bool), option.value)
        if key in values:
            yield Finding(Code.DUPLICATE_OPTION, f"{place}.value", "is the value of an earlier option")
        if option.label.casefold() in labels:
            yield Finding(Code.DUPLICATE_LABEL, f"{place}.label", "is the label of an earlier option")
        values.add(key)
        labels.add(option.label.casefold())
    for number, condition in enumerate(question.conditions):
        yield from _unknown(condition, f"{path}.conditions[{number}]")
