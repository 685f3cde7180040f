"""How long tasks are kept, and what is done by command: delete what is old, erase what somebody wants erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agentkit.errors import ConfigurationError
from agentkit.tasks.codec import micros
from agentkit.tasks.repository import Repository
from agentkit.tasks.selection import Age

BATCH: Final = 500
"""So many tasks are deleted in one transaction; in between others have their turn."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long tasks are kept; tasks at work always are.

    Attributes:
        ended: After they ended, or were erased.
        waiting: After they asked for an answer or a credential that never came; None keeps them.

    Raises:
        ConfigurationError: A time is negative.
    """

    ended: timedelta
    waiting: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse times that would delete what is not there yet."""
        for name, kept in (("ended", self.ended), ("waiting", self.waiting)):
            if kept is not None and kept < timedelta(0):
                raise ConfigurationError(name, "is negative", remedy="Give how long tasks are kept, from 0 on.")

    async def apply(self, repository: Repository, now: datetime) -> int:
        """Delete for good, with all that belongs to them, the tasks that are kept long enough.

        Returns:
            How many there were.

        Raises:
            StorageError: The database refused; what was deleted before stays deleted.
        """
        waiting_before = 0 if self.waiting is None else micros(now - self.waiting)
        age = Age(ended_before=micros(now - self.ended), waiting_before=waiting_before)
        deleted, more = 0, True
        while more:
            done = await repository.retire(age, limit=BATCH)
            deleted += done
            more = done == BATCH
        await repository.sweep()
        if deleted:
            await repository.erase_traces()
        return deleted


async def erase(repository: Repository, tenant: str, owner: str | None, now: datetime) -> int:
    """Remove the content of all tasks of an owner, or of a whole tenant, from every table.

    What stays is who had a task, when, and in which state it was. A turn that is at work cannot store anything any
    more, and ends.

    Args:
        repository: Where the tasks are.
        tenant: Of the owner.
        owner: `iss|sub` of the token, else the client id; None for everybody of the tenant.
        now: When.

    Returns:
        How many tasks there were.

    Raises:
        StorageError: The database refused; called again, it goes on where it was.
    """
    erased = await repository.erase(tenant, owner, micros(now))
    await repository.erase_traces()
    return erased
