"""What is erased is in no table of the engine either, and in no file of it; work on it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from agentkit.cli.commands import app
from tests.durability.erasure_program import CANARY
from tests.durability.harness import Program


@pytest.fixture(scope="module")
def started() -> Iterator[Program]:
    with Program("tests.durability.erasure_program") as program:
        yield program


@pytest.fixture
def program(started: Program) -> Iterator[Program]:
    yield started
    started.rest()


def _erase(url: str) -> None:
    result = CliRunner().invoke(app, ["tasks", "erase", "--owner", "", "--database", url, "--yes"])
    assert (result.exit_code, result.output) == (0, "Erased 1 task.\n")


def _files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def _tables(url: str) -> str:
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows = [
            connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*table))).fetchall()
            for table in tables
        ]
    return str(rows)


def test_records_of_a_process_that_died_are_erased_with_their_task(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    life = program.start("begin", str(path))
    life.expect("recorded", "served")
    life.kill()
    assert CANARY.encode() in _files(path)

    _erase(f"sqlite:///{path}")

    assert CANARY.encode() not in _files(path)
    # The next process has nothing to go on with.
    life = program.start("serve", str(path))
    life.expect("served")
    life.kill()
    assert "recorded" not in life.told
    assert CANARY.encode() not in _files(path)


def test_work_on_a_task_that_another_process_erases_ends(program: Program, postgres_url: str) -> None:
    life = program.start("begin", postgres_url)
    life.expect("recorded", "served")
    assert CANARY in _tables(postgres_url)

    _erase(postgres_url)

    life.expect("stopped")
    assert CANARY not in _tables(postgres_url)
    life.kill()
