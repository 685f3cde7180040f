"""Checks of request bodies: which fields there are, and what may stand in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

JsonObject: TypeAlias = dict[str, Any]
Problem: TypeAlias = tuple[str, str]
"""Where it is, and what is wrong."""
Rule: TypeAlias = Callable[[object, str, list[Problem]], None]


def problems(rule: Rule, value: object) -> list[Problem]:
    """All that is wrong with a body."""
    found: list[Problem] = []
    rule(value, "", found)
    return found


def anything(value: object, path: str, found: list[Problem]) -> None:
    """Any JSON value."""


def text(shortest: int = 0, longest: int | None = None) -> Rule:
    """A string of such a length."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if not isinstance(value, str):
            found.append((path, "must be a string"))
        elif len(value) < shortest or (longest is not None and len(value) > longest):
            found.append((path, f"must have {shortest} to {longest} characters"))

    return check


def word(*allowed: str) -> Rule:
    """One of these strings."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if value not in allowed:
            found.append((path, f"must be one of {', '.join(allowed)}"))

    return check


def flag(value: object, path: str, found: list[Problem]) -> None:
    """A boolean."""
    if not isinstance(value, bool):
        found.append((path, "must be a boolean"))


def count(value: object, path: str, found: list[Problem]) -> None:
    """An integer that is not negative."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        found.append((path, "must be an integer of at least 0"))


def page_size(value: object, path: str, found: list[Problem]) -> None:
    """V2-PAGE-01."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 200:
        found.append((path, "must be an integer from 1 to 200"))


def one_of_values(*allowed: object) -> Rule:
    """One of these values."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if isinstance(value, bool) or value not in allowed:
            found.append((path, f"must be one of {', '.join(map(str, allowed))}"))

    return check


def nullable(rule: Rule) -> Rule:
    """What the rule allows, or null."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if value is not None:
            rule(value, path, found)

    return check


def array(rule: Rule, longest: int | None = None, *, unique: bool = False) -> Rule:
    """A list whose items keep the rule."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if not isinstance(value, list):
            found.append((path, "must be an array"))
            return
        items = cast("list[object]", value)
        if longest is not None and len(items) > longest:
            found.append((path, f"must have at most {longest} items"))
        if unique and any(item in items[:index] for index, item in enumerate(items)):
            found.append((path, "must not repeat an item"))
        for index, item in enumerate(items):
            rule(item, f"{path}[{index}]", found)

    return check


def record(rule: Rule, key: Callable[[str], bool] = lambda _: True, longest: int | None = None) -> Rule:
    """An object of any keys whose values keep the rule."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append((path, "must be an object"))
            return
        entries = cast("dict[str, object]", value)
        if longest is not None and len(entries) > longest:
            found.append((path, f"must have at most {longest} entries"))
        for name, item in entries.items():
            if not key(name):
                found.append((at(path, name), "is not a valid key"))
            rule(item, at(path, name), found)

    return check


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, closed: bool = False) -> Rule:
    """An object with these fields; a closed one has no others."""
    known = {**required, **(optional or {})}

    def check(value: object, path: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append((path, "must be an object"))
            return
        fields = cast("dict[str, object]", value)
        found.extend((at(path, name), "is required") for name in required if name not in fields)
        for name, item in fields.items():
            if name in known:
                known[name](item, at(path, name), found)
            elif closed:
                found.append((at(path, name), "is not a known field"))

    return check


def by(discriminator: str, forms: Mapping[str, Rule]) -> Rule:
    """An object whose form is named by one of its fields."""

    def check(value: object, path: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append((path, "must be an object"))
            return
        fields = cast("dict[str, object]", value)
        name = fields.get(discriminator)
        form = forms.get(name) if isinstance(name, str) else None
        if form is None:
            found.append((at(path, discriminator), f"must be one of {', '.join(forms)}"))
        else:
            form(fields, path, found)

    return check


def at(path: str, name: str) -> str:
    """The path of a field."""
    return f"{path}.{name}" if path else name
