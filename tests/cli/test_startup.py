"""A command loads what it needs and nothing else: `--help` and `agents list` answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from agentkit.cli.app import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
HEAVY = {
    "a2a",
    "mcp",
    "starlette",
    "uvicorn",
    "httpx",
    "agentkit.platform",
    "agentkit.reasoning",
    "agentkit.testing.asgi",
}


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], HEAVY | {"httpx2", "agentkit.client.corti", "agentkit.models"}),
        (["serve", "--help"], HEAVY | {"httpx2", "agentkit.models"}),
        (["agents", "list", "--local", "--base-url", "http://127.0.0.1:1"], HEAVY),
    ],
)
def test_a_command_imports_nothing_it_does_not_use(arguments: list[str], unused: set[str]) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True)
    assert unused & set(done.stderr.split()) == set()
    assert "agentkit.cli.commands" in done.stderr.split()
