from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from agentkit.client import Corti
from agentkit.errors import AgentNotFound, ConfigurationError, CredentialError
from agentkit.experts import load_expert
from agentkit.specs import AgentSpec
from tests.cli.conftest import AGENTKIT, SECRET, TOKEN, House, Run
from tests.deadline import HANG_PROCESS


@pytest.fixture
def agent(connected: House) -> Generator[str]:
    experts = [
        load_expert("ehr-lookup").spec(connected.address("ehr")),
        load_expert("questionnaire-interviewer").spec(connected.address("questionnaires"), scope="questionnaires"),
    ]
    with Corti() as corti:
        handle = corti.agents.create(AgentSpec(name="chatter", description="Talks", experts=experts))
        yield handle.id
        corti.agents.delete(handle.id)


CREDENTIALS = ("--token", f"ehr={TOKEN}", "--client", f"questionnaires=tester:{SECRET}")


def test_a_conversation_keeps_its_context_until_a_new_one_is_asked_for(run: Run, agent: str) -> None:
    typed = "Which allergies does Robert Okafor have?\nAnd his medications?\n/new\nAnd his allergies?\n/quit\n"
    done = run("chat", "chatter", *CREDENTIALS, typed=typed)
    assert done.exit_code == 0, done.output
    first, _, rest = done.output.partition("A new conversation.")
    assert "Sulfamethoxazole" in first
    assert "Warfarin" in first
    assert "input-required" in rest
    assert "Sulfamethoxazole" not in rest


def test_an_open_question_is_answered_in_its_task(run: Run, agent: str) -> None:
    typed = "Which allergies does Anna Berg have?\nThe one born 1980-04-12.\n"
    done = run("chat", agent, *CREDENTIALS, typed=typed)
    assert done.exit_code == 0
    assert "input-required" in done.output
    assert "Penicillin" in done.output


def test_a_missing_credential_is_told_with_the_option_that_gives_it(run: Run, agent: str) -> None:
    done = run("chat", agent, typed="Which allergies does Robert Okafor have?\n")
    assert "auth-required" in done.output
    assert "--token" in done.output


def test_secrets_come_from_files_and_variables(
    run: Run, agent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="utf-8")
    monkeypatch.setenv("QUESTIONNAIRES", f"tester:{SECRET}")
    options = ("--token", f"ehr=@{tmp_path / 'token'}", "--client", "questionnaires=env:QUESTIONNAIRES")
    done = run("chat", agent, *options, typed="Which allergies does Robert Okafor have?\n")
    assert "Sulfamethoxazole" in done.output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nobody"], AgentNotFound),
        (["chatter", "--token", "no-equals-sign"], ConfigurationError),
        (["chatter", "--client", "ehr=no-colon"], ConfigurationError),
        (["chatter", "--token", "ehr=a", "--client", "ehr=b:c"], CredentialError),
    ],
)
def test_wrong_arguments_are_typed_errors(run: Run, agent: str, arguments: list[str], error: type[Exception]) -> None:
    assert isinstance(run("chat", *arguments, typed="").exception, error)


def test_a_pipe_with_an_unanswered_message_fails(run: Run, agent: str) -> None:
    done = run("chat", agent, typed="Which allergies does Robert Okafor have?\n")
    assert done.exit_code == 1
    assert "Start again with --token ehr=TOKEN --client questionnaires=ID:SECRET" in done.output


def test_a_line_that_is_no_text_is_read_with_signs_in_its_place(agent: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [AGENTKIT, "chat", agent, *CREDENTIALS],
        input=b"\xff\xfe\nWhich allergies does Robert Okafor have?\n",
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=HANG_PROCESS,
    )
    assert b"Sulfamethoxazole" in done.stdout
    assert done.stderr == b""
