"""Making a client is cheap: nothing heavy is loaded, and the CPU time stays below twice that of `import httpx2`."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

import pytest

from agentkit import client

pytestmark = pytest.mark.usefixtures("untraced_children")

_MAKE = """
from agentkit import AgentSpec, AsyncCorti, Token
AsyncCorti(base_url="http://127.0.0.1:8700", client_id="a", client_secret="b")
"""
_HEAVY = ("a2a", "mcp", "starlette", "uvicorn", "jwt", "cryptography", "sqlite3", "dbos", "httpx", "pydantic")


def test_making_a_client_loads_nothing_heavy() -> None:
    check = f"{_MAKE}\nimport sys\nprint([name for name in {_HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_making_a_client_costs_at_most_twice_the_cpu_of_importing_httpx2() -> None:
    costs: dict[str, list[float]] = {_MAKE: [], "import httpx2": []}
    for _ in range(5):
        for code, spent in costs.items():
            spent.append(_cpu_seconds(code))
    ours, theirs = (statistics.median(spent) for spent in costs.values())
    assert ours <= 2 * theirs


def test_every_public_name_can_be_imported() -> None:
    for name in client.__all__:
        assert getattr(client, name).__name__ == name
    assert set(client.__all__) <= set(dir(client))


def _cpu_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
