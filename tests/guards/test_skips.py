from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.guards.skips import read_register

SKIPPED = """
    import pytest

    @pytest.mark.skip(reason="not today")
    def test_skipped():
        pass

    def test_passes():
        pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["tests.guards.skips"]')
    pytester.makeini("[pytest]\nskip_register = skips.toml\n")
    (pytester.path / "skips.toml").write_text("", encoding="utf-8")
    return pytester


def test_an_unlisted_skip_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=SKIPPED)
    result = project.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["*skips that tests/skips.toml does not list*", "test_it.py::test_skipped: *not today*"]
    )


def test_a_listed_skip_is_accepted(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=SKIPPED)
    entry = f'[[skip]]\ntest = "test_it.py::test_skipped"\nreason = "because"\nplatform = "{sys.platform}"\n'
    (project.path / "skips.toml").write_text(entry, encoding="utf-8")
    assert project.runpytest_inprocess().ret == pytest.ExitCode.OK


def test_a_skip_listed_for_another_platform_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=SKIPPED)
    entry = '[[skip]]\ntest = "test_it.py::test_skipped"\nreason = "because"\nplatform = "amiga"\n'
    (project.path / "skips.toml").write_text(entry, encoding="utf-8")
    assert project.runpytest_inprocess().ret == pytest.ExitCode.TESTS_FAILED


def test_an_expected_failure_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it="import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it():\n    raise AssertionError\n"
    )
    result = project.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["test_it.py::test_it: known"])


def test_a_module_that_skips_itself_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="import pytest\npytest.importorskip('no_such_module')\n")
    assert project.runpytest_inprocess().ret == pytest.ExitCode.TESTS_FAILED


def test_an_entry_without_reason_is_refused(tmp_path: Path) -> None:
    register = tmp_path / "skips.toml"
    register.write_text('[[skip]]\ntest = "a"\nplatform = "win32"\n', encoding="utf-8")
    with pytest.raises(pytest.UsageError, match="reason"):
        read_register(register)


def test_nothing_is_listed_for_linux() -> None:
    entries = read_register(Path(__file__).parents[1] / "skips.toml")
    assert [entry for entry in entries if "linux".startswith(entry.platform)] == []
