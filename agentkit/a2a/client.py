"""Talk to any A2A agent from Python, outside of a composition: the way to it is that of `RemoteAgent`."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from urllib.parse import urlsplit

from agentkit.a2a.remote import RemoteLimits
from agentkit.a2a.remote.authorization import RemoteAuth, authorizer_for
from agentkit.a2a.remote.card import RemoteCard
from agentkit.a2a.remote.card_source import card_check
from agentkit.a2a.remote.peer import Peer
from agentkit.a2a.verified_card import CardTrust
from agentkit.errors import RemoteAgentError, TaskNotContinuable, TaskNotFound
from agentkit.mcp.client.input import checked_address
from agentkit.mcp.client.pool import HttpPool, new_pool
from agentkit.models import Event, Message, SendRequest, Task


class A2AClient:
    """One agent, spoken to in neutral models; get one from `connect`."""

    def __init__(self, peer: Peer, url: str) -> None:
        """Speak to a peer."""
        self._peer = peer
        self._url = url

    def __repr__(self) -> str:
        """Shows the address."""
        return f"A2AClient({self._url!r})"

    async def card(self) -> RemoteCard:
        """The agent's card.

        Raises:
            AgentKitError: It cannot be read any more.
        """
        return await self._peer.card()

    async def stream(self, message: Message) -> AsyncIterator[Event]:
        """Send a message and yield what the agent does, as it does it; one item where it does not stream.

        Raises:
            TaskNotFound: The message names a task that is not the caller's.
            TaskNotContinuable: The task has ended.
            TransportError: The connection could not be made or broke, or the agent was silent for too long.
            RemoteAgentError: It refused, or answered what is no A2A.
        """
        request = SendRequest(message=message)
        card, channel = await self._peer.card(), await self._peer.channel()
        try:
            if not card.streaming:
                yield await channel.send(request, None)
                return
            async with aclosing(channel.stream(request, None)) as events:
                async for event in events:
                    yield event
        except TaskNotFound as error:
            raise _about(error, message.task_id) from None
        except RemoteAgentError as error:
            if error.reason == "UNSUPPORTED_OPERATION" and message.task_id:
                raise TaskNotContinuable(
                    "The task takes no further message.", task_id=message.task_id, context_id=message.context_id
                ) from None
            raise

    async def task(self, task_id: str) -> Task:
        """A task of this caller, without its history.

        Raises:
            TaskNotFound: There is none of that id.
            TransportError: No answer was received.
        """
        try:
            return await (await self._peer.channel()).get(task_id, None)
        except TaskNotFound as error:
            raise _about(error, task_id) from None

    async def cancel(self, task_id: str) -> Task:
        """Cancel a task of this caller.

        Raises:
            TaskNotFound: There is none of that id.
            TaskNotCancelable: It has ended.
            TransportError: No answer was received.
        """
        try:
            return await (await self._peer.channel()).cancel(task_id, None)
        except TaskNotFound as error:
            raise _about(error, task_id) from None


@asynccontextmanager
async def connect(
    url: str,
    *,
    auth: RemoteAuth | None = None,
    trust: CardTrust | None = None,
    limits: RemoteLimits | None = None,
    http: HttpPool | None = None,
) -> AsyncGenerator[A2AClient]:
    """Read the card of an agent and make a client for it.

    Args:
        url: The agent's address, or that of its card.
        auth: Lets requests in, also the one for the card.
        trust: Whose signatures on its card are believed; None takes it as it comes.
        limits: What the agent may take of time and size.
        http: Connections to use in place of own ones, for example to an app in the same process; not closed here.

    Raises:
        SpecError: The address is none.
        AgentKitError: The card cannot be read.
    """
    checked_address("url", url)
    name = urlsplit(url).netloc
    async with AsyncExitStack() as stack:
        pool = http or await stack.enter_async_context(new_pool())
        authorizer = authorizer_for(name, url, pool, auth, inherit=False)
        peer = Peer(
            name,
            url,
            pool,
            authorizer,
            limits or RemoteLimits(),
            check=card_check(trust),
            extensions=(),
            clock=time.monotonic,
        )
        stack.push_async_callback(peer.aclose)
        await peer.card()
        yield A2AClient(peer, url)


def _about(error: TaskNotFound, task_id: str | None) -> TaskNotFound:
    return TaskNotFound(error.message, task_id=task_id)
