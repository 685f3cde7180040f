"""Where a card comes from: read once, kept as its HTTP headers say, and asked again with its tag (A2A-CARD-07)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from agentkit.a2a.remote.bindings import Call
from agentkit.a2a.remote.card import RemoteCard, read_card
from agentkit.a2a.remote.http import PeerHttp, Received
from agentkit.a2a.verified_card import CardTrust, verify_card
from agentkit.errors import AgentKitError, RemoteAgentError, RemoteAuthRequired, TransportError
from agentkit.models import Json, JsonObject

WELL_KNOWN: Final = "/.well-known/agent-card.json"
_USUAL_AGE: Final = 300.0
_LONGEST_AGE: Final = 86_400.0
_RETRY_AFTER_FAILURE: Final = 30.0
_MAX_AGE: Final = re.compile(r"max-age\s*=\s*\"?(\d{1,9})")
_HEADERS: Final = {"A2A-Version": "1.0"}

CardCheck = Callable[[JsonObject, str], Awaitable[JsonObject]]
"""Looks at a card and where it came from before it is used, for example at its signature; returns what of it may be
used, and raises where it is not to be trusted."""


class CardSource:
    """The card of one agent. Callers that come together share one request.

    A card that cannot be asked again is used on for a day: an agent must not stop because its card is away.
    """

    def __init__(
        self,
        agent: str,
        url: str,
        http: PeerHttp,
        *,
        check: CardCheck | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the card at an address, or below it, when it is first needed.

        Args:
            agent: The agent's name, for errors.
            url: Of the card, of the agent, or of its endpoint.
            http: Sends the requests.
            check: Looks at each new card.
            clock: Seconds that only go forward.
        """
        self._agent = agent
        self._places = list(card_places(url))
        self._http = http
        self._check = check
        self._clock = clock
        self._lock = asyncio.Lock()
        self._card: RemoteCard | None = None
        self._read_at = 0.0
        self._fresh_until = 0.0
        self._tags: dict[str, str] = {}

    @property
    def held(self) -> RemoteCard | None:
        """The card as it was read last, if it was."""
        return self._card

    async def get(self, bearer: str | None) -> RemoteCard:
        """The card.

        Args:
            bearer: The caller's own token, where it is passed on.

        Raises:
            CardUntrusted: Its signature is not good.
            AgentKitError: It cannot be read, and there is none from before.
        """
        if self._card is not None and self._clock() < self._fresh_until:
            return self._card
        async with self._lock:
            if self._card is None or self._clock() >= self._fresh_until:
                self._card = await self._renewed(bearer)
            return self._card

    async def _renewed(self, bearer: str | None) -> RemoteCard:
        card = self._card
        try:
            url, answer = await self._fetch(bearer)
        except (TransportError, RemoteAgentError):
            if card is None or self._clock() > self._read_at + _LONGEST_AGE:
                raise
            self._fresh_until = self._clock() + _RETRY_AFTER_FAILURE
            return card
        if card is None or answer.status != 304:
            card = await checked_card(self._agent, answer.document, url, self._check)
            self._places = [url]
            self._tags = _tags(answer.headers)
        self._read_at = self._clock()
        self._fresh_until = self._read_at + _age(answer.headers)
        return card

    async def _fetch(self, bearer: str | None) -> tuple[str, Received]:
        refused: AgentKitError | None = None
        for url in self._places:
            try:
                answer = await self._http.ask(
                    Call("GET", url, "application/json", None), {**_HEADERS, **self._tags}, bearer
                )
            except RemoteAuthRequired as error:
                # A gate that hides what lies behind it says so at every wrong address.
                refused = refused or error
                continue
            if answer.status == 304 and self._card is not None:
                return url, answer
            if answer.status == 200:
                return url, answer
            if answer.status not in {404, 405, 410}:
                raise RemoteAgentError(
                    self._agent, f"its card cannot be read (HTTP {answer.status}).", status=answer.status
                )
        raise refused or RemoteAgentError(
            self._agent, "there is no agent card at its address.", status=404, remedy="Give the address of the card."
        )


def card_check(trust: CardTrust | None) -> CardCheck | None:
    """Refuses cards without a signature of a key that is believed (A2A-SIG-02); None for everything is believed."""
    if trust is None:
        return None

    async def check(document: JsonObject, url: str) -> JsonObject:
        verified = await verify_card(document, card_url=url or first_address(document), trust=trust)
        return document if verified is None else verified.document

    return check


async def checked_card(agent: str, document: Json, url: str, check: CardCheck | None) -> RemoteCard:
    """A card, once it has been looked at.

    Raises:
        CardUntrusted: Its signature is not good.
        RemoteProtocolError: It is no card.
    """
    if check is not None and isinstance(document, dict):
        document = await check(document, url)
    return read_card(agent, document, url)


def card_places(url: str) -> Iterator[str]:
    """Where the card of an agent may lie: at the address itself, below it, below its agent, or below its host."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if path.endswith(".json") or "/.well-known/" in path:
        yield url
        return
    bases = dict.fromkeys((path, path.removesuffix("/a2a"), ""))
    for base in bases:
        yield urlunsplit(parts._replace(path=base + WELL_KNOWN, fragment=""))


def _tags(headers: Mapping[str, str]) -> dict[str, str]:
    found = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
    return {name: value for name, value in found.items() if value}


def _age(headers: Mapping[str, str]) -> float:
    """Seconds for which an answer may be used without asking (RFC 9111)."""
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    named = _MAX_AGE.search(control)
    if named is None:
        return _USUAL_AGE
    passed = headers.get("age", "0")
    left = float(named[1]) - (float(passed) if passed.isdecimal() and len(passed) < 10 else 0.0)
    return min(max(left, 0.0), _LONGEST_AGE)


def first_address(document: JsonObject) -> str:
    """Where an agent lies whose card was given, as its keys must too."""
    interfaces = document.get("supportedInterfaces")
    first = interfaces[0] if isinstance(interfaces, list) and interfaces else document
    url = first.get("url") if isinstance(first, dict) else None
    return url if isinstance(url, str) else ""
