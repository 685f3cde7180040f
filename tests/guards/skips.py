"""A skip or an expected failure that the register does not list fails the run.

The register (`tests/skips.toml`) holds `[[skip]]` tables with `test` (the id), `reason` and `platform` (as
`sys.platform` begins).
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

_INI = "skip_register"
_FIELDS = ("test", "reason", "platform")


@dataclass(frozen=True)
class AllowedSkip:
    """One entry of the register."""

    test: str
    reason: str
    platform: str


def read_register(path: Path) -> list[AllowedSkip]:
    """Read the register; a missing or unknown field is a `pytest.UsageError`."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    entries: list[AllowedSkip] = []
    for entry in cast("list[Mapping[str, object]]", document.get("skip", [])):
        if set(entry) != set(_FIELDS) or not all(isinstance(value, str) and value for value in entry.values()):
            raise pytest.UsageError(f"{path.name}: every [[skip]] has exactly the texts {', '.join(_FIELDS)}: {entry}")
        entries.append(AllowedSkip(*(str(entry[field]) for field in _FIELDS)))
    return entries


class SkipGuard:
    """Collects skips and expected failures and turns the unlisted ones into a failed run."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._unlisted: dict[str, str] = {}

    def _record(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and report.nodeid not in self._allowed:
            reason = getattr(report, "wasxfail", None) or report.longreprtext
            self._unlisted.setdefault(report.nodeid, reason.strip().splitlines()[-1] if reason.strip() else "no reason")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._record(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._record(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._unlisted and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._unlisted:
            return
        terminalreporter.section("skips that tests/skips.toml does not list", red=True)
        for test, reason in self._unlisted.items():
            terminalreporter.line(f"{test}: {reason}", red=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(_INI, "the register of allowed skips", type="paths", default=["tests/skips.toml"])


def pytest_configure(config: pytest.Config) -> None:
    allowed: set[str] = set()
    for path in cast("list[Path]", config.getini(_INI)):
        resolved = path if path.is_absolute() else config.rootpath / path
        allowed.update(entry.test for entry in read_register(resolved) if sys.platform.startswith(entry.platform))
    config.pluginmanager.register(SkipGuard(frozenset(allowed)), "agentkit-skip-guard")
