"""A turn as it happens, over broken connections too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from agentkit.client.progress import Progress
from agentkit.client.reply import Reply
from agentkit.errors import AgentKitError, ApiError, ConnectionFailed, TransportError

if TYPE_CHECKING:
    from agentkit.client.generation import Generation
    from agentkit.client.operation import StreamOperation
    from agentkit.client.session import AsyncSession
    from agentkit.models import Event

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 5.0
_MOST_BREAKS: Final = 8


class EventStream:
    """The events of one turn; iterate over it once.

    ```python
    async for event in agent.stream("..."):
        ...
    ```

    When the connection breaks, the task goes on at the server: the stream is resumed there, by subscribing to the task
    or by asking for it until it is settled, and tells what is missing. Leaving the loop, or cancelling the Python task,
    cancels nothing at the server unless `cancel_on_exit` asked for it; use `async with` where leaving must take effect
    at once.
    """

    def __init__(
        self,
        session: AsyncSession,
        generation: Generation,
        agent_id: str,
        operation: StreamOperation[Event] | None,
        *,
        task_id: str | None = None,
        cancel_on_exit: bool = False,
    ) -> None:
        """Made by `AgentHandle.stream` and `AgentHandle.subscribe`.

        Args:
            session: Sends the calls.
            generation: Tells how to resume.
            agent_id: The agent's id.
            operation: Opens the stream; None follows the task from where it is.
            task_id: The task, when it is known from the start.
            cancel_on_exit: Cancel the task when the stream is left before the task is settled.
        """
        self._session = session
        self._generation = generation
        self._agent_id = agent_id
        self._operation = operation
        self._given_task_id = task_id
        self._cancels = cancel_on_exit
        self._subscribes = True
        self._progress = Progress()
        self._events = self._run()

    def __repr__(self) -> str:
        """Names agent and task."""
        return f"EventStream(agent_id={self._agent_id!r}, task_id={self._task_id!r})"

    @property
    def reply(self) -> Reply | None:
        """What `send` would have brought back, as far as the events told it; None before the first one."""
        answer = self._progress.answer
        return Reply(answer) if answer is not None else None

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events themselves."""
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            AgentKitError: The stream could not be opened or resumed, or brought something unreadable.
        """
        return await anext(self._events)

    async def aclose(self) -> None:
        """Leave the stream."""
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first event is asked for."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the stream."""
        await self.aclose()

    @property
    def _task_id(self) -> str | None:
        return self._progress.task_id or self._given_task_id

    async def _run(self) -> AsyncGenerator[Event]:
        try:
            async with aclosing(self._rounds()) as events:
                async for event in events:
                    yield event
        finally:
            task_id = self._task_id
            if self._cancels and task_id is not None and not self._progress.is_finished:
                # Best effort: an error here must not hide the reason for leaving.
                with suppress(AgentKitError):
                    await self._session.conclude(self._generation.cancel_task(self._agent_id, task_id))

    async def _rounds(self) -> AsyncGenerator[Event]:
        """One connection after the other until the task is settled; without subscribing, one look after the other."""
        operation = self._operation or self._resumption()
        is_resumed = self._operation is None
        pause, breaks = _FIRST_PAUSE, 0
        while True:
            has_news = False
            try:
                async with aclosing(self._arriving(operation)) as arriving:
                    async for came in arriving:
                        for event in self._progress.take(came):
                            has_news = True
                            yield event
                        if self._progress.is_finished:
                            return
                breaks = 0 if operation is None else breaks + 1
            except TransportError:
                breaks += 1
                if self._task_id is None or breaks > _MOST_BREAKS:
                    raise
            except ApiError:
                if not is_resumed or operation is None:
                    raise
                self._subscribes = False
            if self._task_id is None:
                raise ConnectionFailed(
                    "The stream ended before it named a task.",
                    remedy="Whether the server did the work is unknown; look at the context before you send again.",
                )
            self._progress.resume()
            is_resumed = True
            pause = _FIRST_PAUSE if has_news else min(pause * 1.5, _LONGEST_PAUSE)
            breaks = 0 if has_news else breaks
            self._subscribes = self._subscribes and breaks <= _MOST_BREAKS
            await self._session.pause(pause)
            operation = self._resumption()

    async def _arriving(self, operation: StreamOperation[Event] | None) -> AsyncGenerator[Event]:
        if operation is None:
            yield await self._session.call(self._generation.get_task(self._agent_id, self._task_id or "", 0))
            return
        async with self._session.stream(operation) as events:
            async for event in events:
                yield event

    def _resumption(self) -> StreamOperation[Event] | None:
        """Subscribes to the task; None where the server does not offer it."""
        if not self._subscribes or self._task_id is None:
            return None
        return self._generation.subscribe(self._agent_id, self._task_id)
