"""Send, stream, get, list, cancel, subscribe: the task service behind every face."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from agentkit.compose import Agent, Caller
from agentkit.credentials import Credentials, Vault
from agentkit.engine import Engine
from agentkit.errors import ContextNotFound
from agentkit.models import Context, JsonObject, Message, Task, TaskState
from agentkit.tasks.codec import micros
from agentkit.tasks.ending import Ending
from agentkit.tasks.following import Followed, Following
from agentkit.tasks.forgetting import Forgetting
from agentkit.tasks.limits import Limits
from agentkit.tasks.recovery import recover
from agentkit.tasks.repository import ContextPolicy, Repository, Scope
from agentkit.tasks.running import Running
from agentkit.tasks.selection import TaskFilter, TaskPage
from agentkit.tasks.sending import Accepted, Sending
from agentkit.tasks.station import Resolve, Station
from agentkit.tasks.turns import Turn


class TaskService:
    """Tasks of all agents of this process; each call is bound to the caller and the agent.

    Attributes:
        forgetting: Erases conversations, also those whose time is over.
    """

    def __init__(
        self,
        repository: Repository,
        engine: Engine,
        *,
        durable: Engine | None = None,
        limits: Limits | None = None,
        vault: Vault[Credentials] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Use a store and engines; call `recover` before the first message and `close` at the end.

        Args:
            repository: Keeps tasks and events.
            engine: Runs the turns of agents that need not survive a crash.
            durable: Runs those of agents that say they must (`agentkit.compose.facets`); without it they are refused.
            limits: How much is done at once, and how much a turn may say.
            vault: Keeps, in process memory only (design D13), the credentials that messages of a named caller brought,
                for later turns of the same context; without one they are forgotten with their turn.
            clock: The time, with time zone.
        """
        self._clock = clock
        self._repository = repository
        self._station = Station(repository, engine, durable, clock, limits or Limits(), vault)
        self._running = Running(self._station)
        self._following = Following(self._station)
        self._sending = Sending(self._station, self._running, self._following)
        self._ending = Ending(self._station)
        self.forgetting = Forgetting(self._station, self._ending)

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
        lifetime: timedelta | None = None,
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
            lifetime: How long a context that the message opens is kept after what happened last in it (CTX-04); None
                for ever.
            on_accepted: Awaited once the message is stored, or was before, and before its sender hears of it.

        Raises:
            CredentialError: A credential in the message is incomplete or doubled; nothing was stored.
            ContextNotFound: The context is unknown, or was deleted.
            TaskNotFound: The task is unknown.
            TaskNotContinuable: The task is final, or at work.
            ContextMismatch: The context is not the task's.
            MessageConflict: The same `messageId` came with another content.
            ServiceOverloaded: The server is at work on as much, or keeps as many open tasks of the caller, as it may.
            EngineError: The agent is durable, and there is no engine for it.
            StorageError: The database refused.
        """
        turn = Turn.sent(
            agent, message, caller, agent_id, context_policy, metadata, history_length, lifetime, followed=False
        )
        return await self._sending.send(turn, on_accepted, blocking=blocking)

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
        lifetime: timedelta | None = None,
        on_accepted: Accepted | None = None,
        after: int | None = None,
    ) -> Followed:
        """Send a message and follow its task: first the task, then its updates, until it is settled (A2A-STR-02).

        Errors that are known before the first event are raised by the first step of the iteration (A2A-HTTP-06).
        Closing the iterator leaves the run alone.

        Raises:
            AgentKitError: As `send`.
        """
        turn = partial(
            *(Turn.sent, agent, message, caller, agent_id, context_policy, metadata, history_length, lifetime),
            followed=True,
        )
        return Followed(self._sending.stream(turn, on_accepted, after))

    async def get(self, task_id: str, caller: Caller, *, agent_id: str, history_length: int | None = None) -> Task:
        """A task with its newest messages (V1-TASK-01).

        Raises:
            TaskNotFound: There is none for this caller at this agent.
        """
        scope = Scope.of(caller, agent_id)
        await self._following.caught_up(scope, task_id)
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
        artifacts: bool = True,
    ) -> TaskPage:
        """A page of the caller's tasks, newest status first (A2A-LIST-01), with what they made or cheaper without."""
        rows, total = await self._repository.tasks(
            Scope.of(caller, agent_id),
            TaskFilter(context_id, state, None if since is None else micros(since)),
            limit=limit + 1,
            after=cursor,
            history_length=history_length,
            artifacts=artifacts,
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
            self._following.follow(task_id, Scope.of(caller, agent_id), history_length, refuse_ended=True, after=after)
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

    async def stop_agent(self, tenant: str, agent_id: str, agent: Agent) -> None:
        """Cancel everybody's tasks that are at work at an agent which is served no more.

        Args:
            tenant: Of the agent's callers.
            agent_id: Under which id it was served.
            agent: Stops what its turns set going elsewhere.

        Raises:
            StorageError: The database refused.
        """
        await self._ending.stop_agent(tenant, agent_id, agent)

    async def context(
        self,
        context_id: str,
        caller: Caller,
        *,
        agent_id: str,
        limit: int | None = None,
        offset: int = 0,
        history_length: int | None = None,
    ) -> Context:
        """A conversation with its tasks, oldest first, each with its newest messages (V1-CTXEP-01, V2-EP-19).

        Raises:
            ContextNotFound: There is none for this caller at this agent, or it was deleted.
        """
        scope = Scope.of(caller, agent_id)
        await self._following.caught_up_in(scope, context_id)
        tasks = await self._repository.context(
            scope, context_id, limit=limit, offset=offset, history_length=history_length
        )
        if tasks is None:
            raise ContextNotFound("There is no such context.", context_id=context_id)
        return Context(id=context_id, items=tuple(tasks))

    async def delete_context(self, context_id: str, caller: Caller, *, agent_id: str) -> None:
        """Scrub a conversation for good; that it was there is kept for audit (V1-CTXEP-02).

        Raises:
            ContextNotFound: There is none for this caller at this agent, or it was deleted before.
        """
        await self.forgetting.delete(Scope.of(caller, agent_id), context_id)

    async def recover(self, resolve: Resolve | None = None) -> int:
        """Look after the tasks that an earlier process left at work; returns how many there were.

        Durable turns are gone on with, timers set again; what else was at work ends `failed`, reason `interrupted`.
        Safe to call again, for example to take over from a process that died.

        Args:
            resolve: Finds the agents that are served. Without it nothing is gone on with, and no agent can wait for a
                timer.

        Raises:
            StorageError: The store refused.
            EngineError: An engine refused.
        """
        self._station.resolve = resolve
        await self._running.launch()
        self._running.resolvable()
        return await recover(self._station, resolve)

    async def close(self) -> None:
        """End what runs as `failed`, reason `interrupted`; durable turns go on at the next start."""
        self._following.close()
        await self._running.close()

    async def _read(self, scope: Scope, task_id: str, history_length: int | None) -> Task:
        return (await self._following.stored(scope, task_id, history_length)).task
