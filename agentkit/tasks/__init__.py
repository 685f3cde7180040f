"""One task service under every face: the A2A server and Corti's routes are thin adapters over it (design D6, D7)."""

from agentkit.tasks.acceptance import TIMESTAMP_KEY
from agentkit.tasks.following import Followed
from agentkit.tasks.limits import Limits
from agentkit.tasks.repository import ContextPolicy, Repository, Scope
from agentkit.tasks.retention import RetentionPolicy
from agentkit.tasks.schema import MIGRATIONS
from agentkit.tasks.selection import TaskFilter, TaskPage, read_token
from agentkit.tasks.service import TaskService
from agentkit.tasks.sql import SqlRepository
from agentkit.tasks.station import Resolve

__all__ = [
    "MIGRATIONS",
    "TIMESTAMP_KEY",
    "ContextPolicy",
    "Followed",
    "Limits",
    "Repository",
    "Resolve",
    "RetentionPolicy",
    "Scope",
    "SqlRepository",
    "TaskFilter",
    "TaskPage",
    "TaskService",
    "read_token",
]
