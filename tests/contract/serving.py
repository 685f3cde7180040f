"""The double, called in-process or over a loopback port."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.testing import ASGITransport
from tests.contract.corti_double import CortiDouble


@asynccontextmanager
async def calling(double: CortiDouble, *, signed_in: bool = True) -> AsyncGenerator[httpx2.AsyncClient]:
    """A plain HTTP client of the double, with both headers of HDR-01."""
    headers = {"Authorization": f"Bearer {double.token()}", "Tenant-Name": double.tenant} if signed_in else {}
    transport = ASGITransport(double.app)
    async with httpx2.AsyncClient(transport=transport, base_url=double.url, headers=headers, timeout=60) as client:
        yield client


@asynccontextmanager
async def served(double: CortiDouble) -> AsyncGenerator[str]:
    """The double on a free port, whose address becomes its `url`."""
    place = await anyio.to_thread.run_sync(bind, "127.0.0.1", 0)
    double.url = place.url
    async with serving([(place, double.app)]):
        yield place.url
