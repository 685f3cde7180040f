"""CPU time per call of a trivial tool: our hosting and our `McpClient` against plain mcp, server and client.

Run: `.venv/bin/python tests/benchmarks/mcp_overhead.py [--quick] [--only calls,parallel,connect,memory]
[--auth none,bearer,oauth2.0] [--tools 1,100] [--concurrency 1,16] [--kinds plain,agentkit,fastmcp] [--calls 200]
[--rounds 7]`. `--kinds` also knows `plain-sse`.

Each kind has a server process and a client process of its own, over loopback sockets with uvicorn; all of them take
turns in changing order, so a busy machine slows all alike. What is counted is user and system time of each process,
all threads. Shown is the round that was disturbed least, and its `ratio` to that of `plain`; `median` is the median
over the rounds of what both sides took compared with `plain` in the same round. Nothing is asserted.

All speak revision 2026-07-28 with JSON answers and keep one client over one httpx2 pool. Every result is looked at.
The other side does what a careful person would write with the SDK alone:

- `plain`: `MCPServer.streamable_http_app(json_response=True, stateless_http=True)` and `Client(mode="2026-07-28")`;
  bearer: a `TokenVerifier` that compares in constant time, and a header of the client; oauth2.0: a verifier over PyJWT
  with `validate_token_resource`, and `ClientCredentialsOAuthProvider` with `issuer`. Its log level is WARNING: at the
  SDK's INFO each call writes lines.
- `plain-sse`: the same with `json_response=False`. Fast tools answer with JSON then too, but a client that leaves is
  noticed and the tool is cancelled, as it is with ours; `json_response=True` saves that work (MCP-LIM-06).
- `fastmcp`: FastMCP 4 on both sides, with its own static and JWT verifiers.

Ours does more than plain in each call: limits of time and size, arguments checked for unknown names, a typed failure,
`traceparent` in the header, the search for secrets in answers. It remembers a valid JWT for a short time (MCP-AUTH-05).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hmac
import itertools
import json
import logging
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, cast

import httpx2
import jwt
import uvicorn
from goals import QUICK, tell
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

GOAL: Final = 1.1
TOKEN: Final = "benchmark-token-of-ordinary-length-0123456789"
CLIENT, SECRET, SCOPE = "benchmark", "benchmark-secret-0123456789", "bench.call"
AUTHS: Final = ("none", "bearer", "oauth2.0")
WAITING: Final = 2
"""The number of tools of the server whose second tool waits a second."""
_WARM_UP: Final = 10

Call = Callable[[str, dict[str, object]], Awaitable[object]]


class Sum(BaseModel):
    """What was asked for."""

    total: int


async def add(
    a: Annotated[int, Field(description="The first number")], b: Annotated[int, Field(description="The second number")]
) -> Sum:
    """Add two numbers."""
    return Sum(total=a + b)


async def wait(a: Annotated[int, Field(description="A number")]) -> Sum:
    """Wait a second, and give the number back."""
    await asyncio.sleep(1)
    return Sum(total=a)


@dataclass(frozen=True)
class Given:
    """What both sides know: addresses by `auth-tools`, and the keys of the authorization server."""

    issuer: str
    pem: str
    urls: dict[str, str]

    @property
    def jwks(self) -> dict[str, Any]:
        from agentkit.oauth import SigningKeys

        return SigningKeys.from_pem(self.pem.encode()).jwks()


def _functions(tools: int) -> dict[str, Callable[..., Awaitable[Sum]]]:
    return {"tool_0": add, "wait": wait} if tools == WAITING else {f"tool_{number}": add for number in range(tools)}


# --- servers -------------------------------------------------------------------------------------------------------


def plain_server(auth: str, tools: int, url: str, given: Given, *, json_response: bool = True) -> ASGIApp:
    """The SDK's server."""
    from mcp.server import MCPServer
    from mcp.server.auth.provider import AccessToken
    from mcp.server.auth.settings import AuthSettings

    class Static:
        async def verify_token(self, token: str) -> AccessToken | None:
            valid = hmac.compare_digest(token.encode(), TOKEN.encode())
            return AccessToken(token=token, client_id=CLIENT, scopes=[]) if valid else None

    class Jwt:
        def __init__(self) -> None:
            self.keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(given.jwks).keys}

        async def verify_token(self, token: str) -> AccessToken | None:
            try:
                key = self.keys[jwt.get_unverified_header(token)["kid"]]
                required = {"require": ["exp", "iss", "aud", "sub"]}
                said = jwt.decode(token, key, ["ES256"], required, audience=url, issuer=given.issuer)  # pyright: ignore[reportArgumentType]
            except (jwt.PyJWTError, KeyError):
                return None
            scopes = str(said.get("scope", "")).split()
            return AccessToken(
                token=token, client_id=said["sub"], scopes=scopes, expires_at=said["exp"], resource=said["aud"]
            )

    options: dict[str, Any] = {}
    if auth == "bearer":
        settings = AuthSettings(issuer_url=cast("Any", given.issuer), resource_server_url=None)
        options = {"auth": settings, "token_verifier": Static()}
    if auth == "oauth2.0":
        settings = AuthSettings(
            issuer_url=cast("Any", given.issuer),
            resource_server_url=cast("Any", url),
            required_scopes=[SCOPE],
            validate_token_resource=True,
        )
        options = {"auth": settings, "token_verifier": Jwt()}
    server = MCPServer("bench", log_level="WARNING", **options)
    for name, function in _functions(tools).items():
        server.tool(name)(function)
    return server.streamable_http_app(streamable_http_path="/mcp", json_response=json_response, stateless_http=True)


