"""No blocking call on the event loop below a frame of our packages (STYLE-05).

BlockBuster raises at the call. Its error is also kept, so that one which a broad `except` swallowed fails the test
when it ends. It is switched on once for the whole run: patching takes longer than most tests.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import blockbuster.blockbuster as detector
import pytest
from blockbuster import BlockBuster, BlockingError

_OURS = ["agentkit", "agentkit_experts", "agentkit_servers"]

_seen: list[str] = []


class KeptBlockingError(BlockingError):
    """BlockBuster's error, kept for the end of the test."""

    def __init__(self, func: str) -> None:
        super().__init__(func)
        _seen.append(func)


def _allow(detector: BlockBuster) -> None:
    """Allow what blocks once per process, or what has no other way; each with its reason."""
    for name, function in detector.functions.items():
        # A lazy import reads files, once per process.
        if name.startswith(("os.", "io.")):
            function.can_block_in("<frozen importlib._bootstrap>", "_find_and_load")
            # pydantic looks for plugins when it builds its first deferred model, once per process.
            function.can_block_in("pydantic/plugin/_loader.py", "get_plugins")
    # Log handlers write lines to a stream under a lock; that is how `logging` works.
    for name in ("io.TextIOWrapper.write", "io.BufferedWriter.write", "threading.Lock.acquire"):
        detector.functions[name].can_block_in("logging/__init__.py", {"emit", "acquire"})
    # What coverage keeps is guarded by a lock.
    detector.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", {"lock_data"})
    # The certificate store is read when a TLS context is made, once per client.
    for name in ("os.stat", "os.listdir", "io.BufferedReader.read", "io.TextIOWrapper.read"):
        detector.functions[name].can_block_in("ssl.py", {"create_default_context", "load_default_certs"})


@contextmanager
def expect_blocking_calls() -> Generator[list[str]]:
    """Collect the findings of the block instead of failing the test for them; for the detector's own tests."""
    before = len(_seen)
    findings: list[str] = []
    try:
        yield findings
    finally:
        findings.extend(_seen[before:])
        del _seen[before:]


@pytest.fixture(scope="session", autouse=True)
def blocking_detector() -> Iterator[None]:
    """Switch the detector on for the run."""
    original = detector.BlockingError
    detector.BlockingError = KeptBlockingError
    blockbuster = BlockBuster(_OURS)
    _allow(blockbuster)
    blockbuster.activate()
    try:
        yield
    finally:
        blockbuster.deactivate()
        detector.BlockingError = original


@pytest.fixture(autouse=True)
def no_blocking_calls(blocking_detector: None) -> Iterator[None]:
    """Fail the test for every blocking call found during it, also a swallowed one."""
    _seen.clear()
    yield
    findings = list(_seen)
    _seen.clear()
    if findings:
        pytest.fail(f"blocking call on the event loop: {', '.join(findings)}", pytrace=False)
