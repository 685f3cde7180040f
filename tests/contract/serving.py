"""The double, called in-process or over a loopback port; and the platform over one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx2
from anyio.from_thread import start_blocking_portal

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.platform import create_platform
from agentkit.testing import ASGITransport, RoutedTransport, running
from tests.contract.corti_double import CortiDouble
from tests.contract.corti_double.mcp_auth import McpRules
from tests.contract.mcp_servers import ORIGIN, mcp_servers
from tests.contract.on_platform import Replies, settings


@asynccontextmanager
async def calling(double: CortiDouble, *, signed_in: bool = True) -> AsyncGenerator[httpx2.AsyncClient]:
    """A plain HTTP client of the double, with both headers of HDR-01."""
    headers = {"Authorization": f"Bearer {double.token()}", "Tenant-Name": double.tenant} if signed_in else {}
    transport = ASGITransport(double.app)
    async with httpx2.AsyncClient(transport=transport, base_url=double.url, headers=headers, timeout=60) as client:
        try:
            yield client
        finally:
            await double.close()


@asynccontextmanager
async def served(double: CortiDouble) -> AsyncGenerator[str]:
    """The double on a free port, whose address becomes its `url`."""
    place = await anyio.to_thread.run_sync(bind, "127.0.0.1", 0)
    double.url = place.url
    async with serving([(place, double.app)]):
        try:
            yield place.url
        finally:
            await double.close()


@asynccontextmanager
async def served_platform(**more: Any) -> AsyncGenerator[tuple[str, Replies, McpRules]]:
    """A platform on a free port, with the MCP servers of `mcp_servers` in process.

    Args:
        more: Settings beside those of `on_platform.settings`.

    Yields:
        Its address, what its agents answer, and what its MCP servers accept.
    """
    place = await anyio.to_thread.run_sync(bind, "127.0.0.1", 0)
    replies, mcp = Replies(), McpRules()
    async with running(mcp_servers(mcp)) as servers:

        def http() -> httpx2.AsyncClient:
            return httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: servers}), timeout=60)

        app = create_platform(settings(url=place.url, http=http, reasoner=replies, **more))
        async with serving([(place, app)]):
            yield place.url, replies, mcp


@contextmanager
def served_in_thread(double: CortiDouble) -> Generator[str]:
    """The double on a free port for a test without event loop."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(double)) as url:
        yield url
