"""Experts and servers of one's own on the command line: what is served, what is told, and how it stops."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from agentkit.cli import house
from agentkit.cli.access import Access
from agentkit.cli.house import Place, Served, everything, open_doors
from agentkit.cli.platform_options import PlatformOptions
from agentkit.cli.serving import serving
from agentkit.cli.target import comes_from_here, load_target, place_of, servable
from agentkit.errors import ConfigurationError, ServeError, SpecError
from agentkit.experts import Expert, discovery
from agentkit.mcp import BearerToken, McpClient, OAuthClientCredentials, ToolServer
from agentkit.specs import Authorization
from tests.cli.conftest import AGENTKIT, House, Run, started
from tests.deadline import HANG, HANG_PROCESS

OWN = """
import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

from mcp.server import MCPServer
from pydantic import BaseModel

from agentkit import Expert
from agentkit.compose import FunctionAgent
from agentkit.mcp import ToolServer

print("something that is printed")
expert = Expert("ward-desk", description="Knows the wards.", authorization="{authorization}")

class Beds(BaseModel):
    free: int

@expert.tool
async def free_beds(ward: str) -> Beds:
    "Tell how many beds are free."
    return Beds(free=len(ward))

@expert.tool
async def slow(name: str) -> Beds:
    "Wait until somebody lets it go."
    Path(name).with_suffix(".begun").touch()
    while not Path(name).exists():
        await asyncio.sleep(0.01)
    return Beds(free=1)

plain = MCPServer("Plain Server", log_level="ERROR")

@plain.tool()
def add(a: int, b: int) -> int:
    "Add."
    return a + b

async def make():
    return expert

def make_plain():
    return plain

def needs(argument):
    return expert

def makes_nothing():
    return None

def breaks():
    raise RuntimeError("Ingrid Solheim")

empty = Expert("empty", description="Has nothing.")

@asynccontextmanager
async def fails():
    raise RuntimeError("Ingrid Solheim")
    yield

broken = Expert("broken", description="Does not start.", lifespan=fails)
broken.tool(free_beds)

def shout(text: str) -> str:
    return text.upper()

agent = FunctionAgent(shout)
number = 5
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own", raising=False)
    return tmp_path


def write(folder: Path, authorization: str = "bearer") -> None:
    (folder / "own.py").write_text(OWN.replace("{authorization}", authorization), encoding="utf-8")
    (folder / "imports_none.py").write_text("import nothing_of_that_name", encoding="utf-8")


NO_PROCESS: Any = None
Serves = Callable[..., list[Any]]


@pytest.fixture
def serves(run: Run, monkeypatch: pytest.MonkeyPatch) -> Serves:
    """Run `agentkit serve` in this process, make calls while it serves, and let it stop."""

    def serve(*arguments: str, calls: Callable[[House], Awaitable[Any]]) -> list[Any]:
        answers: list[Any] = []

        async def serve_until_called(*served: Served, next_steps: Sequence[str] = ()) -> None:
            async with serving([(one.address, one.app) for one in served]):
                lines = [line for one in served for line in one.lines]
                with anyio.fail_after(HANG):
                    answers.append(await calls(House((*lines, *next_steps), NO_PROCESS)))

        monkeypatch.setattr(house, "serve_until_stopped", serve_until_called)
        done = run("serve", *arguments, "--port", "0")
        if done.exception:
            raise done.exception
        return answers

    return serve


def made(served: House, kind: str) -> str:
    return next(line for line in served.lines if f"  {kind} " in line).partition(f"  {kind} ")[2].split()[0]


async def ask(url: str, auth: Any, tool: str = "free_beds", **arguments: Any) -> Any:
    async with McpClient(url, name="x", auth=auth) as client:
        return (await client.call_tool(tool, arguments)).data


def call(url: str, auth: Any, tool: str = "free_beds", **arguments: Any) -> Any:
    async def in_time() -> Any:
        with anyio.fail_after(HANG):
            return await ask(url, auth, tool, **arguments)

    return anyio.run(in_time)


def test_an_expert_is_served_with_its_own_authorization_and_the_next_commands_are_told(own: Path) -> None:
    with started(own, "own:expert", "--port", "0") as served:
        url, token = served.address("ward-desk"), made(served, "token")
        assert url.endswith("/ward-desk/mcp")
        assert call(url, BearerToken(token), ward="Cardiology") == {"free": 10}
    assert list(served.lines[2:4]) == [
        f"check it         agentkit experts verify {url} --token {token}",
        f"register it      agentkit experts apply own:expert --url {url} --agent NAME --local",
    ]


