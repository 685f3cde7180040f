"""CPU time of one remote A2A call in the asking process: `RemoteAgent`, the A2A SDK's client, and a raw HTTP call.

Run: `.venv/bin/python tests/benchmarks/remote_call.py` (Linux). `N` is the number of calls per row and round (500),
`ROUNDS` how often the rows take turns (7); `QUICK=1` does less.

All rows send the same body to the same server, a process of its own that answers from memory; only the CPU time of the
asking process counts, all threads, with garbage collection as usual. `raw httpx` is the yardstick: it sends the bytes
and parses the JSON of the answer, nothing more; `raw httpx streaming` does so with the one event of the stream, line by
line, and is the yardstick of streaming. `RemoteAgent` runs a whole turn: hop count, conversation, card age,
message id, encoding, checks, trace headers, neutral models.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

from goals import setting, tell

ROWS: Final = ("raw httpx", "raw httpx2", "raw httpx streaming", "RemoteAgent", "RemoteAgent streaming", "A2A SDK")
YARDSTICK: Final = "raw httpx"
STREAMED: Final = "raw httpx streaming"
GOAL: Final = 1.3
TEXT: Final = "Any allergies on file?"
Row = Callable[[], Awaitable[object]]


# --- the server ----------------------------------------------------------------------------------------------------


def _task() -> dict[str, object]:
    said = {
        "messageId": "a-1",
        "role": "ROLE_AGENT",
        "parts": [{"text": "Penicillin."}],
        "taskId": "t",
        "contextId": "c",
    }
    status = {"state": "TASK_STATE_COMPLETED", "timestamp": "2026-01-01T10:00:00.000Z", "message": said}
    return {"id": "t", "contextId": "c", "status": status}


def _answer(result: object, media_type: str, prefix: bytes = b"", suffix: bytes = b"") -> bytes:
    body = prefix + json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode() + suffix
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serve() -> None:
    """Answer until the parent closes its end of standard input."""
    whole = _answer({"task": _task()}, "application/json")
    events = _answer({"task": _task()}, "text/event-stream", b"data: ", b"\n\n")

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                body = await reader.readexactly(int(length.partition(b":")[2]))
                writer.write(events if b"SendStreamingMessage" in body else whole)
        except asyncio.IncompleteReadError:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


# --- the rows ------------------------------------------------------------------------------------------------------


def _card(url: str, *, streaming: bool) -> dict[str, object]:
    return {
        "name": "peer",
        "description": "Answers",
        "version": "1",
        "supportedInterfaces": [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
        "capabilities": {"streaming": streaming},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "s", "name": "S", "description": "Does S", "tags": ["s"]}],
    }


def _body(method: str) -> bytes:
    from agentkit.a2a.remote.outbound import HOPS_KEY

    message = {
        "messageId": "00000000-0000-4000-8000-000000000000",
        "role": "ROLE_USER",
        "parts": [{"text": TEXT}, {"data": {"patientRef": "example-1"}}],
    }
    params = {"message": message, "metadata": {HOPS_KEY: 1}}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


async def _rows(url: str, stack: AsyncExitStack) -> dict[str, Row]:
    import httpx
    import httpx2

    body, streamed = _body("SendMessage"), _body("SendStreamingMessage")
    headers = {"Content-Type": "application/json", "A2A-Version": "1.0"}
    first = await stack.enter_async_context(httpx.AsyncClient())
    second = await stack.enter_async_context(httpx2.AsyncClient())

    async def raw() -> object:
        return (await first.post(url, content=body, headers=headers)).json()

    async def raw2() -> object:
        return (await second.post(url, content=body, headers=headers)).json()

    async def raw_streaming() -> object:
        async with first.stream("POST", url, content=streamed, headers=headers) as response:
            lines = response.aiter_lines()
            return [json.loads(line.removeprefix("data: ")) async for line in lines if line.startswith("data: ")]

    return {
        "raw httpx": raw,
        "raw httpx2": raw2,
        "raw httpx streaming": raw_streaming,
        "RemoteAgent": await _remote_agent(url, stack, streaming=False),
        "RemoteAgent streaming": await _remote_agent(url, stack, streaming=True),
        "A2A SDK": await _sdk(url, stack),
    }


async def _remote_agent(url: str, stack: AsyncExitStack, *, streaming: bool) -> Row:
    from agentkit.a2a.remote import remote_agent
    from agentkit.compose import Caller, RunContext
    from agentkit.engine import InlineEngine
    from agentkit.models import Message, StatusUpdate, TaskState

    agent = await stack.enter_async_context(remote_agent(_card(url, streaming=streaming), name="peer"))  # pyright: ignore[reportArgumentType]
    engine, caller = InlineEngine(), Caller()

    async def call() -> object:
        context = RunContext(context_id="c", task_id="t", caller=caller, engine=engine, path=("peer",))
        last = None
        async for event in agent.run(Message.user(TEXT, data=[{"patientRef": "example-1"}]), context):
            last = event
        assert isinstance(last, StatusUpdate)
        assert last.status.state is TaskState.COMPLETED
        return last

    return call


async def _sdk(url: str, stack: AsyncExitStack) -> Row:
    from a2a.client import ClientConfig, create_client
    from a2a.types import AgentCard, Message, Part, Role, SendMessageRequest
    from google.protobuf.json_format import ParseDict
    from google.protobuf.struct_pb2 import Value

    card = ParseDict(_card(url, streaming=False), AgentCard())
    client = await stack.enter_async_context(await create_client(card, ClientConfig(streaming=False)))

    async def call() -> object:
        data = Value()
        data.struct_value.update({"patientRef": "example-1"})
        parts = [Part(text=TEXT), Part(data=data)]
        request = SendMessageRequest(message=Message(message_id="m", role=Role.ROLE_USER, parts=parts))
        return [event async for event in client.send_message(request)]

    return call


# --- measuring -----------------------------------------------------------------------------------------------------


async def _measure(url: str, calls: int, rounds: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = {name: [] for name in ROWS}
    async with AsyncExitStack() as stack:
        rows = await _rows(url, stack)
        for row in rows.values():
            for _ in range(50):
                await row()
        for _ in range(rounds):
            for name in random.sample(ROWS, len(ROWS)):
                started = time.process_time()
                for _ in range(calls):
                    await rows[name]()
                measured[name].append((time.process_time() - started) / calls)
    return measured


def main() -> None:
    """Start the server, measure the rows in turns, print the table."""
    calls, rounds = setting("N", 500, 200), setting("ROUNDS", 7, 5)
    os.environ["OTEL_INSTRUMENTATION_A2A_SDK_ENABLED"] = "false"  # its spans would count against it
    server = subprocess.Popen(
        [sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        measured = asyncio.run(_measure(f"http://127.0.0.1:{int(server.stdout.readline())}/a2a", calls, rounds))
    finally:
        server.communicate("", timeout=20)
    medians = {name: statistics.median(measured[name]) for name in ROWS}
    least = {name: min(measured[name]) for name in ROWS}
    print(f"{'one call':24} cpu us   ratio   least   ratio")
    for name in ROWS:
        ratios = medians[name] / medians[YARDSTICK], least[name] / least[YARDSTICK]
        print(f"  {name:22} {medians[name] * 1e6:6.0f} {ratios[0]:7.2f} {least[name] * 1e6:7.0f} {ratios[1]:7.2f}")
    print()
    for name, against in (("RemoteAgent", YARDSTICK), ("RemoteAgent streaming", STREAMED)):
        tell(f"one remote A2A call, {name}, inline", medians[name] / medians[against], against, GOAL)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    else:
        main()
