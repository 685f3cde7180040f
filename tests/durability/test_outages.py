"""A PostgreSQL server that is away for a while holds runs up, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.durability.harness import Program


@pytest.fixture(scope="module")
def started() -> Iterator[Program]:
    with Program("tests.durability.outage_program") as program:
        yield program


@pytest.fixture
def program(started: Program) -> Iterator[Program]:
    yield started
    started.rest()


def test_a_step_that_ends_while_the_server_is_away_is_recorded_when_it_is_back(
    program: Program, postgres_url: str
) -> None:
    life = program.start("goes-on", postgres_url)
    life.expect("recorded", "timer")
    life.kill()


def test_a_process_stops_in_time_while_the_server_is_away(program: Program, postgres_url: str) -> None:
    life = program.start("stops", postgres_url)
    life.expect("stopped")
    assert life.end() == 0
