"""Every example runs, asserts something, and uses public names only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadline import HANG_PROCESS

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_PROCESS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_asserts_and_uses_public_names(example: Path) -> None:
    tree = ast.parse(example.read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    imported = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in _names(node)]
    assert not [name for name in imported if name.startswith("_") or "._" in name]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


def _names(node: ast.ImportFrom) -> list[str]:
    return [node.module or "", *(alias.name for alias in node.names)]
