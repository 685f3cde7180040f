"""What a tool takes: its parameters with the kind of value each one wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.kept import kept
from agentkit.reasoning.rules.vocabulary import (
    BIRTH_WORDS,
    DATE_WORDS,
    FAMILY_WORDS,
    FROM_WORDS,
    GIVEN_WORDS,
    IDENTIFIER_WORDS,
    LIMIT_WORDS,
    NAME_WORDS,
    TEXT_WORDS,
    UNTIL_WORDS,
)
from agentkit.reasoning.rules.words import name_stems, schema_stems, stem, stems_of

_EXAMPLES: Final = re.compile(r"(?:\be\.g\.|\bfor example\b|\bsuch as\b|\blike\b)[:,]?\s*([^.;()\n]+)", re.IGNORECASE)
_QUOTED: Final = re.compile(r"[`\"“']([^`\"“”']{1,60})[`\"”']")
_MANY: Final = 16
_DATE_HINT: Final = re.compile(r"YYYY|ISO.?8601")
_NAME: Final = stems_of(NAME_WORDS)
_FAMILY: Final = stems_of(FAMILY_WORDS)
_GIVEN: Final = stems_of(GIVEN_WORDS)
_FULL: Final = stem("full")
_TEXT: Final = stems_of(TEXT_WORDS)
_DATE: Final = stems_of(DATE_WORDS)
_BIRTH: Final = stems_of(BIRTH_WORDS)
_LIMIT: Final = stems_of(LIMIT_WORDS)
_IDENTIFIER: Final = stems_of(IDENTIFIER_WORDS)


class Kind(Enum):
    """The kind of value a parameter wants."""

    ENUM = auto()
    BOOLEAN = auto()
    DATE = auto()
    TIME = auto()
    NUMBER = auto()
    ID = auto()
    NAME = auto()
    TEXT = auto()
    OTHER = auto()


class Role(Enum):
    """Which of several values of one kind a parameter wants."""

    PLAIN = auto()
    FROM = auto()
    UNTIL = auto()
    BIRTH = auto()
    FAMILY = auto()
    GIVEN = auto()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a tool.

    Attributes:
        name: Its name in the schema.
        schema: Its schema, references followed; for a list that of one item.
        whole: Its schema as it stands.
        required: It must be given.
        many: It takes a list.
        kind: The kind of value it wants.
        role: Which of several such values.
        stems: Of its name and title.
        hints: Of its description.
        examples: Values its schema gives as examples.
    """

    name: str
    schema: JsonObject
    whole: Json
    required: bool
    many: bool
    kind: Kind
    role: Role
    stems: frozenset[str]
    hints: frozenset[str]
    examples: tuple[str, ...]

    @property
    def pattern(self) -> str | None:
        """The pattern that tells its ids from other words, if it has one."""
        pattern = js.text_of(self.schema, "pattern")
        return pattern if pattern and js.is_identifying(pattern) else None

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, when it is an enumeration."""
        listed = self.schema.get("enum")
        return tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()

    @property
    def names_things(self) -> bool:
        """Its choices are the names of many things, not the states or kinds of one."""
        return len(self.choices) >= _MANY and not self.many

    @property
    def title(self) -> str:
        """What to call it when speaking to a person."""
        title = js.text_of(self.schema, "title") or js.text_of(js.as_object(self.whole), "title")
        return (title or self.name).replace("_", " ").strip().lower() or "value"

    @property
    def limits(self) -> bool:
        """It limits or pages the answer, instead of saying what is wanted."""
        return self.kind is Kind.NUMBER and not _LIMIT.isdisjoint(self.stems)

    @property
    def identifies(self) -> bool:
        """It takes the id of something, which only another tool or the user can know."""
        if self.kind not in {Kind.ID, Kind.OTHER, Kind.NUMBER} or self.many or self.limits:
            return False
        return self.kind is Kind.ID or not _IDENTIFIER.isdisjoint(self.stems | self.hints)


@kept
def parameters(tool: Tool) -> tuple[Parameter, ...]:
    """The parameters of a tool, in the order of its schema."""
    root = tool.input_schema
    schema = js.resolve(root, root)
    needed = js.required(schema)
    return tuple(_parameter(name, part, name in needed, root) for name, part in js.properties(schema).items())


def examples_in(text: str) -> tuple[str, ...]:
    """What a description gives as examples: quoted, or after `e.g.`, `such as` and the like."""
    found = list(_QUOTED.findall(text))
    for listed in _EXAMPLES.findall(text):
        found += [piece.strip() for piece in re.split(r",|\bor\b|\band\b", _QUOTED.sub(r"\1", listed)) if piece.strip()]
    return tuple(dict.fromkeys(found))


def _parameter(name: str, whole: Json, needed: bool, root: JsonObject) -> Parameter:
    outer = js.resolve(whole, root)
    many = "array" in js.types(outer)
    inner = js.resolve(outer.get("items", {}), root) if many else outer
    title = " ".join(js.text_of(part, "title") for part in (js.as_object(whole), outer, inner))
    description = js.text_of(js.as_object(whole), "description") or js.text_of(outer, "description")
    named = frozenset((*name_stems(name), *name_stems(title)))
    hints = frozenset(schema_stems(description))
    listed = inner.get("examples", outer.get("examples"))
    given = [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
    examples = tuple(dict.fromkeys((*given, *examples_in(description))))
    kind = _kind(inner, name, title, description)
    if kind is Kind.DATE and examples and not any(char.isdigit() for example in examples for char in example):
        kind = Kind.OTHER
    return Parameter(
        name=name,
        schema=inner,
        whole=whole,
        required=needed,
        many=many,
        kind=kind,
        role=_role(kind, name, title, description),
        stems=named,
        hints=hints,
        examples=examples,
    )


def _kind(schema: JsonObject, name: str, title: str, description: str) -> Kind:
    named = js.types(schema)
    if isinstance(schema.get("enum"), list):
        return Kind.ENUM
    if "boolean" in named:
        return Kind.BOOLEAN
    if named & {"integer", "number"}:
        return Kind.NUMBER
    if named and "string" not in named:
        return Kind.OTHER
    return _string_kind(schema, frozenset((*name_stems(name), *name_stems(title))), description)


def _string_kind(schema: JsonObject, stems: frozenset[str], description: str) -> Kind:
    pattern = js.text_of(schema, "pattern")
    if schema.get("format") in {"date", "date-time"} or (pattern and js.is_dates(pattern)):
        return Kind.DATE
    if schema.get("format") == "time" or (pattern and js.is_times(pattern)):
        return Kind.TIME
    if pattern and js.is_identifying(pattern):
        return Kind.ID
    if _DATE_HINT.search(description) or (not pattern and not _DATE.isdisjoint(stems)):
        return Kind.DATE
    if pattern or schema.get("format") in {"uri", "uuid", "email"}:
        return Kind.OTHER
    for test in (stems, frozenset(schema_stems(description))):
        if not _TEXT.isdisjoint(test):
            return Kind.TEXT
        if not _NAME.isdisjoint(test):
            return Kind.OTHER if test is stems and not _IDENTIFIER.isdisjoint(stems) else Kind.NAME
        if not _IDENTIFIER.isdisjoint(test):
            return Kind.OTHER
    return Kind.OTHER


def _role(kind: Kind, name: str, title: str, description: str) -> Role:
    for text in (f"{name} {title}", description):
        role = _date_role(text) if kind is Kind.DATE else _name_role(text) if kind is Kind.NAME else None
        if role is not None:
            return role
    return Role.PLAIN


def _date_role(text: str) -> Role | None:
    # Words like "from" are function words and would be lost in stems.
    spoken = set(re.findall(r"[a-z]+", text.lower().replace("_", " ")))
    if spoken & BIRTH_WORDS or {stem(word) for word in spoken} & _BIRTH:
        return Role.BIRTH
    turned = "not" in spoken
    if spoken & FROM_WORDS:
        return Role.UNTIL if turned else Role.FROM
    if spoken & UNTIL_WORDS:
        return Role.FROM if turned else Role.UNTIL
    return None


def _name_role(text: str) -> Role | None:
    stems = frozenset(name_stems(text))
    family, given = bool(stems & _FAMILY), bool(stems & _GIVEN)
    if not family and not given:
        return None
    return Role.PLAIN if (family and given) or _FULL in stems else Role.FAMILY if family else Role.GIVEN
