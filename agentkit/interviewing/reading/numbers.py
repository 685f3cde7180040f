"""Numbers and values of scales in free text (QN-P2, QN-15, QN-16)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from agentkit.interviewing.interpreter import Inquiry, Reason, Understood
from agentkit.interviewing.reading.labels import label_value
from agentkit.interviewing.reading.quantities import NUMBER_WORDS, Quantity, quantities
from agentkit.interviewing.reading.units import UNITS, Unit, rates, wanted_unit
from agentkit.interviewing.reading.words import (
    NEGATIONS,
    Token,
    corrected,
    doubts,
    extent,
    loose,
    spoken,
    words,
)
from agentkit.interviewing.schema import Question
from agentkit.interviewing.values import Misfit, bounds, exact, misfit

_VAGUE: Final = frozenset(words("few several some many lots couple numerous plenty loads tons dozens hundreds"))
_APPROXIMATE: Final = frozenset(words("around roughly approximately approx ish plus within beyond upwards circa"))
_APPROXIMATIONS: Final = ("or so", "up to", "or thereabouts", "give or take")
_VERBS: Final = frozenset(
    words("slept sleep weigh weighed smoke smoked drink drank take took need needed got get do did there are were")
)
_COUNTED: Final = re.compile(r"\b(?:how many|number of)\b", re.IGNORECASE)
_JOINTS: Final = frozenset({"to", "-", "till", "until", "through"})
_RATE_WORDS: Final = frozenset({"per", "a", "an", "each", "every", "/"})


@dataclass(frozen=True, slots=True)
class _Measured:
    """A number with its unit, and the tokens that were used up."""

    value: Fraction
    whole: bool
    used: frozenset[int]


def read_number(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    """The number or the scale's value that an utterance says."""
    question = inquiry.question
    labelled = label_value(question, parts)
    if labelled is not None:
        return Understood(question_id=question.id, value=labelled, evidence=extent(parts), method="label")
    kept = corrected(parts)
    if spoken(loose(kept)) == "none" and _COUNTED.search(question.text) and misfit(question, 0) is None:
        return Understood(question_id=question.id, value=0, evidence=extent(kept), method="number")
    found = [*quantities(kept)]
    reason = _unusable(kept, found)
    readings = _out_of(question, kept, found) if reason in {None, Reason.NO_ANSWER, Reason.AMBIGUOUS} else None
    if reason is not None and readings is None:
        return reason
    readings = readings or _measured(question, kept, found)
    if isinstance(readings, Reason):
        return readings
    fitting = [one for one in readings if misfit(question, _number(one)) not in {Misfit.RANGE, Misfit.STEP}]
    if len({one.value for one in fitting}) > 1:
        return Reason.AMBIGUOUS
    chosen = fitting[0] if fitting else readings[0]
    rest = _rest(question, [token for place, token in enumerate(kept) if place not in chosen.used])
    if rest is not None:
        return rest
    if not fitting:
        return Reason.OUT_OF_RANGE
    evidence = extent([kept[place] for place in sorted(chosen.used)])
    return Understood(question_id=question.id, value=_number(chosen), evidence=evidence, method="number")


def _number(found: _Measured) -> int | float:
    return int(found.value) if found.whole and found.value.denominator == 1 else float(found.value)


def _unusable(parts: Sequence[Token], found: Sequence[Quantity]) -> Reason | None:
    texts = {token.text for token in parts}
    if doubts(parts):
        return Reason.UNCERTAIN
    if "?" in texts:
        return Reason.UNCERTAIN
    said = f" {spoken(parts)} "
    vague = texts & _APPROXIMATE or any(f" {one} " in said for one in _APPROXIMATIONS)
    if vague or (found and texts & _EXCESS):
        return Reason.UNCERTAIN
    if texts & NEGATIONS:
        return Reason.NEGATED
    if any(_touches(parts, one) for one in found):
        return Reason.AMBIGUOUS
    if any(token.is_number and token.text.count("-") == 1 and ":" not in token.text for token in parts):
        return Reason.RANGE
    if not found:
        return Reason.AMBIGUOUS if texts & (_VAGUE | NUMBER_WORDS) or not texts else Reason.NO_ANSWER
    if any(
        one.after < len(parts) and parts[one.after].text in _JOINTS and later.first == one.after + 1
        for one, later in pairwise(found)
    ) or ("between" in texts and len(found) > 1):
        return Reason.RANGE
    return None


_EXCESS: Final = frozenset(words("almost nearly over under above below more less least most just barely only"))


def _touches(parts: Sequence[Token], one: Quantity) -> bool:
    """Whether something right before the digits may belong to them, as in `.5` or `x5`."""
    before, first = parts[one.first - 1] if one.first else None, parts[one.first]
    touching = before is not None and before.end == first.start and first.is_number
    return before is not None and touching and (before.text in ".,:" or before.is_word)


