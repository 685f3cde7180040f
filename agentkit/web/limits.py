"""How often and for how much at once a server may be asked: per caller and in all, the same on every binding."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentkit.errors import SpecError, TooManyRequests

REMEMBERED: Final = 10_000
"""So many callers are counted; who was not seen for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one caller, and all of them, may ask for; a caller is an owner of a tenant, else the address it comes from.

    A stream counts as one request for as long as it lasts.

    Attributes:
        rate: Requests per second of one caller, over a while.
        burst: Requests at once of a caller who was quiet before.
        concurrent: Requests that are open at once, of all callers.
        concurrent_per_caller: Requests that are open at once, of one caller.
        header_bytes: Bytes of all headers of a request.
    """

    rate: float = 50.0
    burst: int = 500
    concurrent: int = 2_000
    concurrent_per_caller: int = 200
    header_bytes: int = 32_768

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through.

        Raises:
            SpecError: One of them is not positive.
        """
        for name in self.__slots__:
            value: float = getattr(self, name)
            if not 0 < value < math.inf:
                raise SpecError(f"limits.{name}", "must be a positive number")


class Rates:
    """Buckets of tokens, one for each caller: each request takes one, and `rate` of them flow back each second."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        """Fill buckets of `burst` tokens, `rate` per second of a clock; set back, it makes nobody wait longer."""
        self._interval = 1.0 / rate
        self._burst = burst
        self._clock = clock
        # For each caller the time at which its bucket is full again.
        self._full: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str) -> float:
        """Take a token; 0 where there was one, else the seconds until there is one."""
        now = self._clock()
        full = self._full_after_one(caller, now)
        if wait := self._missing(full, now):
            return wait
        self._full[caller] = full
        self._full.move_to_end(caller)
        if len(self._full) > REMEMBERED:
            self._full.popitem(last=False)
        return 0.0

    def wait(self, caller: str) -> float:
        """The seconds until there is a token, 0 where there is one; takes none."""
        now = self._clock()
        return self._missing(self._full_after_one(caller, now), now)

    def _full_after_one(self, caller: str, now: float) -> float:
        """When the bucket is full again once one more token was taken."""
        full, latest = self._full.get(caller, now), now + self._burst * self._interval
        if full > latest:  # no bucket is emptier than empty: the clock was set back
            full = self._full[caller] = latest
        return max(full, now) + self._interval

    def _missing(self, full: float, now: float) -> float:
        wait = full - now - self._burst * self._interval
        return wait if wait > 1e-9 else 0.0


class Limiter:
    """Counts what is open and how often was asked."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Keep to `limits`; the clock gives seconds and only goes forward."""
        self._limits = limits
        self._rates = Rates(limits.rate, limits.burst, clock)
        self._refusals = Rates(limits.rate, limits.burst, clock)
        self._open: dict[str, int] = {}
        self._total = 0

    @property
    def open(self) -> int:
        """How many requests are open."""
        return self._total

    def begin(self, caller: str) -> None:
        """Count a request in; `end` must follow, unless this raises.

        Raises:
            TooManyRequests: There are too many, of this caller or of all.
        """
        if self._total >= self._limits.concurrent:
            raise TooManyRequests("concurrent", "The server is busy.", retry_after=1.0)
        mine = self._open.get(caller, 0)
        if mine >= self._limits.concurrent_per_caller:
            message = "Too many requests of this caller are open."
            raise TooManyRequests("concurrent_per_caller", message, retry_after=1.0)
        if wait := self._rates.take(caller):
            raise TooManyRequests("rate", "This caller asks too often.", retry_after=wait)
        self._open[caller] = mine + 1
        self._total += 1

    def end(self, caller: str) -> None:
        """Count a request out."""
        self._total -= 1
        left = self._open[caller] - 1
        if left:
            self._open[caller] = left
        else:
            del self._open[caller]

    def refused(self, sender: str) -> None:
        """Count a request that was not let in, for its sender only: it slows down nobody else.

        Raises:
            TooManyRequests: There are too many of them.
        """
        if wait := self._refusals.take(sender):
            raise TooManyRequests("rate", "This caller asks too often.", retry_after=wait)
