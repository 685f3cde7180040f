"""Serving from a program: the same as the command, blocking or beside something else."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

import agentkit
from agentkit.cli.program import serve, serving
from agentkit.compose import FunctionAgent
from agentkit.errors import AgentKitError, ConfigurationError, McpAuthRequired, ServeError, SpecError
from agentkit.experts import Expert
from agentkit.mcp import BearerToken, OAuthClientCredentials
from agentkit.specs import Authorization
from tests.cli.conftest import started
from tests.deadline import HANG


def shout(text: str) -> str:
    return text.upper()


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
@pytest.mark.parametrize(
    ("target", "options", "error", "says"),
    [
        (5, {}, SpecError, "target: is a int; it must be an Agent, an Expert"),
        (Expert, {}, SpecError, "is the class Expert"),
        (Expert("empty", description="x"), {}, SpecError, "has no tools"),
        (desk(), {"auth": "basic"}, ConfigurationError, "'basic' is not known"),
        (desk(), {"auth": 5}, ConfigurationError, "auth: must be a text"),
        (desk(), {"auth": ["bearer", None]}, ConfigurationError, "auth: must be a text"),
        (desk(), {"auth": "inherit"}, ConfigurationError, "--issuer"),
        (desk(), {"port": 70000}, ConfigurationError, "port: must be"),
        (desk(), {"port": "http"}, ConfigurationError, "port: must be"),
        (desk(), {"host": "192.0.2.1", "auth": "none"}, ServeError, "served without authorization"),
        (FunctionAgent(shout), {"auth": "inherit"}, ConfigurationError, "is for MCP servers"),
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