def test_a_token_that_was_given_is_not_repeated_in_them(own: Path, serves: Serves) -> None:
    given = "given-on-the-command-line"

    async def calls(served: House) -> Any:
        assert given not in "\n".join(served.lines)
        return await ask(served.address("ward-desk"), BearerToken(given), ward="ICU")

    assert serves("own:expert", "--token", given, calls=calls) == [{"free": 3}]


def test_an_expert_is_served_with_oauth_and_its_client_is_told(own: Path, serves: Serves) -> None:
    async def calls(served: House) -> Any:
        client_id, _, secret = made(served, "client").partition(":")
        assert client_id == "ward-desk-client"
        return await ask(served.address("ward-desk"), OAuthClientCredentials(client_id, secret), ward="ICU")

    assert serves("own:expert", "--auth", "oauth2.0", calls=calls) == [{"free": 3}]


@pytest.mark.parametrize(("attribute", "name"), [("make", "ward-desk"), ("plain", "Plain-Server"), ("make_plain", "P")])
def test_what_a_function_makes_and_a_server_of_the_sdk_are_served(
    own: Path, serves: Serves, attribute: str, name: str
) -> None:
    async def calls(served: House) -> Any:
        url = served.address(name)
        return await (ask(url, None, ward="ICU") if name == "ward-desk" else ask(url, None, "add", a=1, b=2))

    expected = {"free": 3} if name == "ward-desk" else {"result": 3}
    assert serves(f"own:{attribute}", "--auth", "none", calls=calls) == [expected]


def test_an_installed_expert_is_served_by_its_name(serves: Serves) -> None:
    async def calls(served: House) -> Any:
        url = served.address("ehr")
        assert url.endswith("/ehr/mcp")
        assert f"agentkit experts apply ehr-lookup --url {url} --agent NAME --local" in "\n".join(served.lines)
        return await ask(url, BearerToken(made(served, "token")), "find_patients", name="Ingrid Solheim")

    assert "Solheim" in str(serves("ehr-lookup", calls=calls))


def test_it_is_served_over_stdio_and_nothing_else_is_written_there(own: Path) -> None:
    environment = {**os.environ, "XDG_DATA_HOME": str(own)}
    server = StdioServerParameters(command=AGENTKIT, args=["serve", "own:expert", "--stdio"], cwd=own, env=environment)

    async def talk() -> list[str]:
        with anyio.fail_after(HANG):
            async with Client(stdio_client(server), mode="legacy") as client:
                answer = await client.call_tool("free_beds", {"ward": "ICU"})
                assert answer.structured_content == {"free": 3}
                return [tool.name for tool in (await client.list_tools()).tools]

    assert anyio.run(talk) == ["free_beds", "slow"]


def test_a_tool_that_does_not_let_itself_be_cancelled_keeps_no_command(
    own: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, exits = asyncio.Event(), list[int]()

    async def stubborn() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    async def run_stdio(_: ToolServer) -> None:
        tasks.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    def leave(status: int) -> None:
        exits.append(status)
        released.set()

    tasks: list[asyncio.Task[None]] = []
    monkeypatch.setattr(ToolServer, "run_stdio", run_stdio)
    monkeypatch.setattr("agentkit.cli.ending._LAST_GRACE", 0.05)
    monkeypatch.setattr("agentkit.cli.ending.os._exit", leave)
    assert run("serve", "own:expert", "--stdio").exception is None
    assert exits == [0]


@pytest.mark.parametrize(
    ("what", "tool"), [("own:expert", "free_beds"), ("own:plain", "add"), ("ehr", "find_patients"), ("calculator", "")]
)
def test_each_server_can_be_one_over_stdio(
    own: Path, run: Run, monkeypatch: pytest.MonkeyPatch, what: str, tool: str
) -> None:
    served: list[ToolServer] = []

    async def run_stdio(server: ToolServer, **_: Any) -> None:
        served.append(server)

    monkeypatch.setattr(ToolServer, "run_stdio", run_stdio)
    done = run("serve", what, "--stdio")
    assert done.exception is None
    assert done.stdout == ""
    assert any(name.startswith(tool) for name in served[0].tool_names)


def test_what_a_module_writes_or_reads_while_it_is_imported_is_not_on_the_wire(own: Path) -> None:
    (own / "loud.py").write_text(
        "import os, subprocess, sys\n"
        "print('printed')\n"
        "os.write(1, b'written')\n"
        "subprocess.run(['echo', 'by a child'], check=True)\n"
        "assert sys.stdin.read() == ''\n"
        "from own import expert\n"
    )
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    done = subprocess.run(
        [AGENTKIT, "serve", "loud:expert", "--stdio"],
        input=json.dumps(hello) + "\n",
        cwd=own,
        capture_output=True,
        text=True,
        timeout=HANG_PROCESS,
        check=True,
    )
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1]
    for said in ("printed", "written", "by a child"):
        assert said in done.stderr


