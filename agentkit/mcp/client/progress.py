"""How far a tool has come, passed on to the caller while he waits."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

import anyio
from mcp.shared.dispatcher import ProgressFnT

from agentkit.credentials import withhold_text

MOST_WAITING: Final = 100
"""Reports that wait for a slow callback; of more, the oldest are dropped."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a tool has come.

    Attributes:
        done: Grows with every report; its unit is the tool's.
        total: What `done` will be at the end, where the tool knows.
        message: What the tool does, in its words.
    """

    done: float
    total: float | None = None
    message: str | None = None

    def __repr__(self) -> str:
        """Shows the numbers: the words may be patient data."""
        return f"Progress(done={self.done!r}, total={self.total!r})"


ProgressCallback = Callable[[Progress], Awaitable[None] | None]
"""Is told how far a tool has come; a plain function must not block."""


class CallbackFailed(Exception):
    """Carries what a callback raised past everything that would take it for the server's failure."""

    def __init__(self, error: Exception) -> None:
        """Carry `error`."""
        super().__init__(type(error).__name__)
        self._error = error
        self._context = error.__context__

    def reraise(self) -> NoReturn:
        """Raise it as the callback did, with what it says it came from."""
        try:
            raise self._error
        finally:
            self._error.__context__ = self._context


async def with_progress(
    callback: ProgressCallback, secrets: Callable[[], Collection[str]], call: Callable[[ProgressFnT], Awaitable[_T]]
) -> _T:
    """Run a call; its reports reach the callback in order, one at a time, and all before the call returns.

    Args:
        callback: Whom to tell.
        secrets: What is withheld from a server's words.
        call: Makes the call, given where its reports go.

    Raises:
        CallbackFailed: The callback raised; the call was cancelled.
        CancelledError: The callback was cancelled, and with it the call.
        Exception: What the call raised.
    """
    waiting: deque[Progress] = deque(maxlen=MOST_WAITING)
    news = anyio.Event()
    over = False
    results: list[_T] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        if math.isfinite(progress) and not over:
            known = total if total is not None and math.isfinite(total) else None
            waiting.append(Progress(progress, known, withhold_text(message, secrets()) if message else None))
            news.set()

    async def pass_on() -> None:
        nonlocal news
        while waiting or not over:
            if not waiting:
                await news.wait()
                news = anyio.Event()
                continue
            try:
                answer = callback(waiting.popleft())
                if inspect.isawaitable(answer):
                    await answer
            except Exception as error:
                raise CallbackFailed(error) from None

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pass_on)
            results.append(await call(report))
            over = True
            news.set()
    except BaseExceptionGroup as group:
        raise _first(group) from None
    if not results:  # the callback was cancelled, and with it the call
        raise asyncio.CancelledError
    return results[0]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
    return error  # pyright: ignore[reportUnknownVariableType]
