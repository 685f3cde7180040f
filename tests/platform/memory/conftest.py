"""A platform on each database system."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentkit.platform import PlatformSettings

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> PlatformSettings:
    """With an empty database of the test's own."""
    if request.param == "sqlite":
        return PlatformSettings(database=tmp_path / "platform.db", secret_key=KEY)
    url: str = request.getfixturevalue("postgres_url")
    return PlatformSettings(database=url, secret_key=KEY)
