"""Several MCP servers in one Starlette app, each with its own authorization and working OAuth discovery."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agentkit.errors import SpecError
from agentkit.mcp.hosting.admission import needs_http, ways
from agentkit.mcp.hosting.authorization import ApiKeyAuth, IntrospectionAuth, NoAuth, OAuthAuth, ServerAuth, members_of
from agentkit.mcp.hosting.body import BodyLimit
from agentkit.mcp.hosting.gate import Challenge, Gate
from agentkit.mcp.hosting.transport import Transport
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.tools.server import ToolServer
from agentkit.models import JsonObject
from agentkit.oauth.discovery import resource_metadata_addresses
from agentkit.oauth.exchange import origin_of, stays_local

DEFAULT_BODY_LIMIT: Final = 4 * 1024 * 1024
DEFAULT_BODY_TIMEOUT: Final = 30.0
DEFAULT_GRACE: Final = 10.0
ANSWERING: Final = 1.0
"""Seconds in which answers are still sent when the calls have ended."""

HEALTH: Final = "/health"
_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")

LOOPBACK_HOSTS: Final = ("127.0.0.1", "127.0.0.1:*", "localhost", "localhost:*", "[::1]", "[::1]:*")


@dataclass(frozen=True, slots=True)
class HostedServer:
    """A server, where it lies and who may call it.

    Attributes:
        server: The tools.
        path: For example `/ehr/mcp`, without a slash at the end.
        auth: How callers are authorized.
    """

    server: ToolServer
    path: str
    auth: ServerAuth = field(default_factory=NoAuth)

    def __post_init__(self) -> None:
        """Refuse a path that no client would find.

        Raises:
            SpecError: The path does not begin with a slash, ends with one, holds more than a path or what a client
                would write in another way, or is that of the app's health.
        """
        if not _PATH.fullmatch(self.path) or self.path == HEALTH:
            raise SpecError("HostedServer.path", "must be a path such as /ehr/mcp, without a slash at the end")

    def url(self, public_url: str) -> str:
        """The server's address, which is also the resource its tokens are for."""
        return origin_of(public_url) + self.path


class HostedApp(Starlette):
    """An app of `host`, which can be told to stop before its lifespan ends."""

    def __init__(
        self,
        servers: Sequence[ToolServer],
        answers: BodyLimit,
        routes: Sequence[BaseRoute],
        lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]],
    ) -> None:
        """Serve `servers` at `routes`."""
        super().__init__(routes=routes, lifespan=lifespan)
        self._servers = {id(server): server for server in servers}
        self._answers = answers

    async def finish(self, grace: float) -> None:
        """Let running calls finish within `grace` seconds, cancel them with a reason, and end all other answers.

        For a web server that waits for its connections before it ends the lifespan, as uvicorn does: event streams
        and `subscriptions/listen` have no end of their own.
        """
        async with anyio.create_task_group() as ending:
            for server in self._servers.values():
                ending.start_soon(server.drain, grace)
        await self._answers.idle(ANSWERING)
        await self._answers.close()


