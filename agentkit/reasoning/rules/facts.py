"""What is known of a thing a tool returned: what to call it, and what tells it from others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning.rules.links import Record
from agentkit.reasoning.rules.parameters import Role
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span, dates
from agentkit.reasoning.rules.vocabulary import FUNCTION_WORDS, HE, ORDINALS, SHE
from agentkit.reasoning.rules.words import flat, name_stems, stem, words

_MAX_DEPTH: Final = 3
_MAX_SHOWN: Final = 4
_MAX_LENGTH: Final = 80
_MALE: Final = stem("male")
_FEMALE: Final = stem("female")
_NAMES: Final = ("name", "title", "label", "display", "called", "heading")
_OF_THINGS: Final = frozenset({Role.BIRTH, Role.PLAIN})
_ISO_DATE: Final = re.compile(r"(?:1[5-9]|2[01])\d{2}(-\d{2}(-\d{2})?)?$")


def flatten(record: JsonObject, depth: int = 0) -> dict[str, Json]:
    """The plain values in a record by the words of their path; lists of plain values as one text."""
    found: dict[str, Json] = {}
    for key, value in record.items():
        label = " ".join(piece for piece in re.split(r"[_\s]+", key) if piece)
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            found |= {f"{label} {inner}": one for inner, one in flatten(value, depth + 1).items()}
        elif isinstance(value, list):
            plain = [str(item) for item in value if isinstance(item, str | int | float)]
            if plain:
                found[label] = ", ".join(plain)
        elif value is not None and value != "" and not isinstance(value, dict):
            found[label] = value
    return found


def label(record: Record) -> str:
    """What the record calls itself: its name or title, else its first text that is neither id nor date."""
    facts = flatten(record.facts)
    texts = {key: value for key, value in facts.items() if isinstance(value, str) and _is_wording(value, record)}
    for wanted in _NAMES:
        for key, value in texts.items():
            if stem(wanted) in name_stems(key) and len(value) <= _MAX_LENGTH:
                return value
    for value in texts.values():
        if len(value) <= _MAX_LENGTH:
            return value
    return str(record.value)


def tell_apart(records: Sequence[Record]) -> list[str]:
    """One line for each record: what it is called and in what it differs from the others."""
    flattened = [flatten(record.facts) for record in records]
    keys = [key for key in dict.fromkeys(key for facts in flattened for key in facts) if _differs(key, flattened)]
    lines: list[str] = []
    for record, facts in zip(records, flattened, strict=True):
        own = label(record)
        shown = [
            f"{key} {_said(facts[key])}"
            for key in keys
            if key in facts and facts[key] != own and facts[key] != record.value and len(str(facts[key])) <= _MAX_LENGTH
        ]
        reference = "" if own == str(record.value) else f" [{record.value}]"
        lines.append(f"{', '.join((own, *shown[:_MAX_SHOWN]))}{reference}")
    return lines


def chosen(records: Sequence[Record], reading: Reading, *, pointing: bool) -> Record | None:
    """The one record a message points at; None when it is not clear which.

    Args:
        records: To choose from.
        reading: The message.
        pointing: The message does nothing but choose, so a place in the list or any date may be meant. In a request
            "last" and "since 2025" mean something else.
    """
    if pointing and reading.negates:
        return None
    by_id = [record for record in records if _mentions_id(record, reading)]
    if by_id:
        return by_id[0] if len(by_id) == 1 else None
    facts = [_mentioned(record, reading, pointing) for record in records]
    shared = frozenset[str]().union(*facts).intersection(*facts) if facts else frozenset[str]()
    scores = [len(found - shared) for found in facts]
    best = max(scores, default=0)
    if best == 0:
        return _by_place(records, reading) if pointing else None
    winners = [index for index, one in enumerate(scores) if one == best]
    if len(winners) != 1 or not all((found - shared) <= facts[winners[0]] for found in facts):
        return None
    winner = records[winners[0]]
    return winner if named_in(winner, reading) else None


def named_in(record: Record, reading: Reading) -> bool:
    """Whether all names in a message belong to the record; a message that names another thing does not mean it."""
    known = {piece for value in flatten(record.facts).values() for piece in _pieces(str(value))}
    return all(piece in known for span in reading.names for piece in _pieces(span.value))


def _mentions_id(record: Record, reading: Reading) -> bool:
    wanted = {str(record.value).lower(), flat(str(record.value).rsplit("/", 1)[-1])} - {""}
    if len(flat(str(record.value))) < 2:
        return False
    if any(word.lower in wanted or word.flat in wanted for word in reading.words):
        return True
    return any(span.value.lower() in wanted for span in reading.quoted)


def _mentioned(record: Record, reading: Reading, pointing: bool) -> frozenset[str]:
    """The facts of a record that a message holds."""
    spoken = {word.stem for word in reading.words if word.lower not in FUNCTION_WORDS}
    spoken |= {word.flat for word in reading.words} - {flat(word) for word in FUNCTION_WORDS}
    joined = zip(reading.words, reading.words[1:], strict=False)
    spoken |= {left.flat + right.flat for left, right in joined}
    said = {span.value for span in reading.dates if pointing or (span.role in _OF_THINGS and not span.within)}
    spoken -= {stem(span.value) for span in reading.dates}
    found: set[str] = set()
    for value in flatten(record.facts).values():
        text = str(value)
        if isinstance(value, bool):
            continue
        if _ISO_DATE.match(text):
            found |= {one for one in said if text.startswith(one)}
            continue
        if len(text) > _MAX_LENGTH:
            continue
        found |= {span.value for span in dates(text)} & said
        found |= _pieces(text) & spoken
    return frozenset(found)


def _pieces(text: str) -> set[str]:
    found: set[str] = set()
    for word in words(text):
        if word.lower not in FUNCTION_WORDS:
            found |= {word.stem, word.flat}
    return found


def _by_place(records: Sequence[Record], reading: Reading) -> Record | None:
    spoken = [word.lower for word in reading.words]
    places = {ORDINALS[word] for word in spoken if word in ORDINALS}
    if "last" in spoken:
        places.add(len(records))
    if not places:
        bare = [word for word in spoken if word not in FUNCTION_WORDS and word not in {"number", "option"}]
        if len(bare) == 1 and bare[0].isdigit() and len(bare[0]) < 3:
            places = {int(bare[0])}
    if len(places) != 1:
        return None
    place = places.pop()
    return records[place - 1] if 1 <= place <= len(records) else None


def _is_wording(value: str, record: Record) -> bool:
    return value != record.value and not _ISO_DATE.match(value) and any(char.isalpha() for char in value)


def _differs(key: str, flattened: Sequence[dict[str, Json]]) -> bool:
    return len({str(facts.get(key)) for facts in flattened}) > 1


def _said(value: Json) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def contradicted(record: Record, reading: Reading) -> bool:
    """A pronoun of the message does not fit what the record says of the person."""
    known = {piece for value in flatten(record.facts).values() for piece in _pieces(str(value))}
    spoken = {word.lower for word in reading.words}
    he, she = not spoken.isdisjoint(HE), not spoken.isdisjoint(SHE)
    if he is she or (_MALE in known) is (_FEMALE in known):
        return False
    return he is (_FEMALE in known)


def unmentioned_names(records: Sequence[Record], named: Sequence[Span]) -> list[Span]:
    """The names that no record knows."""
    known = {piece for record in records for value in flatten(record.facts).values() for piece in _pieces(str(value))}
    return [span for span in named if known.isdisjoint(_pieces(span.value))]
