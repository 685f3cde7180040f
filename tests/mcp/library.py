"""A server from a domain of its own, used by all tests of this room: a library lends books."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

import httpx2
from pydantic import AfterValidator, BaseModel, Field
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from agentkit.mcp import (
    HostedServer,
    McpAuth,
    McpClient,
    NoAuth,
    OAuthAuth,
    ServerAuth,
    ToolError,
    ToolServer,
    caller,
    host,
)
from agentkit.oauth import ClientRegistry, SigningKeys, TokenIssuer, authorization_server
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running
from tests.deadline import HANG

ORIGIN = "http://127.0.0.1:8701"
ISSUER = f"{ORIGIN}/auth"
URL = f"{ORIGIN}/loans/mcp"
CANARY = "CANARY-Zx81-patient-text"


class Book(BaseModel):
    """One book."""

    title: str
    due: date | None = None


class Books(BaseModel):
    """Books with a way to say themselves."""

    books: list[Book]

    def to_text(self) -> str:
        return ", ".join(book.title for book in self.books) or "no books"


class Holder(BaseModel):
    """Who calls."""

    client_id: str | None
    scopes: list[str]
    subject: str | None = None
    issuer: str | None = None


def _no_swearing(value: str) -> str:
    if "damn" in value:
        raise ValueError(f"do not say {value}")
    return value


Words = Annotated[str, Field(description="Words of the title", examples=["Moby"]), AfterValidator(_no_swearing)]


@dataclass
class Waiting:
    """Lets a test see and steer a tool that waits."""

    started: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most: int = 0


def library(waiting: Waiting | None = None, *, timeout: float = HANG) -> ToolServer:
    """The server; `waiting` steers the tool `wait`."""
    server = ToolServer("loans", title="Library", description="Lends books.", version="1.0")
    steering = waiting or Waiting()

    @server.tool(title="Find books")
    async def find_books(
        words: Words,
        sort: Annotated[Literal["title", "due"], Field(description="Order of the answer")] = "title",
        before: Annotated[date | None, Field(description="Due before this day")] = None,
        weights: Annotated[dict[str, int] | None, Field(description="Weight of each word")] = None,
    ) -> Books:
        """Find books by words of their title."""
        if words == "nothing":
            raise ToolError("No book has these words.", code="not-found", hint="Use fewer words.")
        if words == "crash":
            raise RuntimeError(CANARY)
        if words == "much":
            return Books(books=[Book(title="x" * 1000)] * 500)
        return Books(books=[Book(title="Moby Dick", due=date(2026, 12, 1))])

    @server.tool(read_only=False, timeout=timeout)
    async def wait() -> Books:
        """Wait until somebody lets go."""
        steering.running += 1
        steering.most = max(steering.most, steering.running)
        steering.started.set()
        try:
            await steering.release.wait()
        except asyncio.CancelledError:
            steering.cancelled.set()
            raise
        finally:
            steering.running -= 1
        return Books(books=[])

    @server.tool()
    async def whoami() -> Holder:
        """Say who calls."""
        who = caller()
        if who is None:
            return Holder(client_id=None, scopes=[])
        return Holder(client_id=who.client_id, scopes=sorted(who.scopes), subject=who.subject, issuer=who.issuer)

    return server


class Counting:
    """An ASGI app that counts the requests to another one, by path, and can fail them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.fail_next: list[Exception] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.paths.append(f"{scope['method']} {scope['path']}")
            self.headers.append({name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]})
            if self.fail_next:
                raise self.fail_next.pop()
        await self.app(scope, receive, send)


@dataclass
class House:
    """A running app with everything a test needs to call it."""

    app: Counting
    http: httpx2.AsyncClient
    keys: SigningKeys

    def client(self, auth: McpAuth | None = None, *, url: str = URL, **options: float | str) -> McpClient:
        """A client for one of its servers."""
        return McpClient(url, name="loans", http=self.http, auth=auth, **options)  # pyright: ignore[reportArgumentType]

    def token(self, audience: str = URL, scope: str = "loans.read", lifetime: float = 60, issuer: str = ISSUER) -> str:
        """A token of its issuer."""
        return token_of(self.keys, audience, scope, lifetime, issuer)


def token_of(
    keys: SigningKeys, audience: str = URL, scope: str = "loans.read", lifetime: float = 60, issuer: str = ISSUER
) -> str:
    """A token signed with these keys."""
    return TokenIssuer(issuer, keys).issue("somebody", audience, scope, lifetime)


KEYS = SigningKeys()
NOBODY: dict[str, object] = {"client_id": None, "scopes": [], "subject": None, "issuer": None}
DEMO: dict[str, object] = {"client_id": "demo", "scopes": ["loans.read"], "subject": "demo", "issuer": ISSUER}
CLIENTS = ClientRegistry()
CLIENTS.add("demo", "demo-secret", ["loans.read", "other.read"])


def oauth(scopes: Sequence[str] = ("loans.read",)) -> OAuthAuth:
    """OAuth by the house's own authorization server."""
    return OAuthAuth(ISSUER, KEYS.jwks(), tuple(scopes))


def app_for(servers: Mapping[str, tuple[ToolServer, ServerAuth]], *, lifetime: float = 3600) -> Starlette:
    """Servers by path, beside an authorization server."""
    resources = [ORIGIN + path for path in servers]
    return host(
        [HostedServer(server, path, auth) for path, (server, auth) in servers.items()],
        public_url=ORIGIN,
        extra_routes=authorization_server(ISSUER, KEYS, CLIENTS, resources=resources, lifetime=lifetime),
    )


@asynccontextmanager
async def house(
    auth: ServerAuth | None = None,
    *,
    server: ToolServer | None = None,
    servers: Mapping[str, tuple[ToolServer, ServerAuth]] | None = None,
    lifetime: float = 3600,
) -> AsyncGenerator[House]:
    """A running app with the library at `/loans/mcp`, or with the given servers."""
    app = app_for(servers or {"/loans/mcp": (server or library(), auth or NoAuth())}, lifetime=lifetime)
    async with running(app) as live:
        counting = Counting(live)
        async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: counting}), timeout=HANG) as http:
            yield House(counting, http, KEYS)
