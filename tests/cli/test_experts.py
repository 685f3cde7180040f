"""`agentkit experts`: plan, look, apply (the double, both generations)."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from agentkit.client import Corti
from agentkit.errors import (
    AgentKitError,
    AgentNotFound,
    ApiError,
    ConfigurationError,
    ConnectionFailed,
    NotFoundError,
    PlanOutdated,
    SpecError,
)
from agentkit.specs import AgentSpec
from tests.cli.conftest import Run
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.serving import served_in_thread

UNKNOWN = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"
URL = "https://mcp.example.org/labs/mcp"
SOURCE = '''
from agentkit.experts import Expert

expert = Expert("lab-lookup", description="Looks up laboratory results.", prompt={prompt!r}, authorization="oauth2.0")
imaging = Expert("imaging", description="Looks up images.", authorization="bearer")
nothing = 5


@expert.tool
async def latest_results(patient: str, codes: list[str] | None = None) -> dict[str, str]:
    """The latest results of a patient.

    Args:
        patient: Whose.
    """
    return {{}}
'''


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Generator[CortiDouble]:
    """A Corti of both generations on a port of this machine, with the variables that lead there."""
    double = CortiDouble()
    with served_in_thread(double) as url:
        monkeypatch.setenv("CORTI_BASE_URL", url)
        monkeypatch.setenv("CORTI_CLIENT_ID", double.client_id)
        monkeypatch.setenv("CORTI_CLIENT_SECRET", double.client_secret)
        yield double


@pytest.fixture
def wards() -> Generator[str]:
    """A module of the user's own in the working directory."""
    write("Name the unit.")
    yield "wards_of_test"
    sys.modules.pop("wards_of_test", None)
    sys.path[:] = [folder for folder in sys.path if folder != str(Path.cwd())]


def write(prompt: str) -> None:
    sys.modules.pop("wards_of_test", None)
    Path("wards_of_test.py").write_text(SOURCE.format(prompt=prompt), encoding="utf-8")


def writes(double: CortiDouble) -> list[str]:
    return [call.method for call in double.calls if call.method != "GET"]


@pytest.fixture(params=["v1", "v2"])
def generation(request: pytest.FixtureRequest) -> str:
    return request.param


def apply(run: Run, generation: str, *more: str, expert: str = "wards_of_test:expert") -> Any:
    return run("experts", "apply", expert, "--agent", "helper", "--url", URL, "--generation", generation, *more)


def plan(run: Run, generation: str, *more: str) -> Any:
    target = "wards_of_test:expert"
    return run("experts", "plan", target, "--agent", "helper", "--url", URL, "--generation", generation, *more)


def test_an_expert_is_planned_applied_and_then_there_is_nothing_to_do(
    run: Run, double: CortiDouble, wards: str, generation: str
) -> None:
    planned = plan(run, generation)
    assert planned.exit_code == 2, planned.output
    for words in ("+ agent helper", "+ expert lab-lookup", f"+ servers.lab-lookup: {URL}, oauth2.0", "Plan: the agent"):
        assert words in planned.output
    assert writes(double) == []
    done = apply(run, generation, "--yes", "--description", "Helps")
    assert done.exit_code == 0, done.output
    assert "Created helper (" in done.output
    assert 'ClientCredentials("lab-lookup", client_id, client_secret)' in done.output
    assert "--client lab-lookup=@FILE" in done.output
    assert ("V2-AUTH-01" in done.output) == (generation == "v2")
    again = plan(run, generation)
    assert again.exit_code == 0, again.output
    assert "No changes: helper is as it shall be." in again.output
    assert "Talk to it" not in apply(run, generation, "--yes").output
    assert writes(double) == ["POST"]


def test_a_changed_prompt_is_shown_as_a_diff_and_changed_in_its_place(
    run: Run, double: CortiDouble, wards: str, generation: str
) -> None:
    write("Name the unit.\nSay when.\n\nBe brief.")
    apply(run, generation, "--yes")
    write("Name the unit.\nSay when it was measured.\n\nBe brief.")
    planned = plan(run, generation)
    assert planned.exit_code == 2
    for line in ("~ expert lab-lookup", "-Say when.", "+Say when it was measured.", " Be brief."):
        assert line in planned.output
    assert "Plan: 1 to update." in planned.output
    assert apply(run, generation, "--yes").exit_code == 0
    assert plan(run, generation).exit_code == 0


def test_the_plan_and_what_became_of_it_are_json_on_request(
    run: Run, double: CortiDouble, wards: str, generation: str
) -> None:
    planned = plan(run, generation, "--json")
    document = json.loads(planned.output)
    assert planned.exit_code == 2
    assert document["agent"] == {"name": "helper", "id": None, "generation": generation, "action": "create"}
    assert (document["has_changes"], document["applied"]) == (True, False)
    (expert,) = document["experts"]
    assert (expert["name"], expert["action"]) == ("lab-lookup", "create")
    assert all({"field", "old", "new"} == set(field) for field in expert["fields"])
    done = json.loads(apply(run, generation, "--yes", "--json").output)
    assert done["applied"]
    assert done["agent"]["id"]
    again = json.loads(plan(run, generation, "--json").output)
    assert (again["has_changes"], again["agent"]["action"]) == (False, "unchanged")


