"""Several MCP servers in one Starlette app, each with its own authorization and working OAuth discovery."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx2
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agentkit.errors import AuthenticationError, SpecError
from agentkit.mcp.guard import (
    BearerAuth,
    Gate,
    InheritAuth,
    NoAuth,
    OAuthAuth,
    ServerAuth,
    StaticVerifier,
    TokenVerifier,
    Verifier,
)
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.server import ToolServer
from agentkit.models import Json, JsonObject
from agentkit.oauth.discovery import resource_metadata_addresses
from agentkit.oauth.exchange import origin_of, stays_local
from agentkit.oauth.jwks import KeySource, RemoteKeys, StaticKeys
from agentkit.oauth.verify import JwtVerifier

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
            SpecError: The path does not begin with a slash, ends with one, or holds more than a path.
        """
        plain = self.path.startswith("/") and not self.path.endswith("/") and urlsplit(self.path).path == self.path
        if not plain or "{" in self.path:
            raise SpecError("HostedServer.path", "must be a path such as /ehr/mcp, without a slash at the end")

    def url(self, public_url: str) -> str:
        """The server's address, which is also the resource its tokens are for."""
        return origin_of(public_url) + self.path


def host(
    servers: Sequence[HostedServer],
    *,
    public_url: str,
    allowed_hosts: Sequence[str] = (),
    extra_routes: Sequence[BaseRoute] = (),
    http: httpx2.AsyncClient | None = None,
) -> Starlette:
    """One app that serves MCP servers side by side, in both protocol eras and without sessions (MCP-HOST-04).

    Every server has an exact path, so its challenge and its metadata name addresses that exist. `/health` answers
    without authorization.

    Args:
        servers: The servers; their paths differ.
        public_url: Scheme, host and port under which clients reach the app.
        allowed_hosts: Further `Host` values, for example of a proxy; `name:*` allows any port (MCP-COR-06).
        extra_routes: Further routes, for example those of `authorization_server`.
        http: Fetches key sets that are given by address; by default the app makes one and closes it.

    Returns:
        The app; it serves once its lifespan runs, and one time only.

    Raises:
        SpecError: The address is no origin, a path is used twice, or a key set is neither a set nor a safe address.
    """
    origin = _check_origin(public_url)
    paths = [hosted.path for hosted in servers]
    if not paths or len(set(paths)) != len(paths):
        raise SpecError("servers", "give at least one server, and every server a path of its own")
    withhold_content()
    own = httpx2.AsyncClient() if http is None and any(map(_needs_http, servers)) else None
    security = TransportSecuritySettings(allowed_hosts=[*_hosts(origin), *allowed_hosts], allowed_origins=[origin])
    routes: list[BaseRoute] = []
    managers: list[Callable[[], AbstractAsyncContextManager[None]]] = []
    for hosted in servers:
        app = hosted.server.mcp.streamable_http_app(
            streamable_http_path=hosted.path, stateless_http=True, transport_security=security
        )
        managers += [hosted.server.lifespan, hosted.server.mcp.session_manager.run]
        routes += _routes(hosted, origin, app, http or own)
    protected = [hosted for hosted in servers if isinstance(hosted.auth, OAuthAuth)]
    if len(protected) == 1:
        # With several servers the root form cannot say which one is meant.
        root = resource_metadata_addresses(origin)[1].removeprefix(origin)
        routes.append(Route(root, _document(_resource_metadata(protected[0], origin)), methods=["GET"]))
    routes.append(
        Route("/health", _document({"status": "ok", "servers": [h.server.name for h in servers]}), methods=["GET"])
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        async with AsyncExitStack() as stack:
            if own is not None:
                await stack.enter_async_context(own)
            for run in managers:
                await stack.enter_async_context(run())
            yield

    return Starlette(routes=[*routes, *extra_routes], lifespan=lifespan)


def _routes(hosted: HostedServer, origin: str, app: Starlette, http: httpx2.AsyncClient | None) -> list[BaseRoute]:
    resource = hosted.url(origin)
    verifier, challenge = _verifier(hosted.auth, resource, http), dict[str, str]()
    scopes: tuple[str, ...] = ()
    routes: list[BaseRoute] = []
    if isinstance(hosted.auth, OAuthAuth):
        scopes = hosted.auth.required_scopes
        address = resource_metadata_addresses(resource)[0]
        challenge = {"resource_metadata": address, **({"scope": " ".join(scopes)} if scopes else {})}
        document = _document(_resource_metadata(hosted, origin))
        routes.append(Route(address.removeprefix(origin), document, methods=["GET"]))
    # Every route of the SDK's app is served by it, behind the gate: its own paths are the public ones.
    gate = Gate(app, verifier, scopes, challenge)
    return [*routes, *(Route(route.path, gate) for route in app.routes if isinstance(route, Route))]


def _verifier(auth: ServerAuth, resource: str, http: httpx2.AsyncClient | None) -> Verifier | None:
    match auth:
        case NoAuth():
            return None
        case BearerAuth(token=token):
            if not token:
                raise SpecError("BearerAuth.token", "must not be empty")
            return StaticVerifier(token)
        case OAuthAuth(issuer=issuer, jwks=jwks, audience=audience):
            return TokenVerifier(JwtVerifier(issuer, audience or resource, _keys(jwks, http)), resource)
        case InheritAuth(issuer=issuer, audience=audiences, jwks=jwks):
            if not issuer or not audiences or not all(audiences):
                raise SpecError("InheritAuth", "needs an issuer and at least one audience")
            return TokenVerifier(JwtVerifier(issuer, audiences, _keys(jwks, http), accept_azp=True), resource)


def _keys(jwks: Mapping[str, Json] | str, http: httpx2.AsyncClient | None) -> KeySource:
    try:
        if isinstance(jwks, str) and http is not None:
            return RemoteKeys(jwks, http)
        return StaticKeys(jwks if isinstance(jwks, Mapping) else {})
    except AuthenticationError as error:
        raise SpecError("jwks", error.message, remedy=error.remedy) from None


def _needs_http(hosted: HostedServer) -> bool:
    return isinstance(hosted.auth, OAuthAuth | InheritAuth) and isinstance(hosted.auth.jwks, str)


def _resource_metadata(hosted: HostedServer, origin: str) -> JsonObject:
    if not isinstance(hosted.auth, OAuthAuth):
        raise TypeError("only a server with OAuth has metadata")
    return {
        "resource": hosted.url(origin),
        "authorization_servers": [hosted.auth.issuer],
        "scopes_supported": list(hosted.auth.required_scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": hosted.server.title or hosted.server.name,
    }


def _document(content: JsonObject) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        del request
        return JSONResponse(content)

    return endpoint


def _check_origin(public_url: str) -> str:
    parts = urlsplit(public_url)
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in {"http", "https"} or not parts.hostname or extra:
        raise SpecError("public_url", "must be scheme, host and port only, for example http://127.0.0.1:8701")
    return origin_of(public_url)


def _hosts(origin: str) -> list[str]:
    if stays_local(origin):
        return list(LOOPBACK_HOSTS)
    name = urlsplit(origin).netloc
    bare = name.rpartition(":")[0] if urlsplit(origin).port else name
    return list(dict.fromkeys([name, bare, f"{bare}:*"]))
