"""Events of a task with the versions they led to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Self

from agentkit.models import Event


class Followed(AsyncIterator[Event]):
    """The events of a task, in order.

    Attributes:
        version: The version of the task that the event seen last led to. It grows with every event, and is the same on
            every stream of the task: the cursor of a stream (design, section 7).
    """

    def __init__(self, events: AsyncGenerator[tuple[int, Event]]) -> None:
        """Follow events that come with their versions."""
        self._events = events
        self.version = 0

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            StopAsyncIteration: Nothing follows until somebody sends a message.
        """
        self.version, event = await anext(self._events)
        return event

    async def aclose(self) -> None:
        """Stop following; the task goes on."""
        await self._events.aclose()
