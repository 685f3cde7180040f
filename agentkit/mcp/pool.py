"""The connection pool that clients of MCP servers share."""

from __future__ import annotations

from typing import Final, TypeAlias

import httpx2

HttpPool: TypeAlias = httpx2.AsyncClient
"""What carries the requests; rooms that must not know the HTTP library name its type so."""

_CONNECTIONS: Final = 200
_IDLE: Final = 20


def new_pool(*, idle: int = _IDLE) -> HttpPool:
    """A pool that takes neither proxies nor credentials from the environment; time limits are the callers'.

    Making one reads certificates from disk: not on the event loop.

    Args:
        idle: Connections that are kept open; with none, every request makes its own.
    """
    limits = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=idle)
    return httpx2.AsyncClient(trust_env=False, limits=limits, timeout=httpx2.Timeout(None))
