"""A table of answers in free text: never a wrong value, nearly every clear answer understood (clinical 2.9)."""

from __future__ import annotations

import threading
from typing import Any, Final

import pytest

from agentkit.interviewing import DeterministicInterpreter, Inquiry, Reading, Reason, Unclear
from agentkit.interviewing.reading import deterministic, moments
from tests.interviewing.parts import choice, question, questionnaire, reads

HOURS: Final = question("q", "scale", text="How many hours did you sleep?", min=0, max=12)
PAIN: Final = question("q", "scale", text="How strong is the pain?", min=0, max=10, labels=["No pain", "Worst pain"])
MOOD: Final = question("q", "scale", text="How is your mood?", min=1, max=3, labels=["Low", "Middling", "High"])
TENTHS: Final = question("q", "scale", text="Dose?", min=0, max=1, step=0.1)
COUNT: Final = question("q", "number", text="How many cigarettes do you smoke per day?")
AGE: Final = question("q", "number", text="How old are you?", meta={"min": 0, "max": 130})
WEIGHT: Final = question("q", "number", text="What do you weigh?", meta={"unit": "kg", "min": 1, "max": 400})
HEIGHT: Final = question("q", "number", text="How tall are you?", meta={"unit": "cm", "min": 30, "max": 260})
MINUTES: Final = question("q", "number", text="How long did it take?", meta={"unit": "min"})
SMOKES: Final = question("q", "boolean", text="Do you smoke?")
ILL: Final = question("q", "boolean", text="Are you taking any medication?")
WALKS: Final = question("q", "boolean", text="Are you not able to walk?")
TOOK: Final = question("q", "boolean", text="Did you take your medication today?")
OFTEN: Final = question(
    "q",
    "single_choice",
    text="How often?",
    options=[
        {"value": 0, "label": "Not at all"},
        {"value": 1, "label": "Several days"},
        {"value": 2, "label": "More than half the days"},
        {"value": 3, "label": "Nearly every day"},
    ],
)
CONTENT: Final = question(
    "q",
    "single_choice",
    text="How satisfied are you?",
    options=[
        {"value": "sat", "label": "Satisfied"},
        {"value": "neutral", "label": "Undecided"},
        {"value": "dis", "label": "Disappointed"},
        {"value": "pnts", "label": "Prefer not to say"},
    ],
)
KNOWN: Final = question(
    "q",
    "single_choice",
    text="Is it known?",
    options=[{"value": True, "label": "Yes"}, {"value": False, "label": "No"}, {"value": "u", "label": "Not sure"}],
)
SYMPTOMS: Final = question(
    "q",
    "multi_choice",
    text="Which of these do you have?",
    options=[
        {"value": "f", "label": "Fever"},
        {"value": "c", "label": "Cough"},
        {"value": "h", "label": "Headache"},
        {"value": "none", "label": "None of these"},
    ],
)
BORN: Final = question("q", "date_time", text="When were you born?", mode="date")
BEGAN: Final = question("q", "date_time", text="When did it begin?", mode="date")
BRITISH: Final = question("q", "date_time", text="When did it begin?", mode="date", meta={"locale": "en-GB"})
PARTLY: Final = question("q", "date_time", text="When did it begin?", mode="date", meta={"allowPartial": True})
BED: Final = question("q", "date_time", text="When do you go to bed?", mode="time")
FELL: Final = question("q", "date_time", text="When did you fall?", mode="datetime")
STORY: Final = question("q", "text_long", text="What happened?")

