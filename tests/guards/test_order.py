from __future__ import annotations

import pytest

from tests.guards import order


def test_long_files_begin_in_the_order_they_are_named_in_and_the_others_stay_as_they_were(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "LONG", ("tests/z/", "tests/test_c.py"))
    pytester.makeconftest('pytest_plugins = ["tests.guards.order"]')
    for path in ("test_a.py", "test_c.py", "test_b.py", "z/test_y.py"):
        file = pytester.path / "tests" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("def test_x(): ...\n", encoding="utf-8")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    names = [line.partition("::")[0] for line in result.outlines if "::" in line]
    assert names == ["tests/z/test_y.py", "tests/test_c.py", "tests/test_a.py", "tests/test_b.py"]


def test_what_is_named_as_long_exists(pytestconfig: pytest.Config) -> None:
    assert order.missing(pytestconfig.rootpath) == []
