"""The memory of contexts: strictly scoped, erasable, searched by words and by meaning (design, section 8)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from agentkit.errors import AgentKitError
from agentkit.memory import rows
from agentkit.memory.embedder import Embedder
from agentkit.memory.items import TURNS, Item, Kind, Note, Retrieved, Scope, Wanted
from agentkit.memory.meaning import Meaning
from agentkit.memory.ranking import fused, lexical
from agentkit.memory.rows import ContextRow, ItemRow
from agentkit.storage import Connection, Database

_OF_A_TASK: Final = 20
_THINGS: Final = (Kind.PART, Kind.ARTIFACT)

HasTask = Callable[[Connection, str], bool]
"""Whether a task is there, and neither deleted nor hidden."""

_log = logging.getLogger("agentkit.memory")


class _Window(NamedTuple):
    """The newest of a context, and whether there is more than that."""

    turns: list[ItemRow]
    observations: list[ItemRow]
    more: bool

    @property
    def shown(self) -> frozenset[int]:
        return frozenset(row[0] for row in (*self.turns, *self.observations))


def _now() -> datetime:
    return datetime.now(UTC)


class ContextMemory:
    """Remembers what was said and found in a context, and finds it again.

    Without an embedder the search is lexical: it matches words by their stem. With one it is hybrid: the order by
    words and the order by meaning are fused, so that names and numbers are found as well as paraphrases (CTX-06).
    Ranking uses nothing but the context's own items: what stands in one context cannot even move the order of results
    in another (CTX-03). No call's price grows with the context, but for the comparison of vectors, which takes about
    a millisecond for ten thousand.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder | None = None,
        *,
        clock: Callable[[], datetime] = _now,
        has_task: HasTask | None = None,
    ) -> None:
        """Use a database that was opened with this room's `MIGRATIONS`.

        Args:
            database: SQLite or PostgreSQL.
            embedder: Lets the search go by meaning, too.
            clock: The time, with time zone.
            has_task: Says in the transaction that keeps notes whether their task is there still: what was erased must
                not come back with a turn that ends later, here or in another process. None: every task is.

        Raises:
            ConfigurationError: An embedder is given, and numpy is not installed.
        """
        self._database = database
        self._clock = clock
        self._has_task = has_task
        self._meaning = None if embedder is None else Meaning(database, embedder, clock)
        self._kept: dict[Scope, asyncio.Future[None]] = {}

    async def remember(self, scope: Scope, notes: Sequence[Note], *, turn: str | None = None) -> None:
        """Keep notes, in order and all together.

        It does not wait for the commit: that comes before the commit of any later write to the same database, and every
        call for this context waits for it. A database that refuses is logged.

        Args:
            scope: The context they belong to.
            notes: What to keep, all of one task.
            turn: Names what brought them, within their task; a turn that is kept already is not kept again, so that a
                run may be repeated after a crash.

        Raises:
            StorageError: The database is closed.
        """
        if not notes:
            return
        when, task_id, has_task = self._clock().isoformat(), notes[0].task_id, self._has_task

        def keep(connection: Connection) -> None:
            if task_id is None or has_task is None or has_task(connection, task_id):
                rows.keep(connection, scope, notes, turn, when)

        future = self._database.post(keep)
        self._kept[scope] = future
        future.add_done_callback(lambda done: self._was_kept(scope, done))

    async def search(self, scope: Scope, query: str, limit: int = 10) -> tuple[Item, ...]:
        """The items that bear most on a text, best first.

        Args:
            scope: Where to look.
            query: Any text; it is not a query language.
            limit: At most so many items.

        Raises:
            StorageError: The database refused.
        """
        if limit < 1:
            return ()
        await self._settled(scope)
        vector = await self._embedded(scope, query)

        def job(connection: Connection) -> list[ItemRow]:
            context = rows.find_context(connection, scope)
            return [] if context is None else self._relevant(connection, context, query, vector, limit, ())

        return tuple(rows.item(row) for row in await self._database.read(job))

    async def retrieve(self, scope: Scope, wanted: Wanted) -> Retrieved:
        """The newest of a context and what else bears on a text, just in time for a message (CTX-06).

        Raises:
            StorageError: The database refused.
        """
        await self._settled(scope)
        by_words = self._meaning is None

        def look(connection: Connection) -> tuple[_Window, list[ItemRow]] | None:
            context = rows.find_context(connection, scope)
            if context is None:
                return None
            window = _window(connection, context, wanted)
            named = _named(connection, context, wanted, window.shown)
            if window.more and by_words:
                shown = window.shown.union(row[0] for row in named)
                named += self._relevant(connection, context, wanted.text, None, wanted.relevant, shown)
            return window, named

        found = await self._database.read(look)
        if found is None:
            return Retrieved()
        window, relevant = found
        if window.more and not by_words:
            shown = window.shown.union(row[0] for row in relevant)
            vector = await self._embedded(scope, wanted.text)

            def find(connection: Connection) -> list[ItemRow]:
                context = rows.find_context(connection, scope)
                if context is None:
                    return []
                return self._relevant(connection, context, wanted.text, vector, wanted.relevant, shown)

            relevant += await self._database.read(find)
        return Retrieved(
            tuple(rows.item(row) for row in reversed(window.turns)),
            tuple(rows.item(row) for row in reversed(window.observations)),
            tuple(rows.item(row) for row in relevant),
        )

    async def recall(self, scope: Scope, kinds: Sequence[Kind], limit: int) -> tuple[Item, ...]:
        """The newest items of the given kinds, oldest first.

        Raises:
            StorageError: The database refused.
        """
        await self._settled(scope)

        def job(connection: Connection) -> list[ItemRow]:
            context = rows.find_context(connection, scope)
            return [] if context is None else rows.newest(connection, context.number, kinds, limit)

        return tuple(rows.item(row) for row in reversed(await self._database.read(job)))

    async def forget(self, scope: Scope) -> None:
        """Erase everything of a context, and all that was made of it; nothing can bring it back (V1-CTXEP-02).

        Raises:
            StorageError: The database refused.
        """

        def job(connection: Connection) -> int | None:
            context = rows.find_context(connection, scope)
            rows.erase(connection, scope)
            return None if context is None else context.number

        number = await self._database.write(job)
        if number is not None and self._meaning is not None:
            self._meaning.drop(number)
        await self._database.erase_traces()

    def forget_tasks(self, connection: Connection, task_ids: Sequence[str]) -> None:
        """Erase what is kept of some tasks, in the transaction that deletes them; for `Repository.on_delete`."""
        contexts = rows.erase_tasks(connection, task_ids)
        if self._meaning is not None:
            for number in contexts:
                self._meaning.drop(number)

    async def aclose(self) -> None:
        """Stop what is under way in the background; to be called before the database is closed."""
        if self._meaning is not None:
            await self._meaning.aclose()

    async def _settled(self, scope: Scope) -> None:
        """Wait for what is still being written of a context; that it failed was said."""
        future = self._kept.get(scope)
        if future is not None:
            await asyncio.wait([future])

    def _was_kept(self, scope: Scope, done: asyncio.Future[None]) -> None:
        if self._kept.get(scope) is done:
            del self._kept[scope]
        error = None if done.cancelled() else done.exception()
        if error is not None:
            said = str(error) if isinstance(error, AgentKitError) else type(error).__name__
            _log.error("a turn was not remembered: %s", said)
        elif self._meaning is not None:
            self._meaning.wake(scope)

    async def _embedded(self, scope: Scope, text: str) -> bytes | None:
        """A text as a vector, when everything of the context that it will be compared with has one."""
        if self._meaning is None:
            return None
        await self._meaning.complete(scope)
        return await self._meaning.query(text)

    def _relevant(
        self,
        connection: Connection,
        context: ContextRow,
        text: str,
        vector: bytes | None,
        limit: int,
        shown: Collection[int],
    ) -> list[ItemRow]:
        best = lexical(connection, context, text, shown=shown)
        if vector is not None and self._meaning is not None:
            best = fused(best, self._meaning.nearest(connection, context, vector, shown))
        best = best[: max(limit, 0)]
        found = rows.load(connection, context.number, best)
        if len(found) < len(best) and self._meaning is not None:
            # Another process erased what is still in this one's memory.
            self._meaning.drop(context.number)
        return [found[place] for place in best if place in found]


def _window(connection: Connection, context: ContextRow, wanted: Wanted) -> _Window:
    turns = rows.newest(connection, context.number, TURNS, wanted.turns)
    observations = rows.newest(connection, context.number, (Kind.OBSERVATION,), wanted.observations)
    return _Window(turns, observations, context.items > len(turns) + len(observations))


def _named(connection: Connection, context: ContextRow, wanted: Wanted, shown: Collection[int]) -> list[ItemRow]:
    """What named tasks of this very context left, oldest first; an id of anywhere else names nothing (CTX-07)."""
    return [
        row
        for task_id in wanted.tasks
        for row in reversed(rows.of_task(connection, context.number, task_id, _OF_A_TASK))
        if row[0] not in shown
    ]
