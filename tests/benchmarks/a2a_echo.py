"""CPU time, throughput and latency of a blocking `SendMessage`: our echo agent against the plain SDK's.

Run: `.venv/bin/python tests/benchmarks/a2a_echo.py` (Linux). `N` is the number of requests per target, level and round
(300), `ROUNDS` how often the targets take turns (3); `QUICK=1` does less. `COLLECT=1` leaves the garbage collector of
our servers as Python sets it.

Each target is a uvicorn process of its own on loopback; all of them run during the whole benchmark and are measured
one after the other in every round, in changing order. CPU time is that of the whole server process, all threads. The
client is the same for all: keep-alive connections over asyncio streams; its own CPU time is not counted.

- `agentkit inline`: served the way `agentkit serve` does it: its app, with counted limits, and its settings of uvicorn
  and of the garbage collector. SQLite file (writer thread, WAL), ownership by bearer token, idempotent `messageId`,
  appended events, OpenTelemetry SDK tracing on. The goal holds for it.
- `agentkit dbos`: the same with an agent that needs durability: its turn is a run of `DbosEngine` on the same SQLite
  file, its answer a recorded step.
- `agentkit dbos workflow`: the same with a `@workflow` that calls the agent.
- `sdk memory`: DefaultRequestHandler with InMemoryTaskStore, its tracing switched off; the yardstick of the ratios.
- `sdk memory traced`: the same with its tracing on.
- `sdk sqlite`: DatabaseTaskStore on aiosqlite with WAL, tracing off.
- `starlette`: a handler that parses the request and answers with a task of the same form.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from goals import setting, tell

from agentkit.compose import RunContext, workflow
from agentkit.models import Message

if TYPE_CHECKING:
    from a2a.server.agent_execution import AgentExecutor
    from starlette.applications import Starlette

    from agentkit.compose import Agent
    from agentkit.engine import Effect
    from agentkit.models import AgentSkill, Event

OURS: Final = "agentkit inline"
TARGETS: Final = (
    OURS,
    "agentkit dbos",
    "agentkit dbos workflow",
    "sdk memory",
    "sdk memory traced",
    "sdk sqlite",
    "starlette",
)
YARDSTICK: Final = "sdk memory"
CONCURRENCIES: Final = (1, 16)
GOAL: Final = 0.3
_TOKEN: Final = "benchmark-token"
_URL: Final = "http://127.0.0.1"


# --- servers -------------------------------------------------------------------------------------------------------


def trace() -> None:
    """Record spans as a server with the OpenTelemetry SDK does, and drop them."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

    provider = TracerProvider()
    provider.add_span_processor(SpanProcessor())
    trace.set_tracer_provider(provider)


class _Echo:
    """Says it again; the SDK's server takes its card from it."""

    name = "echo"
    description = "Says it again"
    skills: tuple[AgentSkill, ...] = ()
    effect: Effect = "idempotent"

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        del context
        yield message.reply(f"echo: {message.text}")

    async def cancel(self, context: RunContext) -> None:
        del context


def _workflow() -> Agent:
    leaf = _Echo()

    @workflow("echoes")
    async def echoes(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(leaf, message)

    return echoes


def agentkit_app(agent: Agent, file: Path) -> Starlette:
    """An agent behind our server, everything kept in one SQLite file; the agent says which engine it needs."""
    from agentkit.a2a import BearerAuth, Security
    from agentkit.a2a.standalone import agent_app
    from agentkit.web.limits import Limits

    # Counted as ever, and never reached.
    limits = Limits(rate=1e6, burst=1_000_000)
    return agent_app(
        agent, url=_URL, database=file, security=Security(BearerAuth({"benchmark": _TOKEN})), limits=limits
    )


def sdk_app(executor: AgentExecutor, agent: Agent, file: Path | None) -> Starlette:
    """An executor behind the SDK's server, its tasks in a SQLite file or in memory; the agent is for the card only."""
    from a2a.server.request_handlers import DefaultRequestHandler
    from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
    from a2a.server.tasks import DatabaseTaskStore, InMemoryTaskStore, TaskStore
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine
    from starlette.applications import Starlette

    from agentkit.a2a import build_card

    store: TaskStore = InMemoryTaskStore()
    if file is not None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{file}")

        def use_wal(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
            cursor.execute("PRAGMA journal_mode=WAL")  # pyright: ignore[reportUnknownMemberType]
            cursor.close()  # pyright: ignore[reportUnknownMemberType]

        event.listen(engine.sync_engine, "connect", use_wal)
        store = DatabaseTaskStore(engine)
    card = build_card(agent, url=_URL)
    handler = DefaultRequestHandler(executor, store, card)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        if isinstance(store, DatabaseTaskStore):
            await store.initialize()
        yield
        await handler.aclose()

    routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, rpc_url="/a2a")]
    return Starlette(routes=routes, lifespan=lifespan)


