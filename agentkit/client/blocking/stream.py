# Made from resources/stream.py: change that file, then run `make twins`.
"""A turn as it happens, over broken connections too."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agentkit.client.patience import Patience, is_passing
from agentkit.client.progress import Progress
from agentkit.client.reply import Reply
from agentkit.errors import AgentKitError, ApiError, ConnectionFailed, TransportError, WireError

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.generation import Generation
    from agentkit.client.operation import StreamOperation
    from agentkit.models import Event


class BlockingEventStream:
    """The events of one turn; iterate over it once.

    ```python
    for event in agent.stream("..."):
        ...
    ```

    When the connection breaks, the task goes on at the server: the stream is resumed there, by subscribing to the task
    or by asking for it until it is settled, and tells what is missing. Leaving the loop, or cancelling the Python task,
    cancels nothing at the server unless `cancel_on_exit` asked for it; use `with` where leaving must take effect
    at once. Whoever was cancelled while waiting for an event, by a timeout for example, may ask for the next one later:
    the stream is resumed then.
    """

    def __init__(
        self,
        session: BlockingSession,
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
        # Nothing in the course knows this object, so a loop that is left ends it at once, not when the garbage is
        # collected.
        self._course = BlockingCourse(session, generation, agent_id, operation, task_id, cancels=cancel_on_exit)
        self._events = self._course.events()

    def __repr__(self) -> str:
        """Names agent and task."""
        return f"EventStream(agent_id={self._course.agent_id!r}, task_id={self._course.task_id!r})"

    @property
    def reply(self) -> Reply | None:
        """What `send` would have brought back, as far as the events told it; None before the first one."""
        answer = self._course.progress.answer
        return Reply(answer) if answer is not None else None

    def __iter__(self) -> Iterator[Event]:
        """The events themselves."""
        return self

    def __next__(self) -> Event:
        """The next event.

        Raises:
            AgentKitError: The stream could not be opened or resumed, or brought something unreadable.
        """
        try:
            return next(self._events)
        except Exception:
            raise
        except BaseException:
            # Cancelled. That ended the generator, and going on with it would look like the end of the task.
            self._events = self._course.events()
            raise

    def close(self) -> None:
        """Leave the stream."""
        self._events.close()

    def __enter__(self) -> Self:
        """Nothing is opened before the first event is asked for."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the stream."""
        self.close()


class BlockingCourse:
    """The connections of a stream, one after the other."""

    def __init__(
        self,
        session: BlockingSession,
        generation: Generation,
        agent_id: str,
        operation: StreamOperation[Event] | None,
        task_id: str | None,
        *,
        cancels: bool,
    ) -> None:
        """Arguments as for `EventStream`."""
        self.agent_id = agent_id
        self.progress = Progress()
        self._session = session
        self._generation = generation
        self._operation = operation
        self._given_task_id = task_id
        self._cancels = cancels
        self._has_begun = False
        self._subscribes = True
        self._is_answered = False
        # What the message told must not come back in an error, whichever connection brings it.
        self._secrets = operation.secrets if operation is not None else frozenset[str]()

    @property
    def task_id(self) -> str | None:
        """The task, where it is known."""
        return self.progress.task_id or self._given_task_id

    def events(self) -> Generator[Event]:
        """Each event once, until the task is settled; called again, those that were not told yet."""
        operation = self._operation
        if self._has_begun:
            if self.progress.is_finished:
                return
            if self.task_id is None:
                raise _nameless()
            self.progress.resume()
            operation = None
        self._has_begun = True
        rounds = self._rounds(operation or self._resumption())
        try:
            yield from rounds
        finally:
            try:
                # Before anything else: when the loop was left without a word, the client may be closed any moment.
                self._conclude()
            finally:
                rounds.close()

    def _conclude(self) -> None:
        """Cancel what was left, where that was asked for."""
        task_id = self.task_id
        if self._cancels and task_id is not None and not self.progress.is_finished:
            # Best effort: an error here must not hide the reason for leaving.
            with suppress(AgentKitError):
                self._session.conclude(self._generation.cancel_task(self.agent_id, task_id))

    def _rounds(self, operation: StreamOperation[Event] | None) -> Generator[Event]:
        """One connection after the other until the task is settled; without subscribing, one look after the other."""
        patience = Patience()
        while True:
            has_news, trouble, self._is_answered = False, None, False
            try:
                with closing(self._news(operation)) as news:
                    for event in news:
                        has_news = True
                        yield event
            except (TransportError, ApiError, WireError) as error:
                trouble = error
            is_look, is_unknown = operation is None, self.progress.is_in_unknown_state
            if self.progress.is_finished or (is_unknown and trouble is None and not is_look):
                return
            if self.task_id is None:
                raise trouble or _nameless()
            if trouble is not None and not is_passing(trouble):
                if operation is None or operation is self._operation:
                    raise trouble
                # Not every server lets subscribe, and none to a settled task; looking at it says what is the matter.
                self._subscribes, operation = False, None
                continue
            lasts = patience.lasts(
                has_news=has_news,
                trouble=trouble,
                is_answered=self._is_answered,
                is_endless=is_look and not is_unknown,
            )
            if is_look and not lasts:
                return
            self._subscribes &= lasts
            self.progress.resume()
            self._session.pause(patience.pause)
            operation = self._resumption()

    def _news(self, operation: StreamOperation[Event] | None) -> Generator[Event]:
        """What one connection, or one look at the task, tells that was not told before."""
        if operation is None:
            # With its history, for what the agent said while nobody listened stands there.
            look = self._generation.get_task(self.agent_id, self.task_id or "", None)
            task = self._session.call(replace(look, secrets=self._secrets))
            self._is_answered = True
            if self.progress.is_of_another_task(task):
                raise WireError("task.id", "value", "is not that of the task asked for")
            for event in self.progress.take(task):
                yield event
            return
        with self._session.stream(operation) as events:
            self._is_answered = True
            for came in events:
                if self.progress.is_of_another_task(came):
                    continue
                for event in self.progress.take(came):
                    yield event
                if self.progress.is_finished:
                    return

    def _resumption(self) -> StreamOperation[Event] | None:
        """Subscribes to the task; None where the server does not offer it."""
        if not self._subscribes or self.task_id is None:
            return None
        operation = self._generation.subscribe(self.agent_id, self.task_id)
        return operation and replace(operation, secrets=self._secrets)


def _nameless() -> ConnectionFailed:
    return ConnectionFailed(
        "The stream ended before it named a task.",
        remedy="Whether the server did the work is unknown; look at the context before you send again.",
    )
