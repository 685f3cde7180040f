"""Every example runs, asserts something, and uses public names only.

Those that need a Corti which the local platform is not yet are run against the stand-in.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.serving import served_in_thread
from tests.deadline import HANG_PROCESS
from tests.stand_in import stand_in, variables

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    double = stand_in()
    with served_in_thread(double):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(example)],
            cwd=tmp_path,
            env={**os.environ, **variables(double)},
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_PROCESS,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert bool(double.calls) == ("AsyncCorti()" in example.read_text(encoding="utf-8"))


def test_an_example_can_be_run_without_an_account_as_its_docstring_says(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, sys\nprint(sys.argv[1:], 'CORTI_BASE_URL' in os.environ)\nsys.exit(3)\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.stand_in", str(program), "--option"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_PROCESS,
    )
    assert (done.returncode, done.stdout) == (3, "['--option'] True\n"), done.stderr


def test_the_stand_in_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.stand_in"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_PROCESS,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_asserts_and_uses_public_names(example: Path) -> None:
    tree = ast.parse(example.read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    imported = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in _names(node)]
    assert not [name for name in imported if name.startswith("_") or "._" in name]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


def _names(node: ast.ImportFrom) -> list[str]:
    return [node.module or "", *(alias.name for alias in node.names)]
