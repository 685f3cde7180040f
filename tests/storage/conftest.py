"""One address for each database system, so that what they promise alike is shown for both."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'notes.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
