"""Packaging facts that must stay true: licence, pins, and the door through which everything is built."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import cast

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, committed_files

LOCKS = ("requirements.lock", "requirements-dev.lock")


def _table(*path: str) -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, object] = tomllib.load(file)
    for key in path:
        table = cast("dict[str, object]", table[key])
    return table


def _requirements(values: object) -> list[Requirement]:
    return [Requirement(value) for value in cast("list[str]", values)]


def _unmet(requirements: list[Requirement], pins: dict[str, str]) -> list[str]:
    return [
        str(wanted) for wanted in requirements if pins.get(canonicalize_name(wanted.name), "") not in wanted.specifier
    ]


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M)}


def test_the_licence_is_mit_and_ours() -> None:
    assert _table("project")["license"] == "MIT"
    assert metadata.metadata("corti-agentkit")["License-Expression"] == "MIT"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 the agentkit authors\n")


def test_the_version_stands_in_one_place() -> None:
    version = str(_table("project")["version"])
    assert metadata.version("corti-agentkit") == version
    written = re.compile(rf"""__version__|version\s*=\s*['"]{re.escape(version)}['"]""")
    sources = [path for path in committed_files() if path.suffix == ".py" and path.is_relative_to(ROOT / "agentkit")]
    assert [path.name for path in sources if written.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_with_hashes_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[\w])", text)
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []
    assert "://" not in text
    assert not re.search(r"^--(?!hash)|^#", text, re.M)


def test_the_lock_files_fulfil_the_project_and_agree() -> None:
    groups = _table("dependency-groups")
    runtime = _requirements(_table("project")["dependencies"]) + _requirements(groups["build"])
    development = runtime + _requirements(groups["dev"])
    for lock, requirements in zip(LOCKS, (runtime, development), strict=True):
        assert _unmet(requirements, _pins(lock)) == [], f"{lock}: run `make lock`"
    assert _pins(LOCKS[0]).items() <= _pins(LOCKS[1]).items()


def test_every_base_dependency_has_its_reason_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    reasons = {canonicalize_name(name) for name in re.findall(r"^ *- `([\w.-]+)(?:\[[\w,-]+\])?`: \S", text, re.M)}
    wanted = {canonicalize_name(wanted.name) for wanted in _requirements(_table("project")["dependencies"])}
    assert wanted - reasons == set()


def test_ci_does_what_everybody_does() -> None:
    run = ROOT / ".ci" / "run"
    assert run.read_text(encoding="utf-8") == "#!/usr/bin/env bash\nset -euo pipefail\nmake test\n"
    assert run.stat().st_mode & 0o111


def test_every_entry_point_resolves() -> None:
    for group in ("agentkit.servers", "agentkit.experts"):
        points = [point for point in metadata.entry_points(group=group) if point.dist and _is_ours(point.dist)]
        assert points
        for point in points:
            point.load()


def _is_ours(distribution: metadata.Distribution) -> bool:
    return distribution.name == "corti-agentkit" and Path(str(distribution.locate_file(""))).exists()
