"""CPU time of `SendStreamingMessage` with 100 artifact chunks: our server against the plain SDK's.

Run: `.venv/bin/python tests/benchmarks/a2a_stream.py` (Linux). `N` is the number of streams per target, level and round
(20), `ROUNDS` how often the targets take turns (3), `CHUNKS` how long a stream is (100); `QUICK=1` does less.

`sdk sqlite` takes part at concurrency 1 only: with more its database is locked and its streams break off.

Targets, client and clocks are those of `a2a_echo.py`, ours served the way `agentkit serve` does it; the agents
send chunks of one artifact in place of an answer.
Ours keeps every chunk in the event log of its SQLite file, with ownership, idempotency and tracing on. The goal holds
for `agentkit inline`; in `agentkit dbos` the agent is a recorded step of a run on the same file.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import a2a_echo as echo
from goals import setting, tell

if TYPE_CHECKING:
    from a2a.server.agent_execution import AgentExecutor

    from agentkit.compose import RunContext
    from agentkit.engine import Effect
    from agentkit.models import AgentSkill, Event, Message

TARGETS: Final = (echo.OURS, "agentkit dbos", "sdk memory", "sdk sqlite")
YARDSTICK: Final = "sdk memory"
CONCURRENCIES: Final = (1, 16)
GOAL: Final = 0.2
CHUNKS: Final = setting("CHUNKS", 100, 100)
_TEXT: Final = "a few words of a longer answer "
_TOKEN: Final = "benchmark-token"


class _Talk:
    """Sends its answer as chunks of one artifact."""

    name = "talk"
    description = "Says it in pieces"
    skills: tuple[AgentSkill, ...] = ()
    effect: Effect = "idempotent"

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable

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


def _executor() -> AgentExecutor:
    from a2a.helpers import new_task_from_user_message, new_text_part
    from a2a.server.agent_execution import AgentExecutor, RequestContext
    from a2a.server.events import EventQueue
    from a2a.server.tasks import TaskUpdater

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

    return Talk()


def serve(target: str, folder: Path) -> None:
    """Run one target until the parent closes its end of standard input."""
    if echo.is_traced(target):
        echo.trace()
    match target.split():
        case ["agentkit", engine]:
            durable = engine == "dbos"
            app = echo.agentkit_app(_Talk(durable=durable), folder / f"{engine}.db")
        case _:
            app = echo.sdk_app(_executor(), _Talk(), folder / "sdk.db" if target.endswith("sqlite") else None)
    (echo.serve_app if target.startswith("agentkit") else echo.run_app)(app)


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
    ours, yard = measured[echo.OURS, 16], measured[YARDSTICK, 16]
    ratio = (ours.cpu / ours.requests) / (yard.cpu / yard.requests)
    print()
    tell(f"stream of {CHUNKS} chunks at concurrency 16, {echo.OURS}", ratio, YARDSTICK, GOAL)


def main() -> None:
    """Start the targets, measure them in turns, print the table."""
    streams, rounds = setting("N", 20, 16), setting("ROUNDS", 3, 1)
    with tempfile.TemporaryDirectory() as folder:
        targets: list[echo.Target] = []
        try:
            targets += [echo.start(__file__, name, Path(folder)) for name in TARGETS]
            _report(asyncio.run(_measure(targets, streams, rounds)))
        finally:
            for target in targets:
                target.process.communicate("", timeout=20)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
