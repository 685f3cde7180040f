"""Turns of a conversation follow one another."""

from __future__ import annotations

import threading
from types import TracebackType

from agentkit.errors import ConversationBusy


class OneAtATime:
    """Lets one turn in; a second one gets an error, because waiting for a stream that nobody reads would never end."""

    def __init__(self) -> None:
        """Nothing is going on."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Begin a turn.

        Raises:
            ConversationBusy: Another one is going on, in whatever task or thread.
        """
        if not self._lock.acquire(blocking=False):
            raise ConversationBusy(
                "Another turn of this conversation is still going on.",
                remedy="Wait for its reply, or read its stream to the end; or make a second conversation.",
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the turn."""
        self._lock.release()
