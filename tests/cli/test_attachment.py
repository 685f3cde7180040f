"""`agentkit agents attach` against the contract double: one line, twice the same, and what was done is said."""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from agentkit.errors import (
    AgentNotFound,
    ApiError,
    ConfigurationError,
    NotFoundError,
    SpecError,
    UnsupportedByGeneration,
)
from tests.cli.conftest import Run
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.serving import served_in_thread

URL = "https://agents.example.org/intake"
OTHER = "https://agents.example.org/other"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Generator[CortiDouble]:
    """The double with an agent `desk` of v2, and variables that lead to it."""
    made = CortiDouble()
    made.add_v2_agent("desk")
    with served_in_thread(made) as url:
        monkeypatch.setenv("CORTI_BASE_URL", url)
        monkeypatch.setenv("CORTI_TENANT_NAME", made.tenant)
        monkeypatch.setenv("CORTI_CLIENT_ID", made.client_id)
        monkeypatch.setenv("CORTI_CLIENT_SECRET", made.client_secret)
        yield made


def attached(run: Run, *arguments: str) -> dict[str, str]:
    """What attaching says."""
    done = run("agents", "attach", *arguments, "--to", "desk", "--json")
    assert done.exit_code == 0, done.output
    shown: dict[str, str] = json.loads(done.stdout)
    return shown


def test_an_agent_is_attached_in_one_line_and_once_more_changes_nothing(run: Run, double: CortiDouble) -> None:
    done = run("agents", "attach", URL, "--to", "desk", "--name", "intake")
    assert done.stdout.startswith(f"attached: intake, {URL} to desk (con.")
    writes = sum(call.method in {"POST", "DELETE"} for call in double.calls)
    assert attached(run, URL + "/", "--name", "intake")["done"] == "unchanged"
    assert attached(run, URL)["done"] == "unchanged"
    assert sum(call.method in {"POST", "DELETE"} for call in double.calls) == writes


def test_a_name_that_leads_elsewhere_and_an_address_of_another_name_are_replaced(run: Run, double: CortiDouble) -> None:
    attached(run, URL, "--name", "intake")
    moved = run("agents", "attach", OTHER, "--to", "desk", "--name", "intake")
    assert moved.stdout.startswith(f"replaced: intake, {OTHER} at desk (con.")
    assert moved.stdout.rstrip().endswith(f"in place of intake at {URL}")
    renamed = attached(run, OTHER, "--name", "reception")
    assert (renamed["done"], renamed["name"], renamed["url"]) == ("replaced", "reception", OTHER)
    assert attached(run, URL, "--name", "intake")["done"] == "attached"


def test_what_was_attached_stays_where_its_replacement_is_refused(run: Run, double: CortiDouble) -> None:
    attached(run, URL, "--name", "intake")
    double.inject(Answer(422, {}), on="POST */connectors", times=1)
    assert isinstance(run("agents", "attach", OTHER, "--to", "desk", "--name", "intake").exception, ApiError)
    assert attached(run, URL, "--name", "intake")["done"] == "unchanged"


def test_an_agent_is_taken_off_by_its_address_or_its_name(run: Run, double: CortiDouble) -> None:
    attached(run, URL, "--name", "intake")
    attached(run, OTHER)
    for which in ("intake", OTHER):
        assert run("agents", "detach", which, "--from", "desk").stdout.startswith("detached: ")
        assert isinstance(run("agents", "detach", which, "--from", "desk").exception, ConfigurationError)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([URL, "--to", "nobody"], AgentNotFound),
        (["ftp://agents.example.org", "--to", "desk"], SpecError),
        ([URL, "--to", "desk", "--name", " "], SpecError),
        ([URL, "--to", "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"], NotFoundError),
    ],
)
def test_what_cannot_be_attached_is_a_typed_error(
    run: Run, double: CortiDouble, arguments: list[str], error: type[Exception]
) -> None:
    done = run("agents", "attach", *arguments)
    assert isinstance(done.exception, error), done.output


def test_an_agent_of_the_first_generation_has_no_connectors(run: Run, double: CortiDouble) -> None:
    done = run("agents", "attach", URL, "--to", double.add_agent("old"))
    assert isinstance(done.exception, UnsupportedByGeneration), done.output
