"""`agentkit experts` and modules of the user's own that do more than define an expert."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import AGENTKIT, House, agentkit
from tests.deadline import HANG_PROCESS

EXPERT = """
from agentkit import Expert

expert = Expert("lab-lookup", description="Looks up laboratory results.", authorization="none")
"""
# Keys become signals for the process whose terminal it is.
ON_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def options(house: House) -> list[str]:
    address = house.address("platform")
    return ["--agent", "never-made", "--url", "https://mcp.example.org/m", "--local", "--base-url", address]


def test_what_a_module_prints_does_not_spoil_the_json(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "wards.py").write_text(f"print('noise')\n{EXPERT}")
    planned = agentkit("experts", "plan", "wards:expert", *options, "--json", folder=tmp_path)
    assert planned.returncode == 2, planned.stderr
    assert json.loads(planned.stdout)["agent"]["name"] == "never-made"
    assert planned.stderr == "noise\n"


@pytest.mark.parametrize("code", ["0", "2", "'bye'"])
def test_a_module_that_ends_the_process_is_an_error_and_no_answer(
    code: str, options: list[str], tmp_path: Path
) -> None:
    """An exit code of 0 would say that there is nothing to do, and 2 that there is."""
    (tmp_path / "wards.py").write_text(f"import sys\n{EXPERT}\nsys.exit({code})")
    planned = agentkit("experts", "plan", "wards:expert", *options, folder=tmp_path)
    assert planned.returncode == 1
    assert planned.stderr.startswith("error: wards:expert: cannot be loaded: SystemExit at wards.py:")


@pytest.mark.parametrize("key", [b"\x03", b"\x04"], ids=["ctrl-c", "ctrl-d"])
def test_who_interrupts_the_question_changes_nothing(key: bytes, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "wards.py").write_text(EXPERT)
    user, terminal = pty.openpty()
    command = [sys.executable, "-c", ON_ITS_TERMINAL, AGENTKIT, "experts", "apply", "wards:expert", *options]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
    ) as process:
        os.close(terminal)
        shown = _read_until(user, b"[y/N]: ")
        _wait_until_it_reads(process.pid)
        os.write(user, key)
        shown += _read_until(user, b"Nothing was done.")
        code = process.wait(timeout=HANG_PROCESS)
    os.close(user)
    assert code == 130
    assert b"Traceback" not in shown
    left = agentkit("experts", "plan", "wards:expert", *options, folder=tmp_path)
    assert "+ agent never-made" in left.stdout


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    shown = b""
    while wanted not in shown:
        assert select.select([descriptor], [], [], HANG_PROCESS)[0], shown.decode()
        try:
            shown += os.read(descriptor, 4096)
        except OSError:  # Linux, where the other end is closed
            break
    assert wanted in shown, shown.decode()
    return shown


def _wait_until_it_reads(process: int) -> None:
    """A signal between the question and the read of its answer is noticed after the answer only (CPython)."""
    state = Path(f"/proc/{process}/stat")
    while state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "S":
        os.sched_yield()
