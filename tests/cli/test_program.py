"""Serving from a program: the same as the command, blocking or beside something else."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import anyio
import httpx2
import pytest
from starlette.applications import Starlette

import agentkit
from agentkit.a2a import ApiKeyAuth, BearerAuth, HostedAgent, Security
from agentkit.cli import serving as servers
from agentkit.cli.access import Access
from agentkit.cli.address import bind
from agentkit.cli.house import Place, own
from agentkit.cli.next_steps import next_steps
from agentkit.cli.platform_options import PlatformOptions
from agentkit.cli.program import ServeOptions, serve, serving
from agentkit.cli.serve import serve as serve_command
from agentkit.compose import Agent, FunctionAgent, RunContext
from agentkit.errors import AgentKitError, ConfigurationError, McpAuthRequired, ServeError, SpecError, ToolFailed
from agentkit.experts import Expert
from agentkit.mcp import BearerToken, McpClient, OAuthClientCredentials
from agentkit.models import Event, Message
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.specs import Authorization
from tests.cli.conftest import started
from tests.deadline import HANG


def shout(text: str) -> str:
    return text.upper()


def whisper(text: str) -> str:
    return text.lower()


class AlmostAnAgent:
    name = "almost"
    description = "Can run, and neither stop nor say what it can do."

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield message.reply("done")


QUESTION = "How many beds are free at Cardiology?"


def desk(**options: Any) -> Expert:
    expert = Expert("ward-desk", description="Knows the wards.", **options)

    @expert.tool
    async def free_beds(ward: str) -> dict[str, int]:
        """Tell how many beds are free.

        Args:
            ward: Name of the ward.
        """
        return {"free": len(ward)}

    assert free_beds
    return expert


@pytest.mark.anyio
async def test_an_expert_is_served_while_the_block_runs_and_called_there() -> None:
    expert = desk()
    with anyio.fail_after(HANG):
        async with serving(expert, port=0) as running:
            assert running.authorizations == (Authorization.BEARER,)
            assert running.token
            assert running.token not in repr(running)
            spec = expert.spec(url=running.url)
            result = await expert.call(QUESTION, url=spec.servers[0].url, auth=BearerToken(running.token))
            with pytest.raises(McpAuthRequired):
                await expert.call(QUESTION, url=running.url)
        gone = await expert.call(QUESTION, url=running.url)
    assert result.data == ({"free": 10},)
    assert gone.error is not None


@pytest.mark.anyio
async def test_an_expert_is_served_with_oauth() -> None:
    with anyio.fail_after(HANG):
        async with serving(desk(), port=0, auth="oauth2.0") as running:
            assert running.client
            result = await desk().call(QUESTION, url=running.url, auth=OAuthClientCredentials(*running.client))
    assert result.data == ({"free": 10},)


@pytest.mark.anyio
async def test_the_client_that_is_made_may_ask_for_the_scopes_of_single_tools() -> None:
    expert = desk()

    @expert.tool(scopes=("wards.write",))
    async def close_ward(ward: str) -> str:
        """Close a ward."""
        return f"{ward} is closed."

    assert close_ward
    with anyio.fail_after(HANG):
        async with serving(expert, port=0, auth="oauth2.0") as running, httpx2.AsyncClient() as http:
            assert running.client
            said: dict[str | None, str] = {}
            for scope in (None, "ward-desk wards.write"):
                auth = OAuthClientCredentials(*running.client, scope=scope)
                async with McpClient(running.url, name="ward-desk", http=http, auth=auth) as client:
                    try:
                        said[scope] = (await client.call_tool("close_ward", {"ward": "ICU"})).text
                    except ToolFailed as failure:
                        said[scope] = str(failure.code)
    assert said == {None: "insufficient-scope", "ward-desk wards.write": "ICU is closed."}


@pytest.mark.anyio
async def test_a_server_and_an_agent_are_served_too(tmp_path: Path) -> None:
    agent = FunctionAgent(shout)
    with anyio.fail_after(HANG):
        async with serving(desk().server, port=0, auth="none") as running:
            assert running.url.endswith("/ward-desk/mcp")
            assert running.lines[0].endswith("none")
        async with serving(agent, port=0, auth="bearer", database=str(tmp_path / "agent.db")) as running:
            assert running.authorizations == (Authorization.BEARER,)
            assert running.token


@pytest.mark.anyio
async def test_several_agents_are_served_together_each_with_its_card_and_options(tmp_path: Path) -> None:
    agents = [HostedAgent(FunctionAgent(shout)), FunctionAgent(whisper)]
    security = Security(BearerAuth({"ops": "ops-token"}), ApiKeyAuth({"ward": "ward-key"}))
    with anyio.fail_after(HANG):
        async with (
            serving(
                agents,
                port=0,
                security=security,
                database=str(tmp_path / "agents.db"),
                sign=tmp_path / "keys.json",
                limit=["rate=0.01", "burst=3"],
            ) as running,
            httpx2.AsyncClient(base_url=running.url, headers={"A2A-Version": "1.0"}, timeout=HANG) as http,
        ):
            listed = (await http.get("/agents.json")).json()["agents"]
            card = (await http.get("/whisper/.well-known/agent-card.json")).json()
            keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
            key, token = {"X-API-Key": "ward-key"}, {"Authorization": "Bearer ops-token"}
            answers = [(await http.get("/shout/tasks", headers=key)).status_code for _ in range(5)]
            other = (await http.get("/whisper/tasks", headers=token)).status_code
    assert [one["url"] for one in listed] == [f"{running.url}/shout", f"{running.url}/whisper"]
    assert set(card["securitySchemes"]) == {"bearer", "apiKey"}
    assert card["signatures"]
    assert [set(one) & {"d"} for one in keys] == [set()]
    assert answers[:3] == [200] * 3
    assert answers[3:] == [429, 429]
    assert other == 200
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert any(line.startswith("catalogue") for line in running.lines)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("target", "options", "error", "says"),
    [
        (5, {}, SpecError, "target: is a int; it must be an Agent, an Expert"),
        (Expert, {}, SpecError, "is the class Expert"),
        (AlmostAnAgent(), {}, SpecError, "this one lacks skills, cancel"),
        (HostedAgent(cast("Agent", AlmostAnAgent())), {}, SpecError, "is a HostedAgent; it must be an Agent"),
        ([HostedAgent(FunctionAgent(shout)), HostedAgent(cast("Agent", AlmostAnAgent()))], {}, SpecError, "is a list"),
        (Expert("empty", description="x"), {}, SpecError, "has no tools"),
        (desk(), {"auth": "basic"}, ConfigurationError, "'basic' is not known"),
        (desk(), {"auth": 5}, ConfigurationError, "auth: must be a text"),
        (desk(), {"auth": ["bearer", None]}, ConfigurationError, "auth: must be a text"),
        (desk(), {"auth": "inherit"}, ConfigurationError, "--issuer"),
        (desk(), {"token": ""}, ConfigurationError, "token: must be a text that is not empty"),
        (desk(), {"token": 5}, ConfigurationError, "token: must be a text"),
        (desk(), {"client": "id:secret", "auth": "oauth2.0"}, ConfigurationError, "client: must be a pair"),
        (desk(), {"token": "x", "auth": "oauth2.0"}, ConfigurationError, "token: would open nothing"),
        (desk(authorization="none"), {"token": "x"}, ConfigurationError, "token: would open nothing"),
        (FunctionAgent(shout), {"token": "x"}, ConfigurationError, "Choose the authorization bearer"),
        (desk(), {"auth": "oauth2.0", "issuer": "nonsense"}, ConfigurationError, "--issuer: is not an https address"),
        (desk(), {"auth": "oauth2.0", "issuer": "http://x.example"}, ConfigurationError, "--issuer: is not an https"),
        (
            desk(),
            {"auth": "inherit", "issuer": "https://x.example", "audience": "me", "jwks": "http://x.example/keys"},
            ConfigurationError,
            "--jwks: is not an https address",
        ),
        (desk(), {"port": 70000}, ConfigurationError, "port: must be"),
        (desk(), {"port": "http"}, ConfigurationError, "port: must be"),
        (desk(), {"host": "192.0.2.1", "auth": "none"}, ServeError, "served without authorization"),
        (FunctionAgent(shout), {"auth": "inherit"}, ConfigurationError, "--issuer URL and --audience"),
        (FunctionAgent(shout), {"auth": "oauth2.0"}, ConfigurationError, "serve authorization-server starts one"),
        (FunctionAgent(shout), {"auth": "bearer", "security": Security()}, ConfigurationError, "beside security"),
        (FunctionAgent(shout), {"limit": "speed=3"}, ConfigurationError, "Known: rate, burst, concurrent"),
        (FunctionAgent(shout), {"limit": "rate=fast"}, ConfigurationError, "rate must be a positive number"),
        (FunctionAgent(shout), {"limit": "burst=1.5"}, ConfigurationError, "burst must be a positive number"),
        (FunctionAgent(shout), {"tenant_claim": "org"}, ConfigurationError, "is for tokens of an issuer"),
        (FunctionAgent(shout), {"card": "/no/such/card.json"}, SpecError, "cannot be read"),
        (FunctionAgent(shout), {"trusted_proxy": "somewhere"}, SpecError, "trusted_proxies"),
        (FunctionAgent(shout), {"host": "192.0.2.1", "security": Security()}, ServeError, "without authorization"),
        ([FunctionAgent(shout), FunctionAgent(shout)], {}, SpecError, "two of them have the name 'shout'"),
        ([FunctionAgent(shout), 5], {}, SpecError, "target: is a list; it must be an Agent"),
        ([FunctionAgent(shout), 5], {}, SpecError, "Item 1 of it is a int."),
        ([shout], {}, SpecError, "Item 0 of it is a function: wrap it, FunctionAgent(shout)."),
        (shout, {}, SpecError, "a function that answers is wrapped: FunctionAgent(shout)."),
        ([], {}, SpecError, "target: is an empty list"),
        (desk(), {"grpc": 0}, ConfigurationError, "--grpc: is for agents"),
        (desk(), {"limit": "none"}, ConfigurationError, "--limit: is for agents"),
    ],
)
async def test_what_does_not_fit_is_refused_before_anything_is_served(
    target: object, options: dict[str, Any], error: type[AgentKitError], says: str
) -> None:
    options.setdefault("port", 0)
    with pytest.raises(error) as caught:
        async with serving(target, **options):
            pytest.fail("it was served")
    assert says in str(caught.value)


@pytest.mark.anyio
async def test_an_option_that_does_not_exist_is_not_overlooked() -> None:
    options: dict[str, Any] = {"tokn": "x"}
    with pytest.raises(TypeError, match="no option tokn; known: host, port, auth"):
        async with serving(desk(), **options):
            pytest.fail("it was served")


@pytest.mark.anyio
async def test_the_variables_of_the_command_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTKIT_PORT", "0")
    monkeypatch.setenv("AGENTKIT_HOST", "localhost")
    with anyio.fail_after(HANG):
        async with serving(desk()) as running:
            assert running.url.startswith("http://localhost:")
    monkeypatch.setenv("AGENTKIT_PORT", "none")
    with pytest.raises(ConfigurationError, match="port"):
        async with serving(desk()):
            pytest.fail("it was served")


@pytest.mark.anyio
async def test_serve_does_not_block_an_event_loop() -> None:
    with pytest.raises(ServeError, match=r"async with agentkit\.cli\.program\.serving"):
        serve(desk(), port=0)


def test_serve_is_for_the_main_thread() -> None:
    errors: list[AgentKitError] = []

    def run() -> None:
        try:
            serve(desk(), port=0)
        except ServeError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(HANG)
    assert "main thread" in str(errors[0])


def test_the_root_exports_it_and_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    assert agentkit.serve is serve
    program = tmp_path / "program.py"
    program.write_text(
        "from agentkit import Expert, serve\n"
        "expert = Expert('desk', description='x')\n"
        "@expert.tool\n"
        "async def ping() -> dict[str, int]:\n"
        "    'Answer.'\n"
        "    return {'answer': 1}\n"
        "serve(expert, port=0)\n"
    )
    with started(tmp_path, command=[sys.executable, "-W", "error", str(program)]) as served:
        assert served.address("desk").endswith("/desk/mcp")


@pytest.mark.usefixtures("untraced_children")
def test_naming_serve_loads_no_server() -> None:
    source = (
        "import sys\nfrom agentkit import serve\nassert not {'mcp', 'uvicorn', 'starlette', 'a2a'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", source], check=True)


@pytest.mark.anyio
async def test_any_one_of_several_authorizations_lets_in() -> None:
    expert = desk()
    with anyio.fail_after(HANG):
        async with serving(expert, port=0, auth=["bearer", "oauth2.0", "apiKey"]) as running:
            assert running.token
            assert running.client
            assert running.api_key
            for auth in (BearerToken(running.token), OAuthClientCredentials(*running.client)):
                assert (await expert.call(QUESTION, url=running.url, auth=auth)).data == ({"free": 10},)
            async with httpx2.AsyncClient(headers={"X-API-Key": running.api_key}) as http:
                answer = await http.post(running.url, json={})
            assert answer.status_code != 401
            with pytest.raises(McpAuthRequired):
                await expert.call(QUESTION, url=running.url, auth=BearerToken("another-token"))
    line = running.lines[0]
    assert "  bearer or oauth2.0 or apiKey  token " in line
    assert f"key {running.api_key}" in line


@asynccontextmanager
async def another_issuer() -> AsyncGenerator[tuple[str, ClientRegistry]]:
    """An authorization server of somebody else, with discovery, keys and introspection."""
    address, clients = bind("127.0.0.1", 0), ClientRegistry()
    routes = authorization_server(address.url, SigningKeys(), clients)
    async with servers.serving([(address, Starlette(routes=routes))]):
        yield address.url, clients


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["oauth2.0", "introspection", "inherit"])
async def test_tokens_of_a_foreign_issuer_are_taken(way: str) -> None:
    expert = desk()
    with anyio.fail_after(HANG):
        async with another_issuer() as (issuer, clients):
            options: dict[str, Any] = {"issuer": issuer, "auth": "oauth2.0"}
            if way == "introspection":
                options |= {"introspection_client": ("desk", "secret-of-the-desk"), "scope": "beds"}
            elif way == "inherit":
                options |= {"auth": "inherit", "audience": "https://api.example.org"}
            async with serving(expert, port=0, **options) as running:
                resource = "https://api.example.org" if way == "inherit" else running.url
                scope = "beds" if way == "introspection" else "ward-desk"
                clients.add("caller", "secret-of-the-caller", [scope], resources=[resource])
                clients.add("other", "secret-of-the-other", [scope], resources=["https://elsewhere.example.org/mcp"])
                clients.add("desk", "secret-of-the-desk", serves=[running.url])
                async with httpx2.AsyncClient() as http:
                    token, foreign = [await fetch(http, issuer, name) for name in ("caller", "other")]
                assert running.authorizations == (Authorization(options["auth"]),)
                assert (running.token, running.client) == (None, None)
                result = await expert.call(QUESTION, url=running.url, auth=BearerToken(token))
                with pytest.raises(McpAuthRequired):
                    await expert.call(QUESTION, url=running.url, auth=BearerToken(foreign))
    assert result.data == ({"free": 10},)


async def fetch(http: httpx2.AsyncClient, issuer: str, client: str) -> str:
    answer = await http.post(
        f"{issuer}/token", auth=(client, f"secret-of-the-{client}"), data={"grant_type": "client_credentials"}
    )
    return answer.json()["access_token"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auth": "oauth2.0", "scope": 5}, "scope: must be a text"),
        ({"auth": "bearer", "introspection": "https://x.example.org/i"}, "--introspection: is for tokens"),
        ({"auth": "oauth2.0", "introspection": "https://x.example.org/i"}, "needs to know of which issuer"),
        (
            {"auth": "oauth2.0", "issuer": "https://x.example.org", "introspection": "https://x.example.org/i"},
            "--introspection-client ID:SECRET",
        ),
        (
            {
                "auth": "oauth2.0",
                "issuer": "https://x.example",
                "jwks": "https://x/j",
                "introspection_client": ("a", "b"),
            },
            "--jwks: cannot stand beside",
        ),
        (
            {"auth": "inherit", "issuer": "https://x.example", "audience": "x", "introspection_client": ("a", "b")},
            "--introspection: is for oauth2.0",
        ),
    ],
)
def test_an_authorization_that_lacks_something_says_what(options: dict[str, Any], says: str) -> None:
    async def ask() -> None:
        async with serving(desk(), port=0, **options):
            pytest.fail("it was served")

    with pytest.raises(ConfigurationError) as caught:
        anyio.run(ask)
    assert says in str(caught.value)


def test_a_program_has_the_options_of_the_command() -> None:
    """But those of the platform, and stdio, for which a `ToolServer` has a method."""
    platform = {each.name for each in fields(PlatformOptions)}
    command = set(inspect.signature(serve_command).parameters) - {"context", "what", "stdio"} - platform
    # Objects have no place on a command line.
    assert set(ServeOptions.__annotations__) - {"security"} == command


@pytest.mark.parametrize(
    ("access", "verify", "apply"),
    [
        (Access((Authorization.NONE,)), " --auth none", " --auth none"),
        (Access((Authorization.BEARER,), token="given"), " --token @FILE", ""),
        (Access((Authorization.API_KEY,), api_key="given"), " --auth apiKey --token @FILE", None),
        (
            Access((Authorization.OAUTH2,), client=("id", "given")),
            " --auth oauth2.0 --client @FILE",
            " --auth oauth2.0",
        ),
        (
            Access((Authorization.INHERIT, Authorization.BEARER), token="given", issuer="https://i.x", audience=("a",)),
            " --auth inherit --token @FILE",
            " --auth inherit",
        ),
    ],
)
def test_the_next_commands_fit_the_authorization_and_repeat_no_secret_that_was_given(
    access: Access, verify: str, apply: str | None
) -> None:
    expert = desk()
    served = own(expert, Place("127.0.0.1", 0), access)
    served.address.close()
    url = served.doors[0].url
    told = [f"check it         agentkit experts verify {url}{verify}"]
    if apply is not None:  # the local platform knows no keys
        told.append(f"register it      agentkit experts apply desks:expert --url {url}{apply} --agent NAME --local")
    assert next_steps("desks:expert", served.doors, expert) == told


def test_an_expert_with_a_key_is_registered_where_keys_are_known() -> None:
    expert = desk()
    served = own(expert, Place("127.0.0.1", 0, "https://desk.example.org"), Access((Authorization.API_KEY,)))
    served.address.close()
    assert next_steps("desks:expert", served.doors, expert)[1].endswith(
        "--url https://desk.example.org/ward-desk/mcp --auth apiKey --agent NAME"
    )
