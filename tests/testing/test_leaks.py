"""Positive controls: a watch that finds nothing proves nothing unless it finds what was planted."""

from __future__ import annotations

import base64
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx2
import pytest

from agentkit import tracing
from agentkit.errors import ApiError
from agentkit.models import Message, StatusUpdate, TaskState, TaskStatus
from agentkit.testing.asgi import ASGITransport
from agentkit.testing.leaks import LeakWatch, watching
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

CANARY = "canary-4f1d9c-very/secret+value="
LABEL = "token"


@pytest.fixture
def watch() -> LeakWatch:
    return LeakWatch({LABEL: CANARY})


async def test_a_canary_in_a_log_record_is_found(watch: LeakWatch) -> None:
    async with watching(watch):
        logging.getLogger("deep.inside").debug("header %s", CANARY)
    assert watch.places(LABEL) == {"logs"}


async def test_a_canary_in_the_extras_or_the_exception_of_a_record_is_found(watch: LeakWatch) -> None:
    logger = logging.getLogger("deep.inside")
    async with watching(watch):
        logger.info("fine", extra={"header": CANARY})
        try:
            raise ValueError(CANARY)
        except ValueError:
            logger.exception("failed")
    assert watch.count(LABEL, "logs") >= 2


async def test_a_canary_in_a_span_is_found(watch: LeakWatch) -> None:
    async with watching(watch):
        with tracing.span("mcp.call", {"mcp.server.name": CANARY}):
            pass
    assert watch.places(LABEL) == {"spans"}


async def test_a_canary_in_a_database_is_found_also_in_its_journal(watch: LeakWatch, tmp_path: Path) -> None:
    def plant() -> sqlite3.Connection:
        connection = sqlite3.connect(tmp_path / "a.db", check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (v TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (f'{{"token": "{CANARY}"}}',))
        connection.commit()
        return connection

    connection = await anyio.to_thread.run_sync(plant)
    await watch.look_in_files("database", tmp_path)
    connection.close()
    assert watch.places(LABEL) == {"database"}


def test_a_canary_in_an_event_is_found_in_its_json(watch: LeakWatch) -> None:
    status = TaskStatus(state=TaskState.WORKING, message=Message.agent(f"calling with {CANARY}"))
    event = StatusUpdate(task_id="t", context_id="c", status=status)
    watch.look("events", event.model_dump_json())
    assert watch.places(LABEL) == {"events"}


def test_a_canary_in_an_error_or_its_cause_is_found(watch: LeakWatch) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as cause:
            raise ApiError(500, description="neutral") from cause
    except ApiError as error:
        watch.look("errors", error)
    assert watch.places(LABEL) == {"errors"}


def test_a_canary_in_an_error_that_is_only_kept_from_being_printed_is_found(watch: LeakWatch) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError:
            raise ApiError(500, description="neutral") from None
    except ApiError as error:
        watch.look("errors", error)
    assert watch.places(LABEL) == {"errors"}


async def test_a_logger_that_keeps_to_itself_or_is_quiet_is_heard_and_left_as_it_was(watch: LeakWatch) -> None:
    aloof, quiet = logging.getLogger("leaks.aloof"), logging.getLogger("leaks.quiet")
    aloof.propagate = False
    quiet.setLevel(logging.ERROR)
    async with watching(watch):
        aloof.debug("header %s", CANARY)
        quiet.debug("header %s", CANARY)
    assert watch.count(LABEL, "logs") >= 2
    assert (aloof.handlers, quiet.level) == ([], logging.ERROR)
    aloof.propagate = True
    quiet.setLevel(logging.NOTSET)


@pytest.mark.parametrize("before", ["", "i", "id", "id:"])
def test_a_canary_is_found_in_base64_wherever_it_stands(watch: LeakWatch, before: str) -> None:
    watch.look("header", base64.b64encode(f"{before}{CANARY}:more".encode()))
    watch.look("address", base64.urlsafe_b64encode(f"{before}{CANARY}".encode()))
    assert watch.places(LABEL) == {"header", "address"}


@pytest.mark.parametrize(
    "spelling",
    [CANARY, CANARY.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D"), base64.b64encode(CANARY.encode())],
)
def test_a_canary_is_found_however_it_is_spelled(watch: LeakWatch, spelling: object) -> None:
    watch.look("anywhere", spelling)
    assert watch.places(LABEL) == {"anywhere"}


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive()).get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-echo", body[:100])]})
    await send({"type": "http.response.body", "body": body[:10], "more_body": True})
    await send({"type": "http.response.body", "body": body[10:]})


async def test_traffic_is_looked_into_part_by_part_and_across_chunks(watch: LeakWatch) -> None:
    transport = ASGITransport(watch.traffic("mcp", echo))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=HANG) as http:
        basic = base64.b64encode(f"id:{CANARY}".encode()).decode()
        await http.post("/a", headers={"Authorization": f"Basic {basic}"}, content=CANARY.encode())
    assert watch.places(LABEL) == {
        "mcp: request /a header authorization",
        "mcp: request /a body",
        "mcp: answer header x-echo",
        "mcp: answer body",
    }


async def test_a_run_without_the_canary_shows_no_sighting(watch: LeakWatch, tmp_path: Path) -> None:
    transport = ASGITransport(watch.traffic("mcp", echo))
    async with watching(watch), httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=HANG) as http:
        await http.post("/a?b=c", content=b"nothing to see")
    await watch.look_in_files("database", tmp_path)
    assert not watch.sightings


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="eight characters"):
        LeakWatch({"pin": "1234"})


async def test_a_body_in_many_pieces_and_a_basic_header_count_once(watch: LeakWatch) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def pieces() -> AsyncIterator[bytes]:
        yield CANARY.encode()
        yield b"."
        yield b"."

    async with httpx2.AsyncClient(transport=ASGITransport(watch.traffic("server", app)), timeout=HANG) as http:
        await http.post("http://server.test/token", content=pieces(), auth=("client", CANARY))
    assert watch.sightings == {
        (LABEL, "server: request /token header authorization"): 1,
        (LABEL, "server: request /token body"): 1,
    }
