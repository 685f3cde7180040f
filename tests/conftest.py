"""The guards every test runs under; each one lives in its own file under `tests/guards/` and is tested there."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import Phase, is_hypothesis_test, settings

pytest_plugins = [
    "pytester",
    "tests.guards.network",
    "tests.guards.blocking",
    "tests.guards.environment",
    "tests.guards.order",
    "tests.guards.skips",
    "tests.guards.proofs",
    "tests.js.node",
    "tests.postgres",
]

# No test asserts wall-clock time, so neither do properties; CI runs the same examples every time.
# Where coverage does not trace, `explain` would trace every example itself, in Python, for a hint at a failure.
settings.register_profile(
    "agentkit",
    deadline=None,
    max_examples=30,
    derandomize="CI" in os.environ,
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.load_profile("agentkit")


LONG_SEARCHES = ("tests/reasoning/", "tests/servers/")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A long search for a property is not traced: it would take twice as long, and covers what other tests do."""
    function: object = getattr(item, "obj", None)
    if item.nodeid.startswith(LONG_SEARCHES) and is_hypothesis_test(function):
        item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """What was collected lives to the end; the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The one backend we run on: the A2A SDK and uvicorn are bound to asyncio."""
    return "asyncio"