def test_a_call_that_is_under_way_is_finished_after_sigterm(own: Path) -> None:
    answers: list[Any] = []
    with started(own, "own:expert", "--port", "0", "--auth", "none") as served:
        url, gate = served.address("ward-desk"), own / "gate"
        thread = threading.Thread(target=lambda: answers.append(call(url, None, "slow", name=str(gate))))
        thread.start()
        begun = gate.with_suffix(".begun")
        while not begun.exists() and thread.is_alive():
            thread.join(0.01)
        served.process.send_signal(signal.SIGTERM)
        while _accepts(url):
            thread.join(0.01)
        gate.touch()
        thread.join(HANG)
        served.process.wait(HANG)
    assert answers == [{"free": 1}]


def test_a_stream_that_is_open_is_ended_after_sigterm(own: Path) -> None:
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    with started(own, "own:expert", "--port", "0", "--auth", "none") as served:
        with httpx2.stream("GET", served.address("ward-desk"), headers=headers, timeout=HANG) as answer:
            assert answer.status_code == 200
            served.process.send_signal(signal.SIGTERM)
            assert "error" not in answer.read().decode()
        served.process.wait(HANG_PROCESS)
        assert served.process.returncode == 0


def _accepts(url: str) -> bool:
    try:
        httpx2.get(url.removesuffix("/ward-desk/mcp") + "/health", timeout=HANG)
    except httpx2.TransportError:
        return False
    return True


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        ("number", "own:number: is a int; it must be an Agent, an Expert, a ToolServer or an MCPServer"),
        ("Beds", "own:Beds: is the class Beds"),
        ("needs", "must do without arguments"),
        ("makes_nothing", "what own:makes_nothing makes: is a NoneType"),
        ("breaks", "own:breaks: cannot be loaded: RuntimeError at own.py"),
        ("nothing", "the module own has no nothing"),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_was_found(own: Path, attribute: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_target(f"own:{attribute}")
    assert says in str(caught.value)
    assert "Solheim" not in str(caught.value)


def test_what_can_be_served_is_found(own: Path) -> None:
    assert isinstance(load_target("own:expert"), Expert)
    assert isinstance(load_target("own:make"), Expert)
    plain = load_target("own:plain")
    assert isinstance(plain, ToolServer)
    assert (plain.name, plain.tool_names) == ("Plain Server", ("add",))
    with pytest.raises(SpecError, match="is a server of the MCP SDK"):
        plain.tool()
    with pytest.raises(SpecError, match="target: is an empty list"):
        servable("target", [])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["own:empty"], SpecError, "has no tools"),
        (["own:expert", "--auth", "basic"], ConfigurationError, "Known: none, bearer, inherit, oauth2.0, apiKey"),
        (["own:expert", "--auth", "none,bearer"], ConfigurationError, "none lets everybody in"),
        (["own:expert", "--auth", "inherit"], ConfigurationError, "--issuer"),
        (["own:expert", "--auth", "inherit", "--issuer", "https://x.example"], ConfigurationError, "--audience"),
        (["own:expert", "--auth", "bearer", "--issuer", "https://x.example"], ConfigurationError, "--issuer: is for"),
        (["own:expert", "--auth", "oauth2.0", "--audience", "x"], ConfigurationError, "--audience: needs to know"),
        (["own:expert", "--database", "x.db"], ConfigurationError, "is for installed servers"),
        (["own:expert", "--host", "192.0.2.1", "--auth", "none"], Exception, "--insecure"),
        (["own:expert", "--host", "0.0.0.0"], ServeError, "--public-url"),  # noqa: S104
        (["own:agent", "--host", "::"], ServeError, "--insecure"),
        (["own:agent", "--host", "::", "--insecure"], ServeError, "no address that clients can use"),
        (["ehr", "--host", "::"], ServeError, "no address that clients can use"),
        (["nothing"], Exception, "ehr-lookup"),
        (["own.py:expert"], SpecError, "Name the module, for example own:expert"),
        (["./folder/own:expert"], SpecError, "Name the module, for example own:expert"),
        (["imports_none:expert"], SpecError, "imports_none imports it: install it"),
        (["absent:expert"], SpecError, "It is looked for in the working directory"),
        (["own:expert", "--stdio", "--auth", "bearer"], ConfigurationError, "--auth: cannot stand beside --stdio"),
        (["own:expert", "--stdio", "--token", "x"], ConfigurationError, "--token: cannot stand beside --stdio"),
        (["own:expert", "--stdio", "--api-key", "x"], ConfigurationError, "--api-key: cannot stand beside --stdio"),
        (["own:expert", "--stdio", "--issuer", "x"], ConfigurationError, "--issuer: cannot stand beside --stdio"),
        (["own:expert", "--stdio", "--port", "5"], ConfigurationError, "--port: cannot stand beside --stdio"),
        (["own:expert", "--auth", "none", "--token", "x"], ConfigurationError, "--token: would open nothing"),
        (["own:expert", "--api-key", "x"], ConfigurationError, "--api-key: would open nothing"),
        (["own:expert", "--client", "a:b"], ConfigurationError, "Choose the authorization oauth2.0"),
        (["own:agent", "--token", "x"], ConfigurationError, "--token: would open nothing"),
        (["ehr", "--auth", "oauth2.0", "--token", "x"], ConfigurationError, "--token: would open nothing"),
        (["all", "--auth", "bearer", "--client", "a:b"], ConfigurationError, "--client: would open nothing"),
        (["platform", "--token", "x"], ConfigurationError, "--clients FILE"),
        (
            ["own:expert", "--auth", "oauth2.0", "--issuer", "https://x.example", "--client", "a:b"],
            ConfigurationError,
            "--client: would open nothing",
        ),
        (["platform", "--stdio"], SpecError, "platform: is no MCP server"),
        (["authorization-server", "--auth", "bearer"], ConfigurationError, "agentkit clients add"),
    ],
)
def test_a_wrong_option_is_refused_naming_the_remedy(
    own: Path, run: Run, arguments: list[str], error: type[Exception], says: str
) -> None:
    done = run("serve", *arguments, *([] if "--stdio" in arguments else ["--port", "0"]))
    assert isinstance(done.exception, error)
    assert says in str(done.exception)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EADDRNOTAVAIL, "Give an address of this machine"), (errno.EADDRINUSE, "Stop what listens there")],
)
def test_an_address_that_cannot_be_taken_is_told_with_what_to_do(
    own: Path, run: Run, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    done = run("serve", "own:expert", "--port", "0")
    assert isinstance(done.exception, ServeError)
    assert remedy in str(done.exception)


def test_a_lifespan_that_fails_is_told_as_what_it_is(own: Path, run: Run) -> None:
    done = run("serve", "own:broken", "--port", "0")
    assert isinstance(done.exception, RuntimeError)
    assert comes_from_here(done.exception)
    assert place_of(done.exception).startswith("own.py:")


def test_an_expert_that_is_open_by_its_own_word_is_not_shown_to_others(own: Path, run: Run) -> None:
    write(own, authorization="none")
    done = run("serve", "own:expert", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert isinstance(done.exception, ServeError)
    assert "ward-desk is served without authorization" in str(done.exception)


def test_all_serves_installed_experts_that_have_functions_too(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points: dict[str, list[EntryPoint]] = {
        "agentkit.experts": [
            EntryPoint("broken", "absent_package:EXPERT", "agentkit.experts"),
            EntryPoint("ward-desk", "own:expert", "agentkit.experts"),
        ],
        "agentkit.servers": [],
    }

    def installed(*, group: str) -> list[EntryPoint]:
        return points[group]

    monkeypatch.setattr(discovery, "entry_points", installed)
    sys.path.insert(0, str(own))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    platform, servers = everything(Place("127.0.0.1", 0), Access(), PlatformOptions())
    for one in (platform, servers):
        one.address.close()
    assert [door.url.partition(str(servers.address.port))[2] for door in servers.doors] == ["/ward-desk/mcp"]
    (door,) = open_doors("all", None, Access((Authorization.NONE,)), PlatformOptions(clients=own / "clients.toml"))
    assert "ward-desk is served without authorization" in door


def test_one_client_opens_all_servers_it_was_given_for(serves: Serves) -> None:
    async def calls(served: House) -> Any:
        auth = OAuthClientCredentials("one", "secret-of-the-client")
        assert await ask(served.address("ehr"), auth, "find_patients", name="Ingrid Solheim")
        return await ask(served.address("questionnaires"), auth, "list_questionnaires")

    assert serves("all", "--auth", "oauth2.0", "--client", "one:secret-of-the-client", calls=calls)
