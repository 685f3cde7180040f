"""A proof counts only if it ran and passed: a whole run in which a test that a manifest names did not, fails.

A manifest is a TOML file of tables, one for each rule; their lists of `path::test` texts name the tests that prove the
rule. A run of a part of the tests proves nothing either way, so there nothing is looked at.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

_INI = "proof_manifests"


def read_proofs(path: Path) -> dict[str, set[str]]:
    """The tests that a manifest names, each with the rules it proves."""
    proofs: dict[str, set[str]] = {}
    manifest = cast("Mapping[str, Mapping[str, object]]", tomllib.loads(path.read_text(encoding="utf-8")))
    for rule, entry in manifest.items():
        for test in _tests(entry):
            proofs.setdefault(test, set()).add(rule)
    return proofs


def _tests(entry: Mapping[str, object]) -> Iterator[str]:
    for value in entry.values():
        if isinstance(value, list):
            yield from (text for text in cast("list[object]", value) if isinstance(text, str) and "::" in text)


class ProofGuard:
    """Notes what ran and passed; a test with parameters did when all that ran of it passed."""

    def __init__(self, proofs: Mapping[str, set[str]]) -> None:
        self._proofs = proofs
        self._passed: set[str] = set()
        self._not_passed: set[str] = set()
        self._missing: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("[")[0]
        if not report.passed:
            self._not_passed.add(name)
        elif report.when == "call":
            self._passed.add(name)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not _is_whole(session.config):
            return
        for test, rules in sorted(self._proofs.items()):
            if test not in self._passed or test in self._not_passed:
                how = "did not pass" if test in self._passed | self._not_passed else "did not run"
                self._missing[test] = f"{how}; it is the proof of {', '.join(sorted(rules))}"
        if self._missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._missing:
            return
        terminalreporter.section("proofs that did not run and pass", red=True)
        for test, fault in self._missing.items():
            terminalreporter.line(f"{test} {fault}", red=True)


def _is_whole(config: pytest.Config) -> bool:
    """Nothing was chosen: neither paths nor names nor marks, and no test was left out."""
    option = config.option
    chosen = option.keyword or option.markexpr or option.deselect or option.collectonly or option.maxfail
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(_INI, "manifests whose tests must run and pass", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # a process of xdist sees a part of the run only
        return
    proofs: dict[str, set[str]] = {}
    for path in cast("list[Path]", config.getini(_INI)):
        resolved = path if path.is_absolute() else config.rootpath / path
        for test, rules in read_proofs(resolved).items():
            proofs.setdefault(test, set()).update(rules)
    config.pluginmanager.register(ProofGuard(proofs), "agentkit-proof-guard")
