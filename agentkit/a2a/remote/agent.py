"""Any A2A agent as a leaf: what can be chained, nested and served like an agent of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote.card import RemoteCard
from agentkit.a2a.remote.conversation import Conversation, Conversations, Sent
from agentkit.a2a.remote.exchange import Exchange
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.outbound import HOPS_KEY, next_hops, outgoing
from agentkit.a2a.remote.peer import Peer
from agentkit.a2a.remote.progress import Progress, Update
from agentkit.a2a.remote.turn import Notes, RemoteTurn
from agentkit.compose import CONTINUATION_KEY, Outcome, RunContext, collect, outbound_id, status_update
from agentkit.engine import Effect
from agentkit.errors import AgentKitError
from agentkit.mcp.client.pool import HttpPool
from agentkit.models import AgentSkill, Event, JsonObject, Message, SendRequest, StatusUpdate, TaskState

_LEFT_BEHIND: Final = 1_000


class RemoteAgent:
    """An agent on any server that speaks A2A 1.0 or 0.3, reached by its card; make one with `remote_agent`.

    Each conversation of each caller gets one context of its own at the remote agent, kept over turns.

    - What it says and makes while it works comes up as it comes, where its card offers streams.
    - `input-required` and `auth-required` surface; the answer continues that very task.
    - A lost connection is followed up: the task is subscribed to, or looked at. What may have arrived is not sent
      again, unless the agent declares that it attaches a repeated message to its task.
    - A turn that is cancelled cancels the remote task.
    - A failed or rejected task fails the turn.

    Of a caller's credentials, those for the MCP servers that the author names travel along in Corti's form.
    """

    effect: Effect = "lookup"

    def __init__(
        self,
        name: str,
        peer: Peer,
        *,
        description: str | None,
        credentials: frozenset[str],
        inherit: bool,
        limits: RemoteLimits,
        sleep: Callable[[float], Awaitable[object]],
        pool: HttpPool | None,
    ) -> None:
        """Wrap a peer; `remote_agent` says what the arguments mean. A `pool` given here is closed with the agent."""
        self._name = name
        self._peer = peer
        self._description = description
        self._credentials = credentials
        self._inherit = inherit
        self._limits = limits
        self._sleep = sleep
        self._pool = pool
        self._conversations = Conversations()
        self._at_work: dict[tuple[str, str], RemoteTurn] = {}

    def __repr__(self) -> str:
        """Names the agent."""
        return f"RemoteAgent({self._name!r})"

    @property
    def name(self) -> str:
        """The agent's name here."""
        return self._name

    @property
    def description(self) -> str:
        """What the agent is for, as the author or, once it was read, its card says."""
        card = self._peer.held_card
        return self._description or (card.description if card else "") or f"The agent {self._name}, asked over A2A"

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """The skills of its card, once that was read; until then the agent itself."""
        card = self._peer.held_card
        if card is not None and card.skills:
            return card.skills
        return (AgentSkill(id=self._name, name=self._name, description=self.description, tags=("a2a",)),)

    @property
    def mcp_names(self) -> frozenset[str]:
        """The MCP servers whose credentials are passed on."""
        return self._credentials

    async def card(self, bearer: str | None = None) -> RemoteCard:
        """The agent's card, read now where it was not yet; do so before serving, so that its skills are known.

        Args:
            bearer: The token of whoever asks, for an agent that is made with `inherit`.

        Raises:
            CardUntrusted: Its signature is not good.
            AgentKitError: It cannot be read.
        """
        return await self._peer.card(bearer if self._inherit else None)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Do one turn at the remote agent.

        Raises:
            UnknownOutcome: Nobody knows whether the agent got the message.
            AgentKitError: It cannot be reached, refuses, or answers what is no answer.
        """
        hops = next_hops(context)
        bearer = self._bearer(context)
        known = await self._conversations.read(context)
        async with AsyncExitStack() as alone:
            sent = await self._begun(message, context, known, alone)
            outbound = self._outbound(message, context, sent)
            if not outbound.parts:
                yield self._asked_again(context)
                return
            is_sent = sent.task_id is not None
            turn = await self._turn(
                SendRequest(message=outbound, metadata={HOPS_KEY: hops}),
                Progress(
                    self._name,
                    context,
                    self._limits,
                    context_id=sent.context_id,
                    task_id=sent.task_id or outbound.task_id,
                ),
                context,
                bearer,
            )
            notes = Notes(self._conversations, context, sent, alone, known=known.context_id)
            await notes.begin()
            async with aclosing(self._at_work_while(turn, notes, context, is_sent=is_sent)) as updates:
                async for update in updates:
                    yield update

    async def cancel(self, context: RunContext) -> None:
        """Cancel the remote task: of a turn that was cancelled a moment ago, or of one that waits for an answer."""
        turn = self._at_work.pop(_place(context), None)
        if turn is not None:
            await turn.stop()
            return
        waiting = _text(context.continuation, "taskId")
        tasks = [] if waiting is None else [waiting]
        if waiting is None and context.engine.durable:
            # Whoever cancels a whole run does not know its calls; one that has ended is not hurt.
            turns = (await self._conversations.read(context)).turns
            tasks = [one.task_id for one in turns if one.run_id == context.run_id and one.task_id]
        if tasks:
            bearer = self._bearer(context)
            with suppress(AgentKitError):
                channel = await self._peer.channel(bearer)
                await asyncio.gather(*(channel.cancel(one, bearer) for one in tasks), return_exceptions=True)

    async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
        """What came of a turn that a crash interrupted; None where it was not sent, or may be sent again.

        Raises:
            UnknownOutcome: Nobody knows whether the agent got the message.
            AgentKitError: The agent cannot be asked.
        """
        sent = (await self._conversations.read(context)).turn(outbound_id(message, context))
        if sent is None:
            return None
        bearer = self._bearer(context)
        card = await self._peer.card(bearer)
        if sent.task_id is None and IDEMPOTENT_SEND_EXTENSION in card.extensions:
            return None
        asked = Message(role=message.role, parts=(), message_id=sent.message_id, context_id=sent.context_id)
        progress = Progress(self._name, context, self._limits, context_id=sent.context_id, task_id=sent.task_id)
        turn = await self._turn(SendRequest(message=asked), progress, context, bearer)
        await turn.find()
        return await collect(_FollowUp(self, turn), message, replace(context, in_step=True, meter=None))

    async def aclose(self) -> None:
        """Drop tokens and close the connections."""
        await self._peer.aclose()
        if self._pool is not None:
            await self._pool.aclose()

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    async def _begun(self, message: Message, context: RunContext, known: Conversation, alone: AsyncExitStack) -> Sent:
        """What is to be sent where; after a crash the same as before it, for a repetition is known by that."""
        message_id = outbound_id(message, context)
        if context.engine.durable and (before := known.turn(message_id)) is not None:
            return before
        context_id = _text(context.continuation, "contextId") or known.context_id
        if context_id is None:
            await alone.enter_async_context(self._conversations.beginning(context))
            context_id = (await self._conversations.read(context)).context_id
        return Sent(message_id, context.run_id, context_id)

    def _outbound(self, message: Message, context: RunContext, sent: Sent) -> Message:
        task_id = _text(context.continuation, "taskId")
        # With every message: an agent may have forgotten them, and one that has not accepts them (MCPAUTH-16).
        passed_on = tuple(one for name, one in context.credentials.items() if name in self._credentials)
        return outgoing(message, sent.message_id, context_id=sent.context_id, task_id=task_id, credentials=passed_on)

    def _asked_again(self, context: RunContext) -> StatusUpdate:
        """What is left of an answer is nothing, which A2A cannot send: the question stays open."""
        left = context.continuation
        is_auth = _text(left, "state") == TaskState.AUTH_REQUIRED.value
        missing = left.get("missing") if left is not None else None
        named = missing if isinstance(missing, dict) else {}
        which = f" for MCP server {named['mcp_name']}" if "mcp_name" in named else ""
        text = f"The remote agent {self._name} waits for " + (
            f"a credential{which}; the one that was given is not for it to see (credentials= of remote_agent)."
            if is_auth
            else "an answer."
        )
        message = Message.agent(text, context_id=context.context_id, task_id=context.task_id)
        state = TaskState.AUTH_REQUIRED if is_auth else TaskState.INPUT_REQUIRED
        return status_update(context, state, message, None if left is None else {**named, CONTINUATION_KEY: left})

    async def _turn(
        self, request: SendRequest, progress: Progress, context: RunContext, bearer: str | None
    ) -> RemoteTurn:
        card = await self._peer.card(bearer)
        exchange = Exchange(
            self._name,
            await self._peer.channel(bearer),
            request,
            progress,
            self._limits,
            bearer=bearer,
            streams=card.streaming,
            idempotent=IDEMPOTENT_SEND_EXTENSION in card.extensions,
            sleep=self._sleep,
        )
        return RemoteTurn(context, exchange, progress)

    async def _at_work_while(
        self, turn: RemoteTurn, notes: Notes, context: RunContext, *, is_sent: bool
    ) -> AsyncGenerator[Update]:
        """The updates of a turn, which `cancel` finds meanwhile, and on a durable engine also afterwards."""
        place = _place(context)
        self._at_work[place] = turn
        ended = not context.engine.durable
        try:
            async with aclosing(turn.updates(notes, is_sent=is_sent)) as updates:
                async for update in updates:
                    yield update
            ended = True
        finally:
            if ended or turn.progress.end is not None:
                self._at_work.pop(place, None)
            elif len(self._at_work) > _LEFT_BEHIND:
                del self._at_work[next(iter(self._at_work))]

    def _bearer(self, context: RunContext) -> str | None:
        return context.caller.bearer if self._inherit else None


class _FollowUp:
    """The rest of a turn as an agent, so that its outcome is made of it as of any other."""

    composite = False
    description = "What became of an interrupted turn"
    skills: tuple[AgentSkill, ...] = ()

    def __init__(self, agent: RemoteAgent, turn: RemoteTurn) -> None:
        self.name = agent.name
        self.mcp_names = agent.mcp_names
        self._turn = turn

    def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        """Follow the task."""
        del message, context
        return self._turn.updates(None, is_sent=True)

    async def cancel(self, context: RunContext) -> None:
        """Whoever looks up goes on looking."""


def _place(context: RunContext) -> tuple[str, str]:
    return context.run_id or context.task_id, context.step_key


def _text(fields: JsonObject | None, key: str) -> str | None:
    value = (fields or {}).get(key)
    return value if isinstance(value, str) and value else None
