"""The operations of A2A (a2a.md section 3) on neutral models, the same for every binding and version (A2A-HTTP-09)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

from a2a.types import AgentCard
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    ExtendedAgentCardNotConfiguredError,
    PushNotificationNotSupportedError,
    UnsupportedOperationError,
)

from agentkit.a2a.push import PushNotifications
from agentkit.compose import Agent, Caller
from agentkit.models import Event, JsonObject, Message, SendRequest, Task
from agentkit.tasks import TaskPage, TaskService, read_token
from agentkit.tasks.repository import StoredTask
from agentkit.tasks.spans import ToldByRequest
from agentkit.web.bounds import Bounds
from agentkit.wire.a2a import ListRequest

NumberedEvents = AsyncGenerator[tuple[int, Event]]
"""Events of a stream with the version of the task they led to, which becomes the SSE `id`."""

Accepted = Callable[[StoredTask], Awaitable[None]]
"""Awaited once a message was taken in, before its sender hears of it."""

ExtendedCard = Callable[[Caller], Awaitable[AgentCard | None]]
"""The card a known caller sees; None where there is none for this one (A2A-XC-01)."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What an agent offers beside its tasks, and how much one request may bring."""

    push: PushNotifications | None = None
    extended_card: ExtendedCard | None = None
    bounds: Bounds = field(default_factory=Bounds)


