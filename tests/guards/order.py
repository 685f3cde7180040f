"""What takes longest begins first, so that no process is still at it when all others have ended.

xdist would begin with the files that have most tests, and they are the quick ones; `make pytest` tells it to keep this
order (`--no-loadscope-reorder`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

LONG: Final = (
    "tests/utterances/",
    "tests/test_readme.py",
    "tests/test_examples.py",
    "tests/cli/",
    "tests/contract/test_double_and_platform.py",
    "tests/durability/",
    "tests/platform/orchestration/test_crashes.py",
    "tests/platform/openapi/",
    "tests/mcp/test_client_faults.py",
    "tests/mcp/test_stdio.py",
    "tests/engine/",
    "tests/js/",
    "tests/reasoning/",
    "tests/client/test_bad_input.py",
    "tests/platform/test_scenarios.py",
)
"""Files and folders, those that take most of the time first."""


def _rank(item: pytest.Item) -> int:
    path = item.nodeid.partition("::")[0]
    return next((rank for rank, long in enumerate(LONG) if path.startswith(long)), len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def missing(root: Path) -> list[str]:
    """What is named here and is no more."""
    return [long for long in LONG if not (root / long).exists()]
