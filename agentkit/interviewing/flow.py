"""Static checks of the ways through a questionnaire: references, cycles, conditions (clinical reference 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agentkit.interviewing.findings import Code, Finding
from agentkit.interviewing.moments import span
from agentkit.interviewing.schema import Condition, Operator, Question, Questionnaire, QuestionType
from agentkit.interviewing.values import bounds, chosen, exact, is_number
from agentkit.models.base import Json

_ORDERED: Final = frozenset({Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST})
_LISTED: Final = frozenset({Operator.IN, Operator.NOT_IN})
_BARE: Final = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
_TRUE_WHEN_ABSENT: Final = frozenset({Operator.UNEQUAL, Operator.NOT_IN, Operator.NOT_CONTAINS})


def check_flow(questionnaire: Questionnaire) -> Iterator[Finding]:
    """What is wrong or doubtful about the ways through a questionnaire."""
    dangling = [*_dangling(questionnaire)]
    yield from dangling
    for place, question in enumerate(questionnaire.questions):
        yield from _conditions(questionnaire, place, question)
        yield from _conflict(question, f"questions[{place}]")
    if not dangling:
        yield from _ways(questionnaire)


def _dangling(questionnaire: Questionnaire) -> Iterator[Finding]:
    known = {question.id for question in questionnaire.questions}
    for path, target in _references(questionnaire):
        if target not in known:
            yield Finding(Code.DANGLING_REFERENCE, path, "names no question")


def _references(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    if questionnaire.start_question is not None:
        yield "startQuestion", questionnaire.start_question
    for place, question in enumerate(questionnaire.questions):
        path = f"questions[{place}]"
        if question.default_next is not None:
            yield f"{path}.defaultNext", question.default_next
        for number, option in enumerate(question.options):
            if option.next is not None:
                yield f"{path}.options[{number}].next", option.next
        for number, condition in enumerate(question.conditions):
            yield f"{path}.conditions[{number}].question", condition.question


def _successors(questionnaire: Questionnaire, place: int) -> set[int]:
    """Where the interview can go from a question, whatever is hidden on the way (QN-04, QN-05, QN-11)."""
    question = questionnaire.questions[place]
    explicit = {option.next for option in question.options if option.next}
    free = any(option.next is None for option in question.options) or not question.options or not question.required
    starts: list[int] = []
    if free or question.type is QuestionType.MULTI_CHOICE:
        if question.default_next:
            explicit.add(question.default_next)
        elif not question.ends:
            starts.append(place + 1)
    starts += [found for target in explicit if (found := questionnaire.place(target)) is not None]
    reached: set[int] = set()
    for start in starts:
        for at in range(start, len(questionnaire.questions)):
            if at in reached:
                break  # and so is what follows
            reached.add(at)
            if not questionnaire.questions[at].conditions:
                break
    return reached


def _starts(questionnaire: Questionnaire) -> set[int]:
    first = questionnaire.place(questionnaire.first.id) or 0
    starts: set[int] = set()
    for at in range(first, len(questionnaire.questions)):
        starts.add(at)
        if not questionnaire.questions[at].conditions:
            break
    return starts


def _ways(questionnaire: Questionnaire) -> Iterator[Finding]:
    """Cycles (QN-13) and questions that no way leads to; without recursion, for a list may be long."""
    edges = [sorted(_successors(questionnaire, place)) for place in range(len(questionnaire.questions))]
    done, open_, cyclic = set[int](), set[int](), set[int]()
    for root in sorted(_starts(questionnaire)):
        if root in done:
            continue
        stack = [(root, iter(edges[root]))]
        open_.add(root)
        while stack:
            place, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                open_.discard(place)
                done.add(place)
            elif target in open_:
                cyclic.add(target)
            elif target not in done:
                open_.add(target)
                stack.append((target, iter(edges[target])))
    yield from (Finding(Code.CYCLE, f"questions[{place}]", "can be reached from itself") for place in sorted(cyclic))
    for place in range(len(questionnaire.questions)):
        if place not in done:
            yield Finding(Code.UNREACHABLE, f"questions[{place}]", "can never be reached")


def _conditions(questionnaire: Questionnaire, own: int, question: Question) -> Iterator[Finding]:
    impossible: list[bool] = []
    for number, condition in enumerate(question.conditions):
        path = f"questions[{own}].conditions[{number}]"
        yield from _form(condition, path)
        place = questionnaire.place(condition.question)
        if place is None:
            continue
        source = questionnaire.questions[place]
        late = place >= own
        if late:
            yield Finding(Code.LATE_SOURCE, f"{path}.question", "is not asked before this question")
        fits = _possible(source, condition)
        if not fits:
            yield Finding(Code.IMPOSSIBLE_CONDITION, path, "can never be met by an answer to its question")
        if condition.operator in _TRUE_WHEN_ABSENT and not late and (source.conditions or not source.required):
            yield Finding(Code.OPTIONAL_SOURCE, f"{path}.question", "may be unanswered, and then this condition is met")
        met_when_absent = condition.operator in _TRUE_WHEN_ABSENT or condition.operator is Operator.NOT_EXISTS
        impossible.append(not met_when_absent and (late or not fits))
    needed = any if question.meta.get("conditionBehavior") != "any" else all
    if question.required and impossible and needed(impossible):
        yield Finding(Code.NEVER_VISIBLE, f"questions[{own}]", "is required, and its conditions can never show it")


def _form(condition: Condition, path: str) -> Iterator[Finding]:
    given = "value" in condition.model_fields_set
    if condition.operator in _LISTED and not isinstance(condition.value, list):
        yield Finding(Code.LIST_EXPECTED, f"{path}.value", f"must be a list for {condition.operator}")
    elif condition.operator in _BARE and given and condition.value is not None:
        yield Finding(Code.VALUE_UNEXPECTED, f"{path}.value", f"has no meaning for {condition.operator}")
    elif condition.operator not in _BARE and not given:
        yield Finding(Code.VALUE_MISSING, f"{path}.value", f"is required for {condition.operator}")


def _possible(source: Question, condition: Condition) -> bool:
    """Whether some answer to the source could meet the condition, judged by types and options."""
    operator, value = condition.operator, condition.value
    if operator in _BARE or operator in _TRUE_WHEN_ABSENT:
        return True
    if operator in _ORDERED:
        if source.type is QuestionType.DATE_TIME:
            return isinstance(value, str) and span(value) is not None
        numbers = source.type.is_numeric or any(is_number(option.value) for option in source.options)
        return numbers and is_number(value)
    if operator is Operator.CONTAINS and source.type is not QuestionType.MULTI_CHOICE:
        texts = source.type.is_text or source.type is QuestionType.DATE_TIME
        return isinstance(value, str) and (texts or any(isinstance(option.value, str) for option in source.options))
    wanted: list[Json] = value if operator is Operator.IN and isinstance(value, list) else [value]
    return any(_answerable(source, one) for one in wanted)


def _answerable(source: Question, value: Json) -> bool:
    match source.type:
        case QuestionType.BOOLEAN:
            return isinstance(value, bool)
        case QuestionType.SINGLE_CHOICE | QuestionType.MULTI_CHOICE:
            return chosen(source, value) is not None
        case QuestionType.NUMBER | QuestionType.SCALE:
            low, high = bounds(source)
            return is_number(value) and (low is None or exact(value) >= low) and (high is None or exact(value) <= high)
        case _:
            return isinstance(value, str)


def _conflict(question: Question, path: str) -> Iterator[Finding]:
    targets = {option.next for option in question.options if option.next}
    if question.type is QuestionType.MULTI_CHOICE and len(targets) > 1:
        yield Finding(Code.NEXT_CONFLICT, f"{path}.options", "lead to different questions; the first chosen one counts")
