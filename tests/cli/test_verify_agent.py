"""`agentkit agents verify`: what a person reads, what a program reads, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from tests.cli.conftest import House, Run, started

MODULE = """from agentkit.compose import FunctionAgent


def shout(text: str) -> str:
    \"\"\"Say it louder.\"\"\"
    return text.upper()


agent = FunctionAgent(shout)
"""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    folder = tmp_path_factory.mktemp("agent")
    (folder / "shouting.py").write_text(MODULE, encoding="utf-8")
    with started(folder, "shouting:agent", "--port", "0") as running:
        yield running


def test_a_served_agent_is_fit_while_one_develops(run: Run, agent: House) -> None:
    done = run("agents", "verify", agent.address("shout"), "--local", "--ask", "pulse 72")
    assert done.exit_code == 0, done.output
    for part in (
        "reachability",
        "✓ An agent card is served  reach.card",
        "✓ A text is answered  answers.send",
        "the address is plain http",
        "fit to be a connector of a Corti agent: 0 errors",
        "answer_ms_median",
    ):
        assert part in done.stdout


def test_an_address_that_corti_cannot_reach_is_not_fit(run: Run, agent: House) -> None:
    done = run("agents", "verify", agent.address("shout"), "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["fit"] is False
    assert {one["check"] for one in report["findings"] if one["verdict"] == "error"} == {"reach.url", "card.interfaces"}
    assert {one["text"] for one in report["findings"] if one["check"] == "answers.send"} == {
        "nothing was sent: allow it with --ask TEXT"
    }


def test_warnings_fail_where_they_shall(run: Run, agent: House) -> None:
    assert run("agents", "verify", agent.address("shout"), "--local", "--strict").exit_code == 1


@pytest.mark.parametrize("url", ["ftp://x.test", "https://u:p@x.test"])
def test_what_is_no_address_is_misuse(run: Run, url: str) -> None:
    assert run("agents", "verify", url).exit_code == 2
