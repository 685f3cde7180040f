from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest


def test_no_setting_of_the_machine_reaches_a_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORTI_CLIENT_SECRET", "from-outside")
    monkeypatch.setenv("AGENTKIT_PORT", "1")
    monkeypatch.setenv("https_proxy", "outside")
    pytester.makeconftest('pytest_plugins = ["tests.guards.environment"]')
    pytester.makefile(".env", "CORTI_CLIENT_SECRET=from-a-file")
    pytester.makepyfile("""
        import os
        from pathlib import Path

        def test_clean():
            assert "https_proxy" not in os.environ
            assert not [name for name in os.environ if name.startswith(("CORTI_", "AGENTKIT_"))]
            assert list(Path.cwd().iterdir()) == []
    """)
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_working_folder_is_empty_and_user_data_stays_in_the_test(tmp_path: Path) -> None:
    assert list(Path.cwd().iterdir()) == []
    assert Path(os.environ["XDG_DATA_HOME"]).is_relative_to(tmp_path)


def test_an_interrupt_is_not_ignored_where_a_shell_runs_the_tests_in_the_background(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        'import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\npytest_plugins = ["tests.guards.environment"]'
    )
    pytester.makepyfile("""
        import signal

        def test_heard():
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    """)
    before = signal.getsignal(signal.SIGINT)
    try:
        pytester.runpytest_inprocess().assert_outcomes(passed=1)
    finally:
        signal.signal(signal.SIGINT, before)
