"""The platform under SIGKILL: accepted messages are not lost, and no task is at work for ever (design, section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.durability.harness import Ledger, Program, kill_at_random

_PROGRAM = "tests.platform.orchestration.turn_program"


@pytest.fixture(scope="module")
def _started() -> Iterator[Program]:
    with Program(_PROGRAM) as program:
        yield program


@pytest.fixture
def program(_started: Program) -> Iterator[Program]:
    """It takes seconds to import, so it is imported once; what a test leaves of it ends with the test."""
    yield _started
    _started.rest()


def _ended(ledger: Ledger) -> dict[str, list[str]]:
    return {line[1]: line[2:] for line in ledger.lines() if line[0] == "ended"}


def test_a_durable_turn_goes_on_where_it_was_killed_and_writes_nothing_twice(tmp_path: Path, program: Program) -> None:
    """D7: what only reads may be done again, what writes is done once or ends with an unknown outcome."""
    ledger, tasks = Ledger(tmp_path / "ledger"), count(2)

    def arguments(killed: int) -> tuple[str, ...]:
        return str(tmp_path / "platform.db"), str(ledger.path), str(next(tasks) + killed), "durable", ""

    kill_at_random(program, arguments, kills=4, seed=6)
    effects, ended = ledger.count("effect"), _ended(ledger)
    assert set(ledger.count("accepted")) == set(ended)
    assert [what for what, times in effects.items() if what.startswith("file ") and times > 1] == []
    assert {told[0] for told in ended.values()} <= {"completed", "failed"}
    for number, (state, error, _) in ended.items():
        assert (state == "completed") == (error == "-"), (number, state, error)
        if state == "completed":
            assert {f"look {number}", f"file {number}"} <= set(effects)
        else:
            assert error == "unknown_outcome"
    # Only a few calls were in the middle of something when the process died.
    assert sum(told[0] == "completed" for told in ended.values()) > len(ended) / 2


def test_a_writing_call_that_was_interrupted_is_never_made_again(tmp_path: Path, program: Program) -> None:
    """D7: nobody knows whether it happened, and the task says so."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path), "1")
    life = program.start(*arguments, "durable-halted", "")
    life.expect("accepted", "before-file")
    life.kill()
    assert program.start(*arguments, "durable", "").end() == 0
    assert _ended(ledger) == {"0": ["failed", "unknown_outcome", "-"]}
    assert ledger.count("effect")["file 0"] == 0
    assert ledger.count("effect")["look 0"] == 1


def test_of_two_at_once_the_reading_one_is_found_again_and_the_writing_one_not_done_again(
    tmp_path: Path, program: Program
) -> None:
    """D7 with experts at work at the same time."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path), "1")
    life = program.start(*arguments, "together-halted", "")
    life.expect("accepted", "before-file")
    life.kill()
    assert program.start(*arguments, "together", "").end() == 0
    assert _ended(ledger) == {"0": ["failed", "unknown_outcome", "-"]}
    assert ledger.count("effect")["file 0"] == 0


def test_a_durable_turn_is_cancelled_for_good_with_its_tool_call(tmp_path: Path, program: Program) -> None:
    """A2A-CAN-01: also the next process does not go on with it."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path), "1", "cancel", "")
    assert program.start(*arguments).end() == 0
    assert program.start(*arguments).end() == 0
    assert _ended(ledger) == {"0": ["canceled", "-", "-"]}
    assert ledger.count("effect") == {"look 0": 1}
    assert ledger.count("stopped")["file 0"] <= 1


def test_a_turn_that_need_not_survive_ends_failed_with_a_reason(tmp_path: Path, program: Program) -> None:
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path), "1")
    life = program.start(*arguments, "inline-halted", "")
    life.expect("accepted", "before-file")
    life.kill()
    assert program.start(*arguments, "inline", "").end() == 0
    assert _ended(ledger) == {"0": ["failed", "interrupted", "-"]}
    assert ledger.count("effect")["look 0"] == 1


def test_turns_that_need_not_survive_are_never_lost_nor_at_work_for_ever_wherever_they_are_killed(
    tmp_path: Path, program: Program
) -> None:
    """What was accepted ends: done, or failed with a reason; and the platform starts and works on each time."""
    ledger, tasks = Ledger(tmp_path / "ledger"), count(2)

    def arguments(killed: int) -> tuple[str, ...]:
        return str(tmp_path / "platform.db"), str(ledger.path), str(next(tasks) + killed), "inline", ""

    kill_at_random(program, arguments, kills=3, seed=7)
    ended = _ended(ledger)
    assert set(ledger.count("accepted")) == set(ended)
    assert {(state, error) for state, error, _ in ended.values()} <= {("completed", "-"), ("failed", "interrupted")}
    assert [what for what, times in ledger.count("effect").items() if times > 1] == []


def test_a_credential_is_gone_after_a_crash_and_the_task_waits_for_it(tmp_path: Path, program: Program) -> None:
    """D13: it was in the memory of the process only."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = (str(tmp_path / "platform.db"), str(ledger.path), "1", "durable", "canary-token-5b2e")
    life = program.start(*arguments)
    life.expect("accepted", "after-look")
    life.kill()
    assert program.start(*arguments).end() == 0
    assert _ended(ledger) == {"0": ["auth-required", "-", "file"]}
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"canary-token" not in stored
