"""Names and texts of others reach the terminal, and sometimes a file name, as text and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.text import Text

from agentkit.cli.data import file_name, own_database
from agentkit.cli.text import one_line, plain, shown
from agentkit.client import Corti
from agentkit.specs import AgentSpec
from tests.cli.conftest import House, Run

TITLE = "\x1b]0;owned\x07"
NAME = f"[red]evil[/red]{TITLE}\x9b2J\u202e"


def test_control_characters_are_shown_and_not_obeyed() -> None:
    assert plain("a\x1b[2Jb\x9b\x7f\r\u202e\u2066") == "a\\x1b[2Jb\\x9b\\x7f\\x0d\\x202e\\x2066"
    assert plain("two\nlines\tÄ 漢 🙂") == "two\nlines\tÄ 漢 🙂"
    assert one_line("two\nlines\r") == "two lines\\x0d"
    assert Text.from_markup(shown("[bold]x[/bold]\x1b")).plain == "[bold]x[/bold]\\x1b"


def test_an_agent_with_a_hostile_name_is_listed_and_talked_to_without_effect(run: Run, connected: House) -> None:
    with Corti() as corti:
        handle = corti.agents.create(AgentSpec(name=NAME, description=TITLE))
    outputs = [run("agents", "list"), run("agents", "list", "--json"), run("chat", handle.id, typed="/quit\n")]
    run("agents", "delete", handle.id)
    for done in outputs:
        assert done.exit_code == 0, done.output
        assert "evil" in done.output
        assert not any(mark in done.output for mark in ("\x1b", "\x07", "\x9b", "\u202e"))
    assert "[red]evil[/red]" in outputs[0].output
    assert NAME in {agent["name"] for agent in json.loads(outputs[1].stdout)}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("intake.agent-2", "intake.agent-2"),
        ("../../etc/cron.d/x", "--..-etc-cron.d-x"),
        ("/etc/passwd", "-etc-passwd"),
        ("..", "-"),
        ("Triage für alle: 1", "Triage-für-alle-1"),
        ("a\x00b\nc", "a-b-c"),
    ],
)
def test_a_name_leads_to_no_other_folder(name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert file_name(name) == file
    assert own_database(name) == str(tmp_path / "agentkit" / f"{file}.db")
