"""The endpoint that is verified, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from agentkit.a2a.remote.authorization import StaticAuthorizer
from agentkit.a2a.remote.bindings import MAKERS, Binding
from agentkit.a2a.remote.card import Interface, RemoteCard
from agentkit.a2a.remote.channel import HttpChannel
from agentkit.a2a.remote.http import PeerHttp, RemoteLimits
from agentkit.credentials import withhold_text
from agentkit.mcp.client.authorization import SHORTEST_SECRET, BearerToken
from agentkit.mcp.client.pool import HttpPool
from agentkit.mcp.verification.checking import CheckOf, GroupOf, RunOf
from agentkit.mcp.verification.wire import Answer, Wire
from agentkit.models import JsonObject, SendRequest, Task
from agentkit.oauth.exchange import stays_local
from agentkit.specs import Authorization
from agentkit.wire.jsontext import dump_json

ANSWER_LIMIT: Final = 16 * 1024 * 1024
JUNK_TOKEN: Final = "agentkit-verify-no-such-token"  # noqa: S105
"""A token that no agent knows."""

SPOKEN_BY_CORTI: Final = (("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"))
"""What generation 2 of Corti's API speaks, and so what it can ask with (V2-OBJ-17)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointThresholds:
    """From where on something is a warning.

    Attributes:
        card_ms: Milliseconds to read the card.
        call_ms: Milliseconds of a call that does no work, such as asking for a task that is not there.
        answer_ms: Milliseconds until the text that was sent is answered.
    """

    card_ms: float = 2_000.0
    call_ms: float = 2_000.0
    answer_ms: float = 30_000.0


@dataclass(slots=True)
class Seen:
    """What earlier checks have seen, for later ones.

    Attributes:
        card_answer: What came for the card, at `card_url`.
        card: The card as a client reads it.
        interface: Of the card, the one that Corti would use.
        naked: The answer to a call without credential.
        request: What was sent, where something may be.
        task: What it led to.
        timings: Seconds, by what was done.
    """

    card_answer: Answer = field(default_factory=Answer)
    card_url: str = ""
    card: RemoteCard | None = None
    interface: Interface | None = None
    naked: Answer = field(default_factory=Answer)
    request: SendRequest | None = None
    task: Task | None = None
    timings: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


class Endpoint:
    """An A2A endpoint, as a Corti agent with it as `a2a` connector would reach it."""

    def __init__(
        self,
        url: str,
        token: str | None,
        pool: HttpPool,
        *,
        ask: str | None,
        local: bool,
        timeout: float,
        thresholds: EndpointThresholds,
    ) -> None:
        """Prepare; nothing is sent yet. See `verify_endpoint`."""
        self.url = url
        self.token = token
        self.ask = ask
        self.local = local
        self.thresholds = thresholds
        self.seen = Seen()
        self.wire = Wire(pool, timeout=timeout, limit=ANSWER_LIMIT, secrets=lambda: self.secrets)
        limits = RemoteLimits(silence=timeout, connect=timeout, answer=ANSWER_LIMIT, tries=1)
        auth = None if token is None else BearerToken(token)
        self._http = PeerHttp("endpoint", pool, StaticAuthorizer(auth), limits)

    @property
    def authorization(self) -> Authorization:
        """Corti passes the caller's own token on, or nothing is needed (V2-OBJ-07)."""
        return Authorization.NONE if self.token is None else Authorization.INHERIT

    @property
    def secrets(self) -> frozenset[str]:
        """What must not stand in a report."""
        return frozenset({self.token}) if self.token and len(self.token) >= SHORTEST_SECRET else frozenset()

    @property
    def credentials(self) -> dict[str, str]:
        """The headers with the token."""
        return {} if self.token is None else bearer(self.token)

    @property
    def card(self) -> RemoteCard:
        """The card; only for checks that need it."""
        if self.seen.card is None:
            raise RuntimeError("a check asks for the card without needing it")
        return self.seen.card

    @property
    def interface(self) -> Interface:
        """The interface; only for checks that need it."""
        if self.seen.interface is None:
            raise RuntimeError("a check asks for the interface without needing it")
        return self.seen.interface

    @property
    def binding(self) -> Binding:
        """How the interface is spoken to."""
        return MAKERS[self.interface.dialect](self.interface.url, self.interface.tenant)

    @property
    def channel(self) -> HttpChannel:
        """The way to the agent as `RemoteAgent` has it."""
        return HttpChannel("endpoint", self.binding, self._http, frozenset())

    async def call(
        self,
        operation: str,
        params: JsonObject,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send a call and see what comes, whatever it is.

        Args:
            operation: Its name in JSON-RPC of A2A 1.0.
            params: Its parameters.
            headers: In place of those that let us in.
            content: In place of the body.
        """
        call = self.binding.call(operation, params)
        sent = {"accept": call.media_type, "a2a-version": "1.0", **(self.credentials if headers is None else headers)}
        if call.body is not None:
            sent["content-type"] = call.media_type
        body = b"" if call.body is None else dump_json(call.body)
        return await self.wire.send(call.method, call.url, sent, body if content is None else content)

    def took(self, what: str, seconds: float) -> None:
        """Keep how long something took."""
        self.seen.timings.setdefault(what, []).append(seconds)

    def quoted(self, text: object, limit: int = 80) -> str:
        """What the endpoint said, short enough for a sentence and without secrets."""
        clean = withhold_text(str(text), self.secrets)
        return f"'{clean}'" if len(clean) <= limit else f"'{clean[: limit - 1]}…'"


EndpointCheck = CheckOf[Endpoint]
"""One thing an endpoint must, or should, be."""


class EndpointGroup(GroupOf[Endpoint]):
    """Collects the checks of one module."""


class EndpointRun(RunOf[Endpoint]):
    """Runs checks one after another, and keeps what they found."""


def bearer(token: str) -> dict[str, str]:
    """How a token is sent."""
    return {"authorization": f"Bearer {token}"}


def why_unreachable(url: str) -> str | None:
    """Why Corti's servers cannot reach an address that we may reach; None where they can."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return "is plain http"
    try:
        return None if ip_address(host).is_global else "is an address of a private network"
    except ValueError:
        pass
    if stays_local(url) or "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa", ".test")):
        return "is a name of a private network"
    return None
