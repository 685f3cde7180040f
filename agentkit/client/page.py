"""One page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list (V2-PAGE-01).

    Attributes:
        items: What the page holds.
        next_token: Asks for the next page; None on the last one.
        is_full: More may follow: it holds as many items as were asked for, or the server gave a token for the next one.
    """

    items: tuple[T_co, ...]
    next_token: str | None = None
    is_full: bool = False
