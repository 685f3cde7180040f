"""Which names a server on this machine answers to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from agentkit.oauth.loopback import is_loopback
from agentkit.testing.asgi import ASGIApp


class KnownHosts:
    """An app that answers to loopback names and a few others only.

    A web page can give its own name the address 127.0.0.1 (DNS rebinding) and then talk to every server on its reader's
    machine; the name stays in the `Host` header. The MCP servers check it themselves (MCP-LIM-01); this is for the
    platform, whose default client everybody knows, and for agents without authorization.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        """Answer to loopback names and `names`."""
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] != "http" or self._knows(scope["headers"]):
            await self._app(scope, receive, send)
            return
        error = {"code": "misdirected_request", "description": "This server does not answer to the name in Host."}
        await JSONResponse({**error, "howToFix": "Start it with --public-url."}, 421)(scope, receive, send)

    def _knows(self, headers: Collection[tuple[bytes, bytes]]) -> bool:
        named = [value.decode("latin-1") for name, value in headers if name == b"host"]
        try:
            hosts = [urlsplit(f"//{value}").hostname or "" for value in named]
        except ValueError:
            return False
        return len(hosts) == 1 and (hosts[0] in self._names or is_loopback(hosts[0]))
