"""An agent at Corti as a leaf: what can be chained, nested and served like any other agent."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, UUID, uuid5
from weakref import WeakValueDictionary

from agentkit.compose.agent import RunContext
from agentkit.compose.continuation import CONTINUATION_KEY
from agentkit.credentials import Credential, Credentials, is_auth_part
from agentkit.errors import NotFoundError, RequestTimeout, TaskFailed, WireError
from agentkit.models import (
    AgentInfo,
    AgentSkill,
    ArtifactUpdate,
    Event,
    ExpertInfo,
    JsonObject,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)

if TYPE_CHECKING:
    from agentkit.client import AgentHandle, Reply

_FIRST_POLL: Final = 1.0
_SLOWEST_POLL: Final = 5.0


class CortiAgent:
    """An agent at Corti, reached through its `AgentHandle`.

    Each conversation of each caller gets one Corti context of its own. Credentials travel on the first message of that
    context only (MCPAUTH-14): those of the author, and those the caller's message brought for servers of this agent.

    - A completed task yields its artifacts and, as the final message, what the agent said.
    - `input-required` surfaces; the answer continues the same task at Corti.
    - `auth-required` surfaces; the answer repeats the question in a new Corti context, because v1 registers credentials
      only when a context begins (MCPAUTH-18).
    - A failed, rejected or canceled task fails the turn.

    Which Corti context belongs to a conversation is remembered in this process only; after a restart a conversation
    goes on in a new one, except where a task waits for an answer.
    """

    def __init__(
        self,
        handle: AgentHandle,
        *,
        credentials: Iterable[Credential] = (),
        name: str | None = None,
        description: str | None = None,
        capacity: int = 10_000,
        patience: float = 600.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Wrap a handle.

        Args:
            handle: From `corti.agents`.
            credentials: For the agent's MCP servers, the same for every caller; a caller's own one wins.
            name: In place of the agent's name at Corti.
            description: In place of the agent's description at Corti.
            capacity: Conversations remembered; beyond it the one unused for longest begins anew.
            patience: Seconds to follow a task that Corti left running.
            sleep: Waits between two looks at such a task.

        Raises:
            CredentialError: Two credentials name the same server.
        """
        info = handle.info
        self._handle = handle
        self._own = Credentials(credentials)
        self._name = name or handle.name or handle.id
        self._description = description or (info.description if isinstance(info, AgentInfo) else "")
        self._contexts = _Contexts(capacity)
        self._patience = patience
        self._sleep = sleep

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._name

    @property
    def description(self) -> str:
        """What the agent is for."""
        return self._description

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """One skill: the agent itself."""
        return (AgentSkill(id=self._handle.id, name=self._name, description=self._description, tags=("corti",)),)

    @property
    def mcp_names(self) -> frozenset[str] | None:
        """The MCP servers of the agent; None where experts by reference may have more than the API shows."""
        return _servers(self._handle)

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        """Do one turn at Corti.

        Raises:
            TaskFailed: Corti ended the task without saying why.
            AgentKitError: The call failed.
        """
        reply = await self._ask(message, context)
        for artifact in reply.artifacts:
            yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
        said = reply.message and reply.message.model_copy(
            update={"task_id": context.task_id, "context_id": context.context_id, "role": Role.AGENT}
        )
        if reply.state is TaskState.COMPLETED:
            if said is not None:
                yield said
        elif reply.state.is_interrupted:
            yield _status(context, reply.state, said, {CONTINUATION_KEY: self._continuation(message, reply, context)})
        elif said is not None:
            yield _status(context, TaskState.FAILED, said)
        else:
            raise TaskFailed(f"The Corti agent {self._name} ended its task {reply.state.value}.")

    async def cancel(self, context: RunContext) -> None:
        """Corti's v1 offers no cancel (V1-TASK-02): its task goes on and its answer is not read."""

    async def _ask(self, message: Message, context: RunContext) -> Reply:
        waiting = context.continuation or {}
        key = (context.caller.tenant, context.caller.owner, context.context_id)
        # A caller's credentials were taken out at the border: what looks like one now was made up by another agent.
        parts = tuple(part for part in (*_kept_parts(waiting), *message.parts) if not is_auth_part(part))
        async with self._contexts.enter(key, _text(waiting, "contextId")) as remote:
            outbound = Message(
                role=Role.USER, parts=parts, message_id=_outbound_id(message, context), context_id=remote.id
            )
            try:
                reply = await self._handle.send(
                    outbound,
                    task=_text(waiting, "taskId"),
                    credentials=() if remote.id else self._credentials(context).values(),
                )
            except NotFoundError:
                remote.id = None
                raise
            remote.id = reply.context
            reply = await self._settled(reply)
            if reply.state is TaskState.AUTH_REQUIRED:
                # A context that lacks a credential never gets it (MCPAUTH-18).
                remote.id = None
        return reply

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

    def _credentials(self, context: RunContext) -> Credentials:
        """The author's and the caller's; a caller's credential goes nowhere but to an agent that has its server."""
        servers = _servers(self._handle)
        brought = context.credentials
        if servers is not None:
            brought = Credentials(credential for name, credential in brought.items() if name in servers)
        return self._own.merged(brought)

    @staticmethod
    def _continuation(message: Message, reply: Reply, context: RunContext) -> JsonObject:
        if isinstance(reply.answer, Task) and reply.state is TaskState.INPUT_REQUIRED:
            return {"contextId": reply.answer.context_id, "taskId": reply.answer.id}
        kept = (*_kept_parts(context.continuation or {}), *message.parts)
        return {"parts": [part.model_dump(mode="json", exclude_unset=True) for part in kept]}


