"""What goes wrong on purpose, and when: rules that a seed makes repeatable."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPMethod
from typing import Final, Literal

import anyio

from agentkit.errors import ConfigurationError
from agentkit.platform.realm.records import WrongToken

LONGEST: Final = 600.0
"""Seconds a fault may hold an answer up at most."""

When = Literal["before", "after"]

_PLACEHOLDER: Final = re.compile(r"\{[A-Za-z_]\w*\}|\*+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request; several things may happen to the same one.

    Attributes:
        status: Answer so, with the documented error body of the plane.
        retry_after: The header `Retry-After`: seconds or an HTTP date (CLI-07).
        rate_limit_reset: The header `X-RateLimit-Reset`: seconds since the epoch.
        when: Whether the work is done before it goes wrong (CLI-10); for `status`, `garbage` and `drop`.
        latency: Seconds to wait before anything else.
        garbage: Answer 200 with a body that is no JSON (SDKC-05).
        drop: Close the connection without an answer (CLI-08).
        cut_events: Close the connection after so many events of a stream.
        cut_bytes: Close the connection after so many bytes of the body.
        token: What is wrong with the access token that is fetched.
        slow_experts: Seconds by which each expert's work is held up; not in durable turns.
    """

    status: int | None = None
    retry_after: str | None = None
    rate_limit_reset: int | None = None
    when: When = "before"
    latency: float = 0.0
    garbage: bool = False
    drop: bool = False
    cut_events: int | None = None
    cut_bytes: int | None = None
    token: WrongToken | None = None
    slow_experts: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot happen.

        Raises:
            ConfigurationError: A field does not fit; the error names it.
        """
        if self.status is not None and not 400 <= self.status <= 599:
            raise ConfigurationError("status", "must be an error, from 400 to 599")
        if self.retry_after is not None and not (self.retry_after.isascii() and self.retry_after.isprintable()):
            raise ConfigurationError("retry_after", "must be seconds or an HTTP date")
        for name in ("latency", "slow_experts"):
            if not 0 <= getattr(self, name) <= LONGEST:
                raise ConfigurationError(name, f"must be from 0 to {LONGEST:g} seconds")
        for name in ("cut_events", "cut_bytes", "rate_limit_reset"):
            number: int | None = getattr(self, name)
            if number is not None and number < 0:
                raise ConfigurationError(name, "must not be negative")
        if sum((self.status is not None, self.garbage, self.drop)) > 1:
            raise ConfigurationError("status", "stands beside garbage or drop", remedy="Only one of them can happen.")
        happens = (self.status, self.garbage, self.drop, self.latency, self.token, self.slow_experts)
        if not any(happens) and self.cut_events is None and self.cut_bytes is None:
            raise ConfigurationError("fault", "says nothing that goes wrong")
        self._check_idle()

    def _check_idle(self) -> None:
        """Refuse what would have no effect: whoever wrote it believes that it has one."""
        answers = self.status is not None or self.garbage or self.drop
        for name in ("retry_after", "rate_limit_reset"):
            if getattr(self, name) is not None and self.status is None:
                raise ConfigurationError(name, "needs a status beside it")
        if self.when == "after" and not answers:
            raise ConfigurationError("when", "needs status, garbage or drop beside it")
        for name in ("cut_events", "cut_bytes"):
            if getattr(self, name) is not None and answers:
                raise ConfigurationError(name, "stands beside status, garbage or drop", remedy="Give one of them.")


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A fault and the requests it happens to.

    Attributes:
        fault: What happens.
        method: The method of the request; None is any.
        route: Its path; `{name}` stands for one segment, `*` for anything.
        probability: How often it happens to a request that fits, from 0 to 1.
        every: It happens to every so manieth request that fits, for example 3: to the third, the sixth.
        skip: So many requests that fit go well before.
        count: So often it happens at most; None is without end.
    """

    fault: Fault
    method: str | None = None
    route: str = "*"
    probability: float = 1.0
    every: int = 1
    skip: int = 0
    count: int | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that fits nothing.

        Raises:
            ConfigurationError: A field does not fit; the error names it.
        """
        if self.method is not None and self.method not in HTTPMethod.__members__:
            raise ConfigurationError(
                "method", "must be an HTTP method in capitals", remedy=f"Known are {', '.join(HTTPMethod)}."
            )
        if not self.route.startswith(("/", "*")):
            raise ConfigurationError("route", "must begin with a slash or *")
        if not 0 <= self.probability <= 1 or math.isnan(self.probability):
            raise ConfigurationError("probability", "must be from 0 to 1")
        if self.every < 1:
            raise ConfigurationError("every", "must be at least 1")
        for name in ("skip", "count"):
            number: int | None = getattr(self, name)
            if number is not None and number < 0:
                raise ConfigurationError(name, "must not be negative")

    @property
    def pattern(self) -> re.Pattern[str]:
        """Fits the paths that `route` names."""
        fitting, end = "", 0
        for mark in _PLACEHOLDER.finditer(self.route):
            fitting += re.escape(self.route[end : mark.start()]) + ("[^/]+" if mark[0][0] == "{" else ".*")
            end = mark.end()
        return re.compile(fitting + re.escape(self.route[end:]))


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults that a platform produces.

    Attributes:
        rules: The first one that happens to a request is what happens to it.
        allow_header: Whoever sends `X-Agentkit-Fault` gets that fault, for that request.
        seed: Makes probabilities repeatable: the same requests in the same order meet the same faults.
        sleep: Waits; tests put something else in its place.
    """

    rules: tuple[FaultRule, ...] = ()
    allow_header: bool = False
    seed: int = 0
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


class Dice:
    """Which fault happens to which request."""

    def __init__(self, faults: Faults) -> None:
        """Begin to count."""
        self._rules = [_Counted(rule, f"{faults.seed}/{number}") for number, rule in enumerate(faults.rules)]

    def next_fault(self, method: str, path: str) -> Fault | None:
        """The fault that happens to this request, or None."""
        return next((rule.rule.fault for rule in self._rules if rule.happens(method, path)), None)


class _Counted:
    """A rule and how often it fitted."""

    def __init__(self, rule: FaultRule, seed: str) -> None:
        self.rule = rule
        self._pattern = rule.pattern
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._seen = 0
        self._happened = 0

    def happens(self, method: str, path: str) -> bool:
        rule = self.rule
        if rule.method not in (None, method) or not self._pattern.fullmatch(path):
            return False
        if rule.count is not None and self._happened >= rule.count:
            return False
        self._seen += 1
        if self._seen <= rule.skip or (self._seen - rule.skip) % rule.every:
            return False
        if self._random.random() >= rule.probability:
            return False
        self._happened += 1
        return True
