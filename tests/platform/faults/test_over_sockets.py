"""Faults of the connection itself, under the server that `agentkit serve` runs."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette

from agentkit.cli.address import Address, bind
from agentkit.cli.serving import serving
from agentkit.platform import PlatformSettings, create_platform
from agentkit.platform.faults import Faults, slowness
from agentkit.reasoning import Act, Answer, Situation
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


class Watching:
    """Answers at once, and sees whether experts are held up."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    async def decide(self, situation: Situation) -> Act:
        del situation
        self.seen.append(slowness._held_up.get() is not None)  # pyright: ignore[reportPrivateUsage]
        return Answer("done")


@pytest.mark.parametrize("ours", [True, False], ids=["agentkit serve", "plain uvicorn"])
async def test_a_fault_stays_with_its_request_where_others_wait_behind_it_on_the_connection(ours: bool) -> None:
    """A proxy may send the requests of several callers one behind the other (RFC 9112, 9.3.2)."""
    address, watching = bind("127.0.0.1", 0), Watching()
    app = create_platform(PlatformSettings(url=address.url, reasoner=watching, faults=Faults(allow_header=True)))
    with anyio.fail_after(HANG):
        async with (
            serving([(address, app)]) if ours else plain(address, app),
            httpx2.AsyncClient(base_url=address.url) as http,
        ):
            login = "/realms/base/protocol/openid-connect/token"
            client = {"client_id": "local-client", "client_secret": "local-secret", "grant_type": "client_credentials"}
            token = (await http.post(login, data=client)).json()["access_token"]
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            agent = await http.post("/agents", headers=headers, json={"name": "a", "description": "d"})
            path = f"/agents/{agent.json()['id']}/v1/message:send"

            def request(number: int, more: dict[str, str]) -> bytes:
                part = {"kind": "text", "text": "hi"}
                message = {"kind": "message", "role": "user", "messageId": f"m-{number}", "parts": [part]}
                body = json.dumps({"message": message}).encode()
                told = {**headers, "host": address.url[7:], "content-length": str(len(body)), **more}
                lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

            async with await anyio.connect_tcp("127.0.0.1", address.port) as connection:
                slow = {"x-agentkit-fault": "slow-experts=0.01"}
                await connection.send(request(1, slow) + request(2, {}) + request(3, {}))
                answered = b""
                while answered.count(b"HTTP/1.1 200") < 3:
                    answered += await connection.receive()
    assert watching.seen == [True, False, False]


@asynccontextmanager
async def plain(address: Address, app: Starlette) -> AsyncGenerator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [address.socket])
        yield
        server.should_exit = True
