"""What was worked out about a tool is kept, because tools stay while messages come and go."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, Generic, TypeVar

_SIZE: Final = 1024
_Held = TypeVar("_Held")
_Other = TypeVar("_Other")
_Result = TypeVar("_Result")


class _Same(Generic[_Held]):
    """Equal to itself only; schemas are dictionaries, which cannot be keys. Holding it keeps its identity taken."""

    __slots__ = ("held", "identity")

    def __init__(self, held: _Held) -> None:
        self.held = held
        self.identity = id(held)

    def __hash__(self) -> int:
        return self.identity

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.identity == other.identity


def kept(function: Callable[[_Held], _Result]) -> Callable[[_Held], _Result]:
    """Keep the results of a pure function of a tool or of a part of one; a bounded number of them."""

    @lru_cache(maxsize=_SIZE)
    def work(key: _Same[_Held]) -> _Result:
        return function(key.held)

    @wraps(function)
    def look(held: _Held) -> _Result:
        return work(_Same(held))

    return look


def kept_for_two(function: Callable[[_Held, _Other], _Result]) -> Callable[[_Held, _Other], _Result]:
    """The same for a pure function of two."""

    @lru_cache(maxsize=_SIZE)
    def work(key: _Same[_Held], other: _Same[_Other]) -> _Result:
        return function(key.held, other.held)

    @wraps(function)
    def look(held: _Held, other: _Other) -> _Result:
        return work(_Same(held), _Same(other))

    return look
