"""One turn at a remote agent over as many connections as it takes: sent once, followed to its end (A2A-CLI-02)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote.channel import Channel
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.progress import Progress
from agentkit.errors import (
    AgentKitError,
    RemoteAgentError,
    RemoteUnreachable,
    RequestTimeout,
    TaskNotFound,
    TransportError,
    UnknownOutcome,
)
from agentkit.models import Event, Message, SendRequest, Task

Sleep = Callable[[float], Awaitable[object]]

_FIRST_PAUSE: Final = 0.5
_SLOWEST_PAUSE: Final = 5.0
_LONGEST_WAIT: Final = 60.0
_BUSY: Final = frozenset({429, 502, 503, 504})
_UNDONE: Final = frozenset({429, 503})
"""Statuses that say that nothing was done."""

_PAGES: Final = 3
_random = random.SystemRandom()


class Exchange:
    """Sends one message, once for the agent however often it is tried, and follows what becomes of it."""

    def __init__(
        self,
        agent: str,
        channel: Channel,
        request: SendRequest,
        progress: Progress,
        limits: RemoteLimits,
        *,
        bearer: str | None,
        streams: bool,
        idempotent: bool,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            agent: The agent's name, for errors.
            channel: The way to it.
            request: What is sent, the same on every try.
            progress: Knows the task and whether it has settled.
            limits: How long and how often.
            bearer: The caller's own token, where it is passed on.
            streams: Whether the agent offers streams.
            idempotent: Whether it attaches a repeated message to the task that it made.
            sleep: Waits between tries.
        """
        self._agent = agent
        self._channel = channel
        self._request = request
        self._progress = progress
        self._limits = limits
        self._bearer = bearer
        self._streams = streams
        self._idempotent = idempotent
        self._sleep = sleep

    async def send(self) -> AsyncGenerator[Event]:
        """Send the message and yield the events of its turn; the last one may leave the task at work.

        Raises:
            UnknownOutcome: The connection broke, and nobody can tell whether the agent got the message.
            AgentKitError: It could not be sent, was refused, or was answered by what is no answer.
        """
        tries = 0
        while True:
            try:
                if not self._streams:
                    yield await self._channel.send(self._request, self._bearer)
                    return
                async with aclosing(self._channel.stream(self._request, self._bearer)) as events:
                    async for event in events:
                        yield event
                if self._progress.events:
                    return
                trouble: AgentKitError = RequestTimeout(f"Remote agent {self._agent} closed a stream without a word.")
            except (TransportError, RemoteAgentError) as error:
                trouble = error
            if self._progress.end is not None or (self._progress.events and isinstance(trouble, TransportError)):
                return  # it has settled, or its task is known and can be followed
            tries += 1
            if tries >= self._limits.tries or not self._may_repeat(trouble):
                raise trouble
            found = await self._found_after(trouble)
            if found is not None:
                # As it is listed it may lack what it made (A2A-LIST-04), so it is followed like any other.
                self._progress.task_id = found.id
                return
            await self._sleep(_pause(tries, trouble))

    async def follow(self) -> AsyncGenerator[Event]:
        """Follow a task that is at work: by its stream where there is one, else by looking at it again and again.

        Raises:
            RequestTimeout: Nothing new came for longer than the agent may be silent.
            AgentKitError: The agent cannot be reached, or does not know the task any more.
        """
        watch = _Watch(self._agent, self._progress, self._limits)
        while True:
            trouble: AgentKitError | None = None
            try:
                async with aclosing(self._look()) as events:
                    async for event in events:
                        yield event
            except TaskNotFound:
                raise self._lost() from None
            except (TransportError, RemoteAgentError) as error:
                trouble = self._tolerated(error)
            if self._progress.end is not None:
                return
            await self._sleep(watch.pause_after(trouble))

    async def find(self) -> Task | None:
        """The task that the message led to, among the newest of its context or of all; None where none is seen.

        Raises:
            AgentKitError: The agent cannot be asked.
        """
        message = self._request.message
        if not self._channel.lists:
            return None
        token = ""
        for _ in range(_PAGES):
            page = await self._channel.list_tasks(message.context_id, token, self._bearer)
            for task in page.tasks:
                if any(_is_same(one, message) for one in task.history):
                    return task
            token = page.next_token
            if not token:
                break
        return None

    async def cancel(self) -> None:
        """Cancel what the message led to, where that can be found.

        Raises:
            AgentKitError: The agent cannot be asked, or the task has ended.
        """
        if self._progress.task_id is None:
            found = await self.find()
            self._progress.task_id = found.id if found else None
        if self._progress.task_id is not None:
            await self._channel.cancel(self._progress.task_id, self._bearer)

    async def _look(self) -> AsyncGenerator[Event]:
        task_id = self._progress.task_id or ""
        yield await self._channel.get(task_id, self._bearer)
        if self._streams and self._progress.end is None:
            async with aclosing(self._channel.subscribe(task_id, self._bearer)) as events:
                async for event in events:
                    yield event

    def _tolerated(self, error: TransportError | RemoteAgentError) -> AgentKitError | None:
        """What may be better at the next look; None for what is no trouble.

        Raises:
            RemoteAgentError: It will not be better.
        """
        if isinstance(error, TransportError) or error.status in _BUSY:
            return error
        if self._streams and error.reason in {"UNSUPPORTED_OPERATION", "METHOD_NOT_FOUND"}:
            # It has settled meanwhile, or offers no streams of running tasks: the next look tells.
            self._streams = False
            return None
        raise error

    def _may_repeat(self, trouble: AgentKitError) -> bool:
        """Whether a send is worth another try at all; what it may have done is looked into afterwards."""
        return isinstance(trouble, TransportError) or (
            isinstance(trouble, RemoteAgentError) and trouble.status in (_BUSY if self._idempotent else _UNDONE)
        )

    async def _found_after(self, trouble: AgentKitError) -> Task | None:
        """What a send that failed may have led to all the same; None where it may be sent again.

        Raises:
            UnknownOutcome: Nobody knows.
        """
        undone = isinstance(trouble, RemoteUnreachable | RemoteAgentError)
        if undone or self._idempotent:
            return None
        return await self.found_or_unknown()

    async def found_or_unknown(self) -> Task:
        """The task that a message led to of which nobody knows whether it arrived.

        Raises:
            UnknownOutcome: It cannot be found. That proves nothing: an agent may answer without a task.
        """
        try:
            found = await self.find()
        except AgentKitError:
            found = None
        if found is None:
            raise UnknownOutcome(
                f"Whether remote agent {self._agent} got the message is unknown, so it is not sent again.",
                step=self._request.message.message_id,
                remedy="Look at the agent's tasks, then start a new one. An agent that declares the extension "
                f"{IDEMPOTENT_SEND_EXTENSION} is simply sent to again.",
            )
        return found

    def _lost(self) -> RemoteAgentError:
        return RemoteAgentError(
            self._agent,
            f"it does not know its task {self._progress.task_id} any more.",
            reason="TASK_NOT_FOUND",
            status=404,
        )


