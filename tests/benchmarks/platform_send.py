"""CPU time of a blocking `message:send` to the local platform, against the plain A2A SDK's server.

Run: `.venv/bin/python tests/benchmarks/platform_send.py` (Linux). `N` is the number of requests per target and round
(300), `ROUNDS` how often the targets take turns (3), `LENGTH` how many messages the long conversation gets (10,000),
`CONTEXTS` how many conversations are held at once (1,000); `QUICK=1` does less.

Each target is a process of its own on loopback, measured as `a2a_echo.py` measures: CPU time of the whole server
process, at concurrency 16.

- `platform v1`, `platform v2`: what `agentkit serve platform` serves, with an SQLite file, to an agent whose reasoner
  answers at once: bearer known (its signature is verified once), requests counted against limits, credentials looked
  for, message stored, turn remembered, its trace written, answer stored. v1 is `message:send` over REST, v2 the same.
  The goals hold for v1.
- `platform durable`: the same with turns that go on after a crash (DBOS on the same SQLite file): each turn is a run,
  its decision a recorded step. No goal holds for it.
- `sdk memory`, `sdk sqlite`: the servers of `a2a_echo.py`; no tokens, no ownership, no memory, no trace.

CPU time depends on what else the machine does: compare the rows of one run only, and take the best of several runs.

Before that, on `platform v1` alone: 1,000 contexts with one message each, all at once, and by how much the process has
grown after 1,000 more; that is SQLite's caches and what the allocator holds back. Afterwards, on `platform v1` again:
what message 1,000 and 10,000 of one context cost against the first hundred of others, measured in turns.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlencode

import a2a_echo as echo
from goals import setting, tell

TARGETS: Final = ("platform v1", "platform v2", "platform durable", "sdk memory", "sdk sqlite")
GOALS: Final = {"sdk memory": 0.5, "sdk sqlite": 0.12}
LONG_GOAL: Final = 1.2
_CONCURRENCY: Final = 16
_BEGUN: Final = 10
_WINDOW: Final = 90
"""So many messages of a conversation that has begun are measured together: the first hundred are over then."""
_numbers = count(1)

Ask = Callable[[], bytes]
"""Makes the next request."""


# --- server --------------------------------------------------------------------------------------------------------


def serve(target: str, folder: Path) -> None:
    """Run one target until the parent closes its end of standard input."""
    if target.startswith("sdk"):
        echo.serve(target, folder)
        return
    from agentkit.platform import PlatformSettings, create_platform
    from agentkit.platform.settings import PlatformLimits
    from agentkit.reasoning import Act, Answer, Situation
    from agentkit.web.limits import Limits

    class Instant:
        async def decide(self, situation: Situation) -> Act:
            return Answer(f"echo: {situation.text}")

    database = folder / f"{target.replace(' ', '-')}.db"
    settings = PlatformSettings(
        database=database,
        reasoner=Instant(),
        token_lifetime=3600,
        durable=target.endswith("durable"),
        # Counted as ever, and never reached: one caller stands for many.
        traffic=Limits(rate=1e6, burst=1_000_000, concurrent_per_caller=2_000),
        limits=PlatformLimits(turns_per_caller=2_000),
    )
    echo.serve_app(create_platform(settings))


# --- client --------------------------------------------------------------------------------------------------------


def _http(path: str, body: str, *head: str, kind: str = "application/json") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *head]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(int(length.partition(b":")[2]))
    if not head.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(f"unexpected answer: {head[:40]!r} {body[:400]!r}")
    return body


async def _once(port: int, request: bytes) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return cast("dict[str, object]", json.loads(await _exchange(reader, writer, request)))
    finally:
        writer.close()
        await writer.wait_closed()


async def load(port: int, ask: Ask, requests: int, concurrency: int = _CONCURRENCY) -> None:
    """Send requests over a number of connections; each must be answered with what was said."""
    left: Iterator[int] = iter(range(requests))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            body = await _exchange(reader, writer, ask())
            if b"echo: Any allergies" not in body:
                raise RuntimeError(f"unexpected answer: {body[:400]!r}")
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(worker() for _ in range(concurrency)))


@dataclass
class Served:
    """A running target and how it is asked."""

    target: echo.Target
    ask: Ask
    speak: Callable[[str | None], Ask] | None = None

    async def spent(self, requests: int, ask: Ask | None = None, concurrency: int = _CONCURRENCY) -> float:
        """CPU milliseconds for each of some requests."""
        before = self.target.cpu()
        await load(self.target.port, ask or self.ask, requests, concurrency)
        return (self.target.cpu() - before) / requests * 1000

    @property
    def resident(self) -> int:
        """Bytes of the process that are in memory."""
        lines = Path(f"/proc/{self.target.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def _sdk(target: echo.Target) -> Served:
    return Served(target, echo.request)


async def _platform(target: echo.Target) -> Served:
    """Sign in and make an agent."""
    form = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
    token_path = "/realms/base/protocol/openid-connect/token"
    told = await _once(target.port, _http(token_path, urlencode(form), kind="application/x-www-form-urlencoded"))
    head = (f"Authorization: Bearer {told['access_token']}", "Tenant-Name: base")
    second = target.name.endswith("v2")
    agents = "/v2/agentic/agents" if second else "/agents"
    made = await _once(target.port, _http(agents, json.dumps({"name": target.name, "description": "Echoes"}), *head))
    path = f"{agents}/{made['id']}/{'a2a' if second else 'v1'}/message:send"

    def speak(context: str | None) -> Ask:
        def ask() -> bytes:
            return _http(path, json.dumps(_second(context) if second else _first(context)), *head)

        return ask

    return Served(target, speak(None), speak)


def _first(context: str | None) -> dict[str, object]:
    message: dict[str, object] = {
        "kind": "message",
        "role": "user",
        "messageId": f"message-{next(_numbers)}",
        "parts": [
            {"kind": "text", "text": "Any allergies on file?"},
            {"kind": "data", "data": {"patientRef": "example-1"}},
        ],
    }
    return {"message": message if context is None else message | {"contextId": context}}


def _second(context: str | None) -> dict[str, object]:
    message: dict[str, object] = {
        "role": "ROLE_USER",
        "messageId": f"message-{next(_numbers)}",
        "parts": [{"text": "Any allergies on file?"}, {"data": {"patientRef": "example-1"}}],
    }
    return {"message": message if context is None else message | {"contextId": context}}


async def _ready(target: echo.Target) -> Served:
    served = _sdk(target) if target.name.startswith("sdk") else await _platform(target)
    await load(target.port, served.ask, 50, 4)
    return served


async def _side_by_side(served: dict[str, Served], requests: int, rounds: int) -> None:
    spent = dict.fromkeys(served, 0.0)
    for _ in range(rounds):
        for name in random.sample(list(served), len(served)):
            spent[name] += await served[name].spent(requests) / rounds
    print(f"\nconcurrency {_CONCURRENCY}: {'':10} cpu ms/req   of sdk memory   of sdk sqlite")
    for name, milliseconds in spent.items():
        ratios = (milliseconds / spent[yard] for yard in GOALS)
        print(f"  {name:24} {milliseconds:8.3f} {'':4}" + " ".join(f"{ratio:15.2f}" for ratio in ratios))
    print()
    for yard, goal in GOALS.items():
        tell("message:send, platform v1", spent["platform v1"] / spent[yard], yard, goal)


async def _conversation(served: Served) -> Ask:
    """A new conversation that has begun: makes its next message."""
    assert served.speak is not None
    told = await _once(served.target.port, served.ask())
    ask = served.speak(cast("dict[str, dict[str, str]]", told)["task"]["contextId"])
    await load(served.target.port, ask, _BEGUN - 1, 1)
    return ask


async def _long_conversation(served: Served, length: int, rounds: int) -> None:
    """What a message of a long conversation costs against one of the first; both in turns, so under the same load."""
    long, sent = await _conversation(served), _BEGUN
    print()
    for mark in (1000, 10_000):
        if mark > length:
            break
        await load(served.target.port, long, mark - sent, 4)
        sent = mark
        first = there = 0.0
        for _ in range(rounds):
            young = await _conversation(served)
            first += await served.spent(_WINDOW, young, 1)
            there += await served.spent(_WINDOW, long, 1)
            sent += _WINDOW
        tell(f"message {mark:,} of one conversation", there / first, "one of the first 100", LONG_GOAL)


async def _many_conversations(served: Served, contexts: int) -> None:
    started = time.perf_counter()
    await load(served.target.port, served.ask, contexts, min(contexts, 1000))
    took, before = time.perf_counter() - started, served.resident
    # The first ones also paid for the connections, whose memory the next ones use again.
    await load(served.target.port, served.ask, contexts, min(contexts, 1000))
    kept = (served.resident - before) / contexts / 1024
    print(f"\n{contexts:,} conversations at once: {took:.1f} s, {kept:.1f} KiB kept for each")


async def _measure(targets: list[echo.Target]) -> None:
    served = {target.name: await _ready(target) for target in targets}
    await _many_conversations(served["platform v1"], setting("CONTEXTS", 1000, 200))
    await _side_by_side(served, setting("N", 300, 60), setting("ROUNDS", 3, 2))
    await _long_conversation(served["platform v1"], setting("LENGTH", 10_000, 1000), setting("ROUNDS", 3, 2))


def main() -> None:
    """Start the targets, measure them, print what was reached."""
    with tempfile.TemporaryDirectory() as folder:
        targets: list[echo.Target] = []
        try:
            targets += [echo.start(__file__, name, Path(folder)) for name in TARGETS]
            asyncio.run(_measure(targets))
        finally:
            for target in targets:
                target.process.communicate("", timeout=20)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
