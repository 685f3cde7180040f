"""An agent that exists at Corti."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from agentkit.client.outgoing import outgoing
from agentkit.client.reply import Reply
from agentkit.client.resources.connectors import Connectors
from agentkit.client.resources.conversation import Conversation
from agentkit.client.resources.pages import Pages, same
from agentkit.client.resources.stream import EventStream
from agentkit.client.v2.usage import get_usage
from agentkit.errors import UnsupportedByGeneration
from agentkit.specs import AgentReferenceSpec

if TYPE_CHECKING:
    from agentkit.client.generation import Generation
    from agentkit.client.session import AsyncSession
    from agentkit.client.v2.usage import Granularity
    from agentkit.credentials import Credential
    from agentkit.models import (
        AgentCard,
        AgentInfo,
        AgentReference,
        Context,
        JsonObject,
        Message,
        PushNotificationConfig,
        Task,
        UsageReport,
    )
    from agentkit.wire.generations import GenerationName


class AgentHandle:
    """An agent that exists at Corti, to be talked to.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`,
    and `UnsupportedByGeneration` for what the agent's generation of the API cannot do.
    """

    def __init__(
        self, session: AsyncSession, generation: Generation, info: AgentInfo | AgentReference, agent_id: str = ""
    ) -> None:
        """Handles come from `corti.agents`."""
        self._session = session
        self._generation = generation
        self._info = info
        self._id = info.id or agent_id

    def __repr__(self) -> str:
        """Names the agent."""
        return f"AgentHandle(id={self.id!r}, generation={self.generation!r})"

    @property
    def info(self) -> AgentInfo | AgentReference:
        """The agent as the API showed it last."""
        return self._info

    @property
    def id(self) -> str:
        """The agent's id; empty for a reference that has none."""
        return self._id

    @property
    def name(self) -> str:
        """The agent's name; empty for a reference that has none."""
        return self._info.name or ""

    @property
    def generation(self) -> GenerationName:
        """The generation of the API that the agent is spoken to through."""
        return self._generation.name

    @cached_property
    def connectors(self) -> Connectors:
        """What the agent may use, one by one; v2 only.

        Raises:
            UnsupportedByGeneration: The agent is one of v1.
        """
        if self.generation != "v2":
            raise UnsupportedByGeneration("single connectors", "v1", ("v2",))
        return Connectors(self._session, self.id)

    def reference(self, *, prompt: str | None = None) -> AgentReferenceSpec:
        """This agent as an expert of another one.

        Args:
            prompt: Appended to the agent's prompt; v1 only (V1-OBJ-04).
        """
        return AgentReferenceSpec(id=self.id, prompt=prompt)

    async def send(
        self,
        message: str | Message,
        *,
        context: str | None = None,
        task: str | Task | None = None,
        credentials: Iterable[Credential] = (),
        data: Sequence[JsonObject] = (),
        blocking: bool = True,
        history_length: int | None = None,
        accepted_output_modes: Sequence[str] = (),
        metadata: JsonObject | None = None,
        push_notification: PushNotificationConfig | None = None,
        at_most_once: bool = False,
    ) -> Reply:
        """Send a message.

        Args:
            message: The text, or a whole message. Its `messageId` is the same on every try.
            context: The conversation to go on in, `reply.context` of an earlier reply; None starts one (CTX-01).
            task: The task that asked back, to be answered (V1-SEND-02).
            credentials: For the agent's MCP servers; needed on the first message of a context only (MCPAUTH-14). v2 of
                Corti does not say how a caller gives any (V2-AUTH-01): they travel as in v1, which agentkit's own
                server takes (MCPAUTH-19), and Corti may keep as ordinary data. Name a stored secret there (`auth_ref`).
            data: JSON objects to be sent as data parts.
            blocking: Wait for a final or interrupted state; otherwise ask for the task with `task()` (V1-SEND-08).
            history_length: At most so many messages in the task's history.
            accepted_output_modes: Media types the caller can read; empty for any.
            metadata: Free JSON object, beside the message.
            push_notification: Where the server shall tell of the task; v1 only.
            at_most_once: Never send again what may have been done: after 408 and 5xx the error comes at once. Without
                it such answers are retried as documented (CLI-05), and a server that does not compare `messageId`
                may do the work twice (CLI-10).

        Returns:
            The reply. A task that failed or asks back is a reply too: look at its `state`.
        """
        request, secrets = outgoing(
            message,
            context=context,
            task=task,
            credentials=credentials,
            data=data,
            blocking=blocking,
            history_length=history_length,
            accepted_output_modes=accepted_output_modes,
            metadata=metadata,
            push_notification=push_notification,
        )
        operation = self._generation.send(self.id, request, secrets, is_repeatable=not at_most_once)
        return Reply(await self._session.call(operation))

    def conversation(self, *, credentials: Iterable[Credential] = (), context: str | None = None) -> Conversation:
        """A conversation that keeps context, credentials and the open question.

        Args:
            credentials: For the agent's MCP servers; sent with the first message. See `send` for v2.
            context: An earlier conversation to go on in; its credentials are known to the server already.

        Raises:
            CredentialError: Two credentials name the same server.
        """
        return Conversation(self, self._session, credentials=credentials, context=context)

    def stream(
        self,
        message: str | Message,
        *,
        context: str | None = None,
        task: str | Task | None = None,
        credentials: Iterable[Credential] = (),
        data: Sequence[JsonObject] = (),
        history_length: int | None = None,
        accepted_output_modes: Sequence[str] = (),
        metadata: JsonObject | None = None,
        push_notification: PushNotificationConfig | None = None,
        at_most_once: bool = False,
        cancel_on_exit: bool = False,
    ) -> EventStream:
        """Send a message and watch the turn; the arguments are those of `send`.

        Args:
            message: The text, or a whole message.
            context: The conversation to go on in.
            task: The task that asked back.
            credentials: For the agent's MCP servers.
            data: JSON objects to be sent as data parts.
            history_length: At most so many messages in the task's history.
            accepted_output_modes: Media types the caller can read.
            metadata: Free JSON object, beside the message.
            push_notification: Where the server shall tell of the task; v1 only.
            at_most_once: Never open the stream again after an answer that does not rule out that the work was done.
            cancel_on_exit: Cancel the task when the stream is left before the task is settled.

        Returns:
            The events as they happen, each once, over broken connections too. Nothing is sent before the first one is
            asked for.
        """
        request, secrets = outgoing(
            message,
            context=context,
            task=task,
            credentials=credentials,
            data=data,
            blocking=True,
            history_length=history_length,
            accepted_output_modes=accepted_output_modes,
            metadata=metadata,
            push_notification=push_notification,
        )
        operation = self._generation.stream(self.id, request, secrets, is_repeatable=not at_most_once)
        return EventStream(self._session, self._generation, self.id, operation, cancel_on_exit=cancel_on_exit)

    def subscribe(self, task: str | Task, *, cancel_on_exit: bool = False) -> EventStream:
        """Watch a task that runs: first the task as it is, then what happens to it.

        Where the server lets nobody subscribe, as v1 (V1-TASK-02), the task is asked for until it is settled.
        """
        task_id = task if isinstance(task, str) else task.id
        return EventStream(
            self._session, self._generation, self.id, None, task_id=task_id, cancel_on_exit=cancel_on_exit
        )

    async def task(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task of this agent, with at most `history_length` messages (V1-TASK-01)."""
        return await self._session.call(self._generation.get_task(self.id, task_id, history_length))

    def tasks(self, *, context: str | None = None, limit: int | None = None) -> Pages[Task, Task]:
        """The agent's tasks, of one context or of all; v2 only (V2-EP-10)."""
        generation = self._generation
        generation.list_tasks(self.id, context, limit, None)  # what it cannot do is said now, not with the first item
        return Pages(
            self._session, lambda token: generation.list_tasks(self.id, context, limit, token), same, limit=limit
        )

    async def cancel(self, task: str | Task) -> Task:
        """Cancel a task.

        Raises:
            ConflictError: The task is settled already.
            NotImplementedByServerError: The server is one of v1 that offers no cancel (V1-RPC-01).
        """
        task_id = task if isinstance(task, str) else task.id
        return await self._session.call(self._generation.cancel_task(self.id, task_id))

    async def context(
        self,
        context_id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        history_length: int | None = None,
    ) -> Context:
        """A conversation with this agent.

        Args:
            context_id: Its id.
            limit: At most so many items; v1 only (V1-CTXEP-01).
            offset: How many items to leave out; v1 only.
            history_length: At most so many messages per task; v2 only (V2-EP-19).
        """
        operation = self._generation.get_context(
            self.id, context_id, limit=limit, offset=offset, history_length=history_length
        )
        return await self._session.call(operation)

    async def delete_context(self, context_id: str) -> None:
        """Delete a conversation and its memory for good (V1-CTXEP-02)."""
        await self._session.call(self._generation.delete_context(self.id, context_id))

    async def usage(
        self, *, since: datetime | None = None, until: datetime | None = None, granularity: Granularity | None = None
    ) -> UsageReport:
        """How often the agent was used; v2 only (V2-EP-14).

        Args:
            since: From this time on; the server's default is 30 days ago.
            until: Before this time.
            granularity: `minute`, `hour`, `day` or `week`; Corti honours `day` alone today.

        Raises:
            UnsupportedByGeneration: The agent is one of v1.
        """
        if self.generation != "v2":
            raise UnsupportedByGeneration("a usage report", "v1", ("v2",))
        return await self._session.call(get_usage(self.id, start=since, end=until, granularity=granularity))

    async def card(self) -> AgentCard:
        """The agent's card."""
        return await self._session.call(self._generation.get_card(self.id))