def host(
    servers: Sequence[HostedServer],
    *,
    public_url: str,
    allowed_hosts: Sequence[str] = (),
    extra_routes: Sequence[BaseRoute] = (),
    http: httpx2.AsyncClient | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    body_timeout: float = DEFAULT_BODY_TIMEOUT,
    grace: float = DEFAULT_GRACE,
) -> HostedApp:
    """One app that serves MCP servers side by side, in both protocol eras and without sessions (MCP-HOST-04).

    Every server has an exact path, so its challenge and its metadata name addresses that exist. `/health` answers
    without authorization. A credential that cannot be checked at the moment is answered with 503 and `Retry-After`.

    Args:
        servers: The servers; their paths differ.
        public_url: Scheme, host and port under which clients reach the app.
        allowed_hosts: Further `Host` values, for example of a proxy; `name:*` allows any port (MCP-COR-06).
        extra_routes: Further routes, for example those of `authorization_server`.
        http: Fetches key sets, and asks issuers about tokens; by default the app makes one and closes it.
        body_limit: Bytes that a request may have; a larger one is answered with 413 and not read further.
        body_timeout: Seconds within which a request must have arrived; a slower one is answered with 408.
        grace: Seconds that running calls have when the app stops, before they are cancelled.

    Returns:
        The app; it serves once its lifespan runs, and one time only. Uvicorn ends the lifespan when all connections
        have ended, so give it a `timeout_graceful_shutdown`, or call `HostedApp.finish` when it begins to stop.

    Raises:
        SpecError: The address is no origin, a path is used twice, a limit is not positive, or an authorization would
            let in anybody or nobody.
    """
    origin = _check_origin(public_url)
    paths = [hosted.path for hosted in servers]
    if not paths or len(set(paths)) != len(paths):
        raise SpecError("servers", "give at least one server, and every server a path of its own")
    for name, value in (("body_limit", body_limit), ("body_timeout", body_timeout)):
        if not value > 0:
            raise SpecError(name, "must be positive")
    withhold_content()
    own = httpx2.AsyncClient() if http is None and any(needs_http(hosted.auth) for hosted in servers) else None
    security = TransportSecuritySettings(allowed_hosts=[*_hosts(origin), *allowed_hosts], allowed_origins=[origin])
    body = BodyLimit(body_limit, body_timeout)
    routes: list[BaseRoute] = []
    managers: list[Callable[[], AbstractAsyncContextManager[None]]] = []
    for hosted in servers:
        transport = Transport(hosted.server.mcp, hosted.path, security, body_limit)
        managers += [hosted.server.lifespan, *transport.lifespans]
        routes += _routes(hosted, origin, transport, http or own, body)
    protected = [hosted for hosted in servers if _issuers(hosted)]
    if len(protected) == 1:
        # With several servers the root form cannot say which one is meant.
        root = resource_metadata_addresses(origin)[1].removeprefix(origin)
        routes.append(Route(root, _document(_resource_metadata(protected[0], origin)), methods=["GET"]))
    routes.append(
        Route(HEALTH, _document({"status": "ok", "servers": [h.server.name for h in servers]}), methods=["GET"])
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        async with AsyncExitStack() as stack:
            if own is not None:
                await stack.enter_async_context(own)
            for run in managers:
                await stack.enter_async_context(run())
            try:
                yield
            finally:
                await hosting.finish(grace)

    hosting = HostedApp([hosted.server for hosted in servers], body, [*routes, *extra_routes], lifespan)
    return hosting


def _routes(
    hosted: HostedServer, origin: str, transport: Transport, http: httpx2.AsyncClient | None, body: BodyLimit
) -> list[BaseRoute]:
    resource = hosted.url(origin)
    members = members_of(hosted.auth)
    routes: list[BaseRoute] = []
    challenge = Challenge()
    if issuers := _issuers(hosted):
        address = resource_metadata_addresses(resource)[0]
        challenge = Challenge(address, " ".join(issuers[0].required_scopes))
        document = _document(_resource_metadata(hosted, origin))
        routes.append(Route(address.removeprefix(origin), document, methods=["GET"]))
    elif members and all(isinstance(member, ApiKeyAuth) for member in members):
        challenge = Challenge(api_key_header=cast("ApiKeyAuth", members[0]).header)
    gate = Gate(body.before(transport.choose), ways(hosted.auth, resource, http), challenge)
    return [*routes, *(Route(path, gate) for path in transport.paths)]


def _issuers(hosted: HostedServer) -> list[OAuthAuth | IntrospectionAuth]:
    return [member for member in members_of(hosted.auth) if isinstance(member, OAuthAuth | IntrospectionAuth)]


def _resource_metadata(hosted: HostedServer, origin: str) -> JsonObject:
    issuers = _issuers(hosted)
    scopes = dict.fromkeys(scope for issuer in issuers for scope in issuer.required_scopes)
    return {
        "resource": hosted.url(origin),
        "authorization_servers": list(dict.fromkeys(issuer.issuer for issuer in issuers)),
        "scopes_supported": list(scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": hosted.server.title or hosted.server.name,
    }


def _document(content: JsonObject) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        del request
        return JSONResponse(content)

    return endpoint


def _check_origin(public_url: str) -> str:
    try:
        parts = urlsplit(public_url)
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
        plain = parts.scheme in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
        _ = parts.port
    except ValueError:
        plain = extra = None
    if not plain or extra:
        raise SpecError("public_url", "must be scheme, host and port only, for example http://127.0.0.1:8701")
    return origin_of(public_url)


def _hosts(origin: str) -> list[str]:
    if stays_local(origin):
        return list(LOOPBACK_HOSTS)
    name = urlsplit(origin).netloc
    bare = name.rpartition(":")[0] if urlsplit(origin).port else name
    return list(dict.fromkeys([name, bare, f"{bare}:*"]))
