"""Which failures a wrapper does something about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, TypeAlias, cast

from agentkit.compose.outcome import Outcome
from agentkit.errors import (
    AgentKitError,
    AgentTimeout,
    BadGatewayError,
    GatewayTimeoutError,
    InternalServerError,
    McpTimeout,
    McpUnreachable,
    ModelRateLimited,
    ModelUnreachable,
    RateLimitedError,
    ServiceUnavailableError,
    SpecError,
    TransportError,
    UnknownOutcome,
)
from agentkit.models import TaskState

Failure: TypeAlias = "type[AgentKitError] | TaskState"
"""A class of errors, its subclasses included; or a state, whatever error it comes from."""

PASSING: Final[tuple[Failure, ...]] = (
    TransportError,
    RateLimitedError,
    InternalServerError,
    BadGatewayError,
    ServiceUnavailableError,
    GatewayTimeoutError,
    McpUnreachable,
    McpTimeout,
    ModelUnreachable,
    ModelRateLimited,
    AgentTimeout,
)
"""Failures that may be gone when the same is tried again: no answer, or none now."""

FAILED: Final = frozenset({TaskState.FAILED, TaskState.REJECTED, TaskState.CANCELED})
"""States in which an agent did not do what it was asked."""


class Failures:
    """A set of failures, to be held against outcomes."""

    def __init__(self, field: str, failures: Collection[Failure]) -> None:
        """Take the failures.

        Args:
            field: Names them in errors.
            failures: Classes of errors and states.

        Raises:
            SpecError: There is none, or something is neither.
        """
        states = {one for one in failures if isinstance(one, TaskState)}
        given = cast("Collection[object]", failures)  # an author may hand over anything
        errors = [one for one in given if isinstance(one, type) and issubclass(one, AgentKitError)]
        if not failures or len(states) + len(errors) != len(failures) or not states <= FAILED:
            raise SpecError(field, "must hold classes of errors, or the states failed, rejected and canceled")
        self._states = states
        self._errors = tuple(errors)

    def hold(self, outcome: Outcome) -> bool:
        """Whether an outcome is one of these failures.

        An unknown outcome is none of them unless `UnknownOutcome` itself is named: nobody may do again what perhaps
        happened.
        """
        if outcome.state not in FAILED:
            return False
        error = outcome.metadata.get("error") if outcome.metadata else None
        if error == UnknownOutcome.__name__:
            return UnknownOutcome in self._errors
        return outcome.state in self._states or error in {name for one in self._errors for name in _names(one)}


def _names(error: type[AgentKitError]) -> Iterator[str]:
    yield error.__name__
    for one in error.__subclasses__():
        yield from _names(one)


def is_passing(outcome: Outcome) -> bool:
    """Whether it is not known that the agent came to an end: it may have done the work, or do it still."""
    return _PASSING.hold(outcome)


_PASSING: Final = Failures("PASSING", PASSING)
