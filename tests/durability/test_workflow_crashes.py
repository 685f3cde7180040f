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

KILLS = 50


@contextmanager
def _served(agent: Agent, database: Path) -> Generator[str]:
    """An agent on a free port, in a thread."""
    place = bind("127.0.0.1", 0)
    app = agent_app(agent, url=place.url, database=database, limits=None)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving([(place, app)])):
        yield place.url


def test_a_served_workflow_repeats_nothing_and_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, database, tasks = Ledger(tmp_path / "ledger"), str(tmp_path / "tasks.db"), count(2)

    def remember(text: str) -> str:
        ledger.append("effect", "remote", text, "lookup")
        return text

    with (
        _served(FunctionAgent(remember, name="remote"), tmp_path / "remote.db") as address,
        Program("tests.durability.workflow_program") as program,
    ):
        # Each life is given one task more than the last, so that there is always something to do.
        starts = kill_at_random(
            program, lambda _killed: (database, str(ledger.path), address, str(next(tasks))), kills=KILLS, seed=7
        )

    recorded: set[tuple[str, str]] = set()
    repeated = list[list[str]]()
    for word, *what in ledger.lines():
        if word == "effect" and (what[0], what[1]) in recorded:
            repeated.append(what)
        elif word == "recorded":
            recorded.add((what[0], what[1]))
    effects = ledger.count("effect")
    twice = [what for what, times in effects.items() if times > 1 and not what.endswith(" idempotent")]
    accepted = set(ledger.count("accepted"))
    ended = {line[1]: line[2:] for line in ledger.lines() if line[0] == "ended"}
    unknown = [number for number, (_, error) in ended.items() if error == "UnknownOutcome"]

    with capsys.disabled():
        print(  # noqa: T201
            f"\nkilled {KILLS} times, {starts} starts, {len(accepted)} tasks, {effects.total()} effects,"
            f" {effects.total() - len(effects)} idempotent ones repeated, {len(unknown)} unknown outcomes"
        )
    assert repeated == []
    assert twice == []
    assert accepted == set(ended)
    assert all(state == "TASK_STATE_COMPLETED" for state, error in ended.values() if error != "UnknownOutcome"), ended
