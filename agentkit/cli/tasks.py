"""`agentkit tasks`: how long tasks are kept, and what is erased on request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agentkit.cli.data import data_folder
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from agentkit.tasks import Repository

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Delete what tasks hold: by age, or on request.")

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="AGENTKIT_DATABASE",
        metavar="URL",
        help="Of the server: sqlite:///PATH, whose server must be stopped, or postgresql://USER@HOST/NAME.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can be asked.")]


@app.command("retain")
def retain(
    days: Annotated[float, typer.Option(min=0, help="Keep tasks so many days after they ended; older ones go.")],
    waiting_days: Annotated[
        float | None, typer.Option(min=0, help="Also delete those whose question got no answer for so many days.")
    ] = None,
    database: DatabaseUrl = None,
    yes: Yes = False,
) -> None:
    """Delete old tasks for good, with their messages, events, artifacts and the state of their conversations."""
    from agentkit.tasks import RetentionPolicy

    waiting = None if waiting_days is None else timedelta(days=waiting_days)
    policy = RetentionPolicy(timedelta(days=days), waiting)
    _confirm(f"Delete all tasks that ended more than {days:g} days ago?", yes)
    deleted = _run(database, lambda repository: policy.apply(repository, datetime.now(UTC)))
    typer.echo(f"Deleted {deleted} {_tasks(deleted)}.")


@app.command("erase")
def erase(
    owner: Annotated[
        str | None,
        typer.Option(
            help="Of this owner: 'iss|sub' of the token, else the client id; bearer or api-key for the --token or "
            "--api-key of agentkit serve; '' for callers who were not asked who they are."
        ),
    ] = None,
    tenant: Annotated[str, typer.Option(help="The tenant the owner belongs to; without --owner: all of it.")] = "",
    context: Annotated[str | None, typer.Option(help="Only this conversation of the owner.")] = None,
    agent: Annotated[str | None, typer.Option(help="The id the agent is served under; needed with --context.")] = None,
    database: DatabaseUrl = None,
    yes: Yes = False,
) -> None:
    """Erase what was said in tasks; that they were there, when and in which state, stays for audit."""
    if owner is None and not tenant:
        raise ConfigurationError("--owner", "is missing", remedy="Give --owner, or --tenant for everybody of a tenant.")
    if context is not None and (owner is None or agent is None):
        remedy = "A conversation belongs to an owner and an agent: give --owner and --agent too."
        raise ConfigurationError("--context", "is not enough", remedy=remedy)
    who = "callers without a name" if owner == "" else owner
    whose = f"the tenant {tenant}" if owner is None else f"{who}{f' of the tenant {tenant}' if tenant else ''}"
    what = "everything" if context is None else f"the conversation {context}"
    _confirm(f"Erase {what} of {whose} for good?", yes)
    if context is None or owner is None or agent is None:
        erased = _run(database, lambda repository: _erase_owned(repository, tenant, owner))
        typer.echo(f"Erased {erased} {_tasks(erased)}.")
        if not (erased or tenant):
            typer.echo("An owner may belong to a tenant: name it with --tenant, base for the platform's default one.")
    else:
        found = _run(database, lambda repository: _erase_context(repository, tenant, owner, agent, context))
        typer.echo("Erased the conversation." if found else "There is no such conversation, or it was erased before.")


async def _erase_owned(repository: Repository, tenant: str, owner: str | None) -> int:
    from agentkit.tasks.retention import erase as erase_owned

    return await erase_owned(repository, tenant, owner, datetime.now(UTC))


async def _erase_context(repository: Repository, tenant: str, owner: str, agent: str, context: str) -> bool:
    from agentkit.tasks import Scope
    from agentkit.tasks.codec import micros

    return await repository.delete_context(Scope(tenant, owner, agent), context, micros(datetime.now(UTC)))


def _run(database: str | None, act: Callable[[Repository], Awaitable[T]]) -> T:
    from agentkit.a2a.push import MIGRATIONS as PUSH_MIGRATIONS
    from agentkit.a2a.push import PushStore
    from agentkit.engine import erase_records
    from agentkit.memory import ContextMemory
    from agentkit.platform.erasing import erase_with_tasks, is_platforms
    from agentkit.storage import Database
    from agentkit.storage.files import is_postgres, parse
    from agentkit.tasks import MIGRATIONS, SqlRepository

    if not database:
        remedy = f"Give the address the server was started with; without one it took {data_folder()}/NAME.db."
        raise ConfigurationError("--database", "is missing", remedy=remedy)
    path = None if is_postgres(database) else parse(database)
    if path is not None and not path.exists():
        raise ConfigurationError("--database", f"there is none at {path}", remedy="Give that of the server.")

    async def work() -> T:
        opened = await Database.open(database, (*MIGRATIONS, *PUSH_MIGRATIONS))
        repository = SqlRepository(opened)
        repository.on_delete(PushStore.forget)
        if await is_platforms(opened):
            erase_with_tasks(repository, opened, ContextMemory(opened))
        else:
            repository.on_delete(erase_records)
        try:
            return await act(repository)
        finally:
            await opened.close()

    return asyncio.run(work())


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        remedy = "It cannot be undone; give --yes when that is meant."
        raise ConfigurationError("--yes", "is needed where nobody can be asked", remedy=remedy)
    typer.confirm(question, abort=True)


def _tasks(count: int) -> str:
    return "task" if count == 1 else "tasks"