def agentkit_server(auth: str, tools: int, url: str, given: Given) -> ASGIApp:
    """Ours."""
    from agentkit.mcp import BearerAuth, HostedServer, NoAuth, OAuthAuth, ToolServer, host

    server = ToolServer("bench", version="1")
    for name, function in _functions(tools).items():
        server.tool(name=name)(function)
    wanted = {"none": NoAuth(), "bearer": BearerAuth(TOKEN), "oauth2.0": OAuthAuth(given.issuer, given.jwks, (SCOPE,))}
    return host([HostedServer(server, "/mcp", wanted[auth])], public_url=url.removesuffix("/mcp"))


def fastmcp_server(auth: str, tools: int, url: str, given: Given) -> ASGIApp:
    """FastMCP 4."""
    from fastmcp import FastMCP
    from fastmcp.server.auth import RemoteAuthProvider
    from fastmcp.server.auth.providers.jwt import JWTVerifier, StaticTokenVerifier

    provider: Any = None
    if auth == "bearer":
        provider = StaticTokenVerifier({TOKEN: {"client_id": CLIENT, "scopes": []}})
    if auth == "oauth2.0":
        public = jwt.PyJWKSet.from_dict(given.jwks).keys[0].key.public_bytes(*_pem_public())
        verifier = JWTVerifier(
            public_key=public.decode(), algorithm="ES256", issuer=given.issuer, audience=url, required_scopes=[SCOPE]
        )
        provider = RemoteAuthProvider(verifier, [cast("Any", given.issuer)], url.removesuffix("/mcp"))
    server = FastMCP("bench", auth=provider)
    for name, function in _functions(tools).items():
        server.tool(function, name=name)
    return server.http_app(path="/mcp", json_response=True, stateless_http=True)


def _pem_public() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return Encoding.PEM, PublicFormat.SubjectPublicKeyInfo


Build = Callable[[str, int, str, Given], ASGIApp]
SERVERS: Final[dict[str, Build]] = {
    "plain": plain_server,
    "plain-sse": partial(plain_server, json_response=False),
    "agentkit": agentkit_server,
    "fastmcp": fastmcp_server,
}


def issuer_app(given: Given) -> ASGIApp:
    """The authorization server of all kinds."""
    from starlette.applications import Starlette

    from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server

    clients = ClientRegistry()
    clients.add(CLIENT, SECRET, [SCOPE])
    keys = SigningKeys.from_pem(given.pem.encode())
    return Starlette(routes=authorization_server(given.issuer, keys, clients, resources=list(given.urls.values())))


def _uvicorn(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))


async def _started(*servers: uvicorn.Server) -> None:
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.005)


