"""What has had its time: conversations, ephemeral agents, and conversations with agents that are gone (CTX-04)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from agentkit.errors import AgentKitError
from agentkit.platform.agents.store import AgentStore
from agentkit.tasks import Scope, TaskService
from agentkit.tasks.contexts import Contexts

_log = logging.getLogger("agentkit.platform")

EVERY: Final = timedelta(minutes=1)
"""So long, on the platform's clock, may something be found that has had its time."""

HOUSEKEEPING: Final = "housekeeping"
"""The key of the lifespan's state under which it is kept."""


class Housekeeping:
    """Looks after what has had its time, on the platform's clock: at the next request, and while there is none.

    What is over is hidden before the request is answered, which is one query; its content goes in the background. After
    a crash in between, the next start does the rest.
    """

    def __init__(
        self,
        tasks: TaskService,
        contexts: Contexts,
        agents: AgentStore,
        clock: Callable[[], datetime],
        lifetime: timedelta,
    ) -> None:
        """Give conversations with agents that are gone so long after what happened last in them."""
        self._tasks = tasks
        self._contexts = contexts
        self._agents = agents
        self._clock = clock
        self._lifetime = lifetime
        self._next = datetime.min.replace(tzinfo=UTC)
        self._looking = asyncio.Lock()
        self._hidden: list[tuple[Scope, str]] = []
        self._wake = asyncio.Event()

    @property
    def is_due(self) -> bool:
        """It is time to look."""
        return self._clock() >= self._next

    async def look(self) -> None:
        """Hide what has had its time, unless somebody just did."""
        async with self._looking:
            if not self.is_due:
                return
            self._next = self._clock() + EVERY
            try:
                await self._agents.bury_expired()
                gone = await self._agents.gone(await self._contexts.endless_agents())
                await self._contexts.give_end(gone, self._lifetime)
                self._hidden += await self._tasks.forgetting.hide_expired()
            except AgentKitError as error:
                _log.warning("what has had its time was not looked after: %s", type(error).__name__)
        if self._hidden:
            self._wake.set()

    @asynccontextmanager
    async def going_on(self) -> AsyncGenerator[None]:
        """Work in the background while the block runs; at its end, finish what is hidden."""
        background = asyncio.create_task(self._work())
        try:
            yield
        finally:
            background.cancel()
            await asyncio.wait({background})
            await self._finish()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                async with asyncio.timeout(EVERY.total_seconds()):
                    await self._wake.wait()
            except TimeoutError:
                await self.look()
            await self._finish()

    async def _finish(self) -> None:
        while self._hidden:
            hidden: Sequence[tuple[Scope, str]] = tuple(self._hidden)
            try:
                await self._tasks.forgetting.finish(hidden)
            except AgentKitError as error:
                _log.warning("what has had its time was not erased yet: %s", type(error).__name__)
                return
            del self._hidden[: len(hidden)]


class Punctual:
    """An ASGI application around the platform: nobody finds what has had its time."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Look first, when it is time to."""
        if scope["type"] == "http":
            housekeeping = scope["state"][HOUSEKEEPING]
            if housekeeping.is_due:
                await housekeeping.look()
        await self._app(scope, receive, send)
