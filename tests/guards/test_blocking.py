from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest
from blockbuster import BlockingError

import agentkit
from tests.guards.blocking import expect_blocking_calls

pytestmark = pytest.mark.anyio


def _inside_agentkit(source: str) -> Callable[[], object]:
    """A function whose frame claims to stand in our package."""
    namespace: dict[str, Callable[[], object]] = {}
    code = compile(f"import time\ndef act():\n    {source}\n", f"{Path(agentkit.__file__).parent}/probe.py", "exec")
    exec(code, namespace)  # noqa: S102 - the only way to a frame with this file name
    return namespace["act"]


@pytest.fixture
def sleeper() -> Callable[[], object]:
    return _inside_agentkit("time.sleep(0)")


async def test_a_sleep_of_our_code_on_the_loop_is_caught(sleeper: Callable[[], object]) -> None:
    with expect_blocking_calls() as found, pytest.raises(BlockingError, match=r"time\.sleep"):
        sleeper()
    assert found == ["time.sleep"]


async def test_a_file_read_of_our_code_on_the_loop_is_caught() -> None:
    read = _inside_agentkit(f"__import__('pathlib').Path({__file__!r}).read_bytes()")
    with expect_blocking_calls(), pytest.raises(BlockingError, match="read"):
        read()


async def test_a_sleep_in_a_worker_thread_is_allowed(sleeper: Callable[[], object]) -> None:
    await anyio.to_thread.run_sync(sleeper)


async def test_the_test_itself_may_block() -> None:
    time.sleep(0)  # noqa: ASYNC251


async def test_logging_from_our_code_is_allowed(tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "log", encoding="utf-8")
    logger = logging.getLogger("agentkit.probe")
    logger.addHandler(handler)
    try:
        _inside_agentkit("__import__('logging').getLogger('agentkit.probe').error('x')")()
    finally:
        logger.removeHandler(handler)
        handler.close()


async def test_a_lazy_import_of_our_code_is_allowed() -> None:
    _inside_agentkit("import colorsys")()


@pytest.mark.usefixtures("untraced_children")
def test_a_swallowed_finding_still_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        'import pytest\npytest_plugins = ["tests.guards.blocking"]\n'
        "@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    )
    pytester.makepyfile("""
        import pytest
        from tests.guards.test_blocking import _inside_agentkit

        @pytest.mark.anyio
        async def test_swallows():
            try:
                _inside_agentkit("time.sleep(0)")()
            except Exception:
                pass
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*blocking call on the event loop: time.sleep*"])
