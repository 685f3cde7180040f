"""The names that a scale gives its values (QN-15)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentkit.interviewing.reading.words import Token, loose, spoken, tokens
from agentkit.interviewing.schema import Question, QuestionType
from agentkit.interviewing.values import exact


def named_values(question: Question) -> Iterator[tuple[str, int | float]]:
    """The names of a scale with their values: one for each step, those of the two ends, or as told."""
    low, high = question.minimum, question.maximum
    if question.type is not QuestionType.SCALE or low is None or high is None:
        return
    texts = [label for label in question.labels if isinstance(label, str)]
    for label in question.labels:
        if not isinstance(label, str):
            yield label.label, label.value
    step = exact(question.step) if question.step is not None else exact(1)
    steps = int((exact(high) - exact(low)) / step) + 1
    if len(texts) == steps:
        for place, text in enumerate(texts):
            value = exact(low) + place * step
            yield text, int(value) if value.denominator == 1 else float(value)
    elif len(texts) == 2:
        yield from zip(texts, (low, high), strict=True)


def label_value(question: Question, parts: Sequence[Token]) -> int | float | None:
    """The value whose name is the whole utterance."""
    said, core = _bare(parts), spoken(loose(parts))
    found = {value for name, value in named_values(question) if (bare := _bare(tokens(name))) and bare in {said, core}}
    return found.pop() if len(found) == 1 else None


def _bare(parts: Sequence[Token]) -> str:
    return spoken([token for token in parts if token.is_word or token.is_number])
