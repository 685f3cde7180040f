"""What runs of a server: its lifespan, entered once however many serve it, and the calls of its tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Final

import anyio

from agentkit.mcp.tools.errors import ToolError

logger = logging.getLogger(__name__)

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
"""What a server opens and closes with whatever serves it."""


class Gone:
    """Cancels what serves a request when its caller has gone: the tool call, or else the task."""

    def __init__(self) -> None:
        """The caller is there, and the current task serves him."""
        self.call: anyio.CancelScope | None = None
        self.told = False
        self._task = asyncio.current_task()

    def tell(self) -> None:
        """The caller has gone."""
        self.told = True
        if self.call is not None:
            self.call.cancel()
        elif self._task is not None:
            self._task.cancel()

    def ended(self) -> bool:
        """Whether the task was cancelled for this reason only."""
        return self.told and self.call is None and self._task is not None and self._task.uncancel() == 0


PATIENCE: Final = 1.0
"""Seconds that a tool has to clean up when its call is cancelled."""

GONE: Final[ContextVar[Gone | None]] = ContextVar("agentkit_mcp_gone", default=None)
"""Of the request that is being served; None where the transport cancels calls itself."""


class Calls:
    """The calls of one server's tools that run now."""

    def __init__(self, most: int | None) -> None:
        """Let `most` calls run at once, any number where it is None."""
        self._most = most
        self._scopes: set[anyio.CancelScope] = set()
        self._stopping = False
        self._idle: anyio.Event | None = None

    @contextmanager
    def limited(self, seconds: float) -> Generator[None]:
        """Run one call in the block, for so many seconds at most.

        Raises:
            ToolError: Too many calls run, the time is over, the caller has gone, or the server stops.
        """
        if self._stopping:
            raise _stopping()
        if self._most is not None and len(self._scopes) >= self._most:
            raise ToolError(
                f"The server runs {self._most} calls already.", code="busy", retryable=True, retry_after=1.0
            )
        gone = GONE.get()
        # `move_on_after` asks three times which event loop this is, which costs more than the scope.
        time = asyncio.get_running_loop().time
        with anyio.CancelScope(deadline=time() + seconds) as scope:
            self._scopes.add(scope)
            if gone is not None:
                gone.call = scope
            try:
                yield
            finally:
                self._scopes.discard(scope)
                if self._idle is not None and not self._scopes:
                    self._idle.set()
        if scope.cancelled_caught:
            if gone is not None and gone.told:
                raise ToolError("The caller has gone.", code="cancelled")
            if time() < scope.deadline:
                raise _stopping()
            raise ToolError(
                f"The tool did not finish within {seconds:g} seconds.",
                code="timeout",
                retryable=True,
                hint="Ask for less at once, or try again later.",
            )

    async def drain(self, grace: float) -> None:
        """Take no new calls, let those that run finish within `grace` seconds, and cancel what runs then."""
        self._stopping = True
        try:
            await self._wait(grace)
            for scope in tuple(self._scopes):
                scope.cancel()
            # A call that does not let itself be cancelled must not keep the server from stopping.
            await self._wait(grace)
        finally:
            self._stopping = False

    async def _wait(self, seconds: float) -> None:
        if not self._scopes:
            return
        self._idle = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._idle.wait()
        self._idle = None


class Crash(Exception):
    """What a tool raised: an exception of any kind, which must not end more than its call."""

    def __init__(self, cause: BaseException) -> None:
        """Carry it."""
        super().__init__()
        self.cause = cause


async def apart(name: str, function: Callable[..., Awaitable[object]], given: Mapping[str, object]) -> object:
    """Call the tool `name` in a task of its own, for which whoever called it need not wait.

    When this is cancelled, the tool is; one that does not end within `PATIENCE` seconds is left behind.

    Raises:
        Crash: With whatever it raised.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()
    task = loop.create_task(_call(function, given, ended))
    try:
        value, failure = await ended
    except asyncio.CancelledError:
        task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            logger.error("tool %s does not let itself be cancelled; it goes on, and nobody waits for it", name)
        raise
    if failure is not None:
        raise Crash(failure)
    return value


async def _call(
    function: Callable[..., Awaitable[object]],
    given: Mapping[str, object],
    ended: asyncio.Future[tuple[object, BaseException | None]],
) -> None:
    try:
        outcome = await function(**given), None
    except KeyboardInterrupt:
        raise
    # A task that ends with SystemExit ends the event loop.
    except BaseException as failure:
        outcome = None, failure
    if not ended.done():
        ended.set_result(outcome)


class SharedLifespan:
    """A lifespan that is entered with the first who needs it and left with the last.

    It lives in a task of its own, so whoever comes last may leave it, whatever task that is.
    """

    def __init__(self, lifespan: Lifespan) -> None:
        """Share `lifespan`."""
        self._lifespan = lifespan
        self._holders = 0
        self._task: asyncio.Task[None] | None = None
        self._entered: asyncio.Future[None] | None = None
        self._release: asyncio.Event | None = None

    @property
    def holders(self) -> int:
        """How many need it now."""
        return self._holders

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """Need it for a while; what entering it raises is raised here, and what leaving it raises, at the last."""
        self._holders += 1
        try:
            if self._task is None or self._entered is None:
                self._entered = asyncio.get_running_loop().create_future()
                self._release = asyncio.Event()
                self._task = asyncio.create_task(self._run(self._entered, self._release), name="agentkit-mcp-lifespan")
            await asyncio.shield(self._entered)
            yield
        finally:
            self._holders -= 1
            if self._holders == 0:
                await self._leave()

    async def _run(self, entered: asyncio.Future[None], release: asyncio.Event) -> None:
        try:
            async with self._lifespan():
                entered.set_result(None)
                await release.wait()
        except asyncio.CancelledError:
            entered.cancel()
            raise
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)
            entered.exception()  # whoever waited may have gone

    async def _leave(self) -> None:
        task, entered, release = self._task, self._entered, self._release
        self._task = self._entered = self._release = None
        if task is None or entered is None or release is None:
            return
        if not entered.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            return
        release.set()
        await asyncio.shield(task)


def _stopping() -> ToolError:
    return ToolError("The server is stopping.", code="unavailable", retryable=True, hint="Call again in a moment.")
