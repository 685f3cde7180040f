"""Credentials in Corti's form reach the run and nothing else, whatever the binding and the version (A2A-AR-04)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentkit.a2a import a2a_app
from agentkit.a2a.operations import Offers
from agentkit.engine import InlineEngine
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from agentkit.tracing import SpanRecord, listen
from tests.a2a.desk import URL, Desk, Served, http_client
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

TOKEN = "canary-6f1d-token"
SECRET = "canary-93ab-secret"
CREDENTIALS: list[dict[str, Any]] = [
    {"type": "token", "mcp_name": "ehr", "token": TOKEN},
    {
        "type": "credentials",
        "mcp_name": "lab",
        "client_id": "lab-client",
        "client_secret": SECRET,
    },
]
WAYS = ["rpc 1.0", "rest 1.0", "grpc 1.0", "rpc 0.3", "rest 0.3", "grpc 0.3"]


@pytest.fixture
async def stored(tmp_path: Path) -> AsyncIterator[tuple[Served, Path]]:
    """A desk on a database in a file."""
    folder = tmp_path / "store"
    folder.mkdir()
    agent = Desk()
    database = await Database.open(folder / "tasks.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    offers = Offers()
    app = a2a_app(agent, service, url=URL, offers=offers)
    try:
        yield Served(agent, app, service, database, None, None, offers), folder
    finally:
        await service.close()
        await database.close()


def sent(way: str, stream: bool) -> tuple[str, str, dict[str, Any]]:
    """Method, path and body of a send with credentials."""
    binding, version = way.split()
    if version == "1.0":
        parts: list[dict[str, Any]] = [{"text": "hello"}, *({"data": one} for one in CREDENTIALS)]
        params: dict[str, Any] = {"message": {"messageId": "m-1", "role": "ROLE_USER", "parts": parts}}
        method, path = ("SendStreamingMessage", "/message:stream") if stream else ("SendMessage", "/message:send")
    elif binding == "rpc":
        parts = [{"kind": "text", "text": "hello"}, *({"kind": "data", "data": one} for one in CREDENTIALS)]
        params = {"message": {"kind": "message", "messageId": "m-1", "role": "user", "parts": parts}}
        method, path = ("message/stream" if stream else "message/send"), ""
    else:
        parts = [{"text": "hello"}, *({"data": {"data": one}} for one in CREDENTIALS)]
        params = {"message": {"messageId": "m-1", "role": "ROLE_USER", "content": parts}}
        method, path = ("SendStreamingMessage", "/v1/message:stream") if stream else ("SendMessage", "/v1/message:send")
    return method, path, params


async def answered(served: Served, way: str, stream: bool) -> str:
    """Everything that comes back for a send with credentials, as text."""
    binding, version = way.split()
    method, path, params = sent(way, stream)
    if binding == "grpc":
        async with grpc_channel(served) as channel:
            peer = GrpcPeer(channel, version=version)
            if stream:
                return str([event async for event in peer.stream(method, params)])
            return str(await peer.ask(method, params))
    async with http_client(served.app, version=version) as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params} if binding == "rpc" else params
        response = await http.post("/a2a" if binding == "rpc" else path, json=body)
        assert response.status_code == 200
        return response.text


@pytest.mark.parametrize("stream", [False, True], ids=["send", "stream"])
@pytest.mark.parametrize("way", WAYS)
async def test_credentials_reach_the_run_and_nothing_else(
    stored: tuple[Served, Path],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    way: str,
    stream: bool,
) -> None:
    served, folder = stored
    spans: list[SpanRecord] = []
    with listen(spans.append), caplog.at_level(logging.DEBUG), anyio.fail_after(HANG):
        shown = await answered(served, way, stream)
        task_id = served.agent.contexts[0].task_id
        async with http_client(served.app) as http:
            shown += (await http.get(f"/tasks/{task_id}")).text
            shown += (await http.get("/tasks")).text
            shown += (await http.post("/message:stream", json=sent("rest 1.0", True)[2])).text
    assert "echo: hello" in shown
    assert {TOKEN, SECRET} <= set(served.agent.contexts[0].credentials.secrets())
    assert [part.text for part in served.agent.seen[0].parts] == ["hello"]
    files = b"".join([await anyio.Path(path).read_bytes() for path in sorted(folder.iterdir())])
    assert b"hello" in files
    out, err = capfd.readouterr()
    for secret in (TOKEN, SECRET):
        assert secret not in shown
        assert secret not in caplog.text
        assert secret not in f"{spans}"
        assert secret not in out + err
        assert secret.encode() not in files


@pytest.mark.parametrize("way", ["rpc 1.0", "rest 1.0", "rpc 0.3", "rest 0.3"])
async def test_a_refused_credential_comes_back_in_no_error(
    stored: tuple[Served, Path], caplog: pytest.LogCaptureFixture, way: str
) -> None:
    served, _ = stored
    method, path, params = sent(way, False)
    spoiled = json.loads(json.dumps(params).replace('"ehr"', '""'))
    binding, version = way.split()
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": spoiled} if binding == "rpc" else spoiled
    with caplog.at_level(logging.DEBUG):
        async with http_client(served.app, version=version) as http:
            response = await http.post("/a2a" if binding == "rpc" else path, json=body)
    assert "mcp_auth" in response.text
    assert TOKEN not in response.text + caplog.text
    assert served.agent.seen == []
