"""An expert as its author writes it: names, prompt, tools, and the spec it becomes."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

import agentkit
from agentkit.errors import SpecError
from agentkit.experts import Expert, ToolOptions
from agentkit.mcp import ToolServer
from agentkit.specs import Authorization


class Beds(BaseModel):
    """Free beds."""

    free: int


async def free_beds(ward: Annotated[str, Field(description="Name of the ward")]) -> Beds:
    """Tell how many beds of a ward are free."""
    return Beds(free=len(ward))


async def _yields() -> AsyncGenerator[None]:
    yield


def wards(**options: object) -> Expert:
    return Expert("ward-desk", description="Knows the wards.", **options)  # pyright: ignore[reportArgumentType]


def test_the_root_exports_the_class() -> None:
    assert agentkit.Expert is Expert


def test_functions_become_the_tools_of_its_server() -> None:
    expert = wards(version="1.2", title="Wards")
    assert expert.tool(free_beds) is free_beds
    expert.tool(name="beds_again", title="Once more", timeout=5)(free_beds)
    assert expert.server.tool_names == ("free_beds", "beds_again")
    assert (expert.server.name, expert.server.title, expert.server.version) == ("ward-desk", "Wards", "1.2")
    assert expert.server.description == "Knows the wards."
    assert repr(expert) == "Expert('ward-desk', tools=['free_beds', 'beds_again'])"


def test_a_function_that_cannot_be_a_tool_is_refused_where_it_is_written() -> None:
    def sync(ward: str) -> Beds:
        """Tell."""
        return Beds(free=len(ward))

    with pytest.raises(SpecError, match=r"ward-desk\.sync"):
        wards().tool(sync)  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_an_expert_without_tools_says_how_to_give_it_some() -> None:
    with pytest.raises(SpecError, match=r"Expert\('ward-desk'\): has no tools") as caught:
        _ = wards().server
    assert "@expert.tool" in (caught.value.remedy or "")


def test_an_installed_server_lends_its_tools_and_takes_no_others() -> None:
    expert = Expert("reader", description="Reads records.", server="ehr")
    assert (expert.installed_server, expert.server_name) == ("ehr", "ehr")
    assert "find_patients" in expert.server.tool_names
    assert repr(expert) == "Expert('reader', server='ehr')"
    with pytest.raises(SpecError, match="can have none of its own"):
        expert.tool(free_beds)
    with pytest.raises(SpecError, match="no-such-server"):
        _ = Expert("reader", description="Reads.", server="no-such-server").server


def test_it_becomes_a_spec_at_the_address_of_its_server() -> None:
    spec = wards(prompt="Be brief.").spec(url="http://127.0.0.1:8701/ward-desk/mcp")
    assert (spec.name, spec.description, spec.prompt) == ("ward-desk", "Knows the wards.", "Be brief.")
    (server,) = spec.servers
    assert (server.name, server.url) == ("ward-desk", "http://127.0.0.1:8701/ward-desk/mcp")
    assert server.authorization is Authorization.BEARER


def test_authorization_scope_and_server_name_of_a_spec_can_be_chosen() -> None:
    expert = wards(authorization="inherit", server_name="wards")
    (server,) = expert.spec("http://127.0.0.1/x").servers
    assert (server.name, server.authorization) == ("wards", Authorization.INHERIT)
    (server,) = expert.spec("http://127.0.0.1/x", authorization="oauth2.0", scope="read", server_name="other").servers
    assert (server.name, server.authorization, server.scope) == ("other", Authorization.OAUTH2, "read")


def test_its_own_server_is_made_as_it_says() -> None:
    expert = wards(title="Ward desk", version="2.1", instructions="Ask for one ward.", max_concurrency=3)
    expert.tool(free_beds)
    server = expert.server
    assert (server.title, server.version, server.instructions) == ("Ward desk", "2.1", "Ask for one ward.")
    assert server.description == "Knows the wards."


def test_the_options_of_a_server_are_those_of_an_expert() -> None:
    server = set(inspect.signature(ToolServer).parameters)
    assert server <= set(inspect.signature(Expert).parameters)


def test_an_address_or_authorization_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SpecError, match="url"):
        wards().spec("ftp://x")
    with pytest.raises(SpecError, match=r"authorization: must be one of 'none', 'bearer'"):
        wards().spec("http://127.0.0.1/x", authorization="basic")


@pytest.mark.parametrize("name", ["", " ", "two words", "a/b", "../up", "-x", "ä", "x" * 65, "a\n", None, 7])
def test_a_name_that_fits_no_address_is_refused(name: object) -> None:
    with pytest.raises(SpecError, match=r"Expert\.name"):
        Expert(name, description="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match=r"Expert\.server_name"):
        Expert("x", description="x", server_name="-" if name is None else name)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("Expert.description", {"description": " "}),
        ("Expert.description", {"description": None}),
        ("Expert.server", {"description": "x", "server": "no/name"}),
        ("Expert.authorization", {"description": "x", "authorization": "basic"}),
        ("Expert.lifespan", {"description": "x", "server": "ehr", "lifespan": lambda: None}),
        ("Expert.lifespan", {"description": "x", "lifespan": 5}),
        ("Expert.lifespan", {"description": "x", "lifespan": _yields}),
        ("Expert.instructions", {"description": "x", "instructions": 5}),
        ("Expert.instructions", {"description": "x", "server": "ehr", "instructions": "Be kind."}),
        ("Expert.max_concurrency", {"description": "x", "server": "ehr", "max_concurrency": 2}),
        ("Expert.max_concurrency", {"description": "x", "max_concurrency": 0}),
        ("Expert.max_concurrency", {"description": "x", "max_concurrency": True}),
        ("Expert.description", {"description": "a\ud800"}),
        ("Expert.prompt", {"description": "x", "prompt": "half \udc00 of one"}),
        ("Expert.prompt", {"description": "x", "prompt": "a\0b"}),
        ("Expert.version", {"description": "x", "version": 1.0}),
        ("Expert.title", {"description": "x", "title": 5}),
        ("Expert.prompt", {"description": "x", "prompt": ""}),
        ("Expert.prompt", {"description": "x", "prompt": 7}),
        ("Expert.prompt", {"description": "x", "prompt": "x" * 100_001}),
    ],
)
def test_what_does_not_fit_is_refused_by_name(field: str, options: dict[str, object]) -> None:
    with pytest.raises(SpecError) as caught:
        Expert("x", **options)  # pyright: ignore[reportArgumentType]
    assert caught.value.field == field


def test_a_prompt_is_read_from_a_file_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prompt.md").write_bytes(b"\xef\xbb\xbfBe brief.\n")
    assert wards(prompt=Path("prompt.md")).prompt == "Be brief.\n"


def test_the_name_of_a_file_in_place_of_a_prompt_is_noticed() -> None:
    with pytest.raises(SpecError, match=r"is the text 'prompt\.md'") as caught:
        wards(prompt="prompt.md")
    assert caught.value.remedy == "For the file, write Path('prompt.md')."


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * 100_001, "has 100001 characters"),
        (b"x" * 400_001, "is too large"),
        (None, r"cannot be read \(No such file or directory\)"),
    ],
)
def test_a_file_that_is_no_prompt_is_refused_by_name(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "prompt.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError, match=problem) as caught:
        wards(prompt=path)
    assert str(path) in caught.value.message


@pytest.mark.usefixtures("untraced_children")
def test_writing_an_expert_of_an_installed_server_loads_no_mcp() -> None:
    source = (
        "import sys\nfrom agentkit import Expert\n"
        "Expert('x', description='x', server='ehr').spec('http://127.0.0.1/x')\n"
        "assert 'mcp' not in sys.modules and 'starlette' not in sys.modules, 'too much'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", source], check=True)


def test_a_tool_of_an_expert_takes_the_options_of_a_tool_of_a_server() -> None:
    known = set(inspect.signature(ToolServer.tool).parameters) - {"self", "function"}
    assert set(ToolOptions.__annotations__) == known