def test_nothing_is_done_where_nobody_can_be_asked(run: Run, double: CortiDouble, wards: str) -> None:
    for more in ([], ["--json"]):
        done = apply(run, "v1", *more)
        assert isinstance(done.exception, ConfigurationError)
        assert "--yes" in str(done.exception)
    dry = apply(run, "v1", "--dry-run")
    assert dry.exit_code == 0
    assert "+ expert lab-lookup" in dry.output
    assert writes(double) == []


@pytest.mark.parametrize(("typed", "done"), [("y\n", True), ("n\n", False)])
def test_a_person_is_asked(
    run: Run, double: CortiDouble, wards: str, monkeypatch: pytest.MonkeyPatch, typed: str, done: bool
) -> None:
    monkeypatch.setattr("agentkit.cli.deployment.can_ask", lambda: True)
    asked = run("experts", "apply", "wards_of_test:expert", "--agent", "helper", "--url", URL, typed=typed)
    assert "Apply this?" in asked.output
    assert asked.exit_code == (0 if done else 1)
    assert writes(double) == (["POST"] if done else [])
    assert ("Nothing was done." in asked.output) == (not done)


def test_several_experts_are_applied_at_once_each_with_its_own_address(
    run: Run, double: CortiDouble, wards: str, generation: str
) -> None:
    targets = ["wards_of_test:expert", "wards_of_test:imaging"]
    options = ["--agent", "helper", "--generation", generation]
    urls = ["--url", f"lab-lookup={URL}", "--url", "imaging=https://pacs.example.org/mcp"]
    more = ["--auth", "imaging=inherit", "--scope", "lab-lookup=labs.read", "--server-name", "imaging=pacs"]
    done = run("experts", "apply", *targets, *options, *urls, *more, "--yes")
    assert done.exit_code == 0, done.output
    assert "pacs: the caller's own Corti token is passed on" in done.output
    assert run("experts", "plan", *targets, *options, *urls, *more).exit_code == 0
    assert writes(double) == ["POST"]
    other = run("experts", "plan", *targets, *options, *urls, "--auth", "none")
    assert other.exit_code == 2
    missing = run("experts", "plan", *targets, *options, *urls[:2])
    assert "imaging=URL" in str(missing.exception)
    ambiguous = run("experts", "plan", *targets, *options, "--url", URL)
    assert isinstance(ambiguous.exception, ConfigurationError)


def test_an_expert_is_removed_by_its_name(run: Run, double: CortiDouble, wards: str, generation: str) -> None:
    apply(run, generation, "--yes")
    options = ["--agent", "helper", "--generation", generation]
    dry = run("experts", "remove", "lab-lookup", *options, "--dry-run")
    assert "- expert lab-lookup" in dry.output
    done = run("experts", "remove", "wards_of_test:expert", *options, "--yes")
    assert done.exit_code == 0, done.output
    assert "Changed helper (" in done.output
    again = run("experts", "remove", "lab-lookup", *options, "--yes")
    assert isinstance(again.exception, SpecError)
    assert writes(double) == ["POST", "PATCH"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["wards_of_test:nothing", "--agent", "a", "--url", URL], SpecError, "int"),
        (["wards_of_test:missing", "--agent", "a", "--url", URL], SpecError, "has no missing"),
        (["no-such-expert", "--agent", "a", "--url", URL], SpecError, "Known: ehr-lookup"),
        (["wards_of_test:expert", "--agent", "a"], ConfigurationError, "--url"),
        (["wards_of_test:expert", "--agent", "a", "--url", "ftp://x"], SpecError, "url"),
        (["wards_of_test:expert", "--agent", "a", "--url", "http://far.example.org/mcp"], SpecError, "--allow-http"),
        (["wards_of_test:expert", "--agent", "a", "--url", URL, "--auth", "basic"], ConfigurationError, "--auth"),
        (["wards_of_test:expert", "--agent", "a", "--url", URL, "--url", f"{URL}/2"], ConfigurationError, "--url"),
        (
            ["wards_of_test:expert", "--agent", "a", "--url", f"lab-lookup={URL}", "--url", f"lab-lookup={URL}/2"],
            ConfigurationError,
            "--url: is given twice for lab-lookup",
        ),
        (
            ["wards_of_test:expert", "--agent", "a", "--url", URL, "--auth", "none", "--auth", "bearer"],
            ConfigurationError,
            "--auth: is given twice",
        ),
        (["wards_of_test:expert", "--agent", " a", "--url", URL], SpecError, "agent: "),
        (["wards_of_test:expert", "--agent", "a\x1b[31m\nb", "--url", URL], SpecError, "agent: "),
        (["wards_of_test:expert", "--agent", UNKNOWN, "--url", URL], NotFoundError, "404"),
        (["wards_of_test:expert", "--agent", f"agt.{UNKNOWN}".upper(), "--url", URL], AgentKitError, ""),
        (["wards_of_test:expert", "--agent", "a", "--url", URL, "--no-create"], AgentNotFound, "'a'"),
        (
            ["wards_of_test:expert", "--agent", "a", "--url", URL, "--base-url", "http://127.0.0.1:1"],
            ConnectionFailed,
            "127.0.0.1",
        ),
        (
            ["wards_of_test:expert", "--agent", "a", "--url", URL, "--local", "--base-url", "http://127.0.0.1:1"],
            ConnectionFailed,
            "agentkit serve platform",
        ),
    ],
)
def test_a_wrong_request_is_a_typed_error_that_says_what_to_do(
    run: Run, double: CortiDouble, wards: str, arguments: list[str], error: type[Exception], words: str
) -> None:
    for command in ("plan", "apply"):
        done = run("experts", command, *arguments)
        assert isinstance(done.exception, error), done.output
        assert words in str(done.exception)
        assert done.exit_code == 1
    assert writes(double) == []


