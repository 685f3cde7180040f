"""One turn, from the message taken in to the state that ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from agentkit.compose import (
    LEFT_ALONE,
    Agent,
    Caller,
    RunContext,
    as_updates,
    detach,
    iterating,
    retried,
    status_update,
    surfaced,
)
from agentkit.credentials import Credentials
from agentkit.engine import Engine
from agentkit.errors import EngineError, StorageError
from agentkit.models import JsonObject, Message, StatusUpdate, TaskState, new_id
from agentkit.tasks.codec import micros
from agentkit.tasks.live import LiveTask, TurnLost
from agentkit.tasks.references import referenced
from agentkit.tasks.repository import ContextPolicy, Opened, Repeated, Repository, Scope
from agentkit.tasks.verdict import end_stored, interrupted
from agentkit.tracing import span

_log = logging.getLogger("agentkit.tasks")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn is made of."""

    agent: Agent
    message: Message
    credentials: Credentials
    caller: Caller
    scope: Scope
    policy: ContextPolicy
    metadata: JsonObject | None
    followed: bool


class Execution:
    """Carries out one turn in a run of the engine, so that it survives whoever sent the message."""

    def __init__(
        self,
        turn: Turn,
        run_id: str,
        live: dict[str, LiveTask],
        repository: Repository,
        engine: Engine,
        clock: Callable[[], datetime],
    ) -> None:
        """Prepare; `run` does it."""
        self._turn = turn
        self._run_id = run_id
        self._live = live
        self._repository = repository
        self._engine = engine
        self._clock = clock
        self.accepted: asyncio.Future[LiveTask | Repeated] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Take the message in, run the agent, settle the task."""
        opened = await self._accept()
        if opened is None:
            return
        task = opened.stored.task
        live = LiveTask(self._repository, opened, self._run_id, self._clock)
        self._live[task.id] = live
        try:
            if not self.accepted.done():
                self.accepted.set_result(live)
            await self._carry_out(live, opened)
            live.end()
        except TurnLost as lost:
            _log.warning("task %s was not stored: %s", task.id, type(lost.error or lost).__name__)
            if lost.error is not None:
                await self._give_up(live)
            live.end(lost.error)
        finally:
            if not live.ended:
                live.end()
            if self._live.get(task.id) is live:
                del self._live[task.id]

    async def _accept(self) -> Opened | None:
        turn = self._turn
        try:
            taken = await self._repository.accept(
                turn.scope,
                turn.message,
                policy=turn.policy,
                new_task_id=new_id(),
                new_context_id=new_id(),
                now=micros(self._clock()),
            )
        except Exception as error:
            if not self.accepted.done():
                self.accepted.set_exception(error)
            return None
        if isinstance(taken, Opened):
            return taken
        if not self.accepted.done():
            self.accepted.set_result(taken)
        return None

    async def _carry_out(self, live: LiveTask, opened: Opened) -> None:
        turn, task = self._turn, opened.stored.task
        context = RunContext(
            context_id=task.context_id,
            task_id=task.id,
            caller=turn.caller,
            engine=self._engine,
            credentials=turn.credentials,
            resumed=opened.resumed,
            path=(turn.agent.name,),
            metadata=turn.metadata,
            continuation=opened.stored.continuation,
            references=referenced(self._repository, turn.scope, opened.message),
        )
        attributes = {
            "agentkit.task.id": task.id,
            "agentkit.context.id": task.context_id,
            "agentkit.agent.id": turn.scope.agent_id,
            "agentkit.agent.name": turn.agent.name,
        }
        with span("task.run", attributes) as hop:
            end, continuation = detach(await self._drive(live, opened.message, context))
            try:
                await live.settle(end, continuation)
            except EngineError as error:
                end = surfaced(error, opened.message, context)
                await live.settle(end, None)
            finally:
                hop.set("agentkit.task.state", end.status.state.value)

    async def _give_up(self, live: LiveTask) -> None:
        # The store refused once; if it works again, the task must not look as if it were still at work.
        with suppress(StorageError):
            stored = await self._repository.load(live.scope, live.task.id, 0)
            if stored is not None and not stored.task.status.state.is_settled:
                await end_stored(self._repository, stored, interrupted(stored.task), self._clock())

    async def _drive(self, live: LiveTask, message: Message, context: RunContext) -> StatusUpdate:
        live.begin(followed=self._turn.followed)
        message, context = retried(message, context)
        try:
            async with iterating(self._turn.agent.run(message, context)) as events:
                async for event in events:
                    for update in as_updates(event, context):
                        if isinstance(update, StatusUpdate) and update.status.state.is_settled:
                            return update
                        live.publish(update)
                        await live.make_room()
        except asyncio.CancelledError:
            if live.cancel_wanted:
                return status_update(context, TaskState.CANCELED)
            return interrupted(live.task)
        except (TurnLost, *LEFT_ALONE):
            raise
        except BaseException as error:
            # Whatever else an agent makes of its cancellation, the task is canceled.
            return (
                status_update(context, TaskState.CANCELED) if live.cancel_wanted else surfaced(error, message, context)
            )
        return status_update(context, TaskState.COMPLETED)
