"""What a context remembers: everything said and found in it, searchable, and invisible to every other context."""

from agentkit.memory.context import ContextMemory
from agentkit.memory.items import Item, Kind, Note, Scope
from agentkit.memory.schema import MIGRATIONS

__all__ = ["MIGRATIONS", "ContextMemory", "Item", "Kind", "Note", "Scope"]