async def serve(kind: str, given: Given, sockets: Mapping[str, int]) -> None:
    """Serve every address of a kind; answer each line of standard input with the CPU seconds used so far."""
    if kind == "issuer":
        apps = {"issuer": issuer_app(given)}
    else:
        apps = {
            key: SERVERS[kind](key.rpartition("-")[0], int(key.rpartition("-")[2]), given.urls[f"{kind} {key}"], given)
            for key in sockets
        }
    running = [
        (server := _uvicorn(app), asyncio.create_task(server.serve(sockets=[socket.socket(fileno=sockets[key])])))
        for key, app in apps.items()
    ]
    await _started(*(server for server, _ in running))
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(time.process_time(), flush=True)
    for server, task in running:
        server.should_exit = True
        await task


# --- clients -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def plain_client(auth: str, url: str, given: Given, http: httpx2.AsyncClient) -> AsyncGenerator[Call]:
    """The SDK's client."""
    from mcp import Client
    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
    from mcp.client.streamable_http import streamable_http_client

    if auth == "bearer":
        http.headers["authorization"] = f"Bearer {TOKEN}"
    if auth == "oauth2.0":
        http.auth = ClientCredentialsOAuthProvider(url, _Storage(), CLIENT, SECRET, issuer=given.issuer)
    async with Client(streamable_http_client(url, http_client=http), mode="2026-07-28") as client:

        async def call(tool: str, arguments: dict[str, object]) -> object:
            return (await client.call_tool(tool, arguments)).structured_content

        yield call


class _Storage:
    def __init__(self) -> None:
        self.tokens: Any = None
        self.client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


@asynccontextmanager
async def agentkit_client(auth: str, url: str, given: Given, http: httpx2.AsyncClient) -> AsyncGenerator[Call]:
    """Ours."""
    from agentkit.mcp import BearerToken, McpClient, OAuthClientCredentials

    credentials = {"bearer": BearerToken(TOKEN), "oauth2.0": OAuthClientCredentials(CLIENT, SECRET)}
    async with McpClient(url, name="bench", http=http, auth=credentials.get(auth)) as client:

        async def call(tool: str, arguments: dict[str, object]) -> object:
            return (await client.call_tool(tool, cast("dict[str, Any]", arguments))).data

        yield call


@asynccontextmanager
async def fastmcp_client(auth: str, url: str, given: Given, http: httpx2.AsyncClient) -> AsyncGenerator[Call]:
    """FastMCP 4."""
    from fastmcp import Client
    from fastmcp.client.transports import StreamableHttpTransport
    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider

    given_auth: Any = {
        "none": None,
        "bearer": TOKEN,
        "oauth2.0": ClientCredentialsOAuthProvider(url, _Storage(), CLIENT, SECRET, issuer=given.issuer),
    }[auth]
    async with Client(StreamableHttpTransport(url, auth=given_auth)) as client:

        async def call(tool: str, arguments: dict[str, object]) -> object:
            return (await client.call_tool(tool, arguments)).structured_content

        yield call


Open = Callable[[str, str, Given, httpx2.AsyncClient], AbstractAsyncContextManager[Call]]
CLIENTS: Final[dict[str, Open]] = {
    "plain": plain_client,
    "plain-sse": plain_client,
    "agentkit": agentkit_client,
    "fastmcp": fastmcp_client,
}


async def _one(call: Call, tool: str, number: int) -> None:
    arguments: dict[str, object] = {"a": number} if tool == "wait" else {"a": number, "b": 1}
    if await call(tool, arguments) != {"total": number if tool == "wait" else number + 1}:
        raise RuntimeError("unexpected answer")


async def _many(call: Call, tool: str, amount: int, concurrency: int) -> None:
    numbers = iter(range(amount))

    async def worker() -> None:
        for number in numbers:
            await _one(call, tool, number)

    await asyncio.gather(*(worker() for _ in range(concurrency)))


