"""SQLite for every room that keeps something: one writer thread, one reader thread, numbered migrations (design D6)."""

from agentkit.storage.database import Database
from agentkit.storage.migrations import Migration

__all__ = ["Database", "Migration"]
