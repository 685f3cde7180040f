from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from agentkit.cli.demo.script import NEXT
from tests.cli.conftest import AGENTKIT, agentkit, started
from tests.deadline import HANG, HANG_PROCESS


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    folder.mkdir()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
    return subprocess.Popen(
        [AGENTKIT, "demo", *arguments],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pipesize=4096,  # less than it says: it cannot run ahead of a test that stopped reading
    )


def test_the_demo_tells_the_whole_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with start(tmp_path / "demo") as process:
        out, err = process.communicate(timeout=HANG_PROCESS)
    assert process.returncode == 0, out + err
    assert err == ""
    story = [
        "Corti platform (v1 wire)",
        "oauth2.0",
        "expert ehr-lookup  because its description and tools fit best",
        'called ehr find_patients {"name": "Robert Okafor"}',
        'called ehr list_medications {"patient": "Patient/p107"}',
        "artifact ehr-lookup: 1 data part",
        "client.send",
        "mcp.call ehr find_patients",
        "agent> Medications of Robert Okafor",
        "called ehr list_allergies",
        "(input-required) 2 possible matches",
        "called questionnaires start_interview",
        "PHQ-2 is complete. Score: 3 of 6",
        "event status completed",
        "chain> Handover note",
        "EHR token",
        "questionnaire client secret",
        "nowhere else: logs, spans, databases",
        "every server stopped",
        "agentkit serve all",
        "agentkit agents create",
        "agentkit chat",
    ]
    place = 0
    for sentence in story:
        found = out.find(sentence, place)
        assert found >= 0, f"{sentence!r} is missing behind {out[place - 200 : place]!r}"
        place = found
    assert list((tmp_path / "demo").iterdir()) == []
    for port in set(re.findall(r"http://127\.0\.0\.1:(\d+)", out)):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0


def test_kept_servers_run_until_they_are_stopped(tmp_path: Path) -> None:
    with start(tmp_path / "demo", "--keep") as process:
        assert process.stdout
        out: list[str] = []
        for line in process.stdout:
            out.append(line)
            if line.startswith("Ctrl-C"):
                break
        kept = "".join(out).partition("Still running")[2]
        ports = re.findall(r"http://127\.0\.0\.1:(\d+)", kept)
        assert len(set(ports)) == 4
        for port in ports:
            socket.create_connection(("127.0.0.1", int(port)), timeout=HANG).close()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=HANG_PROCESS)
    assert process.returncode == 0, rest + err
    assert "every server stopped" in rest


@pytest.mark.usefixtures("untraced_children")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_everything_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path / "demo") as process:
        assert process.stdout
        for line in process.stdout:
            if "visit-helper" in line:
                break
        process.send_signal(number)
        _, err = process.communicate(timeout=HANG_PROCESS)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert list((tmp_path / "demo").iterdir()) == []


@pytest.mark.usefixtures("untraced_children")
def test_the_next_commands_work_as_printed_and_in_order(tmp_path: Path) -> None:
    serve, create, chat = (shlex.split(arguments) for arguments, _ in NEXT)
    assert serve[0] == "serve"
    with started(tmp_path, *serve[1:], "--port", "0") as house:
        at = ("--base-url", house.address("platform"))  # their own port may be taken here
        question = "Which medications does Ingrid Solheim take?\n"
        created = agentkit(*create, *at, folder=tmp_path)
        assert created.returncode == 0, created.stderr
        answered = agentkit(*chat, *at, folder=tmp_path, typed=question)
    assert answered.returncode == 0, answered.stdout + answered.stderr
    assert "Medications of Ingrid Solheim" in answered.stdout


@pytest.mark.usefixtures("untraced_children")
def test_kept_servers_answer_to_the_command_that_is_printed(tmp_path: Path) -> None:
    with start(tmp_path / "demo", "--keep") as process:
        assert process.stdout
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        command = shlex.split(next(line for line in reversed(lines) if " chat --local " in line))
        question = "Which allergies does Robert Okafor have?\n"
        answered = agentkit(*command[1:], folder=tmp_path, typed=question)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=HANG_PROCESS)
    assert answered.returncode == 0, answered.stdout + answered.stderr
    assert "Sulfamethoxazole" in answered.stdout
