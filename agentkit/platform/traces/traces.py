"""The traces of a platform: a recorder for each turn, one row in the database, and a copy for a collector."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from agentkit.compose import RunContext
from agentkit.errors import StorageError
from agentkit.models import Trace
from agentkit.platform.traces import rows
from agentkit.platform.traces.recorder import TurnRecorder, TurnTrace
from agentkit.storage import Database

_log = logging.getLogger("agentkit.platform")

MOST_UNDER_WAY: Final = 1000
"""So many traces may wait for the database; further ones are lost rather than kept in memory."""

_TOLD: Final = 1000


class Exporter(Protocol):
    """Where finished traces go besides; `agentkit.platform.traces.otlp.OtlpExporter` is one."""

    def export(self, trace: TurnTrace) -> None:
        """Take a trace; must neither wait nor raise."""
        ...


class Traces:
    """Keeps what agents did, with the contexts they did it in.

    A turn is neither held up nor failed by its trace: it is posted to the database ahead of the turn's last write, and
    so shares that transaction.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        content: bool = False,
        exporter: Exporter | None = None,
    ) -> None:
        """Use a database that was opened with `rows.MIGRATIONS`.

        Args:
            database: Where they are kept.
            clock: The time.
            content: Keep what was asked and answered, too (design D11).
            exporter: Gets a copy.
        """
        self._database = database
        self._clock = clock
        self._content = content
        self._exporter = exporter
        self._under_way = 0
        self._lost = 0

    def recorder(self, context: RunContext) -> TurnRecorder:
        """A recorder for a turn that begins now, to be given to its outermost span."""
        return TurnRecorder(
            context.task_id,
            context.context_id,
            self._clock(),
            self._keep,
            wants_content=self._content,
            travels=self._exporter is not None,
        )

    async def page(
        self, tenant: str, owner: str, context_id: str, *, limit: int, before: int | None = None
    ) -> Sequence[tuple[int, Trace]]:
        """The traces of an owner's context with their numbers, newest first.

        Args:
            tenant: Of the owner.
            owner: Whose context it is.
            context_id: Which one.
            limit: At most so many.
            before: Only those behind this number in the list.
        """
        found = await self._database.read(lambda it: rows.read_page(it, tenant, owner, context_id, before, limit))
        # Some hundred turns of some hundred spans each take seconds.
        return await asyncio.to_thread(lambda: [(number, rows.decode(body, context_id)) for number, body in found])

    def _keep(self, trace: TurnTrace) -> None:
        if self._exporter is not None:
            self._exporter.export(trace)
        if self._under_way >= MOST_UNDER_WAY:
            self._lose(trace, "the database is too slow")
            return
        try:
            body, lock = rows.encode(trace), self._database.row_lock
            posted = self._database.post(partial(rows.insert, task_id=trace.task_id, body=body, row_lock=lock))
        except StorageError as error:
            self._lose(trace, type(error).__name__)
            return
        self._under_way += 1
        posted.add_done_callback(partial(self._posted, trace))

    def _posted(self, trace: TurnTrace, posted: Future[None]) -> None:
        self._under_way -= 1
        if posted.cancelled() or posted.exception() is not None:
            self._lose(trace, "cancelled" if posted.cancelled() else type(posted.exception()).__name__)

    def _lose(self, trace: TurnTrace, why: str) -> None:
        self._lost += 1
        if self._lost % _TOLD == 1:
            _log.warning("the trace of task %s was not kept (%s); %s so far", trace.task_id, why, self._lost)
