"""The database of every room that keeps something: one writer thread, one reader thread, numbered migrations (D6)."""

from agentkit.storage.connection import Connection
from agentkit.storage.database import Database
from agentkit.storage.migrations import Migration

__all__ = ["Connection", "Database", "Migration"]
