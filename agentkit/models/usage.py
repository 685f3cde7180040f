"""What agents use: tokens and credits of a turn, and how often an agent was called."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from agentkit.models.base import Model


class TokenUsage(Model):
    """Tokens and credits of one turn or, added up with `+`, of several (V1-OBJ-21, V2-OBJ-14).

    Attributes:
        input_tokens: Tokens read by the model.
        output_tokens: Tokens written by it.
        total_tokens: Both, as the server counts them.
        cached_input_tokens: Those of the input that came from a cache.
        cache_creation_input_tokens: Those of the input that were put into a cache.
        credits: What Corti charges.
        model: The model; None where none was named or several took part.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cached_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    credits: float = 0.0
    model: str | None = None

    def __add__(self, other: TokenUsage) -> TokenUsage:
        """The sum; the model is kept where both used the same, or one of them used nothing."""
        models = {usage.model for usage in (self, other) if usage != TokenUsage()}
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            cache_creation_input_tokens=self.cache_creation_input_tokens + other.cache_creation_input_tokens,
            credits=self.credits + other.credits,
            model=models.pop() if len(models) == 1 else None,
        )


class UsageCounts(Model):
    """How often an agent was called.

    Attributes:
        invocations: Calls.
        unique_contexts: Conversations they belong to.
    """

    invocations: int = 0
    unique_contexts: int = 0


class UsageBucket(UsageCounts):
    """The counts of one period, from `start` up to, but not including, `end`."""

    start: datetime | None = None
    end: datetime | None = None


class UsageReport(Model):
    """How often an agent was called over a time (V2-OBJ-21).

    Attributes:
        granularity: `minute`, `hour`, `day` or `week`; unknown words are kept. Corti honours `day` only (V2-EP-14).
        start: From this time on.
        end: Up to, but not including, this time.
        totals: The counts of the whole time.
        buckets: Periods with activity, oldest first.
    """

    granularity: str
    start: datetime | None = None
    end: datetime | None = None
    totals: UsageCounts = Field(default_factory=UsageCounts)
    buckets: tuple[UsageBucket, ...] = ()
