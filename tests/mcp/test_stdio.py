"""A server over stdin and stdout, in a child process, called by the SDK's own client and by hand (MCP-AUTH-09)."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import anyio
import anyio.abc
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.deadline import HANG

pytestmark = pytest.mark.anyio

SERVER = str(Path(__file__).with_name("stdio_server.py"))
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def request(number: int, tool: str, **arguments: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def encoded(*messages: object) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


@asynccontextmanager
async def started(*arguments: str) -> AsyncGenerator[anyio.abc.Process]:
    command: Sequence[str] = [sys.executable, SERVER, *arguments]
    with anyio.fail_after(HANG):
        # What is printed before the server runs stays in Python's buffer, unless it is told to have none.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        async with await anyio.open_process(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env) as process:
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()


async def everything(stream: anyio.abc.ByteReceiveStream | None) -> bytes:
    assert stream is not None
    return b"".join([chunk async for chunk in stream])


async def until(stream: anyio.abc.ByteReceiveStream | None, words: bytes) -> bytes:
    assert stream is not None
    seen = b""
    while words not in seen:
        seen += await stream.receive()
    return seen


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_nothing_that_is_printed_spoils_the_wire(era: str, tmp_path: Path) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    with anyio.fail_after(HANG), (tmp_path / "errors").open("w+") as errors:
        parameters = StdioServerParameters(command=sys.executable, args=[SERVER])
        async with Client(stdio_client(parameters, errlog=errors), mode=era) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["shout", "count", "wait"]
            assert (await client.call_tool("shout", {"words": "hi"})).structured_content == {"result": "hi!"}
            result = await client.call_tool("count", {"to": 3}, progress_callback=tell)
            assert result.structured_content == {"result": 3}
            # Nobody asked here.
            assert (await client.call_tool("count", {"to": 2})).structured_content == {"result": 2}
        errors.seek(0)
        said = errors.read()
    assert told == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
    for words in (
        "printed on import",
        "printed by a tool",
        "flushed by a tool",
        "written to descriptor 1",
        "from a child",
        "logged by a tool",
        "lifespan left",
    ):
        assert said.count(words) == 1, words


async def test_what_was_asked_before_the_client_closed_its_end_is_answered() -> None:
    async with started() as process:
        assert process.stdin is not None
        await process.stdin.send(encoded(HELLO, request(1, "wait", seconds=0.05), request(2, "count", to=1))[:-1])
        await process.stdin.aclose()
        lines = (await everything(process.stdout)).splitlines()
        errors = await everything(process.stderr)
        assert await process.wait() == 0
    answers = {answer["id"]: answer for answer in map(json.loads, lines)}
    assert set(answers) == {0, 1, 2}
    assert answers[1]["result"]["structuredContent"] == {"result": "waited"}
    assert b"Traceback" not in errors
    assert b"lifespan left" in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_after_what_runs(number: signal.Signals) -> None:
    async with started() as process:
        assert process.stdin is not None
        await process.stdin.send(encoded(HELLO, request(1, "wait", seconds=0.2)))
        await until(process.stderr, b"waiting")
        process.send_signal(number)
        lines = (await everything(process.stdout)).splitlines()
        errors = await everything(process.stderr)
        assert await process.wait() == 0
    assert [json.loads(line)["id"] for line in lines] == [0, 1]
    assert b"Traceback" not in errors
    assert b"lifespan left" in errors


async def test_what_takes_longer_than_its_grace_is_given_up() -> None:
    async with started("impatient") as process:
        assert process.stdin is not None
        await process.stdin.send(encoded(HELLO, request(1, "wait", seconds=3600)))
        await until(process.stderr, b"waiting")
        process.terminate()
        errors = await everything(process.stderr)
        assert await process.wait() == 0
    assert b"Traceback" not in errors
    assert b"lifespan left" in errors


async def test_messages_that_are_none_and_a_flood_without_an_end_do_not_stop_it() -> None:
    async with started() as process:
        assert process.stdin is not None
        await process.stdin.send(b"\n[1, 2]\n{nonsense\n\xff\xfe\n" + b"x" * 9_000_000 + b"\n")
        await process.stdin.send(encoded(HELLO, request(1, "count", to=1)))
        await process.stdin.aclose()
        lines = (await everything(process.stdout)).splitlines()
        errors = await everything(process.stderr)
        assert await process.wait() == 0
    assert [json.loads(line).get("id") for line in lines][-2:] == [0, 1]
    assert b"was skipped" in errors


async def test_a_client_that_is_gone_is_the_end() -> None:
    async with started() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.aclose()
        await process.stdin.send(encoded(HELLO, request(1, "count", to=1)))
        await process.stdin.aclose()
        errors = await everything(process.stderr)
        assert await process.wait() == 0
    assert b"Traceback" not in errors


async def test_a_lifespan_that_fails_is_said_and_nothing_is_served() -> None:
    async with started("broken") as process:
        errors = await everything(process.stderr)
        assert await everything(process.stdout) == b""
        assert await process.wait() == 1
    assert b"the store is not there" in errors
