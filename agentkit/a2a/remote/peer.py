"""One remote agent: its card, the interface chosen, and the way to it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.util import find_spec
from typing import Final

import httpx2

from agentkit.a2a.card import CREDENTIALS_EXTENSION, IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote.authorization import Authorizer
from agentkit.a2a.remote.bindings import MAKERS
from agentkit.a2a.remote.card import Dialect, Interface, RemoteCard, choose_interface
from agentkit.a2a.remote.card_source import CardCheck, CardSource, checked_card
from agentkit.a2a.remote.channel import Channel, HttpChannel
from agentkit.a2a.remote.http import PeerHttp, RemoteLimits
from agentkit.errors import RemoteAgentError
from agentkit.models import JsonObject

_KNOWN_EXTENSIONS: Final = frozenset({IDEMPOTENT_SEND_EXTENSION, CREDENTIALS_EXTENSION})
_BY_THE_SDK: Final[frozenset[Dialect]] = frozenset({("HTTP+JSON", "0.3")})
_BY_GRPC: Final[frozenset[Dialect]] = frozenset({("GRPC", "1.0"), ("GRPC", "0.3")})
_MOST_FORMER: Final = 4
"""How many ways of earlier cards are kept open for turns that are at work on them."""


class Peer:
    """A remote agent that can be asked; everything is read and opened when it is first needed."""

    def __init__(
        self,
        agent: str,
        place: str | JsonObject,
        pool: httpx2.AsyncClient,
        authorizer: Authorizer,
        limits: RemoteLimits,
        *,
        check: CardCheck | None,
        extensions: Collection[str],
        clock: Callable[[], float],
        connections: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Reach an agent.

        Args:
            agent: Its name here.
            place: Its address, or its card.
            pool: The connections.
            authorizer: Lets requests in.
            limits: Bounds of time and size.
            check: Looks at each new card.
            extensions: URIs the author knows how to use beside ours.
            clock: Seconds that only go forward.
            connections: What the pool stands on, where that is known.
        """
        self._agent = agent
        self._pool = pool
        self._authorizer = authorizer
        self._limits = limits
        self._check = check
        self._known = _KNOWN_EXTENSIONS.union(extensions)
        self._http = PeerHttp(agent, pool, authorizer, limits, connections=connections)
        self._given = place if isinstance(place, dict) else None
        self._source = None
        if isinstance(place, str):
            self._source = CardSource(agent, place, self._http, check=check, clock=clock)
        self._card: RemoteCard | None = None
        self._channel: Channel | None = None
        self._former: list[Channel] = []

    @property
    def held_card(self) -> RemoteCard | None:
        """The card as it was read last, if it was."""
        return self._card

    async def card(self, bearer: str | None = None) -> RemoteCard:
        """The card, asked again when it is no longer fresh (A2A-CARD-07).

        Raises:
            CardUntrusted: Its signature is not good.
            AgentKitError: It cannot be read.
        """
        if self._source is not None:
            card = await self._source.get(bearer)
        else:
            card = self._card or await checked_card(self._agent, self._given, "", self._check)
        if card is not self._card:
            await self._take(card)
        return card

    async def channel(self, bearer: str | None = None) -> Channel:
        """The way to the agent.

        Raises:
            RemoteAgentError: No interface is spoken here, or the agent requires an extension that is not known here.
        """
        card = await self.card(bearer)
        if self._channel is None:
            self._channel = self._open(card)
        return self._channel

    async def aclose(self) -> None:
        """Drop tokens and let go of connections that are not the pool's."""
        channels, self._channel = [*self._former, self._channel], None
        self._former.clear()
        for channel in channels:
            if channel is not None:
                await channel.aclose()
        await self._authorizer.aclose()

    async def _take(self, card: RemoteCard) -> None:
        changed = self._card is None or self._card.document != card.document
        self._card = card
        if card.token_url is not None:
            self._authorizer.learn(card.token_url, card.scope)
        if changed and self._channel is not None:
            # Turns may be at work on it, so it is closed later.
            self._former.append(self._channel)
            self._channel = None
            if len(self._former) > _MOST_FORMER:
                await self._former.pop(0).aclose()

    def _open(self, card: RemoteCard) -> Channel:
        missing = card.required_extensions - self._known
        if missing:
            raise RemoteAgentError(
                self._agent,
                "it requires an extension that is not known here.",
                reason="EXTENSION_SUPPORT_REQUIRED",
                remedy=f"Name it in extensions= where you know how to use it: {sorted(missing)[0][:200]}",
            )
        interface = choose_interface(self._agent, card, spoken())
        extensions = card.extensions & self._known
        maker = MAKERS.get(interface.dialect)
        if maker is None:
            return self._sdk_channel(interface, extensions)
        return HttpChannel(self._agent, maker(interface.url, interface.tenant), self._http, extensions)

    def _sdk_channel(self, interface: Interface, extensions: frozenset[str]) -> Channel:
        from agentkit.a2a.remote.sdk_channel import SdkChannel  # here, because the SDK's client takes a while to load

        return SdkChannel(self._agent, interface, self._pool, self._authorizer, self._limits, extensions)


def spoken() -> frozenset[Dialect]:
    """The dialects that are spoken here; gRPC where its extra is installed."""
    base = frozenset(MAKERS) | _BY_THE_SDK
    return base | _BY_GRPC if find_spec("grpc") is not None else base
