"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_START: Final = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


class MovableClock:
    """Tells the same time until it is moved; give it wherever a `clock` is asked for.

    ```python
    clock = MovableClock()
    async with platform(clock=clock) as local:
        ...
        clock.advance(timedelta(days=31))
    ```
    """

    def __init__(self, start: datetime = _START) -> None:
        """Begin at a moment.

        Raises:
            ValueError: It has no time zone.
        """
        self._now = _zoned(start)

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def advance(self, by: timedelta | float) -> datetime:
        """Let time pass.

        Args:
            by: How much; a number is seconds.

        Returns:
            The new time.

        Raises:
            ValueError: It would go back; timers and lifetimes believe that time goes on.
        """
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        return self.move_to(self._now + step)

    def move_to(self, moment: datetime) -> datetime:
        """Go on to a moment.

        Raises:
            ValueError: It has no time zone, or is in the past of this clock.
        """
        if _zoned(moment) < self._now:
            raise ValueError("a clock goes forward; make another MovableClock to begin earlier")
        self._now = moment
        return moment


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("give a time with a time zone, for example datetime(2026, 1, 1, tzinfo=UTC)")
    return moment
