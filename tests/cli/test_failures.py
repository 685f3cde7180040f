"""Whatever goes wrong, the command line says it in one line, with what to do, and never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import AGENTKIT, agentkit
from tests.deadline import HANG_PROCESS


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line a failure has."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


FACTORY = 'def broken():\n    raise ValueError("a text that may hold a secret")\n\nasync def late():\n    broken()\n'


@pytest.mark.parametrize(
    ("source", "target", "place"),
    [
        ("raise RuntimeError('boom')", "own:agent", "own.py:1"),
        ("x = (", "own:agent", "SyntaxError"),
        (FACTORY, "own:broken", "own.py:2"),
        (FACTORY, "own:late", "own.py:2"),
    ],
)
def test_an_error_in_ones_own_code_is_told_with_its_place(tmp_path: Path, source: str, target: str, place: str) -> None:
    (tmp_path / "own.py").write_text(source, encoding="utf-8")
    line = the_line(agentkit("serve", target, folder=tmp_path))
    assert place in line
    assert "secret" not in line


def test_a_data_folder_that_cannot_be_made_is_told_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = the_line(agentkit("serve", "platform", "--port", "0", folder=tmp_path, XDG_DATA_HOME=str(tmp_path / "file")))
    assert "XDG_DATA_HOME" in line


def test_a_card_that_cannot_be_written_is_told_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source = "from agentkit.compose import FunctionAgent\n\ndef f(text: str) -> str:\n    return text\n\n"
    source += "a = FunctionAgent(f)\n"
    (tmp_path / "own.py").write_text(source, encoding="utf-8")
    assert "file" in the_line(agentkit("card", "write", "own:a", "--folder", "file", folder=tmp_path))


def test_an_unknown_log_level_is_told_with_the_known_ones(tmp_path: Path) -> None:
    line = the_line(agentkit("agents", "list", folder=tmp_path, AGENTKIT_LOG_LEVEL="loud"))
    assert "AGENTKIT_LOG_LEVEL" in line
    assert "DEBUG" in line


def test_the_log_level_shows_what_happens(tmp_path: Path) -> None:
    done = agentkit("serve", "nothing", folder=tmp_path, AGENTKIT_LOG_LEVEL="debug")
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


def test_a_local_platform_that_does_not_run_is_told_with_the_command_that_starts_it(tmp_path: Path) -> None:
    line = the_line(agentkit("agents", "list", "--local", "--base-url", "http://127.0.0.1:1", folder=tmp_path))
    assert "agentkit serve" in line


def test_an_encoding_without_our_signs_is_no_failure(tmp_path: Path) -> None:
    done = agentkit("doctor", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    done = agentkit("--help", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0


def test_a_full_disk_behind_the_output_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [AGENTKIT, "doctor"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert "No space left" in the_line(done)


INTERRUPTED = """
import os, signal, sys

MODULE = sys.argv[1]

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
import agentkit.cli.app
sys.argv[1:] = ["demo"]
agentkit.cli.app.main()
"""


@pytest.mark.usefixtures("untraced_children")
@pytest.mark.parametrize("module", ["typer", "agentkit.errors", "agentkit.platform"])
def test_an_interrupt_while_the_command_is_loading_is_silent(tmp_path: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_PROCESS,
    )
    assert (done.returncode, done.stderr) == (130, "")
    assert list(tmp_path.glob("agentkit-demo-*")) == []


def test_the_version_is_shown(tmp_path: Path) -> None:
    done = agentkit("--version", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("corti-agentkit ")


def test_a_closed_output_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" doctor >&-', AGENTKIT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
