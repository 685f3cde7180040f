"""What tasks cost that wait for an approval: memory, asyncio tasks, threads, idle CPU, and the time to wake one up.

Run: `.venv/bin/python tests/benchmarks/parked_approvals.py` (Linux). `N` is how many tasks wait (1000; one owner may
have 10000 open), `IDLE` for how many seconds the idle server is watched (10); `QUICK=1` does less.

A `@workflow` of two agents with an approval between, served over A2A by `agent_app` on a SQLite file with `DbosEngine`,
bearer token and push notifications on, in a process of its own. It parks all tasks, then 500 of them get their answer,
one after the other, and the time from the answer to `completed` is taken. Counted before the first task and after the
last one: RSS of the process, what Python itself allocated (tracemalloc, in a second process with 1,000 tasks at most,
because it slows down everything), asyncio tasks, threads. Caches fill up before the first count.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from goals import setting

from agentkit.compose import RunContext, workflow
from agentkit.models import Message

TRACED_AT_MOST: Final = 1000
ANSWERED_AT_MOST: Final = 500
WARM: Final = 100
AT_ONCE: Final = 8
_TOKEN: Final = "benchmark-token"
_URL: Final = "http://127.0.0.1"


# --- the server ----------------------------------------------------------------------------------------------------


def serve(file: Path, *, traced: bool) -> None:
    """Serve the workflow; count what there is for each line of standard input, until it is closed."""
    import uvicorn

    from agentkit.a2a import BearerAuth, Security
    from agentkit.a2a.standalone import agent_app
    from agentkit.compose import FunctionAgent

    async def propose(text: str) -> str:
        return f"proposal for {text}"

    async def carry_out(text: str) -> str:
        return f"carried out: {text}"

    proposer = FunctionAgent(propose, effect="idempotent")
    worker = FunctionAgent(carry_out, effect="once")

    @workflow("approves", agents=(proposer, worker))
    async def approves(ctx: RunContext, message: Message) -> Message:
        """Does what was approved."""
        proposal = await ctx.call(proposer, message)
        decision = await ctx.approve("Carry it out?", proposal={"text": proposal.text})
        return await ctx.call(worker, proposal) if decision else proposal.reply("declined")

    security = Security(BearerAuth({"benchmark": _TOKEN}))
    app = agent_app(approves, url=_URL, database=file, security=security, limits=None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    # The protocol is named because asyncio sets TCP_NODELAY only then.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)

    async def run() -> None:
        serving = asyncio.create_task(server.serve([listening]))
        print(listening.getsockname()[1], flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(_counted()), flush=True)
        server.should_exit = True
        await serving

    if traced:
        tracemalloc.start()
    asyncio.run(run())


def _counted() -> dict[str, float]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "rss": pages * os.sysconf("SC_PAGE_SIZE"),
        "allocated": tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0,
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
    }


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def counted(self) -> dict[str, float]:
        """What is in the process now."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def cpu(self) -> float:
        """CPU seconds of the whole process: Linux numbers the CPU clock of a process by its id."""
        return time.clock_gettime((~self.process.pid << 3) | 2)


# --- the client ----------------------------------------------------------------------------------------------------

_numbers = count(1)


