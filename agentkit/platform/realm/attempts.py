"""How often the login may refuse somebody: who guesses secrets is slowed down, nobody else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from agentkit.errors import AuthenticationError, TooManyRequests
from agentkit.web.limits import Rates

RATE: Final = 5.0
"""Refusals per second that one address may bring about, over a while."""

BURST: Final = 100
"""Refusals at once of an address that was quiet before."""


class Attempts:
    """Counts refusals by the address they were sent to."""

    def __init__(self, clock: Callable[[], float], *, rate: float = RATE, burst: int = BURST) -> None:
        """Count with a clock of seconds."""
        begun = clock()
        # Small numbers: seconds since the epoch leave no digits for the fractions that are added up.
        self._rates = Rates(rate, burst, lambda: clock() - begun)

    @contextmanager
    def counted(self, sender: str) -> Generator[None, None, None]:
        """Judge a request of an address; a refusal is counted, a success is free.

        Raises:
            TooManyRequests: The address was refused too often lately.
        """
        if wait := self._rates.wait(sender):
            raise TooManyRequests("sign_in", "Too many requests from this address were refused.", retry_after=wait)
        try:
            yield
        except AuthenticationError:
            self._rates.take(sender)
            raise
