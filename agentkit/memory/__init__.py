"""What a context remembers: everything said and found in it, searchable, and invisible to every other context."""

from agentkit.memory.context import ContextMemory
from agentkit.memory.embedder import Embedder, TextKind, Vector
from agentkit.memory.items import Item, Kind, Note, Retrieved, Scope, Wanted
from agentkit.memory.schema import MIGRATIONS

__all__ = [
    "MIGRATIONS",
    "ContextMemory",
    "Embedder",
    "Item",
    "Kind",
    "Note",
    "Retrieved",
    "Scope",
    "TextKind",
    "Vector",
    "Wanted",
]
