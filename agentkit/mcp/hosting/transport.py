"""Which part of the SDK answers a request of a hosted server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from mcp.server.transport_security import TransportSecuritySettings
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from agentkit.mcp.hosting.lively import lively
from agentkit.mcp.tools.guarded import GuardedServer

_MODERN: Final = frozenset(version.encode() for version in MODERN_PROTOCOL_VERSIONS)
# What the caller must ask for to get notifications while a call runs.
_WANTS_NOTIFICATIONS: Final = (b"progressToken", b"logLevel")


class Transport:
    """The HTTP side of one server at one path, in both eras and without sessions (MCP-HOST-04).

    A tool call of the modern era that asks for no notifications is answered with JSON. Anything else goes to the SDK's
    app, which can stream.
    """

    def __init__(self, server: GuardedServer, path: str, security: TransportSecuritySettings, body_limit: int) -> None:
        """Prepare; requests are served while all of `lifespans` run."""
        self._path = path
        self._app = server.streamable_http_app(
            streamable_http_path=path,
            stateless_http=True,
            transport_security=security,
            max_request_body_size=body_limit,
        )
        streaming, direct = server.session_manager, server.json_manager(security, body_limit)
        self.lifespans: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = (streaming.run, direct.run)
        # The body has been read and measured already, so the app behind the SDK's own limit is taken.
        self._streaming: ASGIApp = streaming.asgi_app.app
        self._direct = lively(direct.asgi_app.app)

    @property
    def paths(self) -> list[str]:
        """The paths to serve: its own, and those of custom routes of the SDK's server."""
        return [route.path for route in self._app.routes if isinstance(route, Route)]

    def choose(self, scope: Scope, body: bytes) -> ASGIApp:
        """Who answers a request."""
        if scope["path"] != self._path:
            return self._app
        modern = call = False
        for name, value in scope["headers"]:
            if name == b"mcp-protocol-version":
                modern = value in _MODERN
            elif name == b"mcp-method":
                call = value == b"tools/call"
        if modern and call and not any(word in body for word in _WANTS_NOTIFICATIONS):
            return self._direct
        return self._streaming