def _executor() -> AgentExecutor:
    from a2a.helpers import new_task_from_user_message, new_text_part
    from a2a.server.agent_execution import AgentExecutor, RequestContext
    from a2a.server.events import EventQueue
    from a2a.server.tasks import TaskUpdater

    class Echo(AgentExecutor):
        async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
            message = context.message
            assert message is not None
            task = context.current_task or new_task_from_user_message(message)
            await event_queue.enqueue_event(task)
            updater = TaskUpdater(event_queue, task.id, task.context_id)
            reply = updater.new_agent_message([new_text_part(f"echo: {context.get_user_input()}")])
            await updater.complete(reply)

        async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
            raise AssertionError("nothing is cancelled here")

    return Echo()


def _starlette() -> Starlette:
    from uuid import uuid4

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def answer(request: Request) -> JSONResponse:
        body = await request.json()
        message = body["params"]["message"]
        task_id, context_id = str(uuid4()), str(uuid4())
        ids = {"taskId": task_id, "contextId": context_id}
        reply = {
            "messageId": str(uuid4()),
            "role": "ROLE_AGENT",
            "parts": [{"text": f"echo: {message['parts'][0]['text']}"}],
            **ids,
        }
        status = {"state": "TASK_STATE_COMPLETED", "message": reply, "timestamp": "2026-01-01T10:00:00.000Z"}
        task = {"id": task_id, "contextId": context_id, "status": status, "history": [message | ids]}
        return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "result": {"task": task}})

    return Starlette(routes=[Route("/a2a", answer, methods=["POST"])])


def serve(target: str, folder: Path) -> None:
    """Run one target until the parent closes its end of standard input."""
    if is_traced(target):
        trace()
    match target.split():
        case ["agentkit", "inline"]:
            app = agentkit_app(_Echo(), folder / "inline.db")
        case ["agentkit", "dbos"]:
            app = agentkit_app(_Echo(durable=True), folder / "dbos.db")
        case ["agentkit", *_]:
            app = agentkit_app(_workflow(), folder / "workflow.db")
        case ["sdk", kind, *_]:
            app = sdk_app(_executor(), _Echo(), folder / "sdk.db" if kind == "sqlite" else None)
        case _:
            app = _starlette()
    (serve_app if target.startswith("agentkit") else run_app)(app)


def is_traced(target: str) -> bool:
    """Whether a target records spans."""
    return target.startswith("agentkit") or target.endswith("traced")


def serve_app(app: Starlette) -> None:
    """Serve an app as `agentkit serve` does, which spares its process most of the garbage collections; as `run_app`."""
    from agentkit.cli.address import bind
    from agentkit.cli.collecting import sparing_collector
    from agentkit.cli.serving import serving

    async def run() -> None:
        address = bind("127.0.0.1", 0)
        async with serving([(address, app)]):
            with nullcontext() if os.environ.get("COLLECT") else sparing_collector():
                print(address.port, flush=True)
                await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


