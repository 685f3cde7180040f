"""Options of a choice in free text (QN-P5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Final, cast

from agentkit.interviewing.interpreter import Inquiry, Reason, Understood
from agentkit.interviewing.reading.similar import similar_option
from agentkit.interviewing.reading.words import (
    NEGATIONS,
    STOPS,
    Token,
    corrected,
    doubts,
    extent,
    loose,
    spoken,
    tokens,
    words,
)
from agentkit.interviewing.reading.yes_no import polarity
from agentkit.interviewing.schema import Option, Question, QuestionType
from agentkit.models.base import Json

_PLACES: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_POINTERS: Final = frozenset({"this", "that", "the", "which"})
_JOINTS: Final = frozenset(words("and also both plus as well too then")) | {",", ";", "&", "/", "+", "-"}
_ALL: Final = frozenset(
    {"all", "all of them", "all of these", "all of the above", "everything", "each of them", "both"}
)
_NONE: Final = frozenset({"none", "none of them", "none of these", "none of the above", "nothing", "neither"})


@dataclass(frozen=True, slots=True)
class Hit:
    """An option that was named: by which tokens, and how."""

    option: Option
    first: int
    after: int
    method: str


def letters(question: Question) -> str:
    """The letters under which options are offered; none where their values or labels are signs of that kind."""
    plain = all(isinstance(option.value, int) and not isinstance(option.value, bool) for option in question.options)
    short = any(len(option.label) < 2 or len(str(option.value)) < 2 for option in question.options)
    return "" if plain or short or len(question.options) > len(ascii_lowercase) else ascii_lowercase


def read_option(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    """The option, or the options of a multi choice, that an utterance names."""
    question = inquiry.question
    whole = whole_option(question, parts)
    if whole is not None:
        return _understood(question, [whole], parts)
    kept = corrected(parts)
    hits = named_options(question, kept)
    rest = [token for place, token in enumerate(kept) if not any(hit.first <= place < hit.after for hit in hits)]
    several = question.type is QuestionType.MULTI_CHOICE
    if several and not hits:
        every = _every(question, kept)
        if every is not None:
            return every
    if len({id(hit.option) for hit in hits}) > 1 and not several:
        return Reason.SEVERAL_VALUES
    if doubts(rest) or (hits and any(token.text == "?" for token in rest)):
        return Reason.UNCERTAIN
    left = [token for token in loose(rest) if token.text != "=" and not (several and token.text in _JOINTS)]
    if not hits:
        return _otherwise(inquiry, kept, left)
    exclusive = {id(option) for option in _exclusive(question)} & {id(hit.option) for hit in hits}
    if exclusive and len({id(hit.option) for hit in hits}) > 1:
        return Reason.SEVERAL_VALUES
    if left:
        return Reason.NEGATED if {token.text for token in left} & NEGATIONS else Reason.AMBIGUOUS
    return _understood(question, hits, kept)


def _understood(question: Question, hits: Sequence[Hit], parts: Sequence[Token]) -> Understood:
    named = [id(hit.option) for hit in hits]
    values: list[Json] = [option.value for option in question.options if id(option) in named]
    value: Json = values if question.type is QuestionType.MULTI_CHOICE else values[0]
    used = [parts[place] for hit in hits for place in (hit.first, hit.after - 1)]
    evidence = (min(token.start for token in used), max(token.end for token in used))
    return Understood(question_id=question.id, value=value, evidence=evidence, method=hits[0].method)


def whole_option(question: Question, parts: Sequence[Token]) -> Hit | None:
    """The option whose label, value or synonym is the whole utterance; it comes before anything else is looked for."""
    said = spoken([token for token in parts if token.text not in STOPS])
    found = {
        id(option): Hit(option, 0, len(parts), method)
        for option in question.options
        for phrase, method in _names(question, option)
        if said and spoken([token for token in tokens(phrase) if token.text not in STOPS]) == said
    }
    return next(iter(found.values())) if len(found) == 1 else None


def named_options(question: Question, parts: Sequence[Token]) -> list[Hit]:
    """Every option that is named, of overlapping names the longest: "nearly every day" is not "every day"."""
    kept: list[Hit] = []
    for hit in sorted(_phrases(question, parts), key=lambda one: one.first - one.after):
        if all(hit.after <= other.first or other.after <= hit.first for other in kept):
            kept.append(hit)
    taken = {place for hit in kept for place in range(hit.first, hit.after)}
    free = [place for place in range(len(parts)) if place not in taken]
    kept += [*_values(question, parts, free)] or [*_position(question, parts, taken)]
    return sorted(kept, key=lambda one: one.first)


def _names(question: Question, option: Option) -> Iterator[tuple[str, str]]:
    yield option.label, "label"
    if isinstance(option.value, str):
        yield option.value, "value"
    table = question.meta.get("synonyms")
    listed = table.get(str(option.value)) if isinstance(table, dict) else None
    for synonym in cast("list[object]", listed) if isinstance(listed, list) else []:
        yield str(synonym), "synonym"


def _phrases(question: Question, parts: Sequence[Token]) -> Iterator[Hit]:
    texts = [token.text for token in parts]
    begins: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        begins.setdefault(text, []).append(place)
    for option in question.options:
        for phrase, method in _names(question, option):
            if method == "value":
                continue  # a word of the author's; inside a sentence it may be any word: "I sat"
            wanted = [token.text for token in tokens(phrase)]
            for place in begins.get(wanted[0], ()) if wanted else ():
                if texts[place : place + len(wanted)] == wanted:
                    yield Hit(option, place, place + len(wanted), method)


def _values(question: Question, parts: Sequence[Token], free: Sequence[int]) -> Iterator[Hit]:
    """Numbers are values where the values are numbers; in words only when that is the whole answer."""
    core = loose(parts)
    for place in free:
        token = parts[place]
        number = int(token.text) if token.text.isdecimal() and len(token.text) < 4 else None
        pointed = place > 0 and parts[place - 1].text in _POINTERS
        if number is None and token.text in _NUMBERS and core == [token] and not pointed:
            number = _NUMBERS.index(token.text)
        signed = place and parts[place - 1].end == token.start and parts[place - 1].text in "+-.,:"
        for option in question.options:
            if number is not None and not signed and type(option.value) is int and option.value == number:
                yield Hit(option, place, place + 1, "value")


def _position(question: Question, parts: Sequence[Token], taken: set[int]) -> Iterator[Hit]:
    """The place or the letter of an option in the list, when that is the whole answer."""
    if taken:
        return
    core = [token for token in loose(parts) if token.text not in {")", "one"}]
    if len(core) != 1:
        return
    text, place = core[0].text, None
    if text in _PLACES:
        said = [token.text for token in parts if token.is_word]
        place = _PLACES.index(text) if "a" not in said else None
    elif len(text) == 1 and text in ascii_lowercase:
        place = letters(question).find(text)
    if place is not None and 0 <= place < len(question.options):
        where = parts.index(core[0])
        after = where + 1
        while after < len(parts) and parts[after].text in {")", "one"}:
            after += 1
        yield Hit(question.options[place], where, after, "place")


def _every(question: Question, parts: Sequence[Token]) -> Understood | None:
    said = spoken(loose(parts))
    exclusive = _exclusive(question)
    if said in _NONE and len(exclusive) < 2:
        chosen: list[Json] = [option.value for option in exclusive]
        return Understood(question_id=question.id, value=chosen, evidence=extent(parts), method="none")
    if said in _ALL and (said != "both" or len(question.options) == 2):
        every: list[Json] = [option.value for option in question.options if option not in exclusive]
        return Understood(question_id=question.id, value=every, evidence=extent(parts), method="all")
    return None


def _exclusive(question: Question) -> list[Option]:
    """The options that stand alone, such as "None of these"."""
    return [option for option in question.options if words(option.label)[:1] in (["none"], ["no"], ["nothing"])]


def _otherwise(inquiry: Inquiry, parts: Sequence[Token], left: Sequence[Token]) -> Understood | Reason:
    """A typo of one label, or yes and no where these are the options; else nothing."""
    question = inquiry.question
    option = similar_option(question, loose(parts))
    if option is not None:
        return _understood(question, [Hit(option, 0, len(parts), "typo")], parts)
    by_answer = {words(option.label)[0]: option for option in question.options if words(option.label) in _YES_NO}
    others = {word for one in question.options if one not in by_answer.values() for word in words(one.label)}
    if len(by_answer) == 2 and not inquiry.opening and not others & {token.text for token in parts}:
        said = polarity(question, parts)
        if isinstance(said, Reason):
            return said
        option = by_answer["yes" if said else "no"]
        return _understood(question, [Hit(option, 0, len(parts), "yes-no")], parts)
    if any(token.is_number and "-" in token.text for token in left):
        return Reason.RANGE
    numbers = [token for token in left if token.is_number]
    if numbers and len(numbers) == len(left):
        digits = all(token.text.isdecimal() for token in left)
        return Reason.OUT_OF_RANGE if digits else Reason.AMBIGUOUS
    return Reason.NEGATED if {token.text for token in left} & NEGATIONS - {"hardly", "rarely"} else Reason.AMBIGUOUS


_YES_NO: Final = (["yes"], ["no"])
