"""The interview as a pure function: no I/O, no clock; time comes in the event (QN-E1 to QN-E4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.interviewing.interpreter import Inquiry, Reading, Reason, Unclear, Understood
from agentkit.interviewing.path import Path, walk
from agentkit.interviewing.reading.deterministic import read
from agentkit.interviewing.reading.words import tokens
from agentkit.interviewing.reading.yes_no import says_yes
from agentkit.interviewing.schema import Answer, Question, Questionnaire, QuestionType
from agentkit.interviewing.session import (
    Accepted,
    Amended,
    Answered,
    Dropped,
    Event,
    Outcome,
    Output,
    Restarted,
    Session,
    Skipped,
    Started,
)
from agentkit.interviewing.values import Misfit, as_answer, as_json, misfit, same

ATTEMPTS: Final = 3
"""So often a required question may be declined, unless `meta.maxAttempts` says otherwise (QN-19)."""

_REASONS: Final = {Misfit.PARTIAL: Reason.PARTIAL_DATE, Misfit.EMPTY: Reason.NO_ANSWER}


def begin(questionnaire: Questionnaire, at: str = "") -> tuple[Session, Output]:
    """Start an interview."""
    blank = Session(questionnaire_id=questionnaire.questionnaire_id, version=questionnaire.version)
    return step(questionnaire, blank, Started(at=at))


def step(questionnaire: Questionnaire, session: Session, event: Event) -> tuple[Session, Output]:
    """Go on with an interview.

    Args:
        questionnaire: What is asked; one that `load` has let pass.
        session: The interview so far.
        event: What happened.

    Returns:
        The session after the event, and what comes next. What is not clear changes no answer.
    """
    present = pending(questionnaire, session)
    match event:
        case Started() | Restarted():
            return _restart(questionnaire, session, event)
        case Amended():
            return _amend(questionnaire, session, event)
        case Skipped() if present is not None:
            return _decline(questionnaire, _logged(session, event), present)
        case Answered() if event.question is not None and (present is None or event.question != present.id):
            return session, _output(questionnaire, session, _delivered_again(questionnaire, session, event))
        case Answered() if present is not None:
            return _answer(questionnaire, session, event, present)
        case _:
            return session, Output(None, Outcome.OVER)


def pending(questionnaire: Questionnaire, session: Session) -> Question | None:
    """The question to ask now; None when the interview is complete."""
    return _walk(questionnaire, session).pending


def replay(questionnaire: Questionnaire, log: tuple[Event, ...]) -> Session:
    """The session that a log of events leads to."""
    session = Session(questionnaire_id=questionnaire.questionnaire_id, version=questionnaire.version)
    for event in log:
        session, _ = step(questionnaire, session, event)
    return session


def inquiry(questionnaire: Questionnaire, session: Session, event: Answered) -> Inquiry | None:
    """What an interpreter has to read before `step` is called with what it understood; None when nothing is."""
    present = pending(questionnaire, session)
    unread = event.reading is None and event.value is None
    return _inquiry(questionnaire, present, event) if present is not None and unread else None


def _inquiry(questionnaire: Questionnaire, question: Question, event: Answered) -> Inquiry:
    return Inquiry(questionnaire, question, event.text, event.at or None, event.zone, event.opening)


def _answer(
    questionnaire: Questionnaire, session: Session, event: Answered, present: Question
) -> tuple[Session, Output]:
    reading = _confirmed(session, event, present) or _read(questionnaire, event, present)
    session = _logged(session, event.model_copy(update={"reading": reading}))
    if isinstance(reading, Unclear):
        return _unclear(questionnaire, session, event, present, reading.reason)
    given = {found.question_id: found for found in reversed(reading)}
    problem = _problem(present, given)
    if problem is not None:
        return _unclear(questionnaire, session, event, present, problem)
    question: Question | None = present
    while question is not None and question.id in given and misfit(question, given[question.id].value) is None:
        found = given.pop(question.id)
        session = _accepted(session, question.id, Accepted.of(event, found, as_answer(found.value)))
        question = pending(questionnaire, session)
    session = _pruned(questionnaire, session, event.at)
    return session, _output(questionnaire, session, Outcome.ACCEPTED)


def _read(questionnaire: Questionnaire, event: Answered, question: Question) -> Reading:
    if event.reading is not None:
        return event.reading
    if event.value is not None:
        return (Understood(question_id=question.id, value=event.value, method="given"),)
    return read(_inquiry(questionnaire, question, event))


def _confirmed(session: Session, event: Answered, question: Question) -> Reading | None:
    """A plain yes to an earlier answer that was offered; for yes and no themselves it is an answer, no consent."""
    offered = session.offers.get(question.id)
    if offered is None or event.opening or event.value is not None or question.type is QuestionType.BOOLEAN:
        return None
    said = tokens(event.text[:100])
    if len(event.text) > 100 or not says_yes(said) or any("yes" in option.label.lower() for option in question.options):
        return None
    return (
        Understood(question_id=question.id, value=as_json(offered), method="confirmed", evidence=(0, len(event.text))),
    )


def _problem(present: Question, given: Mapping[str, Understood]) -> Reason | None:
    found = given.get(present.id)
    if found is None:
        return Reason.NO_ANSWER
    wrong = misfit(present, found.value)
    return None if wrong is None else _REASONS.get(wrong, Reason.OUT_OF_RANGE)


def _unclear(
    questionnaire: Questionnaire, session: Session, event: Answered, question: Question, reason: Reason
) -> tuple[Session, Output]:
    if event.opening:
        return session, _output(questionnaire, session, Outcome.ASKED)
    if reason is Reason.REFUSAL:
        return _decline(questionnaire, session, question)
    if reason is Reason.QUESTION:
        return session, _output(questionnaire, session, Outcome.EXPLAINED)
    counted = session.model_copy(update={"attempts": session.attempts + 1})
    return counted, _output(questionnaire, counted, Outcome.UNCLEAR, reason)


def _decline(questionnaire: Questionnaire, session: Session, question: Question) -> tuple[Session, Output]:
    """An optional question is skipped for good, a required one asked again (QN-18, QN-19)."""
    if not question.required:
        changes = {"skipped": (*session.skipped, question.id), "attempts": 0, "declines": 0}
        after = _without_offer(session.model_copy(update=changes), question.id)
        return after, _output(questionnaire, after, Outcome.SKIPPED)
    declines = session.declines + 1
    after = session.model_copy(update={"attempts": session.attempts + 1, "declines": declines})
    output = _output(questionnaire, after, Outcome.DECLINED, Reason.REFUSAL)
    exhausted = declines >= _allowed(questionnaire, question)
    return after, Output(output.question, output.outcome, output.reason, output.offer, exhausted)


def _allowed(questionnaire: Questionnaire, question: Question) -> int:
    for meta in (question.meta, questionnaire.meta):
        found = meta.get("maxAttempts")
        if isinstance(found, int) and not isinstance(found, bool) and found > 0:
            return found
    return ATTEMPTS


def _amend(questionnaire: Questionnaire, session: Session, event: Amended) -> tuple[Session, Output]:
    """Another answer to a question that was answered or skipped; what it leads away from is dropped (QN-14)."""
    question = questionnaire.find(event.question_id)
    if question is None or question.id not in _walk(questionnaire, session).passed:
        return session, _output(questionnaire, session, Outcome.STALE)
    wrong = misfit(question, event.value)
    if wrong is not None:
        reason = _REASONS.get(wrong, Reason.OUT_OF_RANGE)
        return session, _output(questionnaire, session, Outcome.UNCLEAR, reason)
    before = session.answers.get(question.id)
    session = _logged(session, event)
    if before is not None:
        gone = Dropped(question=question.id, value=before.value, reason="amended", at=event.at)
        session = session.model_copy(update={"dropped": (*session.dropped, gone)})
    skipped = tuple(one for one in session.skipped if one != question.id)
    accepted = Accepted(value=as_answer(event.value), method="amended", at=event.at)
    session = _accepted(session.model_copy(update={"skipped": skipped}), question.id, accepted)
    session = _pruned(questionnaire, session, event.at)
    return session, _output(questionnaire, session, Outcome.ACCEPTED)


def _restart(questionnaire: Questionnaire, session: Session, event: Started | Restarted) -> tuple[Session, Output]:
    gone = (
        Dropped(question=question, value=accepted.value, reason="restarted", at=event.at)
        for question, accepted in session.answers.items()
    )
    after = Session(
        questionnaire_id=session.questionnaire_id,
        version=session.version,
        log=(*session.log, event),
        dropped=(*session.dropped, *gone),
    )
    return after, _output(questionnaire, after, Outcome.ASKED)


def _accepted(session: Session, question: str, answer: Accepted) -> Session:
    changes = {"answers": {**session.answers, question: answer}, "attempts": 0, "declines": 0}
    return _without_offer(session.model_copy(update=changes), question)


def _without_offer(session: Session, question: str) -> Session:
    if question not in session.offers:
        return session
    offers = {one: value for one, value in session.offers.items() if one != question}
    return session.model_copy(update={"offers": offers})


def _pruned(questionnaire: Questionnaire, session: Session, at: str) -> Session:
    """Only answers on the path stay; the others are kept for the audit, and offered when they are asked for again."""
    passed = set(_walk(questionnaire, session).passed)
    if passed.issuperset(session.answers) and passed.issuperset(session.skipped):
        return session
    gone = {question: one for question, one in session.answers.items() if question not in passed}
    trail = (Dropped(question=one, value=gone[one].value, reason="unreachable", at=at) for one in gone)
    return session.model_copy(
        update={
            "answers": {question: one for question, one in session.answers.items() if question in passed},
            "skipped": tuple(question for question in session.skipped if question in passed),
            "offers": {**session.offers, **{question: one.value for question, one in gone.items()}},
            "dropped": (*session.dropped, *trail),
        }
    )


def _delivered_again(questionnaire: Questionnaire, session: Session, event: Answered) -> Outcome:
    question = questionnaire.find(event.question or "")
    given = session.answers.get(event.question or "")
    if question is None or given is None:
        return Outcome.STALE
    reading = _read(questionnaire, event, question)
    values = [] if isinstance(reading, Unclear) else [one.value for one in reading if one.question_id == question.id]
    known = given.value
    repeated = any(value == known if isinstance(known, list) else same(value, known) for value in values)
    return Outcome.REPEATED if repeated else Outcome.STALE


def _walk(questionnaire: Questionnaire, session: Session) -> Path:
    values: dict[str, Answer] = session.values
    return walk(questionnaire, values, session.skipped)


def _logged(session: Session, event: Event) -> Session:
    return session.model_copy(update={"log": (*session.log, event)})


def _output(questionnaire: Questionnaire, session: Session, outcome: Outcome, reason: Reason | None = None) -> Output:
    question = pending(questionnaire, session)
    offer = session.offers.get(question.id) if question is not None else None
    return Output(question, outcome, reason, offer)
