"""Which agents a list shows (V1-EP-02, V2-EP-02)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from agentkit.models import JsonObject
    from agentkit.platform.agents.rows import Row
from agentkit.specs import Visibility


@dataclass(frozen=True, slots=True)
class Selection:
    """What an agent must be like to be listed; every condition counts, and none is every agent.

    Attributes:
        visibilities: One of these.
        ephemeral: Ephemeral, or persistent; None takes both.
        labels: Each of these keys with this value.
        words: In the name or the description, in any case.
    """

    visibilities: frozenset[Visibility] = frozenset()
    ephemeral: bool | None = None
    labels: tuple[tuple[str, str], ...] = ()
    words: str = ""

    def takes(self, row: Row) -> bool:
        """Whether the agent of a row is listed."""
        if self.visibilities and row.visibility not in self.visibilities:
            return False
        if self.ephemeral is not None and self.ephemeral is not (row.expires is not None):
            return False
        if not self.labels and not self.words:
            return True
        body = cast("JsonObject", json.loads(row.body))
        labels = cast("dict[str, str]", body["labels"])
        if any(labels.get(key) != value for key, value in self.labels):
            return False
        return self.words.casefold() in f"{body['name']}\n{body['description'] or ''}".casefold()
