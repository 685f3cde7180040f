"""Faults of the connection itself, under the server that `agentkit serve` runs."""

from __future__ import annotations

import anyio
import httpx2
import pytest

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.platform import PlatformSettings, create_platform
from agentkit.platform.faults import Faults
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", ["drop", "drop; when=after", "cut-bytes=0", "cut-bytes=3"])
async def test_a_connection_that_breaks_is_seen_by_the_client_and_the_server_goes_on(fault: str) -> None:
    """CLI-08."""
    address = bind("127.0.0.1", 0)
    app = create_platform(PlatformSettings(url=address.url, faults=Faults(allow_header=True)))
    with anyio.fail_after(HANG):
        async with serving([(address, app)]), httpx2.AsyncClient(base_url=address.url) as http:
            with pytest.raises(httpx2.RemoteProtocolError):
                await http.get("/health", headers={"X-Agentkit-Fault": fault})
            assert (await http.get("/health")).json() == {"status": "ok"}
