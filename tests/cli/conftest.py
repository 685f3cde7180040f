"""A house of servers in a process of their own, as `agentkit serve all` starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from agentkit.cli.commands import app
from tests.deadline import HANG_PROCESS

AGENTKIT = str(Path(sys.executable).parent / "agentkit")
TOKEN = "token-for-tests-0123456789"
SECRET = "secret-for-tests-0123456789"


@dataclass(frozen=True)
class House:
    """What the servers said when they were ready."""

    lines: tuple[str, ...]
    process: subprocess.Popen[str]

    def address(self, name: str) -> str:
        line = next(line for line in self.lines if line.startswith(name))
        found = re.search(r"http://\S+", line)
        assert found
        return found[0]


@contextmanager
def started(
    folder: Path, *arguments: str, stop: signal.Signals = signal.SIGTERM, command: Sequence[str] = (AGENTKIT, "serve")
) -> Generator[House]:
    """Run a serve command, or another one that says the same, until the block ends; it must stop cleanly."""
    command = [*command, *arguments]
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith("Ctrl-C"):
                    break
            assert lines, "the server said nothing"
            assert lines[-1].startswith("Ctrl-C"), "\n".join(lines)
            yield House(tuple(lines), process)
        finally:
            process.send_signal(stop)
            rest = process.communicate(timeout=HANG_PROCESS)[0]
    assert process.returncode == 0, "\n".join(lines) + rest
    assert rest == ""


def agentkit(*arguments: str, folder: Path, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a folder of its own."""
    return subprocess.run(
        [AGENTKIT, *arguments],
        cwd=folder,
        env={**os.environ, "XDG_DATA_HOME": str(folder / "data"), **environment},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_PROCESS,
    )


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    folder = tmp_path_factory.mktemp("house")
    with started(folder, "all", "--port", "0", "--token", TOKEN, "--client", f"tester:{SECRET}") as running:
        yield running


Run = Callable[..., Result]
# Typer makes all commands anew for every invocation.
_command = cache(get_command)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in this process; errors are printed as `main` prints them."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("typer.testing._get_command", _command)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    return invoke


@pytest.fixture
def connected(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Variables that lead to the platform of the house."""
    monkeypatch.setenv("CORTI_BASE_URL", house.address("platform"))
    monkeypatch.setenv("CORTI_CLIENT_ID", "local-client")
    monkeypatch.setenv("CORTI_CLIENT_SECRET", "local-secret")
    return house
