"""Whether an argument was invented: a check that knows nothing of how the rules find arguments.

A value has a source where it stands in a message, in an earlier tool result, or in the tool's schema as the default; or
where it is a usual way to write down what stands there: a date in ISO form, a time on the 24-hour clock, a word of a
choice, yes and no for what was said or denied. Everything else counts as invented.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from agentkit.models import Json, JsonObject
from tests.utterances.stage import Made

MONTHS: Final = tuple(calendar.month_name[number].lower() for number in range(1, 13))
NUMBER_WORDS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
SAID_AS: Final = {
    "laboratory": "lab labs bloods",
    "vital": "vitals obs",
    "female": "woman women lady girl f w mrs ms she her",
    "male": "man men gentleman boy m mr he his him",
    "medications": "meds drugs",
    "problems": "diagnoses diagnosis",
    "immunizations": "vaccinations vaccines immunisations",
    "results": "labs lab",
    "theatre": "theater or",
    "paediatrics": "pediatrics peds paeds",
    "anaesthesia": "anesthesia",
    "urgent": "stat asap urgently emergency",
    "night": "tonight nights",
    "walking": "foot walk walks",
    "request": "orders ordered prescriptions",
    "statement": "reported",
    "latest": "recent newest last current",
}
"""Other words for a word of a choice."""

YEARS: Final = {"a", "y", "yo", "yr", "yrs", "year", "years", "aged", "age", "old"}
DENIALS: Final = re.compile(
    r"\b(?:no|not|without|never|none|denies|negative|nor|isn't|hasn't|doesn't|absent|free)\b|-$"
)


def invented(call: Made) -> list[str]:
    """The arguments of a call that have no source, by path."""
    sources = _Sources(call.messages, call.known)
    properties = _object(call.tool.input_schema.get("properties"))
    return [
        path
        for name, value in call.arguments.items()
        for path in _unsourced(name, value, (name,), _object(properties.get(name)), sources)
    ]


class _Sources:
    """What a value may come from."""

    def __init__(self, messages: Sequence[str], known: str) -> None:
        self.said = plain("\n".join(messages))
        self.known = plain(known)
        self.text = f"{self.said}\n{self.known}"
        self.joined = _letters(self.text)
        self.words = set(re.findall(r"[^\W_]+", self.said))
        self.numbers = {float(one.replace(",", ".")) for one in re.findall(r"\d+(?:[.,]\d+)?", self.text)}
        self.numbers |= {float(index) for index, word in enumerate(NUMBER_WORDS) if word in self.words}


def _unsourced(name: str, value: Json, path: tuple[str, ...], schema: JsonObject, sources: _Sources) -> Iterator[str]:
    if "default" in schema and value == schema["default"]:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            here = (*path, key)
            if key not in _object(schema.get("properties")) and plain(key) not in sources.text and key not in UNIT_KEYS:
                yield ".".join(here)
            about = name if key in UNIT_KEYS else key
            yield from _unsourced(about, inner, here, {}, sources)
    elif isinstance(value, list):
        for inner in value:
            yield from _unsourced(name, inner, path, _object(schema.get("items")), sources)
    elif not _has_source(name, value, sources):
        yield ".".join(path)


UNIT_KEYS: Final = frozenset({"value", "unit"})
"""How an object says a quantity."""


def _has_source(name: str, value: Json, sources: _Sources) -> bool:
    if value is None:
        return True
    if isinstance(value, bool):
        return _answered(name, value, sources)
    if isinstance(value, int | float):
        return float(value) in sources.numbers
    if not isinstance(value, str):
        return False
    text = plain(value).strip()
    if text in {"yes", "no"} and _answered(name, text == "yes", sources):
        return True
    if text and re.search(rf"(?<![^\W_]){re.escape(text)}(?![^\W_])", sources.text):
        return True
    if len(_letters(text)) > 2 and _letters(text) in sources.joined:
        return True
    return _is_date(text, sources) or _is_time(text, sources) or _is_quantity(text, sources) or _is_word(text, sources)


def _answered(name: str, value: bool, sources: _Sources) -> bool:
    """The thing was spoken of, by its name or by the title a result gives the name; for no there is a denial."""
    titles = re.findall(rf'"name": "{re.escape(name.casefold())}", "title": "([^"]*)"', sources.known)
    about = {word for text in (name, *titles) for word in re.findall(r"[^\W_]{3,}", plain(text))}
    initials = {"".join(word[0] for word in re.findall(r"[^\W_]+", title)) for title in titles}
    others = {other for word in about for other in SAID_AS.get(word, "").split()}
    heard = any(_alike(word, other) for word in about for other in sources.words)
    heard = heard or not (initials | others).isdisjoint(sources.words)
    return heard and (value or DENIALS.search(sources.said) is not None)


def _is_date(text: str, sources: _Sources) -> bool:
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:t00:00:00z)?", text)
    if match is None:
        return False
    year, month, day = match[1], match[2], match[3]
    if month is None:
        return year in sources.text
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        return False
    spelled = MONTHS[int(month) - 1]
    months = rf"(?:0?{int(month)}|{spelled}|{spelled[:3]}|{spelled[:4]})"
    if day is None:
        # The first of a month or of a year may stand for all of it where something begins then.
        forms = [rf"\b{months}\W+{year}\b", rf"\b{year}\W+{months}\b"]
    else:
        number = rf"0?{int(day)}(?:st|nd|rd|th)?"
        forms = [
            rf"\b{year}\W+{months}\W+{number}\b",
            rf"\b{number}\W*(?:of\s+)?{months}\W*{year}\b",
            rf"\b{months}\W*{number}\W+{year}\b",
        ]
    return any(re.search(form, sources.text) for form in forms)


def _is_time(text: str, sources: _Sources) -> bool:
    match = re.fullmatch(r"(\d{2}):(\d{2})", text)
    if match is None:
        return False
    hour, minute = int(match[1]), match[2]
    half = "pm" if hour >= 12 else "am"
    twelve = hour % 12 or 12
    spoken = r"[:.h]?\s*" if minute != "00" else r"(?:[:.h]?\s*00)?\s*"
    tail = minute if minute != "00" else ""
    forms = [
        rf"\b0?{hour}{spoken}{tail}\s*(?:h|hrs|hours|o'?clock|uhr)?\b",
        rf"\b0?{twelve}{spoken}{tail}\s*{half[0]}\.?\s?m\b",
    ]
    named = {12: "noon", 0: "midnight"}.get(hour)
    return any(re.search(form, sources.said) for form in forms) or (minute == "00" and named in sources.words)


def _is_quantity(text: str, sources: _Sources) -> bool:
    """A number with a unit: the number was said, and so was the unit, or a result says that there is no other."""
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*(\S.*)", text)
    if match is None or float(match[1]) not in sources.numbers:
        return False
    unit = _letters(match[2])
    if unit in _letters(sources.said) or (unit in YEARS and not YEARS.isdisjoint(re.findall(r"[a-z]+", sources.said))):
        return True
    return f'"us_unit": "{match[2]}", "si_unit": "{match[2]}"' in sources.known


def _is_word(text: str, sources: _Sources) -> bool:
    """One of several choices, of which a word was said, or the initials of three or more."""
    if len(text) == 1 and text in sources.words:
        return True
    if "".join(word[0] for word in re.findall(r"[^\W\d_]+", text)) in {one for one in sources.words if len(one) > 2}:
        return True
    for word in re.findall(r"[^\W_]{2,}", text):
        others = set(SAID_AS.get(word, "").split())
        if not others.isdisjoint(sources.words) or any(_alike(word, other) for other in sources.words):
            return True
    return False


def _alike(word: str, other: str) -> bool:
    """The same word but for its ending."""
    shared = len(_prefix(word, other))
    return word == other or (shared >= 4 and shared >= 0.5 * max(len(word), len(other)))


def _prefix(word: str, other: str) -> str:
    for index, (one, two) in enumerate(zip(word, other, strict=False)):
        if one != two:
            return word[:index]
    return word[: min(len(word), len(other))]


def plain(text: str) -> str:
    """In lower case and without accents."""
    folded = text.casefold().replace("\u00b5", "u").replace("\u03bc", "u").replace("\u2019", "'")
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