def _out_of(question: Question, parts: Sequence[Token], found: Sequence[Quantity]) -> tuple[_Measured, ...] | None:
    """`3 out of 5` and `3/5`, only when 5 is the highest value of the scale."""
    _, high = bounds(question)
    for place, token in enumerate(parts):
        left, slash, right = token.text.partition("/")
        if slash and left.isdecimal() and right.isdecimal() and high == Fraction(int(right[:9])):
            return (_Measured(Fraction(int(left[:9])), True, frozenset({place})),)
    if len(found) == 2 and high is not None:
        one, top = found
        joint = [token.text for token in parts[one.after : top.first]]
        if joint in (["out", "of"], ["of"], ["/"], ["on", "a", "scale", "to"]) and top.readings == (high,):
            used = frozenset(range(one.first, top.after))
            return tuple(_Measured(reading, one.whole, used) for reading in one.readings)
    return None


def _measured(question: Question, parts: Sequence[Token], found: Sequence[Quantity]) -> tuple[_Measured, ...] | Reason:
    """One number with or without a unit, or several with units of one kind: feet and inches, hours and minutes."""
    wanted = wanted_unit(question)
    units = [_unit(parts, one, wanted) for one in found]
    if len(found) > 1:
        return _composite(parts, found, units, wanted)
    one, unit = found[0], units[0]
    used = frozenset(range(one.first, one.after))
    if unit is None:
        return tuple(_Measured(reading, one.whole, used) for reading in one.readings)
    name, place = unit
    used |= {place}
    if wanted is None:
        return Reason.UNIT_MISMATCH if name not in words(question.text) else Reason.AMBIGUOUS
    target, convertible = wanted
    same_unit = UNITS[name] == target
    values = [UNITS[name].into(reading, target) for reading in one.readings]
    if None in values or not (same_unit or convertible):
        return Reason.UNIT_MISMATCH
    return tuple(
        _Measured(value if same_unit else _rounded(value), one.whole or not same_unit, used)
        for value in values
        if value is not None
    )


def _composite(
    parts: Sequence[Token],
    found: Sequence[Quantity],
    units: Sequence[tuple[str, int] | None],
    wanted: tuple[Unit, bool] | None,
) -> tuple[_Measured, ...] | Reason:
    if wanted is None or not wanted[1] or len(found) != 2 or any(len(one.readings) > 1 for one in found):
        return Reason.SEVERAL_VALUES
    target = wanted[0]
    first, second = units
    if first is None:
        return Reason.SEVERAL_VALUES
    big = UNITS[first[0]]
    # "five foot ten": the inches go without saying.
    small = UNITS[second[0]] if second else UNITS["inch"] if big == UNITS["foot"] else None
    if small is None or small.kind != big.kind or small.factor >= big.factor:
        return Reason.SEVERAL_VALUES
    joint = {token.text for token in parts[first[1] + 1 : found[1].first]}
    if joint - {"and", ","} or found[1].readings[0] * small.factor >= big.factor:
        return Reason.SEVERAL_VALUES
    total = big.into(found[0].readings[0], target)
    rest = small.into(found[1].readings[0], target)
    if total is None or rest is None:
        return Reason.UNIT_MISMATCH
    last = second[1] + 1 if second else found[1].after
    return (_Measured(_rounded(total + rest), True, frozenset(range(found[0].first, last))),)


def _unit(parts: Sequence[Token], one: Quantity, wanted: tuple[Unit, bool] | None) -> tuple[str, int] | None:
    if one.after >= len(parts):
        return None
    text = parts[one.after].text
    if text == "%":
        return "percent", one.after
    if text in "'\"" and wanted is not None and wanted[0].kind == "length" and one.after:
        return ("foot" if text == "'" else "inch"), one.after
    if text == "in" and wanted is not None and wanted[0].kind == "length":
        return "inch", one.after
    return (text, one.after) if text in UNITS else None


def _rounded(value: Fraction) -> Fraction:
    """Four places are more than anybody says; a converted value has no more."""
    return exact(round(float(value), 4))


def _rest(question: Question, parts: Sequence[Token]) -> Reason | None:
    """Why what is left besides the number may change it; None where it cannot."""
    known = {word for word in words(f"{question.text} {question.guideline or ''}") if word.isalpha()}
    asked = rates(f"{question.text} {question.guideline or ''}")
    left = loose(parts)
    for place, token in enumerate(left):
        before = left[place - 1].text if place else ""
        if token.text in UNITS:
            if before not in _RATE_WORDS or token.text not in asked:
                return Reason.UNIT_MISMATCH
        elif token.text in _RATE_WORDS - {"a", "an"}:
            if place + 1 == len(left):
                return Reason.AMBIGUOUS
        elif token.text in {"about", "and", "a", "an", *_VERBS} or token.text in (known - NUMBER_WORDS - _VAGUE):
            continue
        elif token.text in NUMBER_WORDS or token.is_number or token.text in _VAGUE:
            return Reason.SEVERAL_VALUES if token.is_number else Reason.AMBIGUOUS
        else:
            return Reason.AMBIGUOUS
    return None
