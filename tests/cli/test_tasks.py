"""`agentkit tasks`: retention and erasure by command, on the database of a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agentkit.cli.commands import app
from agentkit.errors import ConfigurationError, StorageError
from agentkit.tasks import Scope, SqlRepository
from tests.a2a.push.receiver import Receiver, notifying
from tests.tasks.turns import ALICE, BOB, finish, opened, take

CANARY = "canary-77ab"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["tasks", *arguments])


def on(path: Path, *scopes: Scope, context: str | None = None) -> str:
    """A database with one ended task of each scope; its address."""

    async def fill(repository: SqlRepository) -> None:
        for scope in scopes:
            await finish(repository, CANARY, scope=scope)
        if context is not None:
            await take(repository, CANARY, context_id=context)

    async def make() -> None:
        async with opened(str(path)) as (repository, _):
            await fill(repository)

    asyncio.run(make())
    return f"sqlite:///{path}"


def contents(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_old_tasks_are_deleted_and_the_number_is_told(tmp_path: Path) -> None:
    url = on(tmp_path / "a.db", ALICE, BOB)

    result = run("retain", "--days", "30", "--database", url, "--yes")

    assert (result.exit_code, result.output) == (0, "Deleted 2 tasks.\n")
    assert CANARY.encode() not in contents(tmp_path / "a.db")


def test_an_owner_is_erased_and_the_others_stay(tmp_path: Path) -> None:
    url = on(tmp_path / "a.db", ALICE, BOB)

    result = run("erase", "--owner", "alice", "--tenant", "clinic", "--database", url, "--yes")

    assert (result.exit_code, result.output) == (0, "Erased 1 task.\n")
    assert CANARY.encode() in contents(tmp_path / "a.db")
    assert run("erase", "--tenant", "clinic", "--database", url, "-y").output == "Erased 1 task.\n"
    assert CANARY.encode() not in contents(tmp_path / "a.db")


def test_whoever_forgets_the_tenant_of_an_owner_is_told_so(tmp_path: Path) -> None:
    """Nothing erased looks like everything erased to somebody who was asked to erase."""
    url = on(tmp_path / "a.db", ALICE)

    said = run("erase", "--owner", "alice", "--database", url, "--yes").output

    assert said.startswith("Erased 0 tasks.")
    assert "--tenant" in said
    assert CANARY.encode() in contents(tmp_path / "a.db")


def test_one_conversation_is_erased(tmp_path: Path) -> None:
    url = on(tmp_path / "a.db", context="the-one")
    which = (
        "--owner",
        "alice",
        "--tenant",
        "clinic",
        "--agent",
        "echo",
        "--context",
        "the-one",
        "--database",
        url,
        "-y",
    )

    assert run("erase", *which).output == "Erased the conversation.\n"
    assert run("erase", *which).output == "There is no such conversation, or it was erased before.\n"
    assert CANARY.encode() not in contents(tmp_path / "a.db")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("erase", "-y"), "--owner: is missing"),
        (("erase", "--owner", "a", "--context", "c", "-y"), "--context: is not enough"),
        (("erase", "--owner", "a", "-y"), "--database: is missing"),
        (("erase", "--owner", "a", "-y"), "/data/agentkit/NAME.db"),
        (("erase", "--owner", "a", "--database", "nowhere.db", "-y"), "there is none at nowhere.db"),
        (("erase", "--owner", "a", "--database", "nowhere.db"), "--yes: is needed"),
        (("retain", "--days", "1", "--database", "mysql://x", "-y"), "mysql"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_remedy(
    arguments: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENTKIT_DATABASE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")

    result = run(*arguments)

    assert isinstance(result.exception, (ConfigurationError, StorageError))
    assert why in str(result.exception)


def test_a_database_that_a_server_uses_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    on(path, ALICE)

    async def beside_a_server() -> Result:
        async with opened(str(path)):
            return await asyncio.to_thread(run, "retain", "--days", "0", "--database", str(path), "--yes")

    result = asyncio.run(beside_a_server())

    assert isinstance(result.exception, StorageError)
    assert "in use" in str(result.exception)


def test_webhooks_of_an_erased_owner_go_too(tmp_path: Path) -> None:
    async def ask_to_be_told() -> None:
        async with notifying(Receiver(), path=tmp_path / "a.db") as host:
            await host.create(await host.send("ask"), token="t-1")

    asyncio.run(ask_to_be_told())
    assert b"hooks.example.org" in contents(tmp_path / "a.db")

    url = f"sqlite:///{tmp_path / 'a.db'}"
    result = run("erase", "--owner", "ann", "--tenant", "base", "--database", url, "--yes")

    assert (result.exit_code, result.output) == (0, "Erased 1 task.\n")
    assert b"hooks.example.org" not in contents(tmp_path / "a.db")
