"""Where Corti's own server falls short of its contract; ours does it right unless it is asked to be faithful."""

from __future__ import annotations

from enum import StrEnum


class Shortfall(StrEnum):
    """Something that is declared and does not work at Corti today, by the rule that tells of it.

    Asked as `settings.falls_short(Shortfall.CONTEXT_LIST)` at the one place where it makes a difference.
    """

    CONTEXT_LIST = "context-list"
    """V2-EP-18: the list of contexts is an empty page."""

    USAGE_BY_DAY_ONLY = "usage-by-day-only"
    """V2-EP-14: whatever granularity is asked for, usage is counted by day."""
