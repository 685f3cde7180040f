"""The whole house under SIGKILL: a workflow with side effects, a timer, an approval and a remote A2A agent."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from agentkit.a2a.standalone import agent_app
from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.compose import Agent, FunctionAgent
from tests.durability.harness import Ledger, Program, kill_at_random
from tests.durability.workflow_program import STEPS

KILLS = {"sqlite": 50, "postgresql": 10}


@contextmanager
def _served(agent: Agent, database: Path) -> Generator[str]:
    """An agent on a free port, in a thread."""
    place = bind("127.0.0.1", 0)
    app = agent_app(agent, url=place.url, database=database, limits=None)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving([(place, app)])):
        yield place.url


@contextmanager
def _remote(ledger: Ledger, folder: Path) -> Generator[str]:
    """The address of an A2A agent whose work is in the ledger too; a process of its own as far as others can tell."""

    def remember(text: str) -> str:
        ledger.append("effect", "remote", text, "lookup")
        return text

    with _served(FunctionAgent(remember, name="remote"), folder / "remote.db") as address:
        yield address


def _check(ledger: Ledger) -> str:
    """Nothing recorded was repeated, nothing accepted was lost; returns what is to be told."""
    recorded: set[tuple[str, str]] = set()
    repeated = list[list[str]]()
    for word, *what in ledger.lines():
        if word == "effect" and (what[0], what[1]) in recorded:
            repeated.append(what)
        elif word == "recorded":
            recorded.add((what[0], what[1]))
    effects = ledger.count("effect")
    accepted = set(ledger.count("accepted"))
    ended = {line[1]: line[2:] for line in ledger.lines() if line[0] == "ended"}
    unknown = {number: step for number, (_, error, step) in ended.items() if error == "UnknownOutcome"}
    done = {" ".join(what.split()[:2]) for what in effects}

    assert repeated == []
    assert [what for what, times in effects.items() if times > 1 and not what.endswith(" idempotent")] == []
    assert accepted == set(ended)
    completed = set(ended) - set(unknown)
    assert all(ended[number][0] == "TASK_STATE_COMPLETED" for number in completed), ended
    assert {f"{step} {number}" for step in STEPS for number in completed} <= done
    # Only what nobody can be asked about is unknown.
    assert all(step in {"intake/code", "intake/file"} for step in unknown.values()), unknown
    return (
        f"{len(accepted)} tasks, {effects.total()} effects, {effects.total() - len(effects)} idempotent ones repeated,"
        f" {len(unknown)} unknown outcomes"
    )


@pytest.mark.parametrize("database", KILLS)
def test_a_served_workflow_repeats_nothing_and_loses_nothing(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(tmp_path / "tasks.db") if database == "sqlite" else request.getfixturevalue("postgres_url")
    ledger, tasks, kills = Ledger(tmp_path / "ledger"), count(2), KILLS[database]

    with _remote(ledger, tmp_path) as address, Program("tests.durability.workflow_program") as program:
        # Each life is given one task more than the last, so that there is always something to do.
        starts = kill_at_random(
            program, lambda _killed: (url, str(ledger.path), address, str(next(tasks))), kills=kills, seed=7
        )

    told = _check(ledger)
    with capsys.disabled():
        print(f"\n{database}: killed {kills} times, {starts} starts, {told}")  # noqa: T201


def test_processes_that_are_sent_the_same_do_it_once_while_one_of_them_dies(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, kills, tasks = Ledger(tmp_path / "ledger"), 3, count(12, 4)

    with (
        _remote(ledger, tmp_path) as address,
        Program("tests.durability.workflow_program") as dies,
        Program("tests.durability.workflow_program") as lives,
    ):
        life = lives.start(postgres_url, str(ledger.path), address, "12")
        # Each life of the other has the same to do, and something more.
        kill_at_random(
            dies, lambda _killed: (postgres_url, str(ledger.path), address, str(next(tasks))), kills=kills, seed=11
        )
        assert life.end() == 0

    told = _check(ledger)
    with capsys.disabled():
        print(f"\ntwo processes: one killed {kills} times, {told}")  # noqa: T201
