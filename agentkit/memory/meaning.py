"""The half of the search that goes by meaning: embeds what is remembered, aside from the turns that remember it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from agentkit.errors import AgentKitError, ModelOutputInvalid, ModelRefused
from agentkit.memory.embedder import Embedder, TextKind
from agentkit.memory.items import Scope
from agentkit.memory.numerics import load_numpy, require_numpy
from agentkit.memory.rows import ContextRow, find_context, waiting
from agentkit.storage import Connection, Database

if TYPE_CHECKING:
    from agentkit.memory.vectors import Vectors

BATCH: Final = 32
"""So many texts are embedded at once."""

PATIENCE: Final = timedelta(seconds=30)
"""For so long an embedder that failed is not asked again."""

_READ: Final = 8000
_READ_AT_LEAST: Final = 1000
_BEFORE_SEARCH: Final = 4
_WAITING: Final = 1024
_AT_ONCE: Final = 4

_log = logging.getLogger("agentkit.memory")


class Meaning:
    """Embeds the items of contexts, in the order in which they were remembered.

    What is new is embedded in the background, and at the latest before the next search of its context. What a crash or
    a failure left out, or another model embedded, waits for the next search of its context, which takes a few batches
    of it along; the rest follows in the background.
    """

    def __init__(self, database: Database, embedder: Embedder, clock: Callable[[], datetime]) -> None:
        """Embed with a model.

        Raises:
            ConfigurationError: numpy is not installed.
        """
        require_numpy("embedder")
        self._database = database
        self._embedder = embedder
        # Vectors of another length are those of another model.
        self._model = f"{embedder.model_id}/{embedder.dim}"
        self._clock = clock
        self._vectors: Vectors | None = None
        self._queue: OrderedDict[Scope, None] = OrderedDict()
        self._batches: dict[Scope, asyncio.Task[bool]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._worker: asyncio.Task[None] | None = None
        self._silent_until: datetime | None = None

    async def load(self) -> None:
        """Load what computes."""
        if self._vectors is None:
            await asyncio.to_thread(load_numpy)
            from agentkit.memory.vectors import Vectors

            self._vectors = Vectors(self._model, self._embedder.dim)

    def wake(self, scope: Scope) -> None:
        """Embed what is new in a context, in the background; a full queue leaves it to the context's next search."""
        if len(self._queue) < _WAITING and not self._is_silent():
            self._queue[scope] = None
            if self._worker is None or self._worker.done():
                self._worker = asyncio.create_task(self._work())

    async def complete(self, scope: Scope) -> None:
        """Embed what is not embedded yet, a few batches at most; a search may follow."""
        for _ in range(_BEFORE_SEARCH):
            if self._is_silent() or not await self._batch(scope):
                return
        self.wake(scope)

    async def query(self, text: str) -> bytes | None:
        """A text as something to find others by; None when it cannot be embedded now, or says nothing."""
        if self._is_silent() or not text.strip():
            return None
        vectors = await self._embed([text[:_READ]], "query")
        return vectors[0] or None if vectors else None

    def nearest(
        self, connection: Connection, context: ContextRow, query: bytes, shown: Collection[int] = ()
    ) -> list[int]:
        """Places of the items of a context that are nearest in meaning, nearest first."""
        return [] if self._vectors is None else self._vectors.nearest(connection, context.number, query, shown)

    def drop(self, context: int) -> None:
        """Forget what is kept in memory of a context."""
        if self._vectors is not None:
            self._vectors.drop(context)

    async def aclose(self) -> None:
        """Stop; what is not embedded yet is embedded another time."""
        self._queue.clear()
        running: set[asyncio.Task[object]] = {*self._batches.values(), *([self._worker] if self._worker else [])}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _work(self) -> None:
        while self._queue:
            scope, _ = self._queue.popitem(last=False)
            with suppress(AgentKitError):
                if await self._batch(scope):
                    self.wake(scope)

    async def _batch(self, scope: Scope) -> bool:
        """Embed the next few items of a context, once for all who ask; True when there are more."""
        task = self._batches.get(scope)
        if task is None:
            task = self._batches[scope] = asyncio.create_task(self._next(scope))
            task.add_done_callback(lambda _: self._batches.pop(scope, None))
        return await asyncio.shield(task)

    async def _next(self, scope: Scope) -> bool:
        model = self._model

        def read(connection: Connection) -> tuple[int, list[tuple[int, str]]] | None:
            context = find_context(connection, scope)
            if context is None:
                return None
            return context.number, waiting(connection, context.number, context.embedded_by(model), BATCH)

        async with self._slots:
            found = await self._database.read(read)
            if found is None or not found[1]:
                return False
            number, rows = found
            told = [(place, text[:_READ]) for place, text in rows if text.strip()]
            vectors = await self._embed([text for _, text in told], "document") if told else []
            if vectors is None:
                return False
            places = [place for place, _ in told]
            entries = [(model, vector, number, place) for place, vector in zip(places, vectors, strict=True) if vector]
            await self._database.write(lambda connection: _keep(connection, number, model, rows[-1][0], entries))
        return len(rows) == BATCH

    async def _embed(self, texts: Sequence[str], kind: TextKind) -> list[bytes] | None:
        """Packed vectors, empty for a text that is refused; None when the embedder fails, which is told once."""
        try:
            await self.load()
            try:
                done = await self._ask(texts, kind)
            except ModelRefused as refusal:
                if refusal.reason in {"authentication", "unknown-model"}:
                    raise
                done = [await self._ask_alone(text[:_READ_AT_LEAST], kind) for text in texts]
        except Exception as error:  # whatever an embedder of somebody else's raises
            self._fell_silent(error)
            return None
        if self._silent_until is not None:
            self._silent_until = None
            _log.warning("the embedder %s works again", self._embedder.model_id)
        return done

    async def _ask(self, texts: Sequence[str], kind: TextKind) -> list[bytes]:
        from agentkit.memory.vectors import packed

        embedder = self._embedder
        vectors = await embedder.embed(texts, kind)
        if len(vectors) != len(texts):
            raise ModelOutputInvalid(embedder.model_id, f"{len(vectors)} embeddings came for {len(texts)} texts.")
        return [packed(vector, embedder.model_id, embedder.dim) for vector in vectors]

    async def _ask_alone(self, text: str, kind: TextKind) -> bytes:
        try:
            return (await self._ask([text], kind))[0]
        except ModelRefused:
            # Found by its words alone; to ask again would keep everything after it waiting.
            return b""

    def _is_silent(self) -> bool:
        return self._silent_until is not None and self._clock() < self._silent_until

    def _fell_silent(self, error: Exception) -> None:
        if self._silent_until is None:
            # Another's error text may hold what was to be embedded.
            said = str(error) if isinstance(error, AgentKitError) else type(error).__name__
            _log.warning("contexts are searched by words alone, for the embedder failed: %s", said)
        self._silent_until = self._clock() + PATIENCE


def _keep(
    connection: Connection, context: int, model: str, embedded: int, entries: Sequence[tuple[str, bytes, int, int]]
) -> None:
    """Store vectors of items that are still there, and how far the context is embedded now."""
    connection.executemany(
        "INSERT INTO memory_vectors (context, place, model, vector)"
        " SELECT context, place, ?, ? FROM memory_items WHERE context = ? AND place = ?"
        " ON CONFLICT (context, place) DO UPDATE SET model = excluded.model, vector = excluded.vector",
        entries,
    )
    connection.execute(
        "UPDATE memory_contexts SET model = ?, embedded = ? WHERE number = ?", (model, embedded, context)
    )
