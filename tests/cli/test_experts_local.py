"""`agentkit experts` against the local platform, as a user runs it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from agentkit.errors import ConfigurationError
from tests.cli.conftest import AGENTKIT, TOKEN, House, Run, agentkit
from tests.deadline import HANG_PROCESS


def test_an_installed_expert_is_deployed_and_answers(run: Run, connected: House) -> None:
    url = connected.address("ehr")
    options = ["ehr-lookup", "--url", url, "--agent", "deployed-helper"]
    done = run("experts", "apply", *options, "--yes", "--json")
    assert done.exit_code == 0, done.output
    agent_id = json.loads(done.output)["agent"]["id"]
    assert run("experts", "plan", *options).exit_code == 0
    answered = run("chat", agent_id, "--token", f"ehr={TOKEN}", typed="Which patients are called Berg?\n")
    assert answered.exit_code == 0, answered.output
    assert "Berg" in answered.output
    removed = run("experts", "remove", "ehr-lookup", "--agent", agent_id, "--yes")
    assert "Changed deployed-helper" in removed.output
    assert run("experts", "plan", *options).exit_code == 2
    run("agents", "delete", agent_id)


def test_the_exit_codes_are_those_of_a_deployment_tool(house: House, tmp_path: Path) -> None:
    """0 nothing to do, 2 something, 1 an error: as `terraform plan -detailed-exitcode`."""
    options = ("ehr-lookup", "--agent", "exit-codes", "--url", house.address("ehr"))
    environment = {
        "CORTI_BASE_URL": house.address("platform"),
        "CORTI_CLIENT_ID": "local-client",
        "CORTI_CLIENT_SECRET": "local-secret",
    }
    planned = agentkit("experts", "plan", *options, folder=tmp_path, **environment)
    assert planned.returncode == 2, planned.stderr
    refused = agentkit("experts", "apply", *options, folder=tmp_path, **environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: --yes:")
    applied = agentkit("experts", "apply", *options, "--yes", folder=tmp_path, **environment)
    assert applied.returncode == 0, applied.stderr
    assert "\x1b" not in applied.stdout
    assert 'Token("ehr", token)' in applied.stdout
    assert agentkit("experts", "plan", *options, folder=tmp_path, **environment).returncode == 0
    assert agentkit("experts", "plan", "nobody", *options[1:], folder=tmp_path, **environment).returncode == 1
    agentkit("agents", "delete", "exit-codes", folder=tmp_path, **environment)


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_the_plan_has_colours_and_a_person_is_asked(
    connected: House, tmp_path: Path, answer: str
) -> None:
    name = f"asked-{answer}"
    keyboard, terminal = pty.openpty()
    command = [AGENTKIT, "experts", "apply", "ehr-lookup", "--agent", name, "--url", connected.address("ehr")]
    environment = {**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, cwd=tmp_path
    ) as process:
        os.close(terminal)
        os.write(keyboard, f"{answer}\n".encode())
        shown = _read_all(keyboard)
        code = process.wait(timeout=HANG_PROCESS)
    os.close(keyboard)
    assert "\x1b[32m" in shown
    assert "Apply this?" in shown
    assert code == (0 if answer == "y" else 1)
    assert (f"Created {name}" in shown) == (answer == "y")
    found = agentkit("agents", "delete", name, folder=tmp_path)
    assert (found.returncode == 0) == (answer == "y")


def _read_all(keyboard: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(keyboard, 65536)
        except OSError:  # the other end was closed
            piece = b""
        if not piece:
            return b"".join(pieces).decode(errors="replace")
        pieces.append(piece)


def test_a_server_can_be_verified_first(connected: House, tmp_path: Path) -> None:
    url = connected.address("ehr")
    options = ["experts", "apply", "ehr-lookup", "--url", url, "--agent", "verified-helper", "--dry-run"]
    good = agentkit(*options, "--verify", "--token", f"ehr={TOKEN}", folder=tmp_path)
    assert good.returncode == 0, good.stderr
    assert "verified ehr: fit to be an expert's server" in good.stdout
    wrong = agentkit(*options, "--verify", "--token", "ehr=some-other-token", folder=tmp_path)
    assert wrong.returncode == 1
    assert "agentkit experts verify" in wrong.stderr
    assert "some-other-token" not in wrong.stdout + wrong.stderr


def test_what_a_verification_needs_is_asked_for(run: Run, connected: House) -> None:
    options = ["experts", "apply", "ehr-lookup", "--url", connected.address("ehr"), "--agent", "verified-helper"]
    missing = run(*options, "--verify")
    assert isinstance(missing.exception, ConfigurationError)
    assert "ehr=TOKEN" in str(missing.exception)
    unused = run(*options, "--token", f"ehr={TOKEN}")
    assert isinstance(unused.exception, ConfigurationError)
    assert TOKEN not in str(unused.exception)
    client = run(*options, "--auth", "oauth2.0", "--verify")
    assert "ehr=ID:SECRET" in str(client.exception)
