"""The blocking client is the asynchronous one in another spelling, so the two cannot differ."""

from __future__ import annotations

from tests.architecture.blocking_twin import TWINS, twins


def test_the_blocking_client_is_what_the_asynchronous_one_says() -> None:
    expected = twins()
    assert set(TWINS.glob("*.py")) == set(expected)
    stale = [path.name for path, text in expected.items() if path.read_text("utf-8") != text]
    assert not stale, f"{', '.join(stale)}: run `make twins`"


def test_nothing_asynchronous_is_left_in_the_blocking_client() -> None:
    for path, text in twins().items():
        code = text.replace("An `AsyncCorti` belongs to one event loop", "")
        assert not [word for word in ("async ", "await ", "asyncio", "aiter", "anext", "Async") if word in code], path