class _Watch:
    """Counts the looks at a task that bring nothing new, and gives up in time."""

    def __init__(self, agent: str, progress: Progress, limits: RemoteLimits) -> None:
        self._agent = agent
        self._progress = progress
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._news = progress.news
        self._last_news = self._clock()
        self._pause = _FIRST_PAUSE
        self._breaks = 0
        self._away = 0.0

    def pause_after(self, trouble: AgentKitError | None) -> float:
        """Seconds before the next look; raises when there is none."""
        if self._progress.news > self._news:
            self._news, self._last_news, self._pause, self._breaks = self._progress.news, self._clock(), _FIRST_PAUSE, 0
        self._breaks, self._away = (0, 0.0) if trouble is None else (self._breaks + 1, self._away)
        if trouble is not None and self._breaks >= self._limits.tries and self._away >= self._limits.outage:
            raise trouble
        if self._clock() - self._last_news > self._limits.silence:
            raise RequestTimeout(
                f"Remote agent {self._agent} said nothing new about task {self._progress.task_id} for too long.",
                remedy="Allow more silence in RemoteLimits.",
            )
        pause, self._pause = self._pause, min(self._pause * 1.5, _SLOWEST_PAUSE)
        self._away += pause if trouble is not None else 0.0
        return pause


def _is_same(one: Message, sent: Message) -> bool:
    return one.message_id == sent.message_id


def _pause(tries: int, trouble: AgentKitError) -> float:
    """Seconds before the next try: what the agent asked for, else twice as long each time."""
    asked = trouble.retry_after if isinstance(trouble, RemoteAgentError) else None
    if asked is not None:
        return min(asked, _LONGEST_WAIT)
    return min(_FIRST_PAUSE * 2.0 ** (tries - 1), _SLOWEST_PAUSE) * _random.uniform(0.9, 1.1)
