"""How long a broken stream is resumed before it is given up, without I/O."""

from __future__ import annotations

from typing import Final

from agentkit.errors import AgentKitError, ApiError, TransportError

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
_MOST_BREAKS: Final = 8
_BUSY: Final = frozenset({408, 429, 502, 503, 504})


class Patience:
    """Counts the connections in a row that brought nothing new.

    Attributes:
        pause: Seconds before the next connection.
    """

    def __init__(self) -> None:
        """Nothing has broken yet."""
        self.pause = _FIRST_PAUSE
        self._breaks = 0

    def lasts(self, *, has_news: bool, trouble: AgentKitError | None, is_answered: bool, is_endless: bool) -> bool:
        """Count a connection that ended before the task was settled.

        Args:
            has_news: It told something new.
            trouble: Why it ended; None where the server ended it properly.
            is_answered: The server was there, whatever became of the connection later: a proxy may cut what is silent
                for a minute, and a silent agent works.
            is_endless: It was one look at a task that still runs, which is looked at without end: a silent agent works.

        Returns:
            Whether another one of this kind is worth a try.

        Raises:
            AgentKitError: The trouble, after too many connections in a row, where the last one was not even answered.
        """
        self.pause = _FIRST_PAUSE if has_news else min(self.pause * 1.5, _LONGEST_PAUSE)
        self._breaks = 0 if has_news or (is_endless and trouble is None) else self._breaks + 1
        if self._breaks <= _MOST_BREAKS:
            return True
        if trouble is not None and not is_answered:
            raise trouble
        self._breaks = 0
        return False


def is_passing(trouble: AgentKitError) -> bool:
    """Whether it may be better in a moment: the connection broke, or the server is busy or being restarted."""
    return isinstance(trouble, TransportError) or (isinstance(trouble, ApiError) and trouble.status in _BUSY)