CLEAR: Final[list[tuple[dict[str, Any], str, Any]]] = [
    (HOURS, "7", 7),
    (HOURS, "Seven hours", 7),
    (HOURS, "seven hours.", 7),
    (HOURS, "I slept 7 hours", 7),
    (HOURS, "about 7", 7),
    (HOURS, "I would say 8", 8),
    (HOURS, "zero", 0),
    (HOURS, "It was twelve", 12),
    (HOURS, "5, no wait, 6", 6),
    (HOURS, "five, sorry, I mean six", 6),
    (HOURS, "well, 8 hours", 8),
    (HOURS, "none", 0),
    (PAIN, "3 out of 10", 3),
    (PAIN, "three out of ten", 3),
    (PAIN, "3/10", 3),
    (PAIN, "6 of 10", 6),
    (PAIN, "It's a 4", 4),
    (PAIN, "no pain", 0),
    (PAIN, "Worst pain!", 10),
    (PAIN, "ten", 10),
    (PAIN, "I'd say five", 5),
    (MOOD, "middling", 2),
    (MOOD, "I feel low", 1),
    (MOOD, "high", 3),
    (TENTHS, "0.3", 0.3),
    (TENTHS, "zero point seven", 0.7),
    (COUNT, "10", 10),
    (COUNT, "ten a day", 10),
    (COUNT, "10 cigarettes per day", 10),
    (COUNT, "a dozen", 12),
    (COUNT, "half a dozen", 6),
    (COUNT, "a pair", 2),
    (COUNT, "twenty-five", 25),
    (COUNT, "twenty five cigarettes", 25),
    (COUNT, "one hundred and five", 105),
    (COUNT, "a hundred and five", 105),
    (COUNT, "two thousand three hundred", 2300),
    (COUNT, "minus four", -4),
    (COUNT, "-4", -4),
    (COUNT, "7.5", 7.5),
    (COUNT, "7,5", 7.5),
    (COUNT, "one and a half", 1.5),
    (COUNT, "2 and three quarters", 2.75),
    (COUNT, "2 1/2", 2.5),
    (COUNT, "3\u00bd", 3.5),
    (COUNT, "two point five", 2.5),
    (COUNT, "1,234.5", 1234.5),
    (COUNT, "1,000,000", 1000000),
    (AGE, "45", 45),
    (AGE, "I am 45 years old", 45),
    (AGE, "I'm forty-five", 45),
    (AGE, "45 years", 45),
    (WEIGHT, "80", 80),
    (WEIGHT, "80 kg", 80),
    (WEIGHT, "80kg", 80),
    (WEIGHT, "I weigh 80.5 kilos", 80.5),
    (WEIGHT, "150 lb", 68.0389),
    (WEIGHT, "70,5 kg", 70.5),
    (HEIGHT, "180 cm", 180),
    (HEIGHT, "1.8 m", 180),
    (HEIGHT, "5 feet 10 inches", 177.8),
    (HEIGHT, "5'10\"", 177.8),
    (HEIGHT, "five foot ten", 177.8),
    (HEIGHT, "1.75 metres", 175),
    (MINUTES, "2 hours", 120),
    (MINUTES, "2 hours and 30 minutes", 150),
    (MINUTES, "one hour", 60),
    (MINUTES, "45 minutes", 45),
    (SMOKES, "yes", True),
    (SMOKES, "Yep.", True),
    (SMOKES, "Yes, I do", True),
    (SMOKES, "I do", True),
    (SMOKES, "no", False),
    (SMOKES, "Nope!", False),
    (SMOKES, "No, I don't", False),
    (SMOKES, "I don\u2019t", False),
    (SMOKES, "never", False),
    (SMOKES, "Not at all", False),
    (SMOKES, "I smoke", True),
    (SMOKES, "I don't smoke", False),
    (SMOKES, "No, I do not smoke", False),
    (SMOKES, "yes, a pack each day", True),
    (SMOKES, "of course", True),
    (SMOKES, "absolutely not", False),
    (SMOKES, "yes, no wait, no", False),
    (ILL, "I am", True),
    (ILL, "I'm not", False),
    (ILL, "yes, aspirin", True),
    (WALKS, "I am not able to walk", True),
    (WALKS, "I am able to walk", False),
    (TOOK, "I did", True),
    (TOOK, "yes, this morning", True),
    (OFTEN, "Several days", 1),
    (OFTEN, "2", 2),
    (OFTEN, "nearly every day!", 3),
    (OFTEN, "I'd say not at all", 0),
    (OFTEN, "the second one", 1),
    (OFTEN, "severel days", 1),
    (OFTEN, "more than half the days", 2),
    (CONTENT, "satisfied", "sat"),
    (CONTENT, "I am satisfied", "sat"),
    (CONTENT, "disapointed", "dis"),
    (CONTENT, "b", "neutral"),
    (CONTENT, "option c", "dis"),
    (CONTENT, "the first", "sat"),
    (CONTENT, "prefer not to say", "pnts"),
    (KNOWN, "Yes", True),
    (KNOWN, "yep", True),
    (KNOWN, "nope", False),
    (KNOWN, "not sure", "u"),
    (SYMPTOMS, "fever and cough", ["f", "c"]),
    (SYMPTOMS, "Cough, fever", ["f", "c"]),
    (SYMPTOMS, "headache", ["h"]),
    (SYMPTOMS, "none of these", ["none"]),
    (SYMPTOMS, "none", ["none"]),
    (SYMPTOMS, "all of them", ["f", "c", "h"]),
    (SYMPTOMS, "both fever and cough", ["f", "c"]),
    (BORN, "1980-03-04", "1980-03-04"),
    (BORN, "4 March 1980", "1980-03-04"),
    (BORN, "March 4th, 1980", "1980-03-04"),
    (BORN, "the 4th of March 1980", "1980-03-04"),
    (BORN, "I was born on 4 March 1980", "1980-03-04"),
    (BORN, "25/12/1980", "1980-12-25"),
    (BORN, "12/25/1980", "1980-12-25"),
    (BORN, "05.05.1980", "1980-05-05"),
    (BORN, "twenty-first of March 1980", "1980-03-21"),
    (BEGAN, "yesterday", "2026-11-17"),
    (BEGAN, "today", "2026-11-18"),
    (BEGAN, "the day before yesterday", "2026-11-16"),
    (BEGAN, "3 days ago", "2026-11-15"),
    (BEGAN, "two weeks ago", "2026-11-04"),
    (BEGAN, "a week ago", "2026-11-11"),
    (BEGAN, "in three days", "2026-11-21"),
    (BEGAN, "Monday last week", "2026-11-09"),
    (BEGAN, "Friday of this week", "2026-11-20"),
    (BEGAN, "it began yesterday", "2026-11-17"),
    (BEGAN, "Sunday, 1 November 2026", "2026-11-01"),
    (BRITISH, "04/06/2026", "2026-06-04"),
    (PARTLY, "in 2020", "2020"),
    (PARTLY, "March 2026", "2026-03"),
    (BED, "22:30", "22:30"),
    (BED, "10 pm", "22:00"),
    (BED, "10:15 p.m.", "22:15"),
    (BED, "half past ten in the evening", "22:30"),
    (BED, "quarter to eleven at night", "22:45"),
    (BED, "at 11pm", "23:00"),
    (BED, "I go to bed at 10 pm", "22:00"),
    (BED, "midnight", "00:00"),
    (BED, "noon", "12:00"),
    (BED, "23", "23:00"),
    (BED, "07:30", "07:30"),
    (FELL, "2026-11-17T14:30", "2026-11-17T14:30"),
    (FELL, "yesterday at 3 pm", "2026-11-17T15:00"),
    (FELL, "17 November 2026 at 14:30", "2026-11-17T14:30"),
    (FELL, "14:30 on 17 November 2026", "2026-11-17T14:30"),
    (STORY, "I slipped on the ice.", "I slipped on the ice."),
    (STORY, "I skip breakfast", "I skip breakfast"),
]

