"""Send, stream, get, list, cancel, subscribe: the task service behind every face."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from functools import partial

from agentkit.compose import Agent, Caller
from agentkit.credentials import extract
from agentkit.engine import Engine
from agentkit.errors import ContextNotFound, EngineError, TaskNotContinuable, TaskNotFound
from agentkit.models import Context, Event, JsonObject, Message, Task, TaskState
from agentkit.tasks.codec import micros
from agentkit.tasks.ending import Ending
from agentkit.tasks.execution import Execution, Turn
from agentkit.tasks.following import Followed
from agentkit.tasks.live import LiveTask, TurnLost
from agentkit.tasks.repository import ContextPolicy, Repeated, Repository, Scope, StoredTask, TaskFilter, TaskPage

Accepted = Callable[[StoredTask], Awaitable[None]]
"""Awaited once a message was taken in, before its sender hears of it."""

ContextDeleted = Callable[[Caller, str, str], Awaitable[None]]
"""Told the caller, the agent id and the context id after a context was deleted."""


class TaskService:
    """Tasks of all agents of this process; each call is bound to the caller and the agent."""

    def __init__(
        self, repository: Repository, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Use a store and an engine; call `recover` before the first message and `close` at the end.

        Args:
            repository: Keeps tasks and events.
            engine: Runs the turns.
            clock: The time, with time zone.
        """
        self._repository = repository
        self._engine = engine
        self._clock = clock
        self._live: dict[str, LiveTask] = {}
        self._starting: dict[str, Execution] = {}
        self._launched = False
        self._run_ids = itertools.count(1)
        self._listeners: list[ContextDeleted] = []
        self._ending = Ending(repository, engine, self._live, clock)

    def on_context_deleted(self, listener: ContextDeleted) -> None:
        """Have a listener awaited whenever a context was deleted, to drop what else is kept of it."""
        self._listeners.append(listener)

    async def send(
        self,
        agent: Agent,
        message: Message,
        caller: Caller,
        *,
        agent_id: str,
        blocking: bool = True,
        context_policy: ContextPolicy = "refuse",
        history_length: int | None = None,
        metadata: JsonObject | None = None,
        on_accepted: Accepted | None = None,
    ) -> Task:
        """Send a message: open a task or continue the one the message names.

        The same message sent again attaches to its task. The run goes on when the caller is cancelled.

        Args:
            agent: Who works on it.
            message: As it came in; credentials are taken out before anything else sees it (MCPAUTH-15).
            caller: Whose task it is.
            agent_id: Under which id the agent is served.
            blocking: Wait until the task is settled (V1-SEND-08), else return it as it starts.
            context_policy: `refuse` unknown contexts (V1-SEND-04) or `adopt` them (A2A-CTX-02).
            history_length: At most so many of the newest messages; None for all.
            metadata: Of the request, for the agent (`RunContext.metadata`).
            on_accepted: Awaited once the message is stored, or was before, and before its sender hears of it.

        Raises:
            CredentialError: A credential in the message is incomplete or doubled; nothing was stored.
            ContextNotFound: The context is unknown, or was deleted.
            TaskNotFound: The task is unknown.
            TaskNotContinuable: The task is final, or at work.
            ContextMismatch: The context is not the task's.
            MessageConflict: The same `messageId` came with another content.
            StorageError: The database refused.
        """
        taken = await self._start(agent, message, caller, agent_id, context_policy, metadata, followed=False)
        await self._tell(on_accepted, taken, Scope.of(caller, agent_id))
        if isinstance(taken, Repeated):
            task_id, live = taken.task_id, self._live.get(taken.task_id)
        else:
            task_id, live = taken.task.id, taken
        task = None
        if live is not None and blocking:
            await live.wait()
            task = live.final(history_length)
        elif isinstance(taken, LiveTask):
            task = await self._opening(taken, history_length)
        return task or await self._read(Scope.of(caller, agent_id), task_id, history_length)

    def stream(
        self,
        agent: Agent,
        message: Message,
        caller: Caller,
        *,
        agent_id: str,
        context_policy: ContextPolicy = "refuse",
        history_length: int | None = None,
        metadata: JsonObject | None = None,
        on_accepted: Accepted | None = None,
        after: int | None = None,
    ) -> Followed:
        """Send a message and follow its task: first the task, then its updates, until it is settled (A2A-STR-02).

        Errors that are known before the first event are raised by the first step of the iteration (A2A-HTTP-06).
        Closing the iterator leaves the run alone.

        Raises:
            AgentKitError: As `send`.
        """
        start = partial(self._start, agent, message, caller, agent_id, context_policy, metadata, followed=True)
        return Followed(self._follow_sent(start, Scope.of(caller, agent_id), history_length, on_accepted, after))

    async def get(self, task_id: str, caller: Caller, *, agent_id: str, history_length: int | None = None) -> Task:
        """A task with its newest messages (V1-TASK-01).

        Raises:
            TaskNotFound: There is none for this caller at this agent.
        """
        scope = Scope.of(caller, agent_id)
        await self._caught_up(scope, task_id)
        return await self._read(scope, task_id, history_length)

    async def list_tasks(
        self,
        caller: Caller,
        *,
        agent_id: str,
        context_id: str | None = None,
        state: TaskState | None = None,
        since: datetime | None = None,
        limit: int = 50,
        cursor: tuple[int, int] | None = None,
        history_length: int | None = None,
    ) -> TaskPage:
        """A page of the caller's tasks, newest status first (A2A-LIST-01)."""
        chosen = TaskFilter(context_id, state, None if since is None else micros(since))
        rows, total = await self._repository.tasks(
            Scope.of(caller, agent_id), chosen, limit=limit + 1, after=cursor, history_length=history_length
        )
        more = rows[limit - 1][0] if len(rows) > limit else None
        return TaskPage(tuple(task for _, task in rows[:limit]), more, total)

    def subscribe(
        self,
        task_id: str,
        caller: Caller,
        *,
        agent_id: str,
        history_length: int | None = None,
        after: int | None = None,
    ) -> Followed:
        """Follow a task: first the task as it is, then its updates until it is settled (A2A-SUB-01).

        With `after`, the version of the event seen last, only what follows that event, of an ended task too; the task
        as it is where nothing follows yet.

        Raises:
            TaskNotFound: There is none for this caller at this agent; raised by the first step of the iteration.
            TaskNotContinuable: The task has ended, nothing follows (A2A-SUB-02).
        """
        return Followed(
            self._follow(task_id, Scope.of(caller, agent_id), history_length, refuse_ended=True, after=after)
        )

    async def cancel(
        self,
        task_id: str,
        caller: Caller,
        *,
        agent_id: str,
        agent: Agent,
        history_length: int | None = None,
        metadata: JsonObject | None = None,
    ) -> Task:
        """Stop a task and what it set going elsewhere; the metadata reaches the agent (A2A-CAN-01, A2A-CAN-02).

        Raises:
            TaskNotFound: There is none for this caller at this agent.
            TaskNotCancelable: The task has ended.
        """
        scope = Scope.of(caller, agent_id)
        await self._ending.cancel(scope, task_id, caller, agent, metadata)
        return await self._read(scope, task_id, history_length)

    async def context(
        self, context_id: str, caller: Caller, *, agent_id: str, limit: int | None = None, offset: int = 0
    ) -> Context:
        """A conversation with its tasks, oldest first (V1-CTXEP-01).

        Raises:
            ContextNotFound: There is none for this caller at this agent, or it was deleted.
        """
        scope = Scope.of(caller, agent_id)
        tasks = await self._repository.context(scope, context_id, limit=limit, offset=offset)
        if tasks is None:
            raise ContextNotFound("There is no such context.", context_id=context_id)
        return Context(id=context_id, items=tuple(tasks))

    async def delete_context(self, context_id: str, caller: Caller, *, agent_id: str) -> None:
        """Scrub a conversation for good; that it was there is kept for audit (V1-CTXEP-02).

        Raises:
            ContextNotFound: There is none for this caller at this agent, or it was deleted before.
        """
        scope = Scope.of(caller, agent_id)
        await self._ending.stop_context(scope, context_id)
        found = await self._repository.delete_context(scope, context_id, micros(self._clock()))
        # A turn whose message was stored just before has begun by now, and can store nothing any more.
        await self._ending.stop_context(scope, context_id)
        if not found:
            raise ContextNotFound("There is no such context.", context_id=context_id)
        for listener in self._listeners:
            await listener(caller, agent_id, context_id)

    async def recover(self) -> int:
        """End the tasks a crash left at work as `failed`, reason `interrupted`; returns how many there were."""
        return await self._ending.recover()

    async def close(self) -> None:
        """End what runs as `failed`, reason `interrupted`, and close the engine."""
        await self._engine.close()
        for execution in tuple(self._starting.values()):
            if not execution.accepted.done():
                execution.accepted.set_exception(EngineError("The service is closed."))

    async def _start(
        self,
        agent: Agent,
        message: Message,
        caller: Caller,
        agent_id: str,
        policy: ContextPolicy,
        metadata: JsonObject | None,
        *,
        followed: bool,
    ) -> LiveTask | Repeated:
        clean, credentials = extract(message)
        turn = Turn(agent, clean, credentials, caller, Scope.of(caller, agent_id), policy, metadata, followed)
        await self._launch()
        run_id = f"turn-{next(self._run_ids)}"
        execution = Execution(turn, run_id, self._live, self._repository, self._engine, self._clock)
        self._starting[run_id] = execution
        try:
            await self._engine.start(run_id, {})
            return await execution.accepted
        finally:
            self._starting.pop(run_id, None)

    async def _launch(self) -> None:
        if not self._launched:
            self._launched = True
            await self._engine.launch(self._carry_out)

    async def _carry_out(self, run_id: str, _payload: JsonObject) -> None:
        execution = self._starting.get(run_id)
        if execution is not None:
            await execution.run()

    async def _caught_up(self, scope: Scope, task_id: str) -> LiveTask | None:
        """The live task of this scope, with all it has said so far in the store."""
        live = self._live.get(task_id)
        if live is None or live.scope != scope:
            return None
        if not live.settling:
            live.show_working()
            with suppress(TurnLost):
                await live.flush()
        return live

    async def _follow(
        self,
        task_id: str,
        scope: Scope,
        history_length: int | None,
        *,
        refuse_ended: bool = False,
        after: int | None = None,
    ) -> AsyncGenerator[tuple[int, Event]]:
        live = await self._caught_up(scope, task_id)
        stored = await self._stored(scope, task_id, history_length)
        state, seen = stored.task.status.state, stored.version
        missed = after is not None and 0 < after < stored.version
        if refuse_ended and live is None and state.is_terminal and not missed:
            raise TaskNotContinuable(f"The task is {state.value}; nothing follows.", task_id=task_id)
        if after is not None and missed:
            seen = after
            while seen < stored.version and (behind := await self._repository.events(stored.key, scope, seen, 256)):
                for seen, record in behind:
                    if not isinstance(record, Message):
                        yield seen, record
        else:
            yield stored.version, stored.task
        if live is not None and not state.is_settled:
            async with aclosing(live.follow(seen)) as updates:
                async for update in updates:
                    yield update

    async def _follow_sent(
        self,
        start: Callable[[], Awaitable[LiveTask | Repeated]],
        scope: Scope,
        history_length: int | None,
        on_accepted: Accepted | None,
        after: int | None,
    ) -> AsyncGenerator[tuple[int, Event]]:
        taken = await start()
        await self._tell(on_accepted, taken, scope)
        if isinstance(taken, Repeated):
            follow = self._follow(taken.task_id, scope, history_length, after=after)
        else:
            yield taken.opened.stored.version, await self._opening(taken, history_length)
            follow = taken.follow(taken.opened.stored.version)
        async with aclosing(follow) as events:
            async for event in events:
                yield event

    async def _tell(self, on_accepted: Accepted | None, taken: LiveTask | Repeated, scope: Scope) -> None:
        if on_accepted is not None:
            await on_accepted(
                await self._stored(scope, taken.task_id, 0) if isinstance(taken, Repeated) else taken.opened.stored
            )

    async def _opening(self, live: LiveTask, history_length: int | None) -> Task:
        task = live.opened.stored.task
        if live.opened.resumed and history_length != 0:
            stored = await self._stored(live.scope, task.id, history_length)
            task = task.model_copy(update={"history": stored.task.history})
        elif history_length == 0:
            task = task.model_copy(update={"history": ()})
        return task

    async def _read(self, scope: Scope, task_id: str, history_length: int | None) -> Task:
        return (await self._stored(scope, task_id, history_length)).task

    async def _stored(self, scope: Scope, task_id: str, history_length: int | None) -> StoredTask:
        stored = await self._repository.load(scope, task_id, history_length)
        if stored is None:
            raise TaskNotFound("There is no such task.", task_id=task_id)
        return stored