class Connection:
    """Sends messages over one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, text: str, task_id: str | None = None) -> dict[str, Any]:
        """Send a message; returns the task as it is when its turn is over."""
        number = next(_numbers)
        message = {"messageId": f"message-{number}", "role": "ROLE_USER", "parts": [{"text": text}]}
        message |= {"taskId": task_id} if task_id else {}
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "SendMessage", "params": {"message": message}})
        head = (
            "POST /a2a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nA2A-Version: 1.0\r\n"
            f"Authorization: Bearer {_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write((head + body).encode())
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answered.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        told = json.loads(await self._reader.readexactly(int(length.partition(b":")[2])))
        return told["result"]["task"]

    async def park(self) -> str:
        """Begin a task that waits for its approval."""
        task = await self.send("order 7")
        assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED", task["status"]
        return task["id"]

    async def approve(self, task_id: str) -> None:
        """Give the answer, and wait until the task is completed."""
        task = await self.send("yes", task_id)
        assert task["status"]["state"] == "TASK_STATE_COMPLETED", task["status"]


@asynccontextmanager
async def _connections(port: int, how_many: int) -> AsyncGenerator[list[Connection]]:
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(how_many)]
    try:
        yield [Connection(*pair) for pair in pairs]
    finally:
        for _, writer in pairs:
            writer.close()
            await writer.wait_closed()


async def _park(port: int, how_many: int) -> list[str]:
    left = iter(range(how_many))

    async def some(connection: Connection) -> list[str]:
        return [await connection.park() for _ in left]

    async with _connections(port, AT_ONCE) as connections:
        parked = await asyncio.gather(*map(some, connections))
    return [task_id for some_ids in parked for task_id in some_ids]


async def _wake(port: int, task_ids: list[str]) -> list[float]:
    took: list[float] = []
    async with _connections(port, 1) as (connection,):
        for task_id in task_ids:
            started = time.perf_counter()
            await connection.approve(task_id)
            took.append(time.perf_counter() - started)
    return took


async def _warm_up(port: int, how_many: int) -> None:
    await _wake(port, await _park(port, how_many))


# --- measuring -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _server(folder: Path, *, traced: bool) -> AsyncGenerator[Server]:
    command = [sys.executable, __file__, "serve", str(folder / f"{traced}.db"), str(int(traced))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        assert process.stdout is not None
        yield Server(process, int(process.stdout.readline()))
    finally:
        process.communicate("", timeout=60)


async def _idle(server: Server, seconds: float) -> float:
    before = server.cpu()
    await asyncio.sleep(seconds)
    return (server.cpu() - before) / seconds * 100


async def _allocated(folder: Path, how_many: int) -> float:
    """Bytes that Python keeps per parked task: what the second half of them adds."""
    async with _server(folder, traced=True) as server:
        await _warm_up(server.port, WARM)
        await _park(server.port, how_many // 2)
        before = server.counted()
        await _park(server.port, how_many)
        return (server.counted()["allocated"] - before["allocated"]) / how_many


async def _measure(folder: Path, how_many: int, seconds: float) -> None:
    async with _server(folder, traced=False) as server:
        await _warm_up(server.port, WARM)
        idle_before, before = await _idle(server, seconds), server.counted()
        started, cpu = time.perf_counter(), server.cpu()
        task_ids = await _park(server.port, how_many)
        took, cpu = (time.perf_counter() - started) / how_many, (server.cpu() - cpu) / how_many
        idle_after, after = await _idle(server, seconds), server.counted()
        waking = await _wake(server.port, task_ids[:ANSWERED_AT_MOST])
        last = server.counted()
    allocated = await _allocated(folder, min(how_many, TRACED_AT_MOST))
    cuts = statistics.quantiles(waking, n=100)
    print(f"{how_many} parked approvals, engine dbos, SQLite, served over A2A")
    print(f"  to park one          {took * 1000:9.2f} ms, {cpu * 1000:.2f} ms of CPU, {AT_ONCE} at once")
    print(f"  memory of one        {(after['rss'] - before['rss']) / how_many / 1024:9.2f} KiB of RSS,", end=" ")
    print(f"{allocated / 1024:.2f} KiB allocated by Python")
    for name in ("tasks", "threads"):
        print(f"  {name:20} {before[name]:9.0f} before, {after[name]:.0f} while they wait, {last[name]:.0f} at the end")
    print(f"  RSS                  {before['rss'] / 2**20:9.1f} MiB before,", end=" ")
    print(f"{after['rss'] / 2**20:.1f} while they wait, {last['rss'] / 2**20:.1f} at the end")
    print(f"  idle CPU             {idle_before:9.2f} % of a core before, {idle_after:.2f} while they wait")
    print(f"  answer to completed  {cuts[49] * 1000:9.2f} ms median, {cuts[98] * 1000:.2f} ms p99")


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), setting("N", 1000, 200), setting("IDLE", 10, 3)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), traced=sys.argv[3] == "1")
    else:
        main()
