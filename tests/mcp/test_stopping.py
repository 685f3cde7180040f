"""An app that is told to stop ends the answers that have no end of their own, as uvicorn needs it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from agentkit.mcp import host
from agentkit.mcp.hosting.app import HostedApp, HostedServer
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import ORIGIN, URL, Waiting, library
from tests.mcp.test_authorization import call

pytestmark = pytest.mark.anyio

MODERN = "2026-07-28"
HANDSHAKE = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}


@asynccontextmanager
async def served(waiting: Waiting | None = None) -> AsyncGenerator[tuple[HostedApp, httpx2.AsyncClient]]:
    app = host([HostedServer(library(waiting), "/loans/mcp")], public_url=ORIGIN)
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        yield app, http


def stream(kind: str) -> tuple[str, bytes, dict[str, str]]:
    """Method, body and headers of a request whose answer does not end."""
    if kind == "session":
        return "GET", b"", HANDSHAKE
    body, headers = call(MODERN)
    params = body["params"]
    assert isinstance(params, dict)
    listening = {**body, "method": "subscriptions/listen"}
    listening["params"] = {"_meta": params["_meta"], "notifications": {"toolsListChanged": True}}
    headers = {name: value for name, value in headers.items() if name != "mcp-name"}
    return "POST", json.dumps(listening).encode(), headers | {"mcp-method": "subscriptions/listen"}


@pytest.mark.parametrize("kind", ["session", "listen"])
async def test_a_stream_without_an_end_is_ended(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    method, body, headers = stream(kind)
    received = list[bytes]()
    async with served() as (app, http):
        with anyio.fail_after(HANG):
            headers = headers | {"content-type": "application/json"}
            async with http.stream(method, URL, content=body, headers=headers) as answer:
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("text/event-stream")
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(app.finish, 0.01)
                    received += [piece async for piece in answer.aiter_bytes()]
    assert b"error" not in b"".join(received)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("version", [MODERN, "2025-11-25"])
async def test_a_call_that_runs_then_is_answered_first(version: str) -> None:
    waiting, answers = Waiting(), list[str]()
    body, headers = call(version)
    body["params"]["name"] = "wait"  # pyright: ignore[reportIndexIssue]
    headers["mcp-name"] = "wait"
    async with served(waiting) as (app, http):

        async def ask() -> None:
            answers.append((await http.post(URL, json=body, headers=headers)).text)

        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                await waiting.started.wait()
                tasks.start_soon(app.finish, HANG)
                await anyio.wait_all_tasks_blocked()
                waiting.release.set()
    assert '"books"' in answers[0]
