"""What a store of tasks can delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from agentkit.storage import Connection
from agentkit.tasks.selection import Age

if TYPE_CHECKING:
    from agentkit.tasks.repository import Scope

DeleteHook = Callable[[Connection, Sequence[str]], None]
"""Deletes what another room keeps of tasks, given their ids; called in the transaction that deletes them, before their
rows are."""


class Erasure(Protocol):
    """Deletes in two steps: what is hidden is found by nobody any more, and `scrub` removes its content in batches.

    So no transaction grows with what is deleted, and what a crash leaves cannot be seen and is scrubbed later.
    """

    async def hide_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Hide a context, so that nothing can be added to it any more; False when there is no such context."""
        ...

    async def hide_expired(self, now: int, limit: int) -> Sequence[tuple[Scope, str]]:
        """Hide contexts whose time is over, some at a time (CTX-04).

        Returns:
            Which they are; fewer than the limit at the end.
        """
        ...

    async def scrub(self) -> int:
        """Remove the content of everything hidden, also of what a crash left; returns how many tasks it was."""
        ...

    async def delete_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Scrub what was said in a context, keep that it was there; False when there is no such context."""
        ...

    async def erase(self, tenant: str, owner: str | None, now: int) -> int:
        """Scrub everything of an owner, or of a whole tenant, at all agents, in bounded transactions.

        That the tasks were there is kept for audit: who, when, in which state.

        Returns:
            How many tasks were scrubbed.
        """
        ...

    async def retire(self, age: Age, *, limit: int = 500) -> int:
        """Delete tasks for good that are old, and the state of contexts that have no task left.

        Args:
            age: Which tasks are.
            limit: At most so many; called again until it returns fewer.

        Returns:
            How many tasks were deleted.
        """
        ...

    async def sweep(self) -> None:
        """Forget which messages came in for tasks that were deleted; the end of a retention."""
        ...

    async def erase_traces(self) -> None:
        """Finish a deletion: what was deleted is then in no file of the database any more, as far as we rule them."""
        ...

    def on_delete(self, hook: DeleteHook) -> None:
        """Have a hook called whenever tasks are scrubbed or deleted, in the same transaction."""
        ...