@dataclass
class Wishes:
    """Does what the parent wants with the clients of one kind."""

    kind: str
    given: Given
    stack: AsyncExitStack
    pools: dict[str, httpx2.AsyncClient] = field(default_factory=dict[str, httpx2.AsyncClient])
    calls: dict[str, Call] = field(default_factory=dict[str, Call])

    async def pool(self, key: str) -> httpx2.AsyncClient:
        """The pool of a setting: what plain puts into it for one must not reach another."""
        if key not in self.pools:
            made = httpx2.AsyncClient(trust_env=False, timeout=60)
            self.pools[key] = await self.stack.enter_async_context(made)
        return self.pools[key]

    async def grant(self, key: str, amount: int, concurrency: int, connect: bool) -> tuple[float, float]:
        """Call, and tell the CPU and wall-clock seconds it took."""
        auth, _, tools = key.rpartition("-")
        url, tool = self.given.urls[f"{self.kind} {key}"], f"tool_{int(tools) - 1}"
        tool = "wait" if int(tools) == WAITING else tool
        http = await self.pool(f"{key}{' first' if connect else ''}")
        client = CLIENTS[self.kind](auth, url, self.given, http)
        if connect:
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            async with client as call:
                await _one(call, tool, 1)
                return time.process_time() - cpu, time.perf_counter() - wall
        if key not in self.calls:
            self.calls[key] = await self.stack.enter_async_context(client)
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await _many(self.calls[key], tool, amount, concurrency)
        return time.process_time() - cpu, time.perf_counter() - wall


async def use(kind: str, given: Given) -> None:
    """Do what each line of standard input says, and print what it took."""
    async with AsyncExitStack() as stack:
        wishes = Wishes(kind, given, stack)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await wishes.grant(**json.loads(line))), flush=True)


# --- memory --------------------------------------------------------------------------------------------------------


def _memory() -> tuple[float, float]:
    """MiB of this process, and thousands of memory blocks that Python holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096 / 2**20, sys.getallocatedblocks() / 1000


async def remember(kind: str, given: Given, amount: int, restarts: int) -> None:
    """Server and client in one process: print the memory at the start, after the calls and after the restarts."""
    url = given.urls[f"{kind} bearer-100"]
    port = int(url.rpartition(":")[2].removesuffix("/mcp"))

    @asynccontextmanager
    async def served() -> AsyncGenerator[None]:
        server = _uvicorn(SERVERS[kind]("bearer", 100, url, given))
        task = asyncio.create_task(server.serve(sockets=[_bound(port)]))
        await _started(server)
        yield
        server.should_exit = True
        await task

    reports: list[tuple[float, float]] = []
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http, AsyncExitStack() as first:
        await first.enter_async_context(served())
        async with CLIENTS[kind]("bearer", url, given, http) as call:
            await _many(call, "tool_99", 200, 1)
            reports.append(_memory())
            await _many(call, "tool_99", amount, 1)
            reports.append(_memory())
            await first.aclose()
            for restart in range(restarts):
                async with served():
                    await _one(call, "tool_99", restart)
                if restart == 1:
                    reports.append(_memory())
            reports.append(_memory())
    print(json.dumps(reports), flush=True)


# --- the run -------------------------------------------------------------------------------------------------------


def _bound(port: int = 0) -> socket.socket:
    # Without the protocol asyncio leaves out TCP_NODELAY, and each answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


@dataclass
class Process:
    """A child that answers each line with one line."""

    name: str
    popen: subprocess.Popen[str]

    def ask(self, line: str = "") -> Any:
        """Its answer to a line."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()
        return json.loads(self.hear())

    def hear(self) -> str:
        """Its next line."""
        assert self.popen.stdout is not None
        told = self.popen.stdout.readline()
        if not told:
            raise RuntimeError(f"{self.name} ended")
        return told


def _child(
    role: str, kind: str, given: Given, *extra: str, sockets: Mapping[str, socket.socket] | None = None
) -> Process:
    numbers = {key: listener.fileno() for key, listener in (sockets or {}).items()}
    command = [sys.executable, __file__, role, kind, json.dumps(asdict(given)), json.dumps(numbers), *extra]
    pipe = subprocess.PIPE
    popen = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, pass_fds=list(numbers.values()))
    return Process(f"{role} {kind}", popen)


