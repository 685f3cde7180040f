"""When a call is tried again, and after how long (CLI-05 to CLI-08)."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

_RETRIED: Final = frozenset({408, 429})
_FIRST: Final = 1.0
_CAP: Final = 60.0
_JITTER: Final = 0.1
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The documented rules: 408, 429 and every status from 500 on, for every method.

    Network errors and timeouts are not retried, because nobody knows whether the server did the work (CLI-08).

    Attributes:
        max_retries: Further tries after the first one.
    """

    max_retries: int = 2

    def pause(
        self, retries: int, status: int, headers: Mapping[str, str], now: float, *, is_repeatable: bool = True
    ) -> float | None:
        """Seconds to wait before the next try, or None when there is none.

        Args:
            retries: How many retries there have been.
            status: Of the answer.
            headers: Of the answer, names in lower case. `Retry-After` (seconds or a date) comes first, then
                `X-RateLimit-Reset` (seconds since 1970), then 1 s x 2^n with 10 % jitter; nothing is above 60 s.
            now: Seconds since 1970.
            is_repeatable: False for what must happen at most once: then only a 429 is tried again, which says that
                nothing was done; after 408 and 5xx the work may have been done all the same (CLI-10).
        """
        is_tried_again = status in _RETRIED or status >= 500 if is_repeatable else status == 429
        if retries >= self.max_retries or not is_tried_again:
            return None
        asked = _retry_after(headers.get("retry-after"), now)
        if asked is None:
            reset = _number(headers.get("x-ratelimit-reset"))
            asked = None if reset is None else max(reset - now, 0.0)
        if asked is None:
            asked = _FIRST * 2.0 ** min(retries, 16) * _random.uniform(1 - _JITTER, 1 + _JITTER)
        return min(asked, _CAP)


def _retry_after(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return max(seconds, 0.0)
    try:
        date = parsedate_to_datetime(value)
        # One that does not say is in GMT as well (RFC 9110, section 5.6.7), not in the zone of this machine.
        moment = date.replace(tzinfo=date.tzinfo or UTC).timestamp()
        return max(moment - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
