"""Turns of a conversation follow one another."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from agentkit.errors import ConversationBusy


class OneAtATime:
    """Lets one turn in; a second one gets an error, because waiting for a stream that nobody reads would never end."""

    def __init__(self) -> None:
        """Nothing is going on."""
        self._lock = threading.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a turn is going on."""
        return self._lock.locked()

    def turn(self) -> Turn:
        """A turn; it begins with its `with` block."""
        return Turn(self._lock)


class Turn:
    """One turn, from the beginning of its `with` block to its end, or to `end` before that."""

    def __init__(self, lock: threading.Lock) -> None:
        """Made by `OneAtATime.turn`."""
        self._lock = lock
        self._is_on = False

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            ConversationBusy: Another turn is going on, in whatever task or thread.
        """
        if not self._lock.acquire(blocking=False):
            raise ConversationBusy(
                "Another turn of this conversation is still going on.",
                remedy="Wait for its reply, or read its stream to the end; or make a second conversation.",
            )
        self._is_on = True
        return self

    def end(self) -> None:
        """Let the next turn begin."""
        if self._is_on:
            self._is_on = False
            self._lock.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the turn."""
        self.end()