class Operations:
    """What one served agent can be asked."""

    def __init__(self, agent: Agent, service: TaskService, card: AgentCard, *, agent_id: str, offers: Offers) -> None:
        """Serve `agent` as its card promises; its tasks are kept under `agent_id`."""
        self.bounds = offers.bounds
        self._agent = agent
        self._service = service
        self.agent_id = agent_id
        self._streaming = card.capabilities.streaming
        self._push = offers.push if card.capabilities.push_notifications else None
        self._has_extended_card = card.capabilities.extended_agent_card
        self._extended_card = offers.extended_card
        self._input_modes = _input_modes(card)

    async def send(self, request: SendRequest, caller: Caller, *, push: JsonObject | None = None) -> Task:
        """Run a turn, and answer when it settles or, if so asked, at once (A2A-SEND-01 to -08).

        Args:
            request: The message, and how to answer it.
            caller: Who sends it.
            push: Where else to tell of the task: a push configuration in the JSON form of A2A 1.0.
        """
        self._check(request)
        with ToldByRequest():
            return await self._service.send(
                self._agent,
                request.message,
                caller,
                agent_id=self.agent_id,
                blocking=request.blocking,
                context_policy="adopt",
                history_length=request.history_length,
                metadata=request.metadata,
                on_accepted=None if push is None else await self._keeping(push, caller),
            )

    async def stream(
        self, request: SendRequest, caller: Caller, *, after: int | None = None, push: JsonObject | None = None
    ) -> NumberedEvents:
        """The task, then its updates until it settles, numbered (A2A-STR-01 to -05).

        Args:
            request: The message; one that was sent before leads to its task (A2A-SEND-09).
            caller: Who sends it.
            after: The last event that the client saw of this message's task; what follows it comes, nothing twice.
            push: As for `send`.
        """
        self._require_streaming()
        self._check(request)
        return self._service.stream(
            self._agent,
            request.message,
            caller,
            agent_id=self.agent_id,
            context_policy="adopt",
            history_length=request.history_length,
            metadata=request.metadata,
            on_accepted=None if push is None else await self._keeping(push, caller),
            after=after,
        ).numbered()

    async def subscribe(self, task_id: str, caller: Caller, *, after: int | None = None) -> NumberedEvents:
        """The task as it is, then its updates (A2A-SUB-01, -02); with `after` only what follows that event."""
        self._require_streaming()
        task_id = self.bounds.check_id("id", task_id)
        return self._service.subscribe(task_id, caller, agent_id=self.agent_id, after=after).numbered()

    async def get(self, task_id: str, caller: Caller, *, history_length: int | None = None) -> Task:
        """A task with its newest messages (A2A-SEND-08)."""
        task_id = self.bounds.check_id("id", task_id)
        return await self._service.get(task_id, caller, agent_id=self.agent_id, history_length=history_length)

    async def list_tasks(self, query: ListRequest, caller: Caller) -> TaskPage:
        """A page of the caller's tasks (A2A-LIST-01 to -05)."""
        context_id = query.context_id
        return await self._service.list_tasks(
            caller,
            agent_id=self.agent_id,
            context_id=None if context_id is None else self.bounds.check_id("contextId", context_id),
            state=query.state,
            since=query.since,
            limit=query.page_size,
            cursor=read_token(query.page_token),
            history_length=query.history_length,
            artifacts=query.with_artifacts,
        )

    async def cancel(self, task_id: str, caller: Caller, *, metadata: JsonObject | None = None) -> Task:
        """Stop a task; the metadata reaches the agent (A2A-CAN-01, A2A-CAN-02)."""
        task_id = self.bounds.check_id("id", task_id)
        return await self._service.cancel(task_id, caller, agent_id=self.agent_id, agent=self._agent, metadata=metadata)

    def require_push(self) -> PushNotifications:
        """What is done about push notifications.

        Raises:
            PushNotificationNotSupportedError: The card does not declare them (A2A-PUSH-01).
        """
        if self._push is None:
            raise PushNotificationNotSupportedError
        return self._push

    async def create_push(self, params: JsonObject, caller: Caller) -> JsonObject:
        """Keep a push configuration (A2A-PUSH-01, -02)."""
        return await self.require_push().create(params, caller, agent_id=self.agent_id)

    async def get_push(self, params: JsonObject, caller: Caller) -> JsonObject:
        """One push configuration (A2A-PUSH-01, -02)."""
        return await self.require_push().get(params, caller, agent_id=self.agent_id)

    async def list_push(self, params: JsonObject, caller: Caller) -> JsonObject:
        """The push configurations of a task (A2A-PUSH-01, -02)."""
        return await self.require_push().list_configs(params, caller, agent_id=self.agent_id)

    async def delete_push(self, params: JsonObject, caller: Caller) -> JsonObject:
        """Drop a push configuration (A2A-PUSH-01, -02)."""
        return await self.require_push().delete(params, caller, agent_id=self.agent_id)

    async def extended_card(self, caller: Caller) -> AgentCard:
        """The card for this caller (A2A-XC-01)."""
        if not self._has_extended_card:
            raise UnsupportedOperationError("This agent has no extended card")
        card = None if self._extended_card is None else await self._extended_card(caller)
        if card is None:
            raise ExtendedAgentCardNotConfiguredError
        return card

    async def _keeping(self, push: JsonObject, caller: Caller) -> Accepted:
        """Look at a push configuration before anything is stored; keeps it once the message is stored."""
        notifications = self.require_push()
        await notifications.prepare(push, "configuration.taskPushNotificationConfig")

        async def keep(stored: StoredTask) -> None:
            await notifications.attach(
                push, caller, agent_id=self.agent_id, task_id=stored.task.id, after=stored.version
            )

        return keep

    def _check(self, request: SendRequest) -> None:
        """Refuse what cannot be taken in before anything is stored."""
        self.bounds.check(request)
        self._check_input_modes(request.message)

    def _check_input_modes(self, message: Message) -> None:
        """A2A-SEND-06. A part that states no media type is taken."""
        for part in message.parts:
            stated = part.file.media_type if part.file is not None else part.media_type
            if stated and self._input_modes and stated.partition(";")[0].strip().lower() not in self._input_modes:
                raise ContentTypeNotSupportedError("A part has a media type that the card does not declare")

    def _require_streaming(self) -> None:
        if not self._streaming:
            raise UnsupportedOperationError("This agent offers no streams")


def _input_modes(card: AgentCard) -> frozenset[str]:
    modes = set(card.default_input_modes)
    for skill in card.skills:
        modes.update(skill.input_modes)
    return frozenset() if "*/*" in modes else frozenset(mode.lower() for mode in modes)
