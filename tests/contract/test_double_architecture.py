"""The double shares no code with the client: one codec on both ends would hide a wrong wire (design D1)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "corti_double"
FILES = sorted(FOLDER.rglob("*.py"))
OWN = "tests.contract.corti_double"


def _imported(path: Path) -> set[str]:
    """Every module that a file names, also inside functions and behind `import_module`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("agentkit"):
            names.add(node.value)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_double_imports_nothing_of_ours_but_itself(path: Path) -> None:
    foreign = {name for name in _imported(path) if name.startswith(("agentkit", "tests", "a2a.", "mcp."))}
    assert {name for name in foreign if not name.startswith(OWN)} == set()


def test_the_check_sees_imports_in_functions_and_by_name() -> None:
    source = Path(__file__)
    assert "agentkit" in _imported(source)
    assert "pathlib.Path" in _imported(source)


def test_no_module_of_the_double_outgrows_a_page() -> None:
    assert {path.name: lines for path in FILES if (lines := path.read_text(encoding="utf-8").count("\n")) > 300} == {}
