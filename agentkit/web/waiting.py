"""Awaiting one thing, and doing another one first where that has to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import TypeVar

_T = TypeVar("_T")


class Unless(Awaitable[_T]):
    """Awaits one thing; where that has to wait, does another one first."""

    def __init__(self, wanted: Awaitable[_T], before: Callable[[], Coroutine[None, None, None]]) -> None:
        """Prepare; nothing is begun before somebody awaits this."""
        self._wanted = wanted
        self._before = before

    def __await__(self) -> Generator[object, object, _T]:
        """What was wanted."""
        steps = self._wanted.__await__()
        try:
            waiting = next(steps)
        except StopIteration as done:
            return done.value
        try:
            yield from self._before().__await__()
        except BaseException as error:
            # What was begun unwinds, too; closing it would leave an asynchronous generator marked as running.
            steps.throw(error)
            raise
        while True:
            try:
                answer = yield waiting
            except BaseException as error:
                try:
                    waiting = steps.throw(error)
                except StopIteration as done:
                    return done.value
            else:
                try:
                    waiting = steps.send(answer)
                except StopIteration as done:
                    return done.value
