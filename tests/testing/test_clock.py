"""A clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from agentkit.testing import MovableClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock = MovableClock(datetime(2026, 3, 1, tzinfo=UTC))
    assert clock() == clock() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == clock() == datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert clock.advance(0.5) == datetime(2026, 3, 1, 1, 0, 0, 500_000, tzinfo=UTC)
    assert clock.move_to(datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1)))) == datetime(
        2026, 3, 2, tzinfo=UTC
    )


def test_it_neither_goes_back_nor_does_without_a_zone() -> None:
    clock = MovableClock()
    with pytest.raises(ValueError, match="goes forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        clock.move_to(datetime(2030, 1, 1))  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="time zone"):
        MovableClock(datetime(2030, 1, 1))  # noqa: DTZ001