@dataclass
class Row:
    """What one kind took in one setting, one number per round: CPU seconds per call of both sides, calls per second."""

    client: list[float] = field(default_factory=list[float])
    server: list[float] = field(default_factory=list[float])
    rate: list[float] = field(default_factory=list[float])

    @property
    def both(self) -> list[float]:
        """CPU seconds of client and server together."""
        return [client + server for client, server in zip(self.client, self.server, strict=True)]

    def least(self) -> tuple[float, float, float, float]:
        """Client, server, both and rate at their best."""
        return min(self.client), min(self.server), min(self.both), max(self.rate)

    def against(self, yard: Row) -> float:
        """How both sides compare with the yardstick, round by round."""
        return statistics.median(mine / its for mine, its in zip(self.both, yard.both, strict=True))


@dataclass
class Bench:
    """The children, and what to do with them."""

    kinds: Sequence[str]
    servers: dict[str, Process]
    clients: dict[str, Process]

    def turn(
        self, kind: str, key: str, *, amount: int = 1, concurrency: int = 1, connect: bool = False
    ) -> Sequence[float]:
        """CPU seconds of client and server and the wall-clock seconds of some calls."""
        wish = {"key": key, "amount": amount, "concurrency": concurrency, "connect": connect}
        if not connect:
            self.clients[kind].ask(
                json.dumps({**wish, "amount": concurrency + (0 if key.endswith(f"-{WAITING}") else _WARM_UP)})
            )
        before = self.servers[kind].ask()
        client, wall = self.clients[kind].ask(json.dumps(wish))
        return client, self.servers[kind].ask() - before, wall

    def rounds(self) -> Sequence[str]:
        """The kinds in changing order."""
        return random.sample(list(self.kinds), len(self.kinds))

    def calls(self, options: argparse.Namespace) -> None:
        """Print CPU time per call and calls per second."""
        settings = list(itertools.product(options.auth, options.tools, options.concurrency))
        rows = {(setting, kind): Row() for setting in settings for kind in self.kinds}
        for number in range(options.rounds + 1):
            for setting in settings:
                auth, tools, concurrency = setting
                for kind in self.rounds():
                    amount = options.calls
                    client, server, wall = self.turn(kind, f"{auth}-{tools}", amount=amount, concurrency=concurrency)
                    if number:  # the first round only fills the caches
                        row = rows[setting, kind]
                        row.client.append(client / amount)
                        row.server.append(server / amount)
                        row.rate.append(amount / wall)
        print(
            f"\n{'auth':10}{'tools':>6}{'at once':>8}  {'kind':10}{'cpu us: client':>15}{'server':>8}{'both':>8}",
            end="",
        )
        print(f"{'calls/s':>9}   {'ratio: client':>13}{'server':>8}{'both':>8}{'median':>8}")
        worst: dict[str, float] = {}
        for (setting, kind), row in rows.items():
            client, server, both, rate = row.least()
            yardstick = rows[setting, self.kinds[0]]
            yard = yardstick.least()
            auth, tools, concurrency = setting
            print(f"{auth:10}{tools:6}{concurrency:8}  {kind:10}", end="")
            print(f"{client * 1e6:15.0f}{server * 1e6:8.0f}{both * 1e6:8.0f}{rate:9.0f}   ", end="")
            print(f"{client / yard[0]:13.2f}{server / yard[1]:8.2f}{both / yard[2]:8.2f}", end="")
            print(f"{row.against(yardstick):8.2f}")
            worst[kind] = max(worst.get(kind, 0), both / yard[2])
        for kind, ratio in worst.items():
            tell(f"one tool call, worst of all settings, {kind}", ratio, self.kinds[0], GOAL)

    def parallel(self, options: argparse.Namespace) -> None:
        """Print how long five concurrent one-second tools take with oauth2.0 (MCP-OAU-01)."""
        del options
        print("\nfive concurrent tools of one second each, oauth2.0, seconds for all:")
        for kind in self.kinds:
            _, _, wall = self.turn(kind, f"oauth2.0-{WAITING}", amount=5, concurrency=5)
            print(f"  {kind:10}{wall:8.2f}")

    def connect(self, options: argparse.Namespace) -> None:
        """Print what the first call of a new client over a shared pool takes."""
        print("\nfirst call of a new client (shared pool, 100 tools): milliseconds, cpu of client and server")
        for auth in options.auth:
            taken: dict[str, list[Sequence[float]]] = {kind: [] for kind in self.kinds}
            for number in range(options.rounds + 1):
                for kind in self.rounds():
                    once = self.turn(kind, f"{auth}-100", connect=True)
                    if number:
                        taken[kind].append(once)
            for kind, all_of_them in taken.items():
                client, server, wall = (statistics.median(values) * 1000 for values in zip(*all_of_them, strict=True))
                print(f"  {auth:10}{kind:10}{wall:8.1f} ms, cpu{client:7.1f} +{server:7.1f}")


