"""One address, several methods."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class ByMethod:
    """One endpoint for a path, so that a 405 names all of its methods."""

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        """Choose from these, by method."""
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        method = scope["method"]
        await self._endpoints["GET" if method == "HEAD" else method](scope, receive, send)
