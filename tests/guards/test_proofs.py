from __future__ import annotations

import pytest

FILE = """
    import pytest

    @pytest.mark.parametrize("number", [1, 2])
    def test_numbers(number, request):
        assert number < request.config.getini("largest_number")

    def test_other():
        pass
"""
INI = """
[pytest]
testpaths = tests
proof_manifests = rules.toml
largest_number = {largest}
"""
DIVIDED = ("-p", "xdist", "-n", "2", "-p", "no:cacheprovider")
CONFTEST = """
pytest_plugins = ["tests.guards.proofs"]

def pytest_addoption(parser):
    parser.addini("largest_number", "of those that pass", type="int")
"""


def project(pytester: pytest.Pytester, proof: str, *, largest: int = 9) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    pytester.makeini(INI.format(largest=largest))
    pytester.mkdir("tests").joinpath("test_it.py").write_text(
        "\n".join(line[4:] for line in FILE.splitlines()), encoding="utf-8"
    )
    rules = f'[RULE-01]\nlevel = "MUST"\ntests = ["tests/test_it.py::{proof}"]\n'
    (pytester.path / "rules.toml").write_text(rules, encoding="utf-8")
    return pytester


def test_a_proof_that_ran_and_passed_counts(pytester: pytest.Pytester) -> None:
    assert project(pytester, "test_numbers").runpytest_inprocess().ret == pytest.ExitCode.OK


def test_a_proof_that_no_run_knows_fails_the_run(pytester: pytest.Pytester) -> None:
    result = project(pytester, "test_nobody").runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["tests/test_it.py::test_nobody did not run; it is the proof of RULE-01"])


def test_a_proof_with_one_failure_is_none(pytester: pytest.Pytester) -> None:
    result = project(pytester, "test_numbers", largest=2).runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["tests/test_it.py::test_numbers did not pass; it is the proof of RULE-01"])


@pytest.mark.parametrize("chosen", [["tests/test_it.py"], ["-k", "other"], ["--deselect", "tests/test_it.py::x"]])
def test_a_run_of_a_part_is_not_looked_at(pytester: pytest.Pytester, chosen: list[str]) -> None:
    assert project(pytester, "test_nobody").runpytest_inprocess(*chosen).ret == pytest.ExitCode.OK


@pytest.mark.usefixtures("untraced_children")
def test_the_processes_of_a_divided_run_are_seen_as_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each of six processes would load all of them
    result = project(pytester, "test_nobody").runpytest_subprocess(*DIVIDED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["tests/test_it.py::test_nobody did not run; it is the proof of RULE-01"])
    assert project_passes(pytester)


def project_passes(pytester: pytest.Pytester) -> bool:
    rules = '[RULE-01]\ntests = ["tests/test_it.py::test_numbers"]\n'
    (pytester.path / "rules.toml").write_text(rules, encoding="utf-8")
    return pytester.runpytest_subprocess(*DIVIDED).ret == pytest.ExitCode.OK
