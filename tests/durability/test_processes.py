"""Several processes on one database: who is refused, who goes on with whose runs, and what is given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.harness import Program


@pytest.fixture(scope="module")
def programs() -> Iterator[tuple[Program, Program]]:
    with Program("tests.durability.peer_program") as one, Program("tests.durability.peer_program") as other:
        yield one, other


@pytest.fixture
def one(programs: tuple[Program, Program]) -> Iterator[Program]:
    yield programs[0]
    programs[0].rest()


@pytest.fixture
def other(programs: tuple[Program, Program]) -> Iterator[Program]:
    yield programs[1]
    programs[1].rest()


def test_a_sqlite_file_belongs_to_one_process(one: Program, other: Program, tmp_path: Path) -> None:
    url = str(tmp_path / "engine.db")
    life = one.start("serve", url)
    life.expect("served")

    assert other.start("refused", url).end() == 0

    life.kill()
    assert other.start("tasks", url, "a", "b").end() == 0


def test_a_run_that_kills_its_process_is_given_up_alone(one: Program, tmp_path: Path) -> None:
    url, told = str(tmp_path / "engine.db"), list[str]()
    for number in range(6):
        part, ids = "hurry" if number > 1 else "serve", ("a", "b", "poison") if number == 0 else ()
        life = one.start(part, url, *ids)
        assert life.end() == 9
        told += life.told

    life = one.start("hurry", url, "new")
    life.expect("ended new", "given up poison")
    life.kill()
    told += life.told

    # The others were at work when the process died, but waited for their turn when that had happened twice.
    assert told.count("began poison") == 6
    assert told.count("given up poison") == 1
    assert {"ended a", "ended b"} <= set(told)
    assert not {"given up a", "given up b"} & set(told)


def test_a_living_process_goes_on_with_the_runs_and_timers_of_a_dead_one(
    one: Program, other: Program, postgres_url: str
) -> None:
    dies, lives = one.start("serve", postgres_url, "a", "later"), other.start("serve", postgres_url)
    dies.expect("began a")
    dies.expect("served")
    lives.expect("served")

    dies.kill()

    lives.expect("began a")
    lives.expect("began later")
    lives.kill()


def test_a_run_is_cancelled_from_another_process(one: Program, other: Program, postgres_url: str) -> None:
    carries = one.start("serve", postgres_url, "a")
    carries.expect("served")

    cancels = other.start("cancel", postgres_url, "a")

    carries.expect("stopped a")
    assert cancels.end() == 0
    carries.kill()
