"""Pages of v2's lists (V2-PAGE-01)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from agentkit.models import JsonObject
from agentkit.wire.reader import Reader

T = TypeVar("T")


def encode_page(key: str, items: Iterable[JsonObject], next_token: str | None) -> JsonObject:
    """A page: the items under their key, and the token of the next page or null."""
    return {key: list(items), "nextPageToken": next_token}


def decode_page(
    value: object, key: str, decode: Callable[[object, str], T], path: str = ""
) -> tuple[tuple[T, ...], str | None]:
    """The items of a page and the token of the next one; an empty token counts as none.

    Raises:
        WireError: It is no object with an array, or an item does not fit.
    """
    reader = Reader(value, path)
    return reader.items(key, decode), reader.optional_text("nextPageToken") or None
