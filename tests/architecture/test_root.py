"""The root of the library: names resolve lazily, types see them, and importing them costs little."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys

import pytest

import agentkit
from tests.architecture.tree import ROOT, syntax

# Design, section 9: the root exports these names and no others.
FROZEN = frozenset(
    {
        "Corti",
        "AsyncCorti",
        "AgentSpec",
        "ExpertSpec",
        "McpServerSpec",
        "Token",
        "ClientCredentials",
        "Message",
        "Part",
        "Task",
        "TaskState",
        "Agent",
        "Sequential",
        "Parallel",
        "Router",
        "Loop",
        "Approval",
        "workflow",
        "RunContext",
        "Expert",
        "serve",
        "AgentKitError",
    }
)
MAKE_A_CLIENT = """
from agentkit import AgentSpec, AsyncCorti, Token
AsyncCorti(base_url="http://127.0.0.1:1", token="t")
"""
CALL = """
import asyncio, httpx2
from agentkit import AsyncCorti

async def call():
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=[]))
    async with AsyncCorti(base_url="http://127.0.0.1:1", token="t", transport=transport) as corti:
        await corti.agents.list().all()

asyncio.run(call())
"""
LOADED = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))\n"
TOO_HEAVY = frozenset(
    {
        "a2a",
        "mcp",
        "mcp_types",
        "starlette",
        "sse_starlette",
        "uvicorn",
        "dbos",
        "google",
        "cryptography",
        "jwt",
        "typer",
        "httpx",
        "sqlite3",
        "_sqlite3",
        "aiosqlite",
        "sqlalchemy",
        "psycopg",
        "psycopg2",
        "asyncpg",
    }
)


def _exports() -> list[str]:
    return list(getattr(agentkit, "__all__", ()))


def _mirror() -> dict[str, str]:
    """Name to module, as the `if TYPE_CHECKING:` block of the root imports them."""
    blocks = [
        node
        for node in syntax(ROOT / "agentkit" / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    ]
    return {
        alias.asname or alias.name: str(node.module)
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_root_exports_only_names_of_the_design() -> None:
    assert set(_exports()) <= FROZEN
    assert {"AsyncCorti", "Corti", "AgentSpec", "Token", "AgentKitError"} <= set(_exports())


def test_the_exports_are_listed_once_and_shown_by_dir() -> None:
    exports = _exports()
    assert len(exports) == len(set(exports))
    assert set(exports) <= set(dir(agentkit))


def test_what_types_see_is_what_the_root_exports() -> None:
    assert {name for name in _mirror() if not name.startswith("_")} == set(_exports())


def test_every_lazy_name_is_the_object_that_types_see() -> None:
    for name, module in _mirror().items():
        assert getattr(agentkit, name) is getattr(importlib.import_module(module), name), name


def test_the_root_imports_no_room_before_a_name_is_asked_for() -> None:
    top = syntax(ROOT / "agentkit" / "__init__.py").body
    modules = [str(node.module) for node in top if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in top if isinstance(node, ast.Import) for alias in node.names]
    assert [module for module in modules if module.startswith("agentkit")] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(agentkit, "no_such_name")  # noqa: B009 - types must not see the missing name


@pytest.mark.usefixtures("untraced_children")
@pytest.mark.parametrize("source", [MAKE_A_CLIENT, CALL], ids=["made", "called"])
def test_a_client_loads_no_server_and_no_database(source: str) -> None:
    command = [sys.executable, "-W", "error", "-c", source + LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "agentkit" in loaded
    assert loaded & TOO_HEAVY == set()
