"""A conversation with an agent: everything that must be remembered between turns."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import TYPE_CHECKING

from agentkit.client.missing import auth_required, missing_credentials
from agentkit.client.outgoing import whole_message
from agentkit.client.turns import OneAtATime
from agentkit.credentials import Credential, Credentials
from agentkit.errors import SpecError
from agentkit.models import Task, TaskState, TokenUsage, questionnaire_part
from agentkit.models.identity import new_id

if TYPE_CHECKING:
    from agentkit.client.reply import Reply
    from agentkit.client.resources.handle import AgentHandle
    from agentkit.client.session import AsyncSession
    from agentkit.models import Event, JsonObject, Message


class Conversation:
    """One conversation with an agent, turn by turn.

    ```python
    talk = agent.conversation(credentials=[Token("ehr", "...")])
    reply = await talk.send("Which medications does she take?")
    reply = await talk.send("Since when?")
    ```

    It keeps the context, sends the credentials with the first message of it (MCPAUTH-14), answers the task that asked
    back, and sums up what the turns used. One turn follows the other.
    """

    def __init__(
        self,
        agent: AgentHandle,
        session: AsyncSession,
        *,
        credentials: Iterable[Credential] = (),
        context: str | None = None,
    ) -> None:
        """Made by `AgentHandle.conversation`.

        Raises:
            CredentialError: Two credentials name the same server.
        """
        self._agent = agent
        self._session = session
        self._credentials = Credentials(credentials)
        self._context = context
        self._last: Reply | None = None
        self._refused: tuple[Message, bool] | None = None
        self._settled_usage = TokenUsage()
        self._latest_usage = TokenUsage()
        self._turns = OneAtATime()

    def __repr__(self) -> str:
        """Names agent and context."""
        return f"Conversation(agent={self._agent.id!r}, context={self._context!r})"

    @property
    def agent(self) -> AgentHandle:
        """The agent."""
        return self._agent

    @property
    def context(self) -> str | None:
        """The id of the context; None before the first answer."""
        return self._context

    @property
    def last(self) -> Reply | None:
        """The latest reply."""
        return self._last

    @property
    def pending(self) -> Task | None:
        """The task that asked back and waits for the next message (V1-SEND-02); None where nothing was asked.

        To leave it unanswered, go on with `agent.conversation(context=talk.context)`.
        """
        task = self._last.task if self._last else None
        return task if task is not None and task.status.state is TaskState.INPUT_REQUIRED else None

    @property
    def usage(self) -> TokenUsage:
        """Tokens and credits of all turns together, as far as the answers told.

        They are told of a task: of one that asked back and was answered, what it told last counts, once.
        """
        return self._settled_usage + self._latest_usage

    async def send(
        self,
        message: str | Message,
        *,
        data: Sequence[JsonObject] = (),
        questionnaire: JsonObject | None = None,
        at_most_once: bool = False,
    ) -> Reply:
        """Do one turn.

        Args:
            message: The text, or a whole message; an answer to `pending`, where something was asked.
            data: JSON objects to be sent as data parts.
            questionnaire: Starts this questionnaire (QNC-01); later turns of it are text alone (QNC-12). Read
                `reply.questionnaire`.
            at_most_once: Never send again what may have been done.

        Raises:
            AuthRequired: The agent lacks a credential; the error names the MCP server. Call `authorize`.
            ConversationBusy: Another turn is still going on.
            AgentKitError: The call failed.
        """
        whole = _whole(message, data, questionnaire)
        await self._settle()
        with self._turns.turn():
            return await self._send(whole, at_most_once=at_most_once)

    async def stream(
        self,
        message: str | Message,
        *,
        data: Sequence[JsonObject] = (),
        questionnaire: JsonObject | None = None,
        at_most_once: bool = False,
        cancel_on_exit: bool = False,
    ) -> AsyncGenerator[Event]:
        """Do one turn and watch it; `last` is the reply afterwards.

        Leaving the loop, or being cancelled in it, ends the turn here and not at the server: `last` is what was told
        till then, and `agent.subscribe(last.task)` watches on.

        Args:
            message: The text, or a whole message.
            data: JSON objects to be sent as data parts.
            questionnaire: Starts this questionnaire.
            at_most_once: Never send again what may have been done.
            cancel_on_exit: Cancel the task when the loop is left before the task is settled.

        Raises:
            AuthRequired: After the last event, where the agent lacks a credential; call `authorize`.
            ConversationBusy: Another turn is still going on.
            AgentKitError: The call failed.
        """
        whole = _whole(message, data, questionnaire)
        await self._settle()
        with self._turns.turn() as turn:
            stream = self._agent.stream(
                whole,
                context=self._context,
                task=self.pending,
                credentials=() if self._context else self._credentials.values(),
                at_most_once=at_most_once,
                cancel_on_exit=cancel_on_exit,
            )
            async with stream:
                try:
                    try:
                        async for event in stream:
                            yield event
                    finally:
                        if stream.reply is not None:
                            self._note(stream.reply, whole, at_most_once=at_most_once)
                    self._check()
                finally:
                    # What follows is the end of the connection, which the next turn need not wait for.
                    turn.end()

    async def authorize(self, credentials: Iterable[Credential]) -> Reply | None:
        """Give credentials, and ask again what was refused for the lack of one.

        Credentials count on the first message of a context only, so the conversation goes on in a new context
        (MCPAUTH-18): the agent does not remember the turns before.

        Args:
            credentials: Each takes the place of an earlier one for the same server.

        Returns:
            The reply to the refused message; None where none was refused.

        Raises:
            AuthRequired: A credential is still missing or was refused.
            CredentialError: Two credentials name the same server.
            AgentKitError: The call failed.
        """
        given = Credentials(credentials)
        await self._settle()
        with self._turns.turn():
            self._credentials = self._credentials.merged(given)
            self._context, self._last = None, None
            if self._refused is None:
                return None
            message, at_most_once = self._refused
            # With the same id the server would take it for a repetition of the refused one (CLI-10).
            again = message.model_copy(update={"message_id": new_id()})
            return await self._send(again, at_most_once=at_most_once)

    async def _settle(self) -> None:
        """A turn whose loop was left a moment ago is not going on any more."""
        if self._turns.is_busy:
            await self._session.settle()

    async def _send(self, message: Message, *, at_most_once: bool) -> Reply:
        reply = await self._agent.send(
            message,
            context=self._context,
            task=self.pending,
            credentials=() if self._context else self._credentials.values(),
            at_most_once=at_most_once,
        )
        self._note(reply, message, at_most_once=at_most_once)
        self._check()
        return reply

    def _note(self, reply: Reply, message: Message, *, at_most_once: bool) -> None:
        before = self._last.task if self._last else None
        if before is None or reply.task is None or before.id != reply.task.id:
            self._settled_usage, self._latest_usage = self.usage, TokenUsage()
        self._latest_usage = reply.usage or self._latest_usage
        self._last = reply
        self._context = reply.context or self._context
        self._refused = (message, at_most_once) if reply.state is TaskState.AUTH_REQUIRED else None

    def _check(self) -> None:
        task = self._last.task if self._last else None
        if task is not None and self._refused is not None:
            missing = missing_credentials(task, self._agent.info, self._credentials)
            raise auth_required(task, missing, self._agent.generation)


def _whole(message: str | Message, data: Sequence[JsonObject], questionnaire: JsonObject | None) -> Message:
    whole = whole_message(message, data)
    if whole.context_id is not None or whole.task_id is not None:
        raise SpecError("message", "names a context or task", remedy="The conversation places its messages itself.")
    if questionnaire is None:
        return whole
    return whole.model_copy(update={"parts": (*whole.parts, questionnaire_part(questionnaire))})