UNANSWERED: Final[list[tuple[dict[str, Any], str, set[Reason]]]] = [
    (HOURS, "between 6 and 7", {Reason.RANGE}),
    (HOURS, "6 to 7", {Reason.RANGE}),
    (HOURS, "6-7", {Reason.RANGE}),
    (HOURS, "three to four", {Reason.RANGE}),
    (HOURS, "6 or 7", {Reason.SEVERAL_VALUES}),
    (HOURS, "nine or ten", {Reason.SEVERAL_VALUES}),
    (HOURS, "a few", {Reason.AMBIGUOUS}),
    (HOURS, "several hours", {Reason.AMBIGUOUS}),
    (HOURS, "half", {Reason.AMBIGUOUS}),
    (HOURS, "almost 7", {Reason.UNCERTAIN}),
    (HOURS, "around seven", {Reason.UNCERTAIN}),
    (HOURS, "at least 6", {Reason.UNCERTAIN}),
    (HOURS, "more than 5", {Reason.UNCERTAIN}),
    (HOURS, "maybe 7", {Reason.UNCERTAIN}),
    (HOURS, "I think 7", {Reason.UNCERTAIN}),
    (HOURS, "7?", {Reason.UNCERTAIN}),
    (HOURS, "not 7", {Reason.NEGATED}),
    (HOURS, "13", {Reason.OUT_OF_RANGE}),
    (HOURS, "7.5", {Reason.OUT_OF_RANGE}),
    (HOURS, "7 and a half", {Reason.OUT_OF_RANGE}),
    (HOURS, "400 minutes", {Reason.UNIT_MISMATCH}),
    (HOURS, "7 days", {Reason.UNIT_MISMATCH}),
    (HOURS, "fine", {Reason.NO_ANSWER, Reason.AMBIGUOUS}),
    (HOURS, "this one", {Reason.NO_ANSWER, Reason.AMBIGUOUS}),
    (PAIN, "3 out of 5", {Reason.SEVERAL_VALUES}),
    (PAIN, "3/5", {Reason.AMBIGUOUS, Reason.NO_ANSWER}),
    (PAIN, "not the worst pain", {Reason.NEGATED}),
    (PAIN, ".5", {Reason.AMBIGUOUS}),
    (PAIN, "x5", {Reason.AMBIGUOUS}),
    (PAIN, "5%", {Reason.UNIT_MISMATCH}),
    (MOOD, "not low", {Reason.NEGATED}),
    (MOOD, "very high", {Reason.NO_ANSWER, Reason.AMBIGUOUS}),
    (TENTHS, "0.35", {Reason.OUT_OF_RANGE}),
    (COUNT, "1,500", {Reason.AMBIGUOUS}),
    (COUNT, "10 a week", {Reason.UNIT_MISMATCH}),
    (COUNT, "a couple", {Reason.AMBIGUOUS}),
    (COUNT, "10 or so", {Reason.UNCERTAIN}),
    (COUNT, "up to 10", {Reason.UNCERTAIN}),
    (COUNT, "1e400", {Reason.SEVERAL_VALUES, Reason.AMBIGUOUS}),
    (COUNT, "it depends", {Reason.UNCERTAIN}),
    (COUNT, "\u0663", {Reason.NO_ANSWER, Reason.AMBIGUOUS}),
    (AGE, "18 months", {Reason.UNIT_MISMATCH}),
    (WEIGHT, "180 cm", {Reason.UNIT_MISMATCH}),
    (WEIGHT, "500 kg", {Reason.OUT_OF_RANGE}),
    (HEIGHT, "6 feet 14 inches", {Reason.SEVERAL_VALUES}),
    (SMOKES, "maybe", {Reason.UNCERTAIN}),
    (SMOKES, "sometimes", {Reason.UNCERTAIN}),
    (SMOKES, "I don't know", {Reason.UNCERTAIN}),
    (SMOKES, "can't say", {Reason.UNCERTAIN}),
    (SMOKES, "not really", {Reason.UNCERTAIN}),
    (SMOKES, "hardly", {Reason.AMBIGUOUS}),
    (SMOKES, "hardly ever", {Reason.AMBIGUOUS}),
    (SMOKES, "I used to", {Reason.AMBIGUOUS}),
    (SMOKES, "no, I quit last year", {Reason.AMBIGUOUS}),
    (SMOKES, "not anymore", {Reason.AMBIGUOUS}),
    (SMOKES, "yes and no", {Reason.AMBIGUOUS, Reason.NEGATED}),
    (SMOKES, "yes, but not often", {Reason.AMBIGUOUS}),
    (SMOKES, "yes, I don't smoke", {Reason.NEGATED}),
    (SMOKES, "no, I smoke", {Reason.NEGATED, Reason.AMBIGUOUS}),
    (SMOKES, "I don't never smoke", {Reason.NEGATED}),
    (SMOKES, "yes, my father did", {Reason.AMBIGUOUS}),
    (SMOKES, "I was", {Reason.AMBIGUOUS}),
    (SMOKES, "I did", {Reason.AMBIGUOUS}),
    (SMOKES, "I did smoke", {Reason.AMBIGUOUS}),
    (SMOKES, "yes, just kidding", {Reason.AMBIGUOUS}),
    (SMOKES, "no problem", {Reason.NEGATED}),
    (WALKS, "yes", {Reason.NEGATED}),
    (WALKS, "no", {Reason.NEGATED}),
    (TOOK, "yes, half of it", {Reason.AMBIGUOUS}),
    (TOOK, "yes, yesterday", {Reason.AMBIGUOUS}),
    (HOURS, "every 2 hours", {Reason.AMBIGUOUS}),
    (CONTENT, "I sat", {Reason.AMBIGUOUS}),
    (SMOKES, "yeah right", {Reason.AMBIGUOUS}),
    (SMOKES, "yes?", {Reason.UNCERTAIN}),
    (SMOKES, "cigars", {Reason.AMBIGUOUS}),
    (OFTEN, "rarely", {Reason.AMBIGUOUS}),
    (OFTEN, "hardly ever", {Reason.AMBIGUOUS}),
    (OFTEN, "all of the time", {Reason.AMBIGUOUS}),
    (OFTEN, "not several days", {Reason.NEGATED}),
    (OFTEN, "not every day", {Reason.NEGATED}),
    (OFTEN, "2 days", {Reason.AMBIGUOUS}),
    (OFTEN, "several days or nearly every day", {Reason.SEVERAL_VALUES}),
    (OFTEN, "maybe several days", {Reason.UNCERTAIN}),
    (OFTEN, "7", {Reason.OUT_OF_RANGE}),
    (OFTEN, "-1", {Reason.AMBIGUOUS}),
    (CONTENT, "not satisfied", {Reason.NEGATED}),
    (CONTENT, "unsatisfied", {Reason.AMBIGUOUS}),
    (CONTENT, "very satisfied", {Reason.AMBIGUOUS}),
    (CONTENT, "dissatisfied", {Reason.AMBIGUOUS}),
    (CONTENT, "I'm ok satisfied, not more", {Reason.NEGATED}),
    (CONTENT, "z", {Reason.AMBIGUOUS}),
    (KNOWN, "I used to", {Reason.AMBIGUOUS}),
    (SYMPTOMS, "a", {Reason.AMBIGUOUS}),
    (SYMPTOMS, "fever and none of these", {Reason.SEVERAL_VALUES}),
    (SYMPTOMS, "everything except fever", {Reason.NEGATED}),
    (SYMPTOMS, "no fever", {Reason.NEGATED}),
    (SYMPTOMS, "fever but no cough", {Reason.NEGATED}),
    (SYMPTOMS, "fever or cough", {Reason.AMBIGUOUS}),
    (BORN, "04/06/1980", {Reason.AMBIGUOUS}),
    (BORN, "in 1980", {Reason.PARTIAL_DATE}),
    (BORN, "March 1980", {Reason.PARTIAL_DATE}),
    (BORN, "March", {Reason.PARTIAL_DATE}),
    (BORN, "4 March", {Reason.PARTIAL_DATE}),
    (BORN, "the 7th", {Reason.PARTIAL_DATE}),
    (BORN, "4.6.80", {Reason.PARTIAL_DATE}),
    (BORN, "31 February 1980", {Reason.OUT_OF_RANGE}),
    (BORN, "1980-02-31", {Reason.OUT_OF_RANGE}),
    (BORN, "around 1980", {Reason.UNCERTAIN}),
    (BORN, "2 or 3 March 1980", {Reason.SEVERAL_VALUES}),
    (BORN, "not in 1980", {Reason.NEGATED}),
    (BEGAN, "Monday", {Reason.AMBIGUOUS}),
    (BEGAN, "last Monday", {Reason.AMBIGUOUS}),
    (BEGAN, "last week", {Reason.AMBIGUOUS}),
    (BEGAN, "two months ago", {Reason.PARTIAL_DATE}),
    (BEGAN, "a few days ago", {Reason.AMBIGUOUS}),
    (BEGAN, "Monday, 3 November 2026", {Reason.AMBIGUOUS}),
    (BED, "at 7", {Reason.AMBIGUOUS}),
    (BED, "half past six", {Reason.AMBIGUOUS}),
    (BED, "10 o'clock", {Reason.AMBIGUOUS}),
    (BED, "10:30", {Reason.AMBIGUOUS}),
    (BED, "25:00", {Reason.OUT_OF_RANGE}),
    (BED, "between 10 and 11 pm", {Reason.SEVERAL_VALUES}),
    (BED, "10 to 11 pm", {Reason.RANGE}),
    (BED, "10 pm 11 pm", {Reason.SEVERAL_VALUES}),
    (FELL, "this morning at 9 pm", {Reason.AMBIGUOUS, Reason.PARTIAL_DATE}),
    (FELL, "midnight yesterday", {Reason.AMBIGUOUS}),
    (BED, "12 at night", {Reason.AMBIGUOUS}),
    (BED, "half six in the evening", {Reason.AMBIGUOUS}),
    (FELL, "yesterday", {Reason.PARTIAL_DATE}),
    (FELL, "3 pm", {Reason.PARTIAL_DATE}),
    (STORY, "", {Reason.NO_ANSWER}),
    (STORY, "...", {Reason.NO_ANSWER}),
    (STORY, "I don't know", {Reason.UNCERTAIN}),
]


