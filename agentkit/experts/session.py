"""Talking to an expert without an agent and without Corti."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, Unpack

from agentkit.credentials import is_auth_part
from agentkit.errors import AgentKitError, ConversationBusy, SpecError
from agentkit.experts.events import WorkerEvent, WorkerResult, WorkerState
from agentkit.experts.options import DEFAULT_TIMEOUT, SessionOptions, check_options, read_auth
from agentkit.experts.toolbox import McpToolbox, ToolCaller
from agentkit.experts.worker import DEFAULT_MAX_STEPS, Worker
from agentkit.models import Message, Role
from agentkit.reasoning import Observation, RuleReasoner, Situation, Utterance

if TYPE_CHECKING:
    from agentkit.experts.expert import Expert
    from agentkit.mcp import InProcessClient, McpClient

REMEMBERED: Final = 40
"""The newest turns, and the newest tool results, that a session shows to its reasoner; as many as the platform."""


class ExpertSession:
    """A conversation with one expert, decided as on the platform; made by `Expert.session`.

    Each message is answered with the turns and tool results of the earlier ones in mind. A message whose answer was
    cancelled, or that ended in an error, leaves nothing behind, so that it can be sent again. One turn follows the
    other.
    """

    def __init__(self, expert: Expert, **options: Unpack[SessionOptions]) -> None:
        """Prepare; the session begins with its `async with` block.

        Raises:
            SpecError: The expert has no tools here, or an option does not fit.
        """
        check_options(options)
        self._expert = expert
        self._options = options
        self._history = deque(options.get("history", ()), maxlen=REMEMBERED)
        self._observations = deque(options.get("observations", ()), maxlen=REMEMBERED)
        self._stack = AsyncExitStack()
        self._worker: Worker | None = None
        self._is_busy = False
        if options.get("url") is None and expert.installed_server is None:
            _ = expert.server

    @property
    def history(self) -> tuple[Utterance, ...]:
        """The turns so far, oldest first, at most `REMEMBERED`."""
        return tuple(self._history)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What tools said so far, oldest first, at most `REMEMBERED`."""
        return tuple(self._observations)

    async def __aenter__(self) -> Self:
        """Open the way to the tools; in this process that enters the lifespan of the expert's server."""
        try:
            tools = await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        reasoner = self._options.get("reasoner") or RuleReasoner()
        max_steps = self._options.get("max_steps", DEFAULT_MAX_STEPS)
        boxes = {self._expert.server_name: McpToolbox(tools)}
        self._worker = Worker(self._expert.name, reasoner, boxes, self._expert.prompt or "", max_steps)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was opened."""
        self._worker = None
        await self._stack.__aexit__(kind, error, trace)

    async def call(self, message: str | Message) -> WorkerResult:
        """Ask the expert.

        Args:
            message: What to say; text and data parts of a message are read.

        Returns:
            Text, state, data and steps. A question back is `input-required`: the next call answers it. A server that
            could not be used is `failed`, with `error`.

        Raises:
            McpAuthRequired: The server wants another credential, or any.
            ConversationBusy: Another call of this session is going on.
            SpecError: The message says nothing or holds a credential, or the session is not open.
            AgentKitError: The reasoner cannot go on.
        """
        async with aclosing(self.run(message)) as events:
            async for event in events:
                if isinstance(event, WorkerResult):
                    return event
        error = AgentKitError(f"The expert {self._expert.name} ended without a result.")
        return WorkerResult(str(error), state=WorkerState.FAILED, error=error)

    async def run(self, message: str | Message) -> AsyncGenerator[WorkerEvent, None]:
        """The same, with every tool call as it happens.

        Yields:
            `CallStarted` and `Step` for every tool call, at the end one `WorkerResult`.

        Raises:
            AgentKitError: As `call` says.
        """
        if self._worker is None:
            raise SpecError("ExpertSession", "is not open", remedy="Use it inside its async with block.")
        said = _read(message)
        if self._is_busy:
            raise ConversationBusy(
                "Another call of this session is still going on.",
                remedy="Wait for its result, or make a second session.",
            )
        situation = Situation(said.text, said.data, history=self.history, observations=self.observations)
        self._is_busy = True
        try:
            async with aclosing(self._worker.run(situation)) as events:
                async for event in events:
                    if isinstance(event, WorkerResult):
                        self._remember(said.text, event)
                    yield event
        finally:
            self._is_busy = False

    async def _open(self) -> ToolCaller:
        # In a thread, because the MCP SDK and an installed server are read from disk.
        client = await asyncio.to_thread(_client, self._expert, self._options)
        return await self._stack.enter_async_context(client)

    def _remember(self, text: str, result: WorkerResult) -> None:
        asks = result.state is WorkerState.INPUT_REQUIRED
        if text:
            self._history.append(Utterance(Role.USER, text))
        self._history.append(Utterance(Role.AGENT, result.text, self._expert.name, asks))
        self._observations.extend(replace(observation, current=False) for observation in result.observations)


def _client(expert: Expert, options: SessionOptions) -> InProcessClient | McpClient:
    from agentkit.mcp import InProcessClient, McpClient

    url, name = options.get("url"), expert.server_name
    if url is None:
        return InProcessClient(expert.server, name=name)
    timeout, auth = options.get("timeout", DEFAULT_TIMEOUT), read_auth(name, options.get("auth"))
    return McpClient(url, name=name, http=options.get("http"), auth=auth, timeout=timeout)


def _read(message: object) -> Message:
    if isinstance(message, str):
        message = Message.user(message)
    if not isinstance(message, Message):
        raise SpecError("message", f"is a {type(message).__name__}", remedy="Give a text or a Message.")
    if any(is_auth_part(part) for part in message.parts):
        raise SpecError("message", "holds a credential", remedy="Give it as auth= when the session is made.")
    if not message.text.strip() and not message.data:
        raise SpecError("message", "says nothing", remedy="Give it a text, or a data part.")
    return message
