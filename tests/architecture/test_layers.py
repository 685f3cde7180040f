"""Who may import whom (design, section 3): the contracts hold, and each of them can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT

PLANTED = {
    "agentkit/tasks/planted.py": "import a2a, dbos, httpx, httpx2, mcp\nimport agentkit\nimport agentkit.cli\n",
    "agentkit/models/planted.py": "import agentkit_servers\n",
    "servers/agentkit_servers/planted.py": "import agentkit.client\nimport agentkit_experts\n",
    "experts/agentkit_experts/planted.py": "import agentkit.client\n",
}


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(root / part) for part in (".", "experts", "servers"))}
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_every_room_keeps_to_its_layer() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_notices_a_planted_import(tmp_path: Path) -> None:
    for part in ("agentkit", "experts", "servers"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, source in PLANTED.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    (tmp_path / "agentkit" / "attic.py").write_text("", encoding="utf-8")
    result = _lint(tmp_path)
    contracts = [line for line in result.stdout.splitlines() if line.endswith((" KEPT", " BROKEN"))]
    assert contracts, result.stdout + result.stderr
    assert [line for line in contracts if line.endswith(" KEPT")] == []


def test_a_room_without_a_layer_is_noticed(tmp_path: Path) -> None:
    for part in ("agentkit", "experts", "servers"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "agentkit" / "attic.py").write_text("", encoding="utf-8")
    result = _lint(tmp_path)
    assert result.returncode != 0
    assert "attic" in result.stdout
