"""What the architecture tests look at: the committed files and the packages they make up."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE_FOLDERS = {
    "agentkit": ROOT / "agentkit",
    "agentkit_experts": ROOT / "experts" / "agentkit_experts",
    "agentkit_servers": ROOT / "servers" / "agentkit_servers",
}


@cache
def committed_files() -> tuple[Path, ...]:
    """Every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


@cache
def package_files() -> tuple[Path, ...]:
    """The Python files of the three packages."""
    folders = tuple(PACKAGE_FOLDERS.values())
    return tuple(
        path for path in committed_files() if path.suffix == ".py" and any(path.is_relative_to(f) for f in folders)
    )


def relative(path: Path) -> str:
    """The path as it is written in messages."""
    return path.relative_to(ROOT).as_posix()


def syntax(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), relative(path))
