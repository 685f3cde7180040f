"""What a run uses up: reported by leaves, summed by whatever combines them, limited by `Budget`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentkit.errors import AgentKitError
    from agentkit.models import Json, JsonObject, StatusUpdate, TokenUsage

USAGE_KEY: Final = "agentkit.usage"
"""Where in the metadata of the update that ends a turn its usage stands."""

_LARGEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Usage:
    """What one turn used or, added up with `+`, several.

    Attributes:
        credits: What Corti charges.
        input_tokens: Tokens read by models.
        output_tokens: Tokens written by them.
        seconds: For how long leaves were at work; those at work at the same time count each.
    """

    credits: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Both kinds of tokens."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """The sum."""
        return Usage(
            self.credits + other.credits,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.seconds + other.seconds,
        )

    @classmethod
    def of(cls, metadata: JsonObject | None) -> Usage:
        """What metadata tells; what is no number from zero up counts as nothing, for usage must not break a turn."""
        return cls.read(metadata.get(USAGE_KEY)) if metadata else NOTHING

    @classmethod
    def read(cls, told: Json) -> Usage:
        """What `json` wrote, under the same conditions."""
        if not isinstance(told, dict):
            return NOTHING
        return cls(
            _number(told.get("credits")),
            int(_number(told.get("inputTokens"))),
            int(_number(told.get("outputTokens"))),
            _number(told.get("seconds")),
        )

    @classmethod
    def of_tokens(cls, used: TokenUsage | None, *, seconds: float = 0.0) -> Usage:
        """What an answer of Corti told, and how long it took."""
        if used is None:
            return cls(seconds=seconds)
        return cls(used.credits, used.input_tokens, used.output_tokens, seconds)

    def json(self) -> JsonObject:
        """As it stands in metadata; seconds to the millisecond."""
        return {
            "credits": self.credits,
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "seconds": round(self.seconds, 3),
        }


NOTHING: Final = Usage()


class Meter:
    """Sums what the agents inside a combination use, as soon as each of them ends: also those that failed.

    Attributes:
        total: The sum so far.
        exceeded: Set by whoever limits the sum: no further agent may begin.
    """

    __slots__ = ("_around", "_on_change", "exceeded", "total")

    def __init__(self, around: Meter | None = None, on_change: Callable[[Usage], None] | None = None) -> None:
        """Begin at nothing.

        Args:
            around: The meter of the combination around this one, which counts the same.
            on_change: Told the new total.
        """
        self.total = NOTHING
        self.exceeded: AgentKitError | None = None
        self._around = around
        self._on_change = on_change

    def add(self, usage: Usage) -> None:
        """Count what one leaf used."""
        if usage == NOTHING:
            return
        self.total += usage
        if self._on_change is not None:
            self._on_change(self.total)
        if self._around is not None:
            self._around.add(usage)

    def check(self) -> None:
        """Refuse that another agent begins, where a limit is exceeded, here or further out.

        Raises:
            AgentKitError: That of the limit.
        """
        if self.exceeded is not None:
            raise self.exceeded
        if self._around is not None:
            self._around.check()


def charged(end: StatusUpdate, usage: Usage) -> StatusUpdate:
    """The end of a turn with what the turn used; as it is where nothing was used."""
    if usage == NOTHING:
        return end
    return end.model_copy(update={"metadata": {**(end.metadata or {}), USAGE_KEY: usage.json()}})


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return value if 0 <= value <= _LARGEST else 0
