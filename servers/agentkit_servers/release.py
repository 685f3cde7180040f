"""The version the bundled servers report, read once on import because that reads files."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _installed() -> str:
    try:
        return version("corti-agentkit")
    except PackageNotFoundError:
        return ""


VERSION: Final = _installed()
"""Of the installed distribution; empty when run from a bare source tree."""
