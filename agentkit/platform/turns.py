"""Messages, tasks and streams of one caller at one agent: what both generations and both bindings do alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta

from agentkit.compose import Caller
from agentkit.models import Context, Event, Message, SendRequest, Task
from agentkit.models.base import altered
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.orchestration.inherited import require_inherited
from agentkit.platform.orchestration.orchestrator import Orchestrator
from agentkit.platform.services import Services
from agentkit.tasks import TIMESTAMP_KEY, TaskPage, read_token
from agentkit.tasks.spans import ToldByRequest
from agentkit.wire.a2a import ListRequest
from agentkit.wire.reader import write_time

NumberedEvents = AsyncGenerator[tuple[int, Event]]
"""Events of a stream with the version of the task they led to, which becomes the SSE `id`."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What a caller can do at an agent. Conversations are the caller's, also at an agent of somebody else.

    Ids are bare UUIDs. A task or a context of another caller, or of another agent, is not there (V1-ID-02).

    Attributes:
        services: Of the platform.
        record: The agent, which the caller may see.
        caller: Who asks.
        lifetime: How long a context that is opened here is kept after what happened last in it; None for ever.
    """

    services: Services
    record: AgentRecord
    caller: Caller
    lifetime: timedelta | None = None

    async def send(self, request: SendRequest) -> Task:
        """Run a turn, and answer when it settles or, if so asked, at once (V1-SEND-08, V2-SEND-01).

        The same message sent again leads to its task (CLI-10).

        Raises:
            WireError: The message brings too much.
            AgentKitError: As `TaskService.send`.
        """
        message = await self._accepted(request)
        with ToldByRequest():
            return await self.services.tasks.send(
                self._agent(request.message),
                message,
                self.caller,
                agent_id=self.record.id,
                blocking=request.blocking,
                history_length=request.history_length,
                metadata=request.metadata,
                lifetime=self.lifetime,
            )

    async def stream(self, request: SendRequest, *, after: int | None = None) -> NumberedEvents:
        """The task, then its updates until it settles; of a repeated message what follows the event seen last.

        Raises:
            WireError: The message brings too much.
            AgentKitError: As `TaskService.send`, those that the service finds by the first step of the iteration.
        """
        message = await self._accepted(request)
        return self.services.tasks.stream(
            self._agent(request.message),
            message,
            self.caller,
            agent_id=self.record.id,
            history_length=request.history_length,
            metadata=request.metadata,
            lifetime=self.lifetime,
            after=after,
        ).numbered()

    async def get(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task with its newest messages (V1-TASK-01).

        Raises:
            TaskNotFound: There is none.
        """
        return await self.services.tasks.get(
            task_id, self.caller, agent_id=self.record.id, history_length=history_length
        )

    async def page(self, request: ListRequest) -> TaskPage:
        """A page of the caller's tasks, newest status first (V2-EP-10).

        Raises:
            WireError: The token is none of an earlier page.
        """
        return await self.services.tasks.list_tasks(
            self.caller,
            agent_id=self.record.id,
            context_id=request.context_id,
            state=request.state,
            since=request.since,
            limit=request.page_size,
            cursor=read_token(request.page_token),
            history_length=request.history_length,
            artifacts=request.with_artifacts,
        )

    async def cancel(self, task_id: str) -> Task:
        """Stop a task with what it does right now.

        Raises:
            TaskNotFound: There is none.
            TaskNotCancelable: It has ended.
        """
        return await self.services.tasks.cancel(task_id, self.caller, agent_id=self.record.id, agent=self._agent(None))

    def subscribe(self, task_id: str, *, after: int | None = None) -> NumberedEvents:
        """The task as it is, then its updates until it settles; with `after` only what follows that event.

        Raises:
            TaskNotFound: There is none; raised by the first step of the iteration.
            TaskNotContinuable: It has ended, and nothing was missed.
        """
        return self.services.tasks.subscribe(task_id, self.caller, agent_id=self.record.id, after=after).numbered()

    async def context(self, context_id: str, *, limit: int | None, offset: int) -> Context:
        """A conversation with its tasks, oldest first (V1-CTXEP-01).

        Raises:
            ContextNotFound: There is none, or it was deleted.
        """
        return await self.services.tasks.context(
            context_id, self.caller, agent_id=self.record.id, limit=limit, offset=offset
        )

    async def delete_context(self, context_id: str) -> None:
        """Scrub a conversation for good (V1-CTXEP-02).

        Raises:
            ContextNotFound: There is none, or it was deleted before.
        """
        await self.services.tasks.delete_context(context_id, self.caller, agent_id=self.record.id)

    def _agent(self, message: Message | None) -> Orchestrator:
        first = message is not None and message.context_id is None and message.task_id is None
        return Orchestrator(self.services.workshop, self.record, first=first)

    async def _accepted(self, request: SendRequest) -> Message:
        """Refuse what cannot be taken before anything is stored; says when the message came (V2-OBJ-11)."""
        settings, message = self.services.settings, request.message
        settings.limits.bounds.check(request)
        await require_inherited(self.services.workshop, self.record, message, self.caller)
        metadata = {**(message.metadata or {}), TIMESTAMP_KEY: write_time(settings.clock())}
        return altered(message, {"metadata": metadata})


async def delete_agent(services: Services, record: AgentRecord) -> bool:
    """Delete an agent with its inline experts, and stop what they are at work on, for whomever (V1-AGENT-08).

    Afterwards nobody could: a task is found by its agent.

    Returns:
        False when it was gone already.
    """
    if not await services.agents.delete(record.id):
        return False
    experts = (record.expert(one.id) for one in record.inline_experts())
    gone = [record, *(one for one in experts if one is not None)]
    await asyncio.gather(
        *(
            services.tasks.stop_agent(one.ownership.tenant, one.id, Orchestrator(services.workshop, one, first=False))
            for one in gone
        )
    )
    return True
