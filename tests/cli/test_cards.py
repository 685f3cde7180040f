"""The cards that are committed are the cards that are served (design D9)."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import httpx2
import pytest

from agentkit.a2a import CardKeys
from agentkit.errors import CardUntrusted, ConfigurationError, SpecError
from tests.cli.conftest import Run, started
from tests.deadline import HANG

ROOT = Path(__file__).parents[2]
CARDS = ROOT / "agent-cards"
EXAMPLE = "03_chain_agents"
TARGETS = {
    "handover-chain": "agentkit.cli.demo.chain:preview",
    "intake": "07_approve_and_resume:intake",
    "note-check": f"{EXAMPLE}:chain",
}


PAIR = """
from agentkit.compose import FunctionAgent

def shout(text: str) -> str:
    return text.upper()

def whisper(text: str) -> str:
    return text.lower()

shouting = FunctionAgent(shout)
agents = [shouting, FunctionAgent(whisper)]
"""


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with two agents, which is the working directory."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "pair_of_agents.py").write_text(PAIR, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "pair_of_agents", raising=False)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return folder


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


def test_several_agents_have_a_card_each_at_their_addresses(run: Run, tmp_path: Path, beside: Path) -> None:
    done = run("card", "write", "pair_of_agents:agents", "--folder", str(tmp_path), "--url", "https://a.example")
    assert done.exit_code == 0, done.output
    cards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.json")}
    assert {name: card["url"] for name, card in cards.items()} == {
        "shout": "https://a.example/shout/a2a",
        "whisper": "https://a.example/whisper/a2a",
    }
    again = run(
        "card", "write", "pair_of_agents:agents", "--folder", str(tmp_path), "--url", "https://a.example", "--check"
    )
    assert again.exit_code == 0, again.output


def test_words_that_somebody_wrote_are_taken_for_one_agent_only(run: Run, tmp_path: Path, beside: Path) -> None:
    words = tmp_path / "words.json"
    words.write_text(json.dumps({"name": "Loud", "description": "Says it louder"}), encoding="utf-8")
    shown = run("card", "show", "pair_of_agents:shouting", "--card", str(words))
    assert json.loads(shown.output)["description"] == "Says it louder"
    refused = run("card", "show", "pair_of_agents:agents", "--card", str(words))
    assert isinstance(refused.exception, ConfigurationError)


def test_a_signed_card_is_shown_checked_and_its_keys_rotated(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pair_of_agents.py").write_text(PAIR, encoding="utf-8")
    keys = tmp_path / "keys.json"
    with started(tmp_path, "pair_of_agents:agents", "--port", "0", "--sign", str(keys)) as served:
        url = served.address("whisper")
        assert any(line.startswith("catalogue") for line in served.lines)
        shown = run("card", "show", url)
        assert json.loads(shown.output)["name"] == "whisper"
        first = run("card", "verify", url)
        assert first.exit_code == 0, first.output
        rotated = run("card", "rotate-keys", str(keys))
        assert rotated.exit_code == 0, rotated.output
        end = time.monotonic() + HANG  # the server looks at the file once in a second
        while (second := run("card", "verify", url)).output == first.output:
            assert time.monotonic() < end
        assert second.output.split()[-1].rstrip(".") in rotated.output
        pinned = tmp_path / "pinned.json"
        pinned.write_text(json.dumps(CardKeys.new().jwks()), encoding="utf-8")
        refused = run("card", "verify", url, "--keys", str(pinned))
    assert isinstance(refused.exception, CardUntrusted)
    assert refused.exception.reason == "key_unknown"


def test_a_card_without_signature_is_told(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pair_of_agents.py").write_text(PAIR, encoding="utf-8")
    with started(tmp_path, "pair_of_agents:shouting", "--port", "0", "--auth", "apiKey") as served:
        done = run("card", "verify", served.address("shout"))
    assert isinstance(done.exception, CardUntrusted)
    assert done.exception.reason == "unsigned"


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["verify", "agents.example.org"], ConfigurationError, "no http address"),
        (["verify", "http://127.0.0.1:9"], CardUntrusted, "cannot be reached"),
        (["verify", "http://127.0.0.1:9", "--keys", "pyproject.toml"], ConfigurationError, "--keys"),
        (["show", "http://127.0.0.1:9"], CardUntrusted, "cannot be reached"),
        (["rotate-keys", "no-such-file.json"], ConfigurationError, "--sign FILE makes it"),
    ],
)
def test_what_cannot_be_checked_is_told(run: Run, arguments: list[str], error: type[Exception], says: str) -> None:
    done = run("card", *arguments)
    assert isinstance(done.exception, error)
    assert says in str(done.exception)


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


def test_a_card_for_an_address_that_is_none_is_not_written(run: Run, beside: Path, tmp_path: Path) -> None:
    done = run(
        "card", "write", "pair_of_agents:shouting", "--url", "agents.example.org", "--folder", str(tmp_path / "c")
    )
    assert isinstance(done.exception, ConfigurationError)
    assert "--url: is no http address" in str(done.exception)
    assert not (tmp_path / "c").exists()
