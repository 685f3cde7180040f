"""The cards that are committed are the cards that are served (design D9)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx2
import pytest

from agentkit.errors import SpecError
from tests.cli.conftest import Run, started
from tests.deadline import HANG

ROOT = Path(__file__).parents[2]
CARDS = ROOT / "agent-cards"
EXAMPLE = "03_chain_agents"
TARGETS = {"handover-chain": "agentkit.cli.demo.chain:preview", "note-check": f"{EXAMPLE}:chain"}


@pytest.fixture
def beside_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples")


@pytest.mark.parametrize("name", sorted(path.stem for path in CARDS.glob("*.json")))
def test_a_committed_card_is_current(run: Run, beside_the_example: None, name: str) -> None:
    done = run("card", "write", TARGETS[name], "--folder", str(CARDS), "--check")
    assert done.exit_code == 0, done.output


def test_every_agent_with_a_card_has_one_committed() -> None:
    assert {path.stem for path in CARDS.glob("*.json")} == set(TARGETS)


def test_the_card_that_is_served_is_the_one_committed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / f"{EXAMPLE}.py", tmp_path)
    with started(tmp_path, f"{EXAMPLE}:chain", "--port", "0") as served, httpx2.Client(timeout=HANG) as http:
        url = served.address("note-check")
        answer = http.get(f"{url}/.well-known/agent-card.json").json()
    committed = (CARDS / "note-check.json").read_text(encoding="utf-8")
    assert answer == json.loads(committed.replace("http://127.0.0.1:8702", url))


def test_a_stale_card_is_told_and_a_written_one_is_current(run: Run, beside_the_example: None, tmp_path: Path) -> None:
    options = ("card", "write", TARGETS["note-check"], "--folder", str(tmp_path / "cards"))
    missing = run(*options, "--check")
    assert missing.exit_code == 1
    assert run(*options).exit_code == 0
    assert run(*options, "--check").exit_code == 0
    assert run(*options, "--url", "https://example.org", "--check").exit_code == 1


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nothing", "module:attribute"),
        ("no_such_module_here:agent", "cannot be found"),
        ("json:no_such_attribute", "has no no_such_attribute"),
        ("json:dumps", "is a function"),
        ("json:__name__", "is a str"),
        ("agentkit_servers.ehr.server:build_server", "is a ToolServer"),
    ],
)
def test_a_target_that_has_no_card_is_refused_naming_what_was_found(run: Run, target: str, says: str) -> None:
    done = run("card", "write", target)
    assert isinstance(done.exception, SpecError)
    assert says in str(done.exception)