class _Remote:
    """The Corti context of a conversation, while a turn holds it."""

    def __init__(self, identifier: str | None) -> None:
        self.id = identifier


class _Contexts:
    """Corti's context per conversation, bounded. The first message of a conversation is sent alone."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: OrderedDict[Hashable, str] = OrderedDict()
        self._beginnings: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def enter(self, key: Hashable, waiting_in: str | None) -> AsyncGenerator[_Remote]:
        """The context to send in; what the block leaves there is remembered, None is forgotten."""
        if waiting_in is not None:
            self._keep(key, waiting_in)
        if key in self._known:
            async with self._held(key) as remote:
                yield remote
            return
        beginning = self._beginnings.get(key) or asyncio.Lock()
        self._beginnings[key] = beginning
        async with beginning, self._held(key) as remote:
            yield remote

    @asynccontextmanager
    async def _held(self, key: Hashable) -> AsyncGenerator[_Remote]:
        remote = _Remote(self._known.get(key))
        try:
            yield remote
        finally:
            self._keep(key, remote.id)

    def _keep(self, key: Hashable, identifier: str | None) -> None:
        self._known.pop(key, None)
        if identifier is not None:
            self._known[key] = identifier
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)


def _status(
    context: RunContext, state: TaskState, message: Message | None, metadata: JsonObject | None = None
) -> StatusUpdate:
    return StatusUpdate(
        task_id=context.task_id,
        context_id=context.context_id,
        status=TaskStatus(state=state, message=message),
        metadata=metadata,
    )


def _outbound_id(message: Message, context: RunContext) -> str:
    """The same for every try of this step of this run, so that Corti can tell a repetition (design, section 7)."""
    try:
        run = UUID(context.task_id)
    except ValueError:
        run = uuid5(NAMESPACE_URL, context.task_id)
    return str(uuid5(run, "/".join((*context.path, "send", message.message_id))))


def _servers(handle: AgentHandle) -> frozenset[str] | None:
    """The MCP servers of an agent; None where experts by reference may have more than the API shows."""
    info = handle.info
    if not isinstance(info, AgentInfo):
        return None
    servers = list(info.mcp_servers)
    for expert in info.experts:
        if not isinstance(expert, ExpertInfo):
            return None
        servers += expert.mcp_servers
    return frozenset(server.name.strip() for server in servers)


def _text(fields: JsonObject, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) else None


def _kept_parts(waiting: JsonObject) -> tuple[Part, ...]:
    kept = waiting.get("parts")
    if kept is None:
        return ()
    try:
        return tuple(Part.model_validate(part) for part in kept) if isinstance(kept, list) else ()
    except ValueError:
        raise WireError("continuation.parts", "value", "cannot be read") from None