@pytest.mark.parametrize(("asked", "text", "value"), CLEAR, ids=[text for _, text, _ in CLEAR])
def test_a_clear_answer_becomes_its_value(asked: dict[str, Any], text: str, value: Any) -> None:
    """QN-P1 to QN-P5."""
    reading = reads(asked, text)
    assert not isinstance(reading, Unclear), reading.reason
    (found,) = reading
    assert found.value == value
    assert type(found.value) is type(value)
    assert found.question_id == "q"
    assert found.evidence is not None
    start, end = found.evidence
    assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(("asked", "text", "reasons"), UNANSWERED, ids=[text for _, text, _ in UNANSWERED])
def test_what_is_not_clear_is_no_answer_and_says_why(asked: dict[str, Any], text: str, reasons: set[Reason]) -> None:
    """QN-P1 to QN-P5: abstain rather than guess; the cases include those that other parsers get wrong."""
    reading = reads(asked, text)
    assert isinstance(reading, Unclear), reading
    assert reading.reason in reasons


def test_the_table_is_large_enough() -> None:
    assert len(CLEAR) + len(UNANSWERED) >= 250


def test_a_long_answer_is_not_cut_in_two_at_each_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand signs were read as a date and a time in all four thousand ways: minutes of the event loop."""
    days: list[object] = []

    def read_day(*given: object) -> Reason:
        days.append(given)
        return Reason.AMBIGUOUS

    monkeypatch.setattr(moments, "read_day", read_day)
    text = "".join(chr(0x2500 + number) for number in range(2000))
    assert reads(question("q", "date_time", mode="datetime"), text) == Unclear(reason=Reason.AMBIGUOUS)
    assert len(days) < 100


@pytest.mark.anyio
@pytest.mark.parametrize(("options", "aside"), [(2, False), (1000, True)])
async def test_an_answer_to_a_large_questionnaire_is_read_beside_the_event_loop(
    options: int, aside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def read(inquiry: Inquiry) -> Reading:
        threads.append(threading.get_ident())
        return Unclear(reason=Reason.AMBIGUOUS)

    monkeypatch.setattr(deterministic, "read", read)
    asked = questionnaire(choice("q", *range(options)))
    await DeterministicInterpreter().interpret(Inquiry(asked, asked.questions[0], "the last"))
    assert [thread != threading.get_ident() for thread in threads] == [aside]
