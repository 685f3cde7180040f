"""House rules that a reader of the sources would otherwise have to watch over."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, committed_files, package_files, relative, syntax

LINE_LIMIT = 300
# Spelled in two halves, so that this file does not name what it forbids.
REGISTRY_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org")
MACHINE_PATHS = re.compile(r"(?<![\w.$}~])/(?:work|root|opt|home/\w+|Users/\w+)/\w")
INSTALL_LINE = re.compile(r"\b(?:pip3?|pipx|uv pip|uv tool) install ([^\n`]+)|\b(?:uv|poetry|pdm) add ([^\n`]+)")
FOREIGN_NAME = re.compile(r"^['\"]?agentkit\b")
FOREIGN_EXTRA = re.compile(r"(?<![\w-])agentkit\[[a-z]")


def _texts() -> list[tuple[Path, str]]:
    texts: list[tuple[Path, str]] = []
    for path in committed_files():
        try:
            texts.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return texts


def _hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_module_is_longer_than_the_limit() -> None:
    python = [path for path in committed_files() if path.suffix == ".py" and not path.is_relative_to(ROOT / "tests")]
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python}
    assert {name: length for name, length in lengths.items() if length > LINE_LIMIT} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [relative(path) for path in package_files() if not ast.get_docstring(syntax(path))] == []


def test_every_folder_of_a_package_is_a_package() -> None:
    folders = {path.parent for path in package_files()}
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_folders_of_experts_and_servers_are_no_packages() -> None:
    assert not (ROOT / "experts" / "__init__.py").exists()
    assert not (ROOT / "servers" / "__init__.py").exists()


def test_no_registry_host_is_committed() -> None:
    assert _hits(REGISTRY_HOSTS) == []


def test_no_path_of_one_machine_is_committed() -> None:
    assert _hits(MACHINE_PATHS) == []


def test_every_install_line_names_our_distribution() -> None:
    wrong: list[str] = []
    for path, text in _texts():
        if path == Path(__file__):
            continue
        for match in INSTALL_LINE.finditer(text):
            packages = (match[1] or match[2]).split()
            wrong += [f"{relative(path)}: {match[0]}" for package in packages if FOREIGN_NAME.match(package)]
    assert wrong == []
    assert [hit for hit in _hits(FOREIGN_EXTRA) if not hit.startswith(relative(Path(__file__)))] == []


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("pip install agentkit", True),
        ("pip install 'agentkit[llm]'", True),
        ("uv add agentkit", True),
        ("pip install corti-agentkit", False),
        ("pip install 'corti-agentkit[llm]'", False),
        ("pip install --upgrade -e .", False),
    ],
)
def test_the_install_check_knows_ours_from_somebody_elses(line: str, foreign: bool) -> None:
    match = INSTALL_LINE.search(line)
    assert match
    assert any(FOREIGN_NAME.match(package) for package in (match[1] or match[2]).split()) is foreign


def test_no_suppression_is_nameless() -> None:
    nameless = re.compile(r"#\s*(?:type:\s*ignore|noqa(?!: ?[A-Z])|pyright:\s*ignore(?!\[)|pragma:\s*no)")
    found = [hit for hit in _hits(nameless) if hit.split(":")[0].endswith(".py")]
    assert [hit for hit in found if not hit.startswith(relative(Path(__file__)))] == []


def test_nothing_is_left_to_be_written() -> None:
    stub = re.compile(r"\bNotImplementedError\b|\b(?:TODO|FIXME|XXX)\b")
    unwritten = [
        f"{relative(path)}:{number}"
        for path in package_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if stub.search(line)
    ]
    assert unwritten == []
