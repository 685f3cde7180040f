"""A test sees none of the machine: no variables of ours, proxies, terminal, `.env`, user data or ignored signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

_PREFIXES = ("CORTI_", "AGENTKIT_", "OTEL_")
_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_TERMINAL = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR")


def pytest_configure() -> None:
    """Let an interrupt end what tests start: a shell's background jobs, and their children, are told to ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear the variables, work in an empty folder (no `.env`) and keep user data there."""
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in (*_NAMES, *_TERMINAL):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))
    work = tmp_path / "cwd"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def untraced_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start child processes without coverage, for tests that look at what a process loads or costs."""
    for name in list(os.environ):
        if name.startswith("COVERAGE_PROCESS_"):
            monkeypatch.delenv(name)
