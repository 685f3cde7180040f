"""An agent elsewhere and a platform that is killed while it works."""

from __future__ import annotations

from pathlib import Path

from tests.durability.harness import Ledger, Program


def test_a_turn_goes_on_at_an_agent_that_wants_no_token_though_the_callers_one_is_gone(tmp_path: Path) -> None:
    """V2-OBJ-07: what inherits the caller's token asks without one where there is none any more."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path))
    with Program("tests.platform.orchestration.remote_program") as program:
        life = program.start(*arguments)
        life.expect("asked", "kept")
        life.kill()
        assert program.start(*arguments).end() == 0
    assert [line[1:] for line in ledger.lines() if line[0] == "ended"] == [["completed", "thought", "about", "rain"]]
