"""Which names a server on this machine answers to."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from agentkit.oauth.loopback import is_loopback
from agentkit.testing.asgi import ASGIApp

_REMEMBERED: Final = 64


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
        # Whoever calls says the same name each time.
        self._is_known = lru_cache(maxsize=_REMEMBERED)(self._answers_to)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] != "http" or self._knows(scope["headers"]):
            await self._app(scope, receive, send)
            return
        from agentkit.platform.planes import Plane  # the whole platform, which other servers do not need

        text, how_to_fix = "This server does not answer to the name in Host.", "Start it with --public-url."
        error = Plane.of(scope["path"]).error(421, text, how_to_fix)
        await JSONResponse(error, 421)(scope, receive, send)

    def _knows(self, headers: Collection[tuple[bytes, bytes]]) -> bool:
        named = [value for name, value in headers if name == b"host"]
        return len(named) == 1 and self._is_known(named[0])

    def _answers_to(self, named: bytes) -> bool:
        try:
            host = urlsplit(f"//{named.decode('latin-1')}").hostname or ""
        except ValueError:
            return False
        return host in self._names or is_loopback(host)
