"""What a newcomer looks for stands in `agentkit.testing`, and costs nothing until it is used."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import agentkit.testing
from agentkit.testing.asgi import ASGITransport
from agentkit.testing.leaks import LeakWatch
from agentkit.testing.local_platform import LocalPlatform


@pytest.mark.parametrize("name", agentkit.testing.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(agentkit.testing, name) is not None
    assert name in dir(agentkit.testing)


def test_the_names_are_the_objects_of_their_modules() -> None:
    room = importlib.import_module("agentkit.testing")
    assert (room.ASGITransport, room.LeakWatch, room.LocalPlatform) == (ASGITransport, LeakWatch, LocalPlatform)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        getattr(agentkit.testing, "Nothing")  # noqa: B009


def test_importing_the_room_imports_no_platform() -> None:
    script = "import sys, agentkit.testing; print('agentkit.platform' in sys.modules, 'httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
