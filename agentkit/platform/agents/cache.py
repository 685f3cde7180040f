"""Agents as they were last read, so that a message to an agent costs no look into the database."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from agentkit.platform.agents.record import AgentRecord

CAPACITY: Final = 1024
"""How many agents are kept; the one unused for longest goes first."""


class Kept(NamedTuple):
    """An agent and the version of its row that it was read from."""

    record: AgentRecord
    version: int


class RecordCache:
    """Records by their id, inline experts under theirs too."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Keep at most `capacity` records."""
        self._capacity = capacity
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.stamp = 0
        """Another number after every write: what was read before one may be old and must not be kept."""

    def get(self, agent_id: str) -> Kept | None:
        """What is kept of an agent or an inline expert."""
        kept = self._kept.get(agent_id)
        if kept is not None:
            self._kept.move_to_end(agent_id)
        return kept

    def keep(self, record: AgentRecord, version: int, stamp: int) -> None:
        """Keep what was read while the stamp was `stamp`, unless something was written since."""
        if stamp != self.stamp:
            return
        self._kept[record.id] = Kept(record, version)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def forget(self, agent_id: str) -> None:
        """Drop an agent with its inline experts: it was written."""
        self.stamp += 1
        self._kept.pop(agent_id, None)
        for expert in [key for key, kept in self._kept.items() if kept.record.part_of == agent_id]:
            del self._kept[expert]