def run_app(app: Starlette) -> None:
    """Serve an app on a free port, which is printed, until standard input is closed."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it each answer waits for an ACK, 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    print(listening.getsockname()[1], flush=True)

    async def run() -> None:
        serving = asyncio.create_task(server.serve([listening]))
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving

    asyncio.run(run())


# --- client --------------------------------------------------------------------------------------------------------

_numbers = count(1)


@dataclass
class Measured:
    """What one target showed at one level of concurrency."""

    requests: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    latencies: list[float] = field(default_factory=list[float])


@dataclass
class Target:
    """A running server."""

    name: str
    process: subprocess.Popen[str]
    port: int

    def cpu(self) -> float:
        """CPU seconds of the whole process: Linux numbers the CPU clock of a process by its id."""
        return time.clock_gettime((~self.process.pid << 3) | 2)


def request() -> bytes:
    """The next `SendMessage`."""
    number = next(_numbers)
    message = {
        "messageId": f"message-{number}",
        "role": "ROLE_USER",
        "parts": [{"text": "Any allergies on file?"}, {"data": {"patientRef": "example-1"}}],
    }
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "SendMessage", "params": {"message": message}})
    head = (
        "POST /a2a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nA2A-Version: 1.0\r\n"
        f"Authorization: Bearer {_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    asked = request()
    started = time.perf_counter()
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(int(length.partition(b":")[2]))
    took = time.perf_counter() - started
    if b"echo: Any allergies" not in body or b"TASK_STATE_COMPLETED" not in body:
        raise RuntimeError(f"unexpected answer: {body[:400]!r}")
    return took


async def _load(port: int, concurrency: int, requests: int) -> list[float]:
    left = iter(range(requests))

    async def worker() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        took = [await _exchange(reader, writer) for _ in left]
        writer.close()
        await writer.wait_closed()
        return took

    return [one for took in await asyncio.gather(*(worker() for _ in range(concurrency))) for one in took]


def start(script: str, name: str, folder: Path) -> Target:
    """Start a target in a process of its own: a script that takes `serve`, the name and the folder."""
    environment = {**os.environ, "OTEL_INSTRUMENTATION_A2A_SDK_ENABLED": str(is_traced(name)).lower()}
    command = [sys.executable, script, "serve", name, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    return Target(name, process, int(process.stdout.readline()))


async def _measure(targets: list[Target], requests: int, rounds: int) -> dict[tuple[str, int], Measured]:
    measured = {(target.name, level): Measured() for target in targets for level in CONCURRENCIES}
    for target in targets:
        await _load(target.port, 4, 50)
    for _ in range(rounds):
        for level in CONCURRENCIES:
            for target in random.sample(targets, len(targets)):
                into = measured[target.name, level]
                cpu, wall = target.cpu(), time.perf_counter()
                into.latencies += await _load(target.port, level, requests)
                into.wall += time.perf_counter() - wall
                into.cpu += target.cpu() - cpu
                into.requests += requests
    return measured


def _report(measured: dict[tuple[str, int], Measured]) -> None:
    lines: list[str] = []
    for level in CONCURRENCIES:
        yard = measured[YARDSTICK, level]
        lines.append(f"\nconcurrency {level}: {'':11} cpu ms/req   ratio   req/s   p50 ms   p99 ms")
        for name in TARGETS:
            one = measured[name, level]
            cuts = statistics.quantiles(one.latencies, n=100)
            ratio = (one.cpu / one.requests) / (yard.cpu / yard.requests)
            lines.append(
                f"  {name:24} {one.cpu / one.requests * 1000:10.3f} {ratio:7.2f} {one.requests / one.wall:7.0f}"
                f" {cuts[49] * 1000:8.2f} {cuts[98] * 1000:8.2f}"
            )
    print("\n".join(lines) + "\n")
    yard = measured[YARDSTICK, 16]
    ours = measured[OURS, 16]
    ratio = (ours.cpu / ours.requests) / (yard.cpu / yard.requests)
    tell(f"send at concurrency 16, {OURS}", ratio, YARDSTICK, GOAL)


def main() -> None:
    """Start the targets, measure them in turns, print the table."""
    requests, rounds = setting("N", 300, 60), setting("ROUNDS", 3, 2)
    with tempfile.TemporaryDirectory() as folder:
        targets: list[Target] = []
        try:
            targets += [start(__file__, name, Path(folder)) for name in TARGETS]
            _report(asyncio.run(_measure(targets, requests, rounds)))
        finally:
            for target in targets:
                target.process.communicate("", timeout=20)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
