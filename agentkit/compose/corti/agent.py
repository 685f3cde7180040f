"""An agent at Corti: what can be chained, nested and served like any other agent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Final

from agentkit.compose.agent import RunContext
from agentkit.compose.continuation import CONTINUATION_KEY
from agentkit.compose.corti.answers import kept_parts, kept_place, produced, shown, text_of, words
from agentkit.compose.corti.conversation import Conversations, Remote
from agentkit.compose.corti.servers import known_servers, missing
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.named import Named
from agentkit.compose.outcome import Outcome, status_update, surfaced
from agentkit.compose.usage import Usage, charged
from agentkit.credentials import Credential, Credentials, is_auth_part
from agentkit.engine import Effect
from agentkit.errors import ApiError, NotFoundError, RequestTimeout, SpecError, TaskFailed, UnknownOutcome
from agentkit.models import AgentInfo, AgentSkill, Event, JsonObject, Message, Role, StatusUpdate, Task, TaskState

if TYPE_CHECKING:
    from agentkit.client import AgentHandle, Reply

_FIRST_POLL: Final = 1.0
_SLOWEST_POLL: Final = 5.0


class CortiAgent(Named):
    """An agent at Corti, reached through its `AgentHandle`.

    Each conversation of each caller gets one Corti context of its own, kept in the state of the conversation: it goes
    on after a restart and in another process. Credentials travel on the first message of that context only
    (MCPAUTH-14): those of the author, and those the caller's message brought for servers of this agent.

    - Over v2 the turn is streamed: partial text and artifacts come up as they come. v1 answers at the end.
    - A completed task ends with what the agent said, and what the turn cost (`agentkit.usage`).
    - `input-required` surfaces; the answer continues the same task at Corti.
    - `auth-required` surfaces; the answer repeats the question in a new Corti context, because v1 registers credentials
      only when a context begins (MCPAUTH-18).
    - A failed, rejected or canceled task fails the turn.
    - Cancellation reaches a task of v2. Corti's v1 offers none (V1-TASK-02): its task goes on, and nobody reads it.

    After a crash Corti is asked whether a message came through (effect `lookup`), by its id in the context of the
    conversation. Of the first message of a conversation nobody knows, because Corti tells its context with the answer.

    Attributes:
        effect: `lookup`.
        mcp_names: The MCP servers whose credentials it may get.
    """

    effect: Final[Effect] = "lookup"

    def __init__(
        self,
        handle: AgentHandle,
        *,
        credentials: Iterable[Credential] = (),
        mcp_names: Collection[str] = (),
        name: str | None = None,
        description: str | None = None,
        stream: bool | None = None,
        patience: float = 600.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap a handle.

        Args:
            handle: From `corti.agents`.
            credentials: For the agent's MCP servers, the same for every caller; a caller's own one wins.
            mcp_names: Further MCP servers whose credentials a caller may bring: those of experts by reference, which
                the API does not show.
            name: In place of the agent's name at Corti.
            description: In place of the agent's description at Corti.
            stream: Whether to stream; by default where the generation documents it, which is v2.
            patience: Seconds to follow a task that Corti left running.
            sleep: Waits between two looks at such a task.
            clock: Measures how long a turn takes, in seconds.

        Raises:
            CredentialError: Two credentials name the same server.
            SpecError: The names are no list of names.
        """
        if isinstance(mcp_names, str):
            raise SpecError("CortiAgent.mcp_names", 'must be names of MCP servers, for example ("ehr",)')
        info = handle.info
        self._handle = handle
        self._own = Credentials(credentials)
        self._named = tuple(name.strip() for name in mcp_names)
        self._name = name or handle.name or handle.id
        self._description = description or (info.description if isinstance(info, AgentInfo) else "")
        self._streams = handle.generation == "v2" if stream is None else stream
        self._conversations = Conversations()
        self._patience = patience
        self._sleep = sleep
        self._clock = clock

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """One skill: the agent itself."""
        return (AgentSkill(id=self._handle.id, name=self._name, description=self._description, tags=("corti",)),)

    @property
    def mcp_names(self) -> frozenset[str]:
        """The MCP servers that the API shows, and those the author named; those of hidden experts only when named."""
        return frozenset((*(server.name.strip() for server in known_servers(self._handle)), *self._named))

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Do one turn at Corti.

        Raises:
            AgentKitError: The call failed.
        """
        began = self._clock()
        waiting = context.continuation or {}
        async with self._conversations.enter(context, text_of(waiting, "contextId")) as remote:
            given = Credentials() if remote.context_id else self._credentials(context)
            outbound = self._outbound(message, context, remote)
            task = text_of(waiting, "taskId")
            reply: Reply | None = None
            try:
                if self._streams:
                    stream = self._handle.stream(outbound, task=task, credentials=given.values())
                    async with aclosing(stream):
                        async for event in stream:
                            await self._learn(remote, stream.reply)
                            for update in shown(event, context):
                                yield update
                    reply = stream.reply
                else:
                    reply = await self._handle.send(outbound, task=task, credentials=given.values())
            except NotFoundError:
                await remote.learn(None)
                raise
            if reply is None:
                raise TaskFailed(f"The Corti agent {self._name} ended without an answer.")
            await self._learn(remote, reply)
            known = reply
            reply = await self._settled(reply)
            if reply is not known or not self._streams:
                for update in produced(reply, context):
                    yield update
            # A context that lacks a credential never gets it (MCPAUTH-18).
            await self._learn(remote, reply)
        yield self._end(reply, message, context, given, self._clock() - began)

    async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
        """What came of a message that was perhaps sent: the task in the conversation's context that it began.

        Raises:
            UnknownOutcome: The conversation had no Corti context yet, or Corti does not show which messages it got.
        """
        waiting = context.continuation or {}
        remote = await self._conversations.read(context)
        context_id = text_of(waiting, "contextId") or remote.context_id
        wanted = outbound_id(message, context)
        if context_id is None:
            raise UnknownOutcome("Whether Corti got the first message of the conversation is unknown.", step=wanted)
        found = await self._find(context_id, wanted)
        if found is None:
            return None
        reply = await self._settled(found)
        await self._learn(remote, reply)
        end = self._end(reply, message, context, self._credentials(context), 0.0)
        metadata: JsonObject = dict(end.metadata or {})
        left = metadata.pop(CONTINUATION_KEY, None)
        return Outcome(
            end.status.state,
            end.status.message,
            reply.artifacts,
            metadata or None,
            left if isinstance(left, dict) else None,
        )

    async def cancel(self, context: RunContext) -> None:
        """Cancel the task at Corti that this agent set going, or that waits; v1 offers no cancel (V1-TASK-02)."""
        if self._handle.generation != "v2":
            return
        remote = await self._conversations.read(context)
        ours = text_of(context.continuation or {}, "taskId") or remote.task_id
        # Whoever cancels a run, and not one call in it, does not know which calls were at work.
        for task_id in remote.tasks_of_run if ours is None else (ours,):
            # A task that has ended meanwhile, or is gone, needs no cancelling.
            with suppress(ApiError):
                await self._handle.cancel(task_id)
        await remote.learn(remote.context_id)

    def _outbound(self, message: Message, context: RunContext, remote: Remote) -> Message:
        # A caller's credentials were taken out at the border: what looks like one now was made up by another agent.
        parts = (*kept_parts(context.continuation or {}), *message.parts)
        return Message(
            role=Role.USER,
            parts=tuple(part for part in parts if not is_auth_part(part)),
            message_id=outbound_id(message, context),
            context_id=remote.context_id,
        )

    def _credentials(self, context: RunContext) -> Credentials:
        """The author's and the caller's; a caller's credential goes nowhere but to an agent that has its server."""
        names = self.mcp_names
        brought = (credential for name, credential in context.credentials.items() if name in names)
        return self._own.merged(Credentials(brought))

    async def _learn(self, remote: Remote, reply: Reply | None) -> None:
        if reply is None:
            return
        if reply.state is TaskState.AUTH_REQUIRED:
            await remote.learn(None)
            return
        task = reply.task
        is_open = task is not None and not reply.state.is_terminal and self._handle.generation == "v2"
        await remote.learn(reply.context or remote.context_id, task.id if task is not None and is_open else None)

    async def _settled(self, reply: Reply) -> Reply:
        """The reply once nothing more happens; a server need not block until then (V1-SEND-08, V1-TASK-02)."""
        waited, pause = 0.0, _FIRST_POLL
        while reply.task is not None and not reply.state.is_settled:
            if waited >= self._patience:
                raise RequestTimeout(
                    f"The Corti agent {self._name} did not finish task {reply.task.id} in {self._patience:g} s.",
                    remedy="Raise patience= for long work.",
                )
            await self._sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, _SLOWEST_POLL)
            reply = type(reply)(await self._handle.task(reply.task.id))
        return reply

    async def _find(self, context_id: str, message_id: str) -> Reply | None:
        """The task, or the answer, that a message in a Corti context brought."""
        from agentkit.client import Reply

        try:
            items = (await self._handle.context(context_id)).items
        except NotFoundError:
            raise UnknownOutcome("Corti has forgotten the context of the conversation.", step=message_id) from None
        tasks = [item for item in items if isinstance(item, Task)]
        for task in tasks:
            if any(said.message_id == message_id for said in task.history):
                return Reply(task)
        if all(any(said.role is Role.USER for said in task.history) for task in tasks):
            return None
        raise UnknownOutcome("Corti does not show which messages it got in this conversation.", step=message_id)

    def _end(
        self, reply: Reply, message: Message, context: RunContext, given: Credentials, seconds: float
    ) -> StatusUpdate:
        said = words(reply, context)
        used = Usage.of_tokens(reply.usage, seconds=seconds)
        if reply.state is TaskState.COMPLETED:
            return charged(status_update(context, TaskState.COMPLETED, said), used)
        if reply.state.is_interrupted:
            metadata: JsonObject = {CONTINUATION_KEY: kept_place(reply, message, context)}
            if reply.state is TaskState.AUTH_REQUIRED:
                metadata |= missing(self._handle, self._named, given)
            return charged(status_update(context, reply.state, said, metadata), used)
        error = TaskFailed(f"The Corti agent {self._name} ended its task {reply.state.value}.")
        end = surfaced(error, message, context)
        if said is not None:
            end = status_update(context, TaskState.FAILED, said, end.metadata)
        return charged(end, used)
