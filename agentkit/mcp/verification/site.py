"""The server that is verified, and what is known of it so far."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import anyio
import httpx2

from agentkit.credentials import withhold_text
from agentkit.errors import RequestTimeout
from agentkit.mcp.client.authorization import SHORTEST_SECRET, ApiKey, BearerToken, McpAuth, OAuthClientCredentials
from agentkit.mcp.client.client import DEFAULT_ANSWER_LIMIT
from agentkit.mcp.verification.listing import Listing
from agentkit.mcp.verification.rpc import Session, ask_modern, initialize, post
from agentkit.mcp.verification.study import Study
from agentkit.mcp.verification.wire import Answer, NotedPool, Wire
from agentkit.models import Json, JsonObject
from agentkit.oauth.discovery import Challenge, IssuerMetadata, ResourceMetadata
from agentkit.oauth.tokens import IssuedToken
from agentkit.specs import Authorization

JUNK_TOKEN: Final = "agentkit-verify-no-such-token"  # noqa: S105
"""A token that no server knows; where it comes back it was repeated."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is a warning.

    Attributes:
        tools: How many tools a model chooses well from.
        description: Characters of a tool's description.
        schema: Characters of a tool's input schema, as JSON.
        listing: Characters of the whole list of tools: it is sent with every turn of a model.
        answer: Characters of one tool's answer.
        connect_ms: Median milliseconds of a handshake on a new connection.
        list_ms: Median milliseconds to list the tools.
        call_ms: Median milliseconds of a call.
    """

    tools: int = 20
    description: int = 1_024
    schema: int = 8_000
    listing: int = 60_000
    answer: int = 100_000
    connect_ms: float = 2_000.0
    list_ms: float = 2_000.0
    call_ms: float = 10_000.0


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a deliberately bad request led to.

    Attributes:
        tool: Which was called; None for none.
        what: Was wrong with it.
        fault: What is wrong with the answer; None for a proper refusal.
        repeats: Whether the answer holds the value that was sent.
        traces: Whether it holds a stack trace.
        seconds: How long it took.
    """

    tool: str | None
    what: str
    fault: str | None
    repeats: bool
    traces: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of a tool led to; nothing of its content.

    Attributes:
        tool: Which was called.
        fault: Why it did not work.
        misfit: Where the structured answer does not fit the output schema.
        wordless: Whether there is nothing readable in it.
        size: Its characters.
    """

    tool: str
    fault: str | None = None
    misfit: str | None = None
    wordless: bool = False
    size: int = 0


@dataclass(slots=True)
class Evidence:
    """What earlier checks have seen, for later ones.

    Attributes:
        naked: The answer to a handshake without credential.
        refusals: Answers to wrong credentials, by what was sent.
        challenge: What the 401 asked for.
        resource: What the server says about itself (RFC 9728), as a client reads it.
        resource_document: The same as it stands there; `resource_places` is where it stands.
        issuer: What its authorization server says (RFC 8414), as a client reads it.
        issuer_document: The same as it stands there; `issuer_documents` has all of them by place.
        issuer_named: The authorization server's identifier.
        issued: The first token that was issued.
        token_caching: The Cache-Control that came with it.
        opening: The answer to the handshake with the credential.
        listing: The tools with all that was said of them.
        studies: What was found out about the tools' schemas.
        listings: The names of each complete listing, by how it was asked for.
        reactions: What deliberately bad calls led to.
        results: What calls of tools led to.
        timings: Seconds, by what was done.
    """

    naked: Answer = field(default_factory=Answer)
    refusals: dict[str, Answer] = field(default_factory=dict[str, Answer])
    challenge: Challenge = field(default_factory=Challenge)
    resource: ResourceMetadata | None = None
    resource_document: JsonObject = field(default_factory=dict[str, Json])
    resource_places: tuple[str, ...] = ()
    issuer: IssuerMetadata | None = None
    issuer_named: str = ""
    issuer_documents: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    issuer_document: JsonObject = field(default_factory=dict[str, Json])
    issued: IssuedToken | None = None
    token_caching: str = ""
    opening: Answer = field(default_factory=Answer)
    listing: Listing = field(default_factory=Listing)
    studies: list[Study] = field(default_factory=list[Study])
    listings: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    reactions: list[Reaction] = field(default_factory=list["Reaction"])
    results: list[Called] = field(default_factory=list["Called"])
    timings: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


class Site:
    """Sends what checks want to send, with the credential where a client would send it and nowhere else."""

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        credential: McpAuth | None,
        pool: httpx2.AsyncClient,
        fresh: httpx2.AsyncClient,
        *,
        timeout: float,
        thresholds: Thresholds,
        calls: Mapping[str, JsonObject],
        call_safe: bool,
    ) -> None:
        """Prepare; nothing is sent yet. See `verify_server`; `fresh` makes a new connection for every request."""
        self.url = url
        self.authorization = authorization
        self.credential = credential
        self.timeout = timeout
        self.thresholds = thresholds
        self.calls = dict(calls)
        self.call_safe = call_safe
        self.seen = Evidence()
        match credential:
            case BearerToken(token=token) | ApiKey(key=token):
                self.token: str | None = token
            case _:
                self.token = None
        self._issued: set[str] = set()
        self.wire, self._fresh = (
            Wire(each, timeout=timeout, limit=DEFAULT_ANSWER_LIMIT, secrets=lambda: self.secrets)
            for each in (pool, fresh)
        )
        self.noted = NotedPool(pool, timeout=timeout)

    @property
    def client(self) -> OAuthClientCredentials | None:
        """Id and secret, where that is the credential."""
        return self.credential if isinstance(self.credential, OAuthClientCredentials) else None

    @property
    def secrets(self) -> frozenset[str]:
        """What must not stand in a report."""
        known = {*self._issued, self.token or "", self.client.client_secret if self.client else ""}
        return frozenset(secret for secret in known if len(secret) >= SHORTEST_SECRET)

    def took_token(self, token: str) -> None:
        """A token was issued for this verification; it is used from now on where there is none yet."""
        self._issued.add(token)
        self.token = self.token or token

    def headers_for(self, token: str | None) -> dict[str, str]:
        """How a token, or a key, is sent."""
        if token is None:
            return {}
        if isinstance(self.credential, ApiKey):
            return {self.credential.header: token}
        return {"authorization": f"Bearer {token}"}

    @property
    def repeated(self) -> int:
        """How many answers held a secret that the server was sent."""
        return self.wire.repeated + self._fresh.repeated

    @property
    def credentials(self) -> dict[str, str]:
        """The headers with the right credential."""
        return self.headers_for(None if self.authorization is Authorization.NONE else self.token)

    async def knock(self, headers: Mapping[str, str] | None = None, *, url: str | None = None) -> Answer:
        """Ask for a handshake with exactly these headers."""
        return await post(self.wire, url or self.url, initialize(), headers or {})

    async def ask_modern(self, method: str, params: JsonObject | None = None) -> Answer:
        """Ask with the credential in the era without handshake."""
        return await ask_modern(self.wire, self.url, method, params, self.credentials)

    @asynccontextmanager
    async def session(self, *, fresh: bool = False) -> AsyncGenerator[Session]:
        """An opened conversation with the credential; `fresh` on a connection of its own."""
        session = Session(self._fresh if fresh else self.wire, self.url, self.credentials)
        await session.open()
        yield session
        await session.close()

    async def within(self, work: Awaitable[T]) -> T:
        """Wait for work of the library that does not bound its own time.

        Raises:
            RequestTimeout: It took too long.
        """
        try:
            with anyio.fail_after(self.timeout):
                return await work
        except TimeoutError:
            raise RequestTimeout("there was no complete answer in time") from None

    def took(self, what: str, seconds: float) -> None:
        """Keep how long something took."""
        self.seen.timings.setdefault(what, []).append(seconds)

    def quoted(self, text: object, limit: int = 60) -> str:
        """What the server said, short enough for a sentence and without secrets."""
        clean = withhold_text(str(text), self.secrets)
        return f"'{clean}'" if len(clean) <= limit else f"'{clean[: limit - 1]}…'"
