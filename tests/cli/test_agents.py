from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentkit.errors import (
    AgentNotFound,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailed,
    NotFoundError,
    SpecError,
)
from tests.cli.conftest import House, Run
from tests.contract.corti_double import CortiDouble
from tests.contract.serving import served_in_thread

CREATE = ("agents", "create", "--name", "helper", "--description", "Helps")


def test_an_agent_is_created_listed_and_deleted(run: Run, connected: House) -> None:
    identifier = run(*CREATE, "--expert", "ehr-lookup").stdout.strip()
    listed = run("agents", "list")
    assert identifier in listed.stdout
    assert "ehr-lookup" in listed.stdout
    (shown,) = [agent for agent in json.loads(run("agents", "list", "--json").stdout) if agent["id"] == identifier]
    assert shown["description"] == "Helps"
    assert run("agents", "delete", identifier).exit_code == 0
    assert identifier not in run("agents", "list").stdout


def test_an_installed_expert_gets_the_address_and_authorization_it_is_given(run: Run, connected: House) -> None:
    url = connected.address("ehr")
    made = run(*CREATE, "--expert", f"ehr-lookup={url}", "--authorization", "ehr-lookup=none", "--json")
    agent = json.loads(made.stdout)
    (server,) = agent["experts"][0]["mcpServers"]
    assert (server["url"], server["authorizationType"]) == (url, "none")
    run("agents", "delete", agent["id"])


def test_a_prompt_comes_from_a_file(run: Run, connected: House, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.md"
    prompt.write_text("Be brief.", encoding="utf-8")
    agent = json.loads(run(*CREATE, "--prompt", str(prompt), "--json").stdout)
    assert agent["systemPrompt"] == "Be brief."
    run("agents", "delete", agent["id"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["agents", "delete", "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"], NotFoundError),
        ([*CREATE, "--expert", "nobody=http://127.0.0.1:1/mcp"], SpecError),
        ([*CREATE, "--expert", "ehr-lookup=ftp://x"], SpecError),
        ([*CREATE, "--expert", "ehr-lookup="], ConfigurationError),
        ([*CREATE, "--expert", "ehr-lookup=http://x/mcp", "--authorization", "ehr-lookup=basic"], ConfigurationError),
        ([*CREATE, "--expert", "ehr-lookup=http://x/mcp", "--authorization", "ehr=none"], ConfigurationError),
        ([*CREATE, "--expert", "ehr-lookup", "--authorization", "ehr-lookup=none"], ConfigurationError),
        ([*CREATE, "--prompt", "missing.md"], ConfigurationError),
        (["agents", "list", "--base-url", "http://127.0.0.1:1"], ConnectionFailed),
    ],
)
def test_a_wrong_request_is_a_typed_error(
    run: Run, connected: House, arguments: list[str], error: type[Exception]
) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, error), done.output


def test_a_wrong_secret_is_told_with_the_setting_to_check(
    run: Run, connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORTI_CLIENT_SECRET", "wrong-secret")
    done = run("agents", "list")
    assert isinstance(done.exception, AuthenticationError)
    assert "CORTI_CLIENT_SECRET" in str(done.exception)
    assert "wrong-secret" not in str(done.exception)


def test_without_any_setting_the_error_names_what_to_set(run: Run) -> None:
    done = run("agents", "list")
    assert isinstance(done.exception, ConfigurationError)
    assert "CORTI_BASE_URL" in str(done.exception)


def test_ids_are_shown_whole_however_narrow_the_terminal(
    run: Run, connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = run(*CREATE).stdout.strip()
    monkeypatch.setenv("COLUMNS", "40")
    assert identifier in run("agents", "list").stdout
    assert run("agents", "delete", "helper").stdout.strip() == f"deleted {identifier}"
    assert isinstance(run("agents", "delete", "helper").exception, AgentNotFound)


def test_what_a_pipe_reads_is_one_whole_line_for_each_agent(
    run: Run, connected: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name, description = "a-helper-with-a-rather-long-name", "Helps before a visit, and after it, and in between."
    made = run("agents", "create", "--name", name, "--description", description, "--expert", "ehr-lookup")
    (line,) = [line for line in run("agents", "list").stdout.splitlines() if made.stdout.strip() in line]
    assert line.split(None, 3)[1:] == [name, "ehr-lookup", description]
    run("agents", "delete", made.stdout.strip())


def test_a_local_platform_with_clients_of_its_own_says_how_it_is_reached(run: Run) -> None:
    """`--local` knows the default client only, so the variables are what helps, and not `--local` again."""
    double = CortiDouble()
    double.client_id = "ward"
    with served_in_thread(double) as url:
        done = run("agents", "list", "--local", "--base-url", url)
    assert isinstance(done.exception, AuthenticationError)
    assert done.exception.remedy
    assert "leave it out" in done.exception.remedy
    assert "CORTI_CLIENT_ID" in done.exception.remedy
