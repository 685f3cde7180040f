"""What a run has done it does not do again, wherever its process is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.engine_program import EFFECTS, STEPS
from tests.durability.harness import Ledger, Program, kill_at_random

KILLS = {"sqlite": 25, "postgresql": 5}


@pytest.mark.parametrize("database", KILLS)
def test_a_killed_process_repeats_nothing_and_loses_nothing(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(tmp_path / "engine.db") if database == "sqlite" else request.getfixturevalue("postgres_url")
    ledger = Ledger(tmp_path / "ledger")
    with Program("tests.durability.engine_program") as program:
        # Each life is given one run more than the last, so that there is always something to do.
        starts = kill_at_random(
            program, lambda killed: (url, str(ledger.path), "0", str(killed // 2 + 2)), kills=KILLS[database], seed=5
        )

    lines = ledger.lines()
    recorded: set[tuple[str, ...]] = set()
    repeated = list[list[str]]()
    for word, *what in lines:
        if word == "effect" and tuple(what) in recorded:
            repeated.append(what)
        elif word == "recorded":
            recorded.add(tuple(what))
    effects, unknown = ledger.count("effect"), ledger.count("unknown")
    twice = [what for what, times in effects.items() if times > 1 and not what.endswith(" idempotent")]
    accepted = set(ledger.count("accepted"))
    lost = accepted - set(ledger.count("ended"))

    with capsys.disabled():
        print(  # noqa: T201
            f"\n{database}: killed {KILLS[database]} times, {starts} starts, {len(accepted)} runs,"
            f" {effects.total()} effects, {effects.total() - len(effects)} idempotent ones repeated,"
            f" {len(unknown)} unknown outcomes"
        )
    assert repeated == []
    assert twice == []
    assert lost == set()
    # A step is recorded, or its outcome is unknown; only those whose effect nobody can ask for are.
    assert len(recorded) + len(unknown) == len(accepted) * STEPS * len(EFFECTS)
    assert all(what.endswith("/once") for what in unknown)
