"""Which tasks: what a list is restricted to, a page of it, and what is old."""

from __future__ import annotations

from dataclasses import dataclass

from agentkit.models import Task, TaskState


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks to list; None does not restrict.

    Attributes:
        context_id: Of this conversation.
        state: In this state.
        since: Whose status is not older, in microseconds since 1970.
    """

    context_id: str | None = None
    state: TaskState | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of tasks, newest status first.

    Attributes:
        tasks: The page.
        cursor: For the next page; None on the last one.
        total: How many tasks the filter finds in all.
    """

    tasks: tuple[Task, ...]
    cursor: tuple[int, int] | None
    total: int


@dataclass(frozen=True, slots=True)
class Age:
    """Which tasks are old enough to be deleted, in microseconds since 1970.

    Attributes:
        ended_before: Tasks that ended, or were erased, before.
        waiting_before: Tasks that have waited for an answer or a credential since before; 0 for none.
    """

    ended_before: int
    waiting_before: int = 0
