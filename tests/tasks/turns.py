"""Turns of a task by hand: what the task service asks of its store, without an agent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager

from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Json,
    JsonObject,
    Message,
    Part,
    StatusUpdate,
    TaskState,
    TaskStatus,
    new_id,
)
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, Scope, SqlRepository
from agentkit.tasks.codec import encode, encode_object, moment, stamped
from agentkit.tasks.repository import Append, Opened, Record, StoredTask

ALICE = Scope("clinic", "alice", "echo")
BOB = Scope("clinic", "bob", "echo")
EVE = Scope("elsewhere", "alice", "echo")
START = 1_700_000_000_000_000


@asynccontextmanager
async def opened(address: str) -> AsyncGenerator[tuple[SqlRepository, Database]]:
    """A repository on a database of its own connections, as another process has."""
    database = await Database.open(address, MIGRATIONS)
    try:
        yield SqlRepository(database), database
    finally:
        await database.close()


async def take(
    repository: SqlRepository,
    text: str = "hello",
    *,
    scope: Scope = ALICE,
    task_id: str | None = None,
    context_id: str | None = None,
    now: int = START,
    metadata: JsonObject | None = None,
) -> Opened:
    """Have a message accepted."""
    message = Message.user(text, task_id=task_id, context_id=context_id)
    taken = await repository.accept(
        scope, message, policy="adopt", new_task_id=new_id(), new_context_id=new_id(), now=now, metadata=metadata
    )
    assert isinstance(taken, Opened)
    return taken


async def write(
    repository: SqlRepository,
    stored: StoredTask,
    state: TaskState,
    said: str | None = None,
    *,
    artifacts: Iterable[ArtifactUpdate] = (),
    changed: Sequence[Artifact] | None = None,
    continuation: Json = None,
    now: int = START,
) -> StoredTask | None:
    """Append artifact updates and a status; the task as it is then, or None where somebody else wrote before."""
    task = stored.task
    message = None if said is None else stamped(Message.agent(said), task.id, task.context_id)
    status = TaskStatus(state=state, message=message, timestamp=moment(now))
    records: list[Record] = [*artifacts, StatusUpdate(task_id=task.id, context_id=task.context_id, status=status)]
    kept = encode_object(continuation if isinstance(continuation, dict) else None)
    snapshot = task.model_copy(update={"status": status})
    entries = [encode(record) for record in records]
    batch = Append(stored.key, stored.scope, stored.version + 1, entries, snapshot, now, kept, changed)
    if not await repository.append(batch):
        return None
    return StoredTask(stored.key, snapshot, stored.version + len(records), stored.scope, turn=stored.turn)


async def finish(
    repository: SqlRepository, text: str = "hello", *, scope: Scope = ALICE, now: int = START
) -> StoredTask:
    """A task that has ended."""
    taken = await take(repository, text, scope=scope, now=now)
    ended = await write(repository, taken.stored, TaskState.COMPLETED, f"echo: {text}", now=now)
    assert ended is not None
    return ended


def piece(stored: StoredTask, name: str, text: str, *, append: bool = False) -> ArtifactUpdate:
    """An artifact update with one text."""
    artifact = Artifact(artifact_id=name, parts=(Part(text=text),))
    return ArtifactUpdate(task_id=stored.task.id, context_id=stored.task.context_id, artifact=artifact, append=append)
