"""What a message says of the entries another tool has described: each value as it was said, nothing assumed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning.rules.described import Entry, Shape
from agentkit.reasoning.rules.findings import NOTHING, denied, denied_at, finding, mentioned
from agentkit.reasoning.rules.quantities import Quantity, is_years, measured, quantities
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.words import Word, stem, words

_SECOND: Final = 2
_FEW: Final = 3
_FIRST_OF_PAIR: Final = re.compile(r"\d{1,9}(?:[.,]\d+)?\s?/\s?$")
_REACH: Final = 4
"""Words between what is measured and its number."""

_COMPONENTS: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z]\d{1,2}[\s,/]*){2,}(?![A-Za-z0-9])")
_COMPONENT: Final = re.compile(r"([A-Za-z])(\d{1,2})")
_LETTER_AND_NUMBER: Final = re.compile(
    r"\d{1,3}\s?(?:-?\s?(?:yo?|y/o|yrs?|years?(?:[\s-]old)?)\s?)?([A-Za-z])(?![\w'])"
)
_PART: Final = re.compile(r"[.;!?](?:\s|$)|\n")


def answered(entry: Entry, reading: Reading, template: JsonObject | None) -> Json:
    """What a message says that answers the question for one entry: a lone number, or yes or no."""
    if entry.shape is Shape.YES_NO:
        said = {word.lower for word in reading.words[:1]} & {"yes", "no"}
        return said.pop() if said else None
    free = quantities(reading.text, (*reading.dates, *reading.times, *reading.quoted))
    if entry.shape in {Shape.QUANTITY, Shape.WHOLE} and len(free) == 1 and _fits(free[0], entry):
        return _written(free[0], entry, template, bare=False)
    return None


def values(entries: Sequence[Entry], reading: Reading, template: JsonObject | None, *, bare: bool) -> JsonObject:
    """The values a message gives for entries.

    Args:
        entries: What may be given.
        reading: The message.
        template: How the schema's example writes a quantity as an object: which key holds the number and which the
            unit; None writes it as text.
        bare: A number without a unit may be passed on, for the message says what such numbers mean.
    """
    found: JsonObject = {}
    for entry in entries:
        value: Json = None
        match entry.shape:
            case Shape.YES_NO:
                value = finding(entry, reading)
            case Shape.CHOICE:
                value = _choice(entry, entries, reading)
            case Shape.DATE:
                value = _date(entry, entries, reading)
            case _:
                continue
        if value is not None:
            found[entry.key] = value
    return found | _numbers(entries, reading, template, bare=bare)


def _numbers(entries: Sequence[Entry], reading: Reading, template: JsonObject | None, *, bare: bool) -> JsonObject:
    """Numbers go to the entry named beside them, else to the only one that has their unit."""
    wanted = [one for one in entries if one.shape in {Shape.QUANTITY, Shape.WHOLE}]
    free = list(quantities(reading.text, (*reading.dates, *reading.times, *reading.quoted)))
    found = _components(wanted, reading)
    taken: dict[str, Quantity] = {}
    for number in list(free):
        open_ones = [one for one in wanted if one.key not in found]
        named = [one for one in open_ones if _leads(one, number, reading, wanted)]
        named = named or [one for one in open_ones if _follows(one, number, reading, wanted)]
        if number.pair:
            named = [named[number.pair - 1]] if len(named) > 1 else []
        if len(named) == 1 and named[0].key not in taken and _fits(number, named[0]):
            taken[named[0].key] = number
            free.remove(number)
    for entry in wanted:
        alike = [one for one in free if one.unit and _fits(one, entry)]
        rivals = [one for one in wanted if one is not entry and one.key not in taken and _same_measure(one, entry)]
        if entry.key not in taken and entry.key not in found and len(alike) == 1 and not rivals:
            taken[entry.key] = alike[0]
            free.remove(alike[0])
    for entry in wanted:
        number = taken.get(entry.key)
        value = _written(number, entry, template, bare=bare) if number else None
        if value is not None:
            found[entry.key] = value
    return found


def _follows(entry: Entry, number: Quantity, reading: Reading, wanted: Sequence[Entry]) -> bool:
    """The entry is named right behind the number."""
    ends = [span for span in mentioned(entry, reading, wanted) if span.start >= number.end]
    return any(reading.text[number.end : span.start].strip() in {"", "of"} for span in ends)


def _leads(entry: Entry, number: Quantity, reading: Reading, wanted: Sequence[Entry]) -> bool:
    """The entry is named in front of the number, with nothing else between them."""
    begin = _part(reading.text, number)
    for span in mentioned(entry, reading, wanted):
        if begin <= span.start and span.end <= number.start:
            between = reading.text[span.end : number.start]
            if number.pair == _SECOND:
                between = _FIRST_OF_PAIR.sub("", between)
            near = not any(char.isdigit() for char in between) and len(words(between)) <= _REACH
            if near and not _another_named(span, number, entry, reading, wanted):
                return True
    return False


def _another_named(span: Span, number: Quantity, entry: Entry, reading: Reading, wanted: Sequence[Entry]) -> bool:
    """Another entry is named between the two; a pair of numbers belongs to two entries of one name."""
    rivals = [one for one in wanted if one is not entry and not number.pair]
    return any(
        span.end <= other.start and other.end <= number.start
        for one in rivals
        for other in mentioned(one, reading, wanted)
    )


def _part(text: str, number: Quantity) -> int:
    """Where the sentence of a number begins."""
    ends = [match.end() for match in _PART.finditer(text, 0, number.start)]
    return ends[-1] if ends else 0


def _fits(number: Quantity, entry: Entry) -> bool:
    if entry.shape is Shape.WHOLE:
        whole = "." not in number.value
        inside = entry.low is None or entry.high is None or entry.low <= float(number.value) <= entry.high
        counted = {word.stem for word in words(f"{entry.title} {entry.about}")}
        return whole and inside and (not number.unit or stem(number.unit) in counted)
    return not number.unit or any(measured(number.unit) == measured(unit) for unit in entry.unit_names)


def _same_measure(one: Entry, other: Entry) -> bool:
    return bool({measured(unit) for unit in one.unit_names} & {measured(unit) for unit in other.unit_names})


def _written(number: Quantity, entry: Entry, template: JsonObject | None, *, bare: bool) -> Json:
    plain: Json = float(number.value) if "." in number.value else int(number.value)
    if entry.shape is Shape.WHOLE:
        return plain
    if number.parts:
        return number.parts
    if number.unit:
        unit = next((one for one in entry.unit_names if is_years(number.unit) and measured(one) == "a"), number.unit)
    elif entry.bare:
        unit = entry.bare  # there is but one unit it can be in
    else:
        return plain if bare or not entry.unit_names else None
    if template is None:
        return f"{number.value} {unit}"
    return {key: plain if value == "number" else unit for key, value in template.items()}


def _components(wanted: Sequence[Entry], reading: Reading) -> JsonObject:
    """A row of letters with numbers, `E3 V4 M5`: the letters are the first of the names."""
    whole = {one.key[:1].lower(): one for one in wanted if one.shape is Shape.WHOLE}
    if len(whole) != sum(one.shape is Shape.WHOLE for one in wanted):
        return {}
    found: JsonObject = {}
    for row in _COMPONENTS.finditer(reading.text):
        pieces = [(letter.lower(), int(number)) for letter, number in _COMPONENT.findall(row.group())]
        if all(letter in whole and _within(number, whole[letter]) for letter, number in pieces):
            found |= {whole[letter].key: number for letter, number in pieces}
    return found


def _within(number: int, entry: Entry) -> bool:
    return entry.low is None or entry.high is None or entry.low <= number <= entry.high


def _choice(entry: Entry, entries: Sequence[Entry], reading: Reading) -> Json:
    """The one choice that is said; its first letter alone counts beside a number (`72 F`)."""
    rivals = [one for one in entries if one is not entry and not set(one.choices).isdisjoint(entry.choices)]
    said: set[str] = set()
    none = next((value for value in entry.choices if value.lower() in NOTHING), None)
    if none is not None and any(denied_at(span, reading) for span in mentioned(entry, reading, entries)):
        return none
    for wording in (dict(zip(entry.choices, entry.choices, strict=True)), entry.choices):
        for value, text in wording.items():
            stems = {word.stem for word in words(text.replace("_", " ")) if not word.functional and len(word.text) > 1}
            hits = [word for word in reading.words if word.stem in stems and not denied(word, reading)]
            whole = bool(stems) and stems <= {word.stem for word in hits}
            if whole and (not rivals or any(_beside(word, entry, reading, entries) for word in hits)):
                said.add(value)
        if said:
            break
    if not said and not rivals and len(entry.choices) <= _FEW:
        letters = {
            letter.lower() for pair in _LETTER_AND_NUMBER.findall(reading.text) for letter in pair if letter.isupper()
        }
        initials = {value[:1].lower(): value for value in entry.choices}
        said = {initials[letter] for letter in letters if letter in initials and len(initials) == len(entry.choices)}
    return said.pop() if len(said) == 1 else None


def _beside(word: Word, entry: Entry, reading: Reading, entries: Sequence[Entry]) -> bool:
    for span in mentioned(entry, reading, entries):
        between = reading.text[min(span.end, word.end) : max(span.start, word.start)]
        if len(words(between)) <= _REACH and not _PART.search(between):
            return True
    return False


def _date(entry: Entry, entries: Sequence[Entry], reading: Reading) -> Json:
    full = [span for span in reading.dates if len(span.value) == len("2026-01-31")]
    named = [
        span for span in full if any(0 <= span.start - other.end <= 30 for other in mentioned(entry, reading, entries))
    ]
    alone = sum(one.shape is Shape.DATE for one in entries) == 1
    chosen = {span.value for span in (named or (full if alone else []))}
    return chosen.pop() if len(chosen) == 1 else None


def quantity_template(example: Json) -> JsonObject | None:
    """How an example writes a quantity: the keys of an object with one number and one text in it."""
    found = example.values() if isinstance(example, dict) else ()
    for one in found:
        if isinstance(one, dict) and len(one) == 2:
            shapes = {key: "number" if isinstance(value, int | float) else "text" for key, value in one.items()}
            if sorted(shapes.values()) == ["number", "text"]:
                return dict(shapes)
    return None