def _memories(options: argparse.Namespace, given: Given) -> None:
    amount, restarts = (1_000, 10) if options.quick else (10_000, 50)
    print("\nmemory, server and client in one process, 100 tools, bearer: MiB (thousand blocks) after 200 calls,")
    print(f"then {amount} more calls, 2 server restarts, {restarts} server restarts")
    for kind in options.kinds:
        child = _child("memory", kind, given, str(amount), str(restarts))
        told = json.loads(child.hear())
        child.popen.communicate("")
        print(f"  {kind:10}" + "  ".join(f"{mib:7.1f} ({blocks:6.1f})" for mib, blocks in told))


def _options() -> argparse.Namespace:
    def words(text: str) -> list[str]:
        return text.split(",")

    def numbers(text: str) -> list[int]:
        return [int(word) for word in text.split(",")]

    parser = argparse.ArgumentParser(description="CPU time per call of a trivial MCP tool, ours against plain mcp.")
    parser.add_argument("--quick", action="store_true", default=QUICK, help="fewer calls and rounds")
    parser.add_argument("--only", type=words, default=["calls", "parallel", "connect", "memory"])
    parser.add_argument("--auth", type=words, default=list(AUTHS))
    parser.add_argument("--tools", type=numbers, default=[1, 100])
    parser.add_argument("--concurrency", type=numbers, default=[1, 16])
    parser.add_argument("--kinds", type=words, default=["plain", "agentkit"], help="the first one is the yardstick")
    parser.add_argument("--calls", type=int)
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    options.calls = options.calls or (60 if options.quick else 200)
    options.rounds = options.rounds or (3 if options.quick else 7)
    return options


def main() -> None:
    """Start servers and clients, let them take turns, print the tables."""
    from agentkit.oauth import SigningKeys

    options = _options()
    keys = [f"{auth}-{tools}" for auth in AUTHS for tools in sorted({*options.tools, WAITING, 100})]
    issuer = {"issuer": _bound()}
    sockets = {kind: {key: _bound() for key in keys} for kind in options.kinds}
    urls = {
        f"{kind} {key}": f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        for kind, listeners in sockets.items()
        for key, listener in listeners.items()
    }
    free = [_bound() for _ in options.kinds]
    memory_urls = {
        f"{kind} bearer-100": f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        for kind, listener in zip(options.kinds, free, strict=True)
    }
    for listener in free:
        listener.close()
    pem = SigningKeys().to_pem().decode()
    given = Given(f"http://127.0.0.1:{issuer['issuer'].getsockname()[1]}", pem, urls)
    processes: list[Process] = []
    try:
        if set(options.only) - {"memory"}:
            processes.append(_child("serve", "issuer", given, sockets=issuer))
            servers = {kind: _child("serve", kind, given, sockets=sockets[kind]) for kind in options.kinds}
            clients = {kind: _child("client", kind, given) for kind in options.kinds}
            processes += [*servers.values(), *clients.values()]
            for process in [processes[0], *servers.values()]:
                process.hear()
            bench = Bench(options.kinds, servers, clients)
            for part in ("calls", "parallel", "connect"):
                if part in options.only:
                    getattr(bench, part)(options)
    finally:
        for process in reversed(processes):
            process.popen.communicate("", timeout=30)
    if "memory" in options.only:
        _memories(options, Given(given.issuer, pem, memory_urls))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    match sys.argv[1:]:
        case ["serve", kind, told, numbers]:
            asyncio.run(serve(kind, Given(**json.loads(told)), json.loads(numbers)))
        case ["client", kind, told, _]:
            asyncio.run(use(kind, Given(**json.loads(told))))
        case ["memory", kind, told, _, amount, restarts]:
            asyncio.run(remember(kind, Given(**json.loads(told)), int(amount), int(restarts)))
        case _:
            main()
