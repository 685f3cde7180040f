"""How the bundled servers publish their parameters."""

from __future__ import annotations

from pydantic.config import JsonDict


def optional(schema: JsonDict) -> None:
    """Publish `X | None = None` as X that may be left out, instead of a union with null."""
    schema.pop("default", None)
    choices = schema.pop("anyOf", None)
    if isinstance(choices, list):
        for choice in choices:
            if isinstance(choice, dict) and choice.get("type") != "null":
                for key, value in choice.items():
                    schema.setdefault(key, value)
