"""The pytest fixtures, in a test suite of a user's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["agentkit.testing.fixtures"]\n'
SUITE = """
from datetime import timedelta

import pytest

from agentkit import AgentSpec
from agentkit.platform import PlatformSettings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def platform_settings():
    return PlatformSettings(tenants=("base", "other"))


async def test_an_agent_with_an_installed_expert_answers(corti, local_platform):
    spec = AgentSpec(name="helper", description="Reads the record", experts=["ehr-lookup"])
    agent = await corti.agents.create(spec)
    reply = await agent.send("Which allergies does Robert Okafor have?", credentials=local_platform.credentials)
    assert "Sulfamethoxazole" in reply.text


async def test_the_clock_is_the_platforms(corti, local_platform, movable_clock):
    await corti.agents.create(AgentSpec(name="short", description="d", ephemeral=True))
    movable_clock.advance(timedelta(days=2))
    assert local_platform.settings.clock() == movable_clock()
    assert list(await corti.agents.list(ephemeral=True).all()) == []
    assert local_platform.settings.tenants == ("base", "other")
"""


def test_a_users_suite_gets_a_platform_a_client_and_a_clock(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_mine.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
