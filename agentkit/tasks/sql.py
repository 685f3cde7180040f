"""The task service's store on SQL, the same on SQLite and PostgreSQL (design D6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from agentkit.models import Json, JsonObject, Message, Task
from agentkit.storage import Connection, Database
from agentkit.tasks import conversation, erasing, reading
from agentkit.tasks.acceptance import Acceptance
from agentkit.tasks.changes import Changed, Changes, Watch
from agentkit.tasks.codec import decode, decode_object, decode_task, encode_artifact, encode_object, encode_task
from agentkit.tasks.erasure import DeleteHook
from agentkit.tasks.reading import Parts
from agentkit.tasks.repository import (
    Append,
    ContextPolicy,
    Opened,
    Record,
    Repeated,
    Scope,
    StoredTask,
    StoredTurn,
)
from agentkit.tasks.selection import Age, TaskFilter

_EVENT: Final = "INSERT INTO events (task, version, tenant, owner, kind, talk, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADVANCE: Final = (
    "UPDATE tasks SET state = ?, version = ?, said = coalesce(?, said), updated = ?, body = ?, worker = ?,"
    " {more} WHERE key = ? AND version = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_WORK: Final = _ADVANCE.format(more="continuation = coalesce(?, continuation)")
_SETTLE: Final = _ADVANCE.format(more="continuation = ?")
# The turn's artifacts are known, so those of the task are when those of the turns before it were.
_FOLD: Final = (
    _ADVANCE.format(more="continuation = ?, folded = CASE WHEN folded = turn - 1 THEN ? ELSE folded END")
    + " RETURNING folded"
)
_ARTIFACT: Final = (
    "INSERT INTO artifacts (task, id, version, ordinal, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (task, id) DO UPDATE SET body = excluded.body"
)
_EVENTS: Final = (
    "SELECT version, kind, body FROM events WHERE task = ? AND tenant = ? AND owner = ? AND version > ?"
    " AND body <> '' ORDER BY version LIMIT ?"
)
_OPEN_TASKS: Final = (
    "SELECT count(*) FROM tasks WHERE listed IN (SELECT number FROM scopes WHERE tenant = ? AND owner = ?)"
    " AND state NOT IN ('completed', 'failed', 'canceled', 'rejected')"
)
_UNSETTLED: Final = (
    "SELECT key, version, body, continuation, turn, worker, tenant, owner, agent_id FROM tasks"
    " WHERE state IN ('submitted', 'working') AND deleted IS NULL AND key > ?"
)
_AT_WORK: Final = (
    "SELECT owner, id FROM tasks"
    " WHERE state IN ('submitted', 'working') AND deleted IS NULL AND tenant = ? AND agent_id = ?"
)
_CLAIM: Final = "UPDATE tasks SET worker = ? WHERE key = ? AND version = ? AND worker = ? AND deleted IS NULL"


class SqlRepository:
    """Implements `Repository` on a `Database` that was opened with `MIGRATIONS`; on PostgreSQL for many processes."""

    def __init__(self, database: Database) -> None:
        """Use a database; it is closed by whoever opened it."""
        self._database = database
        self._changes = Changes(database)
        self._hooks: list[DeleteHook] = []
        self._totals = reading.Totals(database.version_query)

    async def accept(
        self,
        scope: Scope,
        message: Message,
        *,
        policy: ContextPolicy,
        new_task_id: str,
        new_context_id: str,
        now: int,
        metadata: JsonObject | None = None,
        lifetime: int | None = None,
    ) -> Opened | Repeated:
        """Store a user's message, once: open a task for it or continue the one it names."""
        database = self._database
        request = encode_object(metadata)
        taken = await database.write(
            Acceptance(
                *(scope, message, policy, new_task_id, new_context_id, now),
                *(request, database.session, database.row_lock, lifetime),
            )
        )
        if isinstance(taken, Opened):
            self._changes.tell(taken.stored.key, taken.stored.task.id)
        return taken

    async def append(self, batch: Append) -> bool:
        """Add events and replace the snapshot; False when somebody else wrote in between, then nothing is stored."""
        scope = batch.scope
        version, talk, rows = batch.first, None, list[tuple[object, ...]]()
        for version, (kind, talks, body) in enumerate(batch.events, batch.first):
            rows.append((batch.key, version, scope.tenant, scope.owner, kind, int(talks), body))
            if kind == "status":
                talk = version if talks else 0
        task = batch.snapshot
        settled = task.status.state.is_settled
        place = (batch.key, batch.first - 1, scope.tenant, scope.owner, scope.agent_id)
        values = (
            *(task.status.state.value, version, talk, batch.updated, encode_task(task), self._database.session),
            batch.continuation,
        )
        artifacts = [
            (batch.key, one.artifact_id, version, ordinal, encode_artifact(one))
            for ordinal, one in enumerate(batch.artifacts or ())
        ]

        def advance(connection: Connection) -> bool:
            if settled and batch.artifacts is not None:
                row = connection.execute(_FOLD, (*values, version, *place)).fetchone()
                if row is None:
                    return False
                if artifacts and row[0] == version:
                    connection.executemany(_ARTIFACT, artifacts)
            elif connection.execute(_SETTLE if settled else _WORK, (*values, *place)).rowcount != 1:
                return False
            connection.executemany(_EVENT, rows)
            return True

        try:
            return await self._database.write(advance)
        finally:
            self._changes.tell(batch.key, task.id)

    async def load(self, scope: Scope, task_id: str, history_length: int | None = None) -> StoredTask | None:
        """A task with its newest messages (V1-TASK-01)."""
        return await self._database.read(lambda it: reading.load(it, scope, task_id, Parts(history_length)))

    async def turn(self, scope: Scope, task_id: str, version: int) -> StoredTurn | None:
        """What the turn started from whose message led to a version; None when it is not there (any more)."""
        return await self._database.read(lambda it: reading.load_turn(it, scope, task_id, version))

    async def events(self, key: int, scope: Scope, after: int, limit: int) -> Sequence[tuple[int, Record]]:
        """Events behind a version, with theirs, oldest first."""

        def find(connection: Connection) -> list[tuple[int, Record]]:
            rows = connection.execute(_EVENTS, (key, scope.tenant, scope.owner, after, limit))
            return [(version, decode(kind, body)) for version, kind, body in rows]

        return await self._database.read(find)

    async def tasks(
        self,
        scope: Scope,
        chosen: TaskFilter,
        *,
        limit: int,
        after: tuple[int, int] | None,
        history_length: int | None,
        artifacts: bool = True,
    ) -> tuple[Sequence[tuple[tuple[int, int], Task]], int]:
        """A page of tasks, newest status first, each with its cursor; and how many there are in all."""
        parts = Parts(history_length, artifacts)

        def find(connection: Connection) -> tuple[list[tuple[tuple[int, int], Task]], int]:
            total = self._totals.count(connection, scope, chosen)
            return reading.page(connection, scope, chosen, total, limit, after, parts), total

        return await self._database.read(find)

    async def context(
        self, scope: Scope, context_id: str, *, limit: int | None, offset: int, history_length: int | None = None
    ) -> Sequence[Task] | None:
        """The tasks of a context, oldest first; None when there is no such context."""
        parts = Parts(history_length)
        return await self._database.read(lambda it: reading.load_context(it, scope, context_id, limit, offset, parts))

    async def open_tasks(self, tenant: str, owner: str) -> int:
        """How many tasks of an owner, at all agents, have not ended."""
        (count,) = await self._database.read(lambda it: it.execute(_OPEN_TASKS, (tenant, owner)).fetchone())
        return count

    async def unsettled(self, *, after: int = 0, limit: int = 500) -> Sequence[StoredTask]:
        """Everybody's tasks at work whose process is gone, by key, without history and artifacts."""
        alive = sorted((await self._database.sessions())[1])
        others = f" AND worker NOT IN ({', '.join('?' * len(alive))})" if alive else ""

        def find(connection: Connection) -> list[StoredTask]:
            rows = connection.execute(f"{_UNSETTLED}{others} ORDER BY key LIMIT ?", (after, *alive, limit))
            return [
                StoredTask(key, decode_task(body), version, Scope(*scope), decode_object(left), turn, worker)
                for key, version, body, left, turn, worker, *scope in rows
            ]

        return await self._database.read(find)

    async def at_work(self, tenant: str, agent_id: str) -> Sequence[tuple[Scope, str]]:
        """Everybody's tasks that are at work at an agent, in whichever process: whose they are, and their ids."""
        rows = await self._database.read(lambda it: it.execute(_AT_WORK, (tenant, agent_id)).fetchall())
        return [(Scope(tenant, owner, agent_id), task_id) for owner, task_id in rows]

    async def claim(self, stored: StoredTask) -> bool:
        """Take over a task whose process is gone; False when another process did, or it was written since."""
        values = (self._database.session, stored.key, stored.version, stored.worker)
        return await self._database.write(lambda it: it.execute(_CLAIM, values).rowcount == 1)

    async def state(self, scope: Scope, context_id: str, key: str) -> Json:
        """What agents kept of a conversation under a key; None for nothing."""
        return await self._database.read(lambda it: conversation.read_state(it, scope, context_id, key))

    async def keep_state(self, scope: Scope, context_id: str, key: str, value: Json, now: int) -> None:
        """Keep a small value with a context; None forgets it. A context that is not there (any more) keeps nothing."""
        kept = conversation.encode_state(key, value)
        lock = self._database.row_lock
        await self._database.write(
            lambda it: conversation.write_state(it, scope, context_id, key, kept, now, row_lock=lock)
        )

    async def hide_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Hide a context, so that nothing can be added to it any more; False when there is no such context."""
        return bool(await self._database.write(lambda it: erasing.mark_context(it, scope, context_id, now)))

    async def hide_expired(self, now: int, limit: int) -> Sequence[tuple[Scope, str]]:
        """Hide contexts whose time is over, some at a time (CTX-04)."""
        if not await self._database.read(lambda it: erasing.expired(it, now, 1)):
            return ()
        return await self._database.write(lambda it: erasing.mark_expired(it, now, limit))

    async def scrub(self) -> int:
        """Remove the content of everything hidden, also of what a crash left; returns how many tasks it was."""
        count = 0
        while done := await self._database.write(lambda it: erasing.scrub(it, self._hooks)):
            self._tell(done)
            count += len(done)
        if count:
            await self.erase_traces()
        return count

    async def delete_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Scrub what was said in a context, keep that it was there; False when there is no such context."""
        found = await self.hide_context(scope, context_id, now)
        if found:
            await self.scrub()
        return found

    async def erase(self, tenant: str, owner: str | None, now: int) -> int:
        """Scrub everything of an owner, or of a whole tenant, at all agents, in bounded transactions."""
        erased = 0
        while marked := await self._database.write(lambda it: erasing.mark_owned(it, tenant, owner, now)):
            erased += marked
        await self._database.write(lambda it: erasing.forget_owned(it, tenant, owner))
        await self.scrub()
        return erased

    async def retire(self, age: Age, *, limit: int = 500) -> int:
        """Delete tasks for good that are old, and the state of contexts that have no task left."""
        done = await self._database.write(lambda it: erasing.retire(it, self._hooks, age, limit))
        self._tell(done)
        return len(done)

    async def sweep(self) -> None:
        """Forget which messages came in for tasks that were deleted; finish what a crash left half erased."""
        after: str | None = ""
        while after is not None:
            start = after
            after = await self._database.write(lambda it, start=start: erasing.sweep_sends(it, start))
        await self.scrub()

    async def erase_traces(self) -> None:
        """Finish a deletion: what was deleted is then in no file of the database any more, as far as we rule them."""
        await self._database.erase_traces()

    def watch(self, task_id: str) -> AbstractAsyncContextManager[Watch]:
        """Wait for news of a task, written by this process or another."""
        return self._changes.watch(task_id)

    def on_change(self, listener: Changed) -> Callable[[], None]:
        """Tell a listener the key of each task that is written, by this process or another; returns what ends it."""
        return self._changes.on_change(listener)

    def on_delete(self, hook: DeleteHook) -> None:
        """Have a hook called whenever tasks are scrubbed or deleted, in the same transaction."""
        self._hooks.append(hook)

    def _tell(self, done: Sequence[tuple[int, str]]) -> None:
        for key, task_id in done:
            self._changes.tell(key, task_id)