def test_several_agents_of_one_name_are_told_apart_by_id(run: Run, double: CortiDouble, wards: str) -> None:
    ids = [double.add_agent("helper"), double.add_agent("helper")]
    done = plan(run, "auto")
    assert all(one in str(done.exception) for one in ids)


def test_an_error_of_the_api_is_told_and_nothing_is_changed(run: Run, double: CortiDouble, wards: str) -> None:
    agent_id = double.add_agent("helper")
    double.inject(Answer(403, {"code": "forbidden", "description": "no"}), on="PATCH *", times=None)
    done = apply(run, "v1", "--yes")
    assert isinstance(done.exception, ApiError)
    assert not isinstance(done.exception, PlanOutdated)
    assert "experts" not in double.v1.agents[agent_id].wire


def test_what_the_api_did_otherwise_is_told(run: Run, double: CortiDouble, wards: str) -> None:
    agent_id = double.add_agent("helper")
    double.inject(Answer(200, dict(double.v1.agents[agent_id].wire)), on="PATCH *")
    done = apply(run, "v1", "--yes")
    assert done.exit_code == 0
    assert "! The API keeps another value than was sent of lab-lookup: description." in done.output


def test_a_loopback_address_is_warned_of_where_the_environment_is_a_cloud(
    run: Run, double: CortiDouble, wards: str
) -> None:
    """The double is on this machine, so nothing is said there."""
    near = run("experts", "plan", "wards_of_test:expert", "--agent", "helper", "--url", "http://127.0.0.1:8701/mcp")
    assert near.exit_code == 2
    assert "!" not in near.output


def test_text_of_others_moves_no_cursor_and_breaks_no_json(
    run: Run, double: CortiDouble, wards: str, generation: str
) -> None:
    odd = "\u202e\x9b \x1b[31m \U0001f600 é [bold]"
    apply(run, generation, "--yes")
    with Corti(generation="v2" if generation == "v2" else "v1") as corti:
        (agent,) = corti.agents.list()
        corti.agents.create(AgentSpec(name="unused", description="d"))
    wire = (double.v2 if generation == "v2" else double.v1).agents[agent.id].wire
    if generation == "v2":
        wire["systemPrompt"] = wire["systemPrompt"].replace("Name the unit.", odd)
    else:
        wire["experts"][0]["description"] = odd
    shown = plan(run, generation).output
    assert "\x1b" not in shown
    assert "[bold]" in shown
    document = plan(run, generation, "--json").output
    assert document.isascii()
    assert any(odd in field["old"] for field in json.loads(document)["experts"][0]["fields"])


def test_installed_experts_are_listed_and_shown(run: Run, wards: str) -> None:
    listed = run("experts", "list")
    assert "ehr-lookup" in listed.output
    assert "ehr (bearer)" in listed.output
    names = [entry["name"] for entry in json.loads(run("experts", "list", "--json").output)]
    assert {"ehr-lookup", "questionnaire-interviewer"} <= set(names)
    shown = run("experts", "show", "wards_of_test:expert")
    assert shown.exit_code == 0, shown.output
    for words in (
        "lab-lookup (oauth2.0)",
        "| Name the unit.",
        "latest_results(patient: string, codes?: array of string)",
    ):
        assert words in shown.output
    document = json.loads(run("experts", "show", "ehr-lookup", "--json").output)
    assert document["server_name"] == "ehr"
    assert "find_patients" in [tool["name"] for tool in document["tools"]]


def test_an_expert_without_tools_is_shown_with_what_is_missing(run: Run, wards: str) -> None:
    done = run("experts", "show", "wards_of_test:imaging")
    assert isinstance(done.exception, SpecError)
    assert "has no tools" in str(done.exception)
