"""CPU time of `SendStreamingMessage` with 100 artifact chunks: our server against the plain SDK's.

Run: `.venv/bin/python tests/benchmarks/a2a_stream.py` (Linux). `N` is the number of streams per target, level and round
(20), `ROUNDS` how often the targets take turns (3), `CHUNKS` how long a stream is (100).

`sdk sqlite` takes part at concurrency 1 only: with more its database is locked and its streams break off.

Targets, client and clocks are those of `a2a_echo.py`; the agents send chunks of one artifact in place of an answer.
Ours keeps every chunk in the event log of its SQLite file, with ownership, idempotency and tracing on.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import a2a_echo as echo

if TYPE_CHECKING:
    from a2a.server.tasks import TaskStore
    from starlette.applications import Starlette

    from agentkit.compose import RunContext
    from agentkit.models import AgentSkill, Event, Message

TARGETS: Final = ("agentkit inline", "sdk memory", "sdk sqlite")
YARDSTICK: Final = "sdk memory"
CONCURRENCIES: Final = (1, 16)
GOAL: Final = 0.2
CHUNKS: Final = int(os.environ.get("CHUNKS", "100"))
_TEXT: Final = "a few words of a longer answer "
_TOKEN: Final = "benchmark-token"
_URL: Final = "http://127.0.0.1"


class _Talk:
    """Sends its answer as chunks of one artifact."""

    name = "talk"
    description = "Says it in pieces"
    skills: tuple[AgentSkill, ...] = ()

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        from agentkit.models import Artifact, ArtifactUpdate, Part

        for number in range(CHUNKS):
            artifact = Artifact(artifact_id="answer", parts=(Part(text=_TEXT),))
            yield ArtifactUpdate(
                task_id=context.task_id, context_id=context.context_id, artifact=artifact, append=number > 0
            )
        yield message.reply("done")

    async def cancel(self, context: RunContext) -> None:
        del context


def _agentkit(folder: Path) -> Starlette:
    from starlette.applications import Starlette

    from agentkit.a2a import BearerAuth, Gate, Security, a2a_routes
    from agentkit.engine import InlineEngine
    from agentkit.storage import Database
    from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        database = await Database.open(folder / "agentkit.db", MIGRATIONS)
        service = TaskService(SqlRepository(database), InlineEngine())
        gate = Gate(Security(BearerAuth({"benchmark": _TOKEN})))
        app.router.routes.extend(a2a_routes(_Talk(), service, url=_URL, gate=gate))
        yield
        await service.close()
        await database.close()

    return Starlette(lifespan=lifespan)


def _sdk(folder: Path, kind: str) -> Starlette:
    from a2a.helpers import new_task_from_user_message, new_text_part
    from a2a.server.agent_execution import AgentExecutor, RequestContext
    from a2a.server.events import EventQueue
    from a2a.server.request_handlers import DefaultRequestHandler
    from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
    from a2a.server.tasks import DatabaseTaskStore, InMemoryTaskStore, TaskUpdater
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine
    from starlette.applications import Starlette

    from agentkit.a2a import build_card

    class Talk(AgentExecutor):
        async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
            message = context.message
            assert message is not None
            task = context.current_task or new_task_from_user_message(message)
            await event_queue.enqueue_event(task)
            updater = TaskUpdater(event_queue, task.id, task.context_id)
            await updater.start_work()
            for number in range(CHUNKS):
                await updater.add_artifact(
                    [new_text_part(_TEXT)], artifact_id="answer", append=number > 0, last_chunk=number == CHUNKS - 1
                )
            await updater.complete(updater.new_agent_message([new_text_part("done")]))

        async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
            raise AssertionError("nothing is cancelled here")

    store: TaskStore = InMemoryTaskStore()
    if kind == "sqlite":
        engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'sdk.db'}")

        def use_wal(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
            cursor.execute("PRAGMA journal_mode=WAL")  # pyright: ignore[reportUnknownMemberType]
            cursor.close()  # pyright: ignore[reportUnknownMemberType]

        event.listen(engine.sync_engine, "connect", use_wal)
        store = DatabaseTaskStore(engine)
    card = build_card(_Talk(), url=_URL)
    handler = DefaultRequestHandler(Talk(), store, card)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        if isinstance(store, DatabaseTaskStore):
            await store.initialize()
        yield
        await handler.aclose()

    routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, rpc_url="/a2a")]
    return Starlette(routes=routes, lifespan=lifespan)


def serve(target: str, folder: Path) -> None:
    """Run one target until the parent closes its end of standard input."""
    if target.startswith("agentkit"):
        echo.trace()
        app = _agentkit(folder)
    else:
        app = _sdk(folder, target.removeprefix("sdk "))
    echo.run_app(app)


_numbers = count(1)


def _request() -> bytes:
    number = next(_numbers)
    message = {"messageId": f"message-{number}", "role": "ROLE_USER", "parts": [{"text": "Any allergies on file?"}]}
    call = {"jsonrpc": "2.0", "id": number, "method": "SendStreamingMessage", "params": {"message": message}}
    body = json.dumps(call)
    head = (
        "POST /a2a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nA2A-Version: 1.0\r\n"
        f"Authorization: Bearer {_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _load(port: int, concurrency: int, streams: int) -> None:
    left = iter(range(streams))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(_request())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"unexpected answer: {head!r}")
            body = await reader.readuntil(b"\r\n0\r\n\r\n")
            if body.count(b'"artifactUpdate"') != CHUNKS or b"TASK_STATE_COMPLETED" not in body:
                found = body.count(b'"artifactUpdate"')
                raise RuntimeError(f"unexpected stream with {found} chunks: {body[-400:]!r}")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(worker() for _ in range(concurrency)))


async def _measure(targets: list[echo.Target], streams: int, rounds: int) -> dict[tuple[str, int], echo.Measured]:
    measured = {(target.name, level): echo.Measured() for target in targets for level in CONCURRENCIES}
    for target in targets:
        await _load(target.port, 2, 4)
    for _ in range(rounds):
        for level in CONCURRENCIES:
            for target in random.sample(targets, len(targets)):
                if target.name == "sdk sqlite" and level > 1:
                    continue
                into = measured[target.name, level]
                cpu, wall = target.cpu(), time.perf_counter()
                await _load(target.port, level, streams)
                into.wall += time.perf_counter() - wall
                into.cpu += target.cpu() - cpu
                into.requests += streams
    return measured


def _report(measured: dict[tuple[str, int], echo.Measured]) -> None:
    for level in CONCURRENCIES:
        yard = measured[YARDSTICK, level]
        print(f"\nconcurrency {level}: {'':9} cpu ms/stream   ratio  streams/s")
        for name in TARGETS:
            one = measured[name, level]
            if not one.requests:
                continue
            ratio = (one.cpu / one.requests) / (yard.cpu / yard.requests)
            print(f"  {name:20} {one.cpu / one.requests * 1000:14.2f} {ratio:7.2f} {one.requests / one.wall:10.1f}")
    ours, yard = measured[TARGETS[0], 16], measured[YARDSTICK, 16]
    ratio = (ours.cpu / ours.requests) / (yard.cpu / yard.requests)
    print(f"\n{TARGETS[0]} at concurrency 16: {ratio:.2f} of {YARDSTICK} (at most {GOAL})")


def main() -> None:
    """Start the targets, measure them in turns, print the table."""
    streams, rounds = int(os.environ.get("N", "20")), int(os.environ.get("ROUNDS", "3"))
    with tempfile.TemporaryDirectory() as folder:
        targets: list[echo.Target] = []
        try:
            for name in TARGETS:
                command = [sys.executable, __file__, "serve", name, folder]
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "OTEL_INSTRUMENTATION_A2A_SDK_ENABLED": "false"},
                )
                assert process.stdout is not None
                targets.append(echo.Target(name, process, int(process.stdout.readline())))
            _report(asyncio.run(_measure(targets, streams, rounds)))
        finally:
            for target in targets:
                target.process.communicate("", timeout=20)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
