"""`agentkit migrate`: the v2 agent that an agent of v1 becomes (V2-MIG-01)."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from typer.testing import Result

from agentkit.client import Corti
from agentkit.errors import AgentNotFound, ConfigurationError, WireError
from agentkit.specs import AgentSpec, Authorization, ExpertSpec, McpServerSpec, Transport
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.serving import served_in_thread

Run = Callable[..., Result]

_READER = ExpertSpec(
    name="record-reader",
    description="Reads the record",
    prompt="Quote dates.",
    servers=[
        McpServerSpec(name="ehr", url="https://mcp.example.org/ehr/mcp", authorization=Authorization.BEARER),
        McpServerSpec(name="old", url="https://mcp.example.org/old/sse", transport=Transport.SSE),
    ],
)


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
def agent_id(double: CortiDouble) -> str:
    with Corti(generation="v1") as corti:
        spec = AgentSpec(name="visit-helper", description="Helps", prompt="Be brief.", experts=[_READER])
        return corti.agents.create(spec).id


def _agents_of_v2() -> list[str]:
    with Corti(generation="v2") as corti:
        return [agent.name for agent in corti.agents.list()]


def test_the_plan_shows_the_agent_and_what_is_lost_and_creates_nothing(run: Run, agent_id: str) -> None:
    done = run("migrate", agent_id)
    assert done.exit_code == 0, done.output
    for words in ('"name": "visit-helper"', '"type": "mcp"', "Quote dates.", "'old'", "streamable HTTP", "auth_ref"):
        assert words in done.output
    assert "Nothing was created" in done.output
    assert _agents_of_v2() == []


def test_the_plan_is_json_on_request(run: Run, agent_id: str) -> None:
    done = run("migrate", agent_id, "--json")
    plan: dict[str, Any] = json.loads(done.output)
    assert plan["agent"]["lifecycle"] == "persistent"
    assert [connector["name"] for connector in plan["agent"]["connectors"]] == ["ehr"]
    assert plan["created"] is None
    assert all(loss["what"] and loss["why"] and loss["remedy"] for loss in plan["losses"])


def test_the_agent_is_created_on_request_and_the_old_one_stays(run: Run, agent_id: str) -> None:
    done = run("migrate", "visit-helper", "--create", "--json")
    created = json.loads(done.output)["created"]
    assert created.startswith("agt.")
    assert _agents_of_v2() == ["visit-helper"]
    with Corti() as corti:
        assert corti.agents.get(agent_id).generation == "v1"
        assert corti.agents.get(created).generation == "v2"


def test_an_unknown_agent_is_an_error_that_says_what_to_do(run: Run, double: CortiDouble) -> None:
    done = run("migrate", "nobody")
    assert done.exit_code != 0
    assert "nobody" in str(done.exception)


def test_what_was_created_is_seen_chatted_with_and_deleted_in_its_generation(run: Run, agent_id: str) -> None:
    created = json.loads(run("migrate", agent_id, "--create", "--json").output)["created"]
    listed = run("agents", "list", "--generation", "v2", "--json")
    assert [(agent["id"], agent["lifecycle"]) for agent in json.loads(listed.output)] == [(created, "persistent")]
    assert [agent["id"] for agent in json.loads(run("agents", "list", "--json").output)] == [agent_id]
    assert "Penicillin." in run("chat", created, typed="Any allergies?\n").output
    assert run("agents", "delete", "visit-helper", "--generation", "v2").exit_code == 0
    assert _agents_of_v2() == []


def test_an_agent_of_v2_is_found_by_its_name_where_none_of_v1_has_it(run: Run, agent_id: str) -> None:
    """Without `--generation` a name is one of v1 first, so that a migrated agent stays the one that was meant."""
    with Corti(generation="v2") as corti:
        newer = corti.agents.create(AgentSpec(name="visit-helper", description="Helps")).id
        only = corti.agents.create(AgentSpec(name="newcomer", description="Helps")).id
    assert "Penicillin." in run("chat", "newcomer", typed="Any allergies?\n").output
    assert only in run("agents", "delete", "newcomer").output
    assert agent_id in run("agents", "delete", "visit-helper").output
    assert newer in run("agents", "delete", "visit-helper").output


@pytest.mark.parametrize(
    "answer",
    [Answer(404, "no such path"), Answer(403, "not for you"), Answer(200, "<html>Welcome</html>")],
    ids=["404", "403", "html"],
)
def test_a_name_is_not_found_where_there_is_no_v2(run: Run, double: CortiDouble, answer: Answer) -> None:
    """What the server says about v2 is no answer to whoever asked for a name."""
    double.inject(answer, on="* /v2/agentic/*", times=None)
    done = run("chat", "nobody", typed="")
    assert isinstance(done.exception, AgentNotFound)
    assert str(done.exception).startswith("There is no agent 'nobody'.")


def test_the_plan_stays_json_whatever_the_agent_holds(run: Run, double: CortiDouble) -> None:
    """Characters that turn the direction or move the cursor are no reason for broken JSON."""
    odd = "é \u202e\x7f\x9b \x1b[31m \U0001f600"
    with Corti(generation="v1") as corti:
        made = corti.agents.create(AgentSpec(name="odd", description=odd, prompt=odd))
    done = run("migrate", made.id, "--json")
    assert json.loads(done.output)["agent"]["description"] == odd
    assert done.output.isascii()


def test_a_second_migration_says_what_is_in_the_way(run: Run, agent_id: str) -> None:
    """V2-EP-01: names are unique in v2."""
    assert run("migrate", agent_id, "--create").exit_code == 0
    again = run("migrate", agent_id, "--create")
    assert again.exit_code != 0
    assert "--name" in str(again.exception)
    renamed = run("migrate", agent_id, "--create", "--name", "visit-helper-2", "--json")
    assert json.loads(renamed.output)["agent"]["name"] == "visit-helper-2"
    assert _agents_of_v2() == ["visit-helper", "visit-helper-2"]


@pytest.mark.parametrize(
    "answer", [Answer(404, "no such path"), Answer(200, "<html>Welcome</html>")], ids=["404", "html"]
)
def test_a_server_without_v2_shows_the_plan_and_creates_nothing(
    run: Run, double: CortiDouble, agent_id: str, answer: Answer
) -> None:
    double.inject(answer, on="* /v2/*", times=None)
    done = run("migrate", agent_id)
    assert done.exit_code == 0, done.output
    assert "Nothing was created" in done.output
    refused = run("migrate", agent_id, "--create")
    assert refused.exit_code != 0
    assert isinstance(refused.exception, ConfigurationError if answer.status == 404 else WireError)


@pytest.mark.parametrize("wrong", ["nope", "x=y=z", "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0009=nope"])
def test_a_wrong_successor_is_named_by_its_option(run: Run, agent_id: str, wrong: str) -> None:
    done = run("migrate", agent_id, "--migrated", wrong)
    assert done.exit_code != 0
    assert str(done.exception).startswith("--migrated: ")


def test_an_agent_of_v2_is_not_migrated(run: Run, double: CortiDouble) -> None:
    done = run("migrate", double.add_v2_agent())
    assert done.exit_code != 0
    assert "is one of v2 already" in str(done.exception)
