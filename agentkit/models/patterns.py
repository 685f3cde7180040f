"""Regular expressions that somebody else wrote, held against text that somebody else wrote: in linear time."""

from __future__ import annotations

import functools
from typing import Final

from pydantic_core import SchemaValidator

LONGEST: Final = 2_000
"""Characters of a pattern that is used: to make an expression takes time and memory, whatever it is matched with."""


class Expression:
    """A pattern of a JSON schema, matched by an engine that never tracks back; it knows no look-around."""

    __slots__ = ("_validator",)

    def __init__(self, validator: SchemaValidator) -> None:
        """Use a compiled pattern."""
        self._validator = validator

    def is_found_in(self, text: str) -> bool:
        """Whether some part of a text matches."""
        return self._validator.isinstance_python(text)


@functools.lru_cache(maxsize=256)
def expression(pattern: str) -> Expression | None:
    """The expression of a pattern; None where the engine does not know it, or it is or would become too large."""
    if len(pattern) > LONGEST:
        return None
    try:
        return Expression(SchemaValidator({"type": "str", "pattern": pattern, "regex_engine": "rust-regex"}))
    except Exception:  # whatever the engine says: an expression of another dialect is none here
        return None
