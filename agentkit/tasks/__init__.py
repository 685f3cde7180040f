"""One task service under every face: the A2A server and Corti's routes are thin adapters over it (design D6, D7)."""

from agentkit.tasks.following import Followed
from agentkit.tasks.repository import ContextPolicy, Repository, Scope
from agentkit.tasks.retention import RetentionPolicy
from agentkit.tasks.schema import MIGRATIONS
from agentkit.tasks.selection import TaskFilter, TaskPage
from agentkit.tasks.service import TaskService
from agentkit.tasks.sql import SqlRepository

__all__ = [
    "MIGRATIONS",
    "ContextPolicy",
    "Followed",
    "Repository",
    "RetentionPolicy",
    "Scope",
    "SqlRepository",
    "TaskFilter",
    "TaskPage",
    "TaskService",
]
