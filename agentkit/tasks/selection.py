"""Which tasks: what a list is restricted to, a page of it, and what is old."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from agentkit.errors import WireError
from agentkit.models import Task, TaskState

_LARGEST_CURSOR: Final = 2**63


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

    @property
    def token(self) -> str | None:
        """The cursor as text that a client may give back; None on the last page."""
        return None if self.cursor is None else _token(self.cursor)


def read_token(token: str | None) -> tuple[int, int] | None:
    """The cursor of a token that a client gives back; None for none.

    Raises:
        WireError: It is none of ours.
    """
    if token is None:
        return None
    try:
        time, _, key = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii").partition(".")
        cursor = int(time), int(key)
        ours = _token(cursor) == token and all(0 <= part < _LARGEST_CURSOR for part in cursor)
    except ValueError:
        cursor, ours = (0, 0), False
    if not ours:
        raise WireError("pageToken", "value", "is no token of an earlier page")
    return cursor


def _token(cursor: tuple[int, int]) -> str:
    return urlsafe_b64encode(b"%d.%d" % cursor).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Age:
    """Which tasks are old enough to be deleted, in microseconds since 1970.

    Attributes:
        ended_before: Tasks that ended, or were erased, before.
        waiting_before: Tasks that have waited for an answer or a credential since before; 0 for none.
    """

    ended_before: int
    waiting_before: int = 0
