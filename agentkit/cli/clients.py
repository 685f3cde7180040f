"""`agentkit clients`: who may fetch tokens from `agentkit serve authorization-server`, and its keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

from agentkit.cli.connection import read_secret
from agentkit.cli.data import database as default_database
from agentkit.cli.issuer import NAME
from agentkit.cli.text import shown
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from agentkit.oauth import ClientRecord, IssuerStore

T = TypeVar("T")

app = typer.Typer(help="Clients and keys of `agentkit serve authorization-server`.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(metavar="ID", help="The client's id.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help="Of the authorization server; default AGENTKIT_DATABASE, else its own file."
    ),
]
Secret = Annotated[
    str | None, typer.Option("--secret", help="A secret of your own, best as @FILE or env:NAME. Default: a new one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("add")
def add_client(
    client_id: ClientId,
    scope: Annotated[list[str] | None, typer.Option(help="What it may ask for; several times for several.")] = None,
    resource: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="An MCP server it may ask tokens for; the first by default.")
    ] = None,
    serves: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="The MCP server that it is itself: it may introspect tokens for it."),
    ] = None,
    secret: Secret = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Register a client and show its secret, once."""
    if not resource and not serves:
        raise ConfigurationError(
            "--resource",
            "is missing",
            remedy="Name the MCP server the client asks tokens for (or, with --serves, the one it is itself).",
        )
    from agentkit.oauth import RegisteredClient

    client = RegisteredClient(client_id, tuple(scope or ()), tuple(resource or ()), tuple(serves or ()))
    given, made = _secret(secret)
    _run(database, lambda store: store.clients.add(client, given), make=True)
    _tell_secret(client_id, given if made else None, as_json=as_json)


@app.command("list")
def list_clients(database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List the clients; secrets are kept as hashes and shown nowhere."""
    records = _run(database, lambda store: store.clients.records())
    if as_json:
        typer.echo(json.dumps([_spelled(record) for record in records], indent=2))
        return
    if not records:
        typer.echo("There are no clients. Register one: agentkit clients add --help")
        return
    console = Console()
    table = Table(Column("id", no_wrap=True), "scopes", "resources", "serves", "since", "secrets", box=None)
    for record in records:
        table.add_row(*(shown(cell) for cell in _cells(record)))
    widths = console.measure(table, options=console.options.update(max_width=100_000))
    console.width = max(console.width, widths.minimum if console.is_terminal else widths.maximum)
    console.print(table, crop=False, overflow="ignore")


@app.command("remove")
def remove_client(client_id: ClientId, database: DatabaseUrl = None) -> None:
    """Remove a client: it gets no more tokens."""
    _run(database, lambda store: store.clients.remove(client_id))
    typer.echo(f"Removed {client_id}. Tokens it has are inactive by introspection; as JWTs they run out by themselves.")


@app.command("rotate-secret")
def rotate_secret(
    client_id: ClientId,
    secret: Secret = None,
    keep: Annotated[
        float, typer.Option(min=0, max=8760, metavar="HOURS", help="How long the secret before stays valid.")
    ] = 24.0,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give a client another secret and show it, once; the one before stays valid for a while."""
    given, made = _secret(secret)
    _run(database, lambda store: store.clients.rotate_secret(client_id, given, keep=keep * 3600))
    _tell_secret(client_id, given if made else None, as_json=as_json)
    if not as_json:
        until = f"stays valid for {keep:g} hours" if keep else "is not valid any more"
        typer.echo(f"The secret before {until}.")


@app.command("end-secret")
def end_secret(client_id: ClientId, database: DatabaseUrl = None) -> None:
    """End the secret before the current one now."""
    _run(database, lambda store: store.clients.end_old_secret(client_id))
    typer.echo(f"{client_id} has its newest secret only.")


@app.command("rotate-keys")
def rotate_keys(
    force: Annotated[
        bool, typer.Option("--force", help="Replace a key that cannot be opened, because AGENTKIT_SECRET_KEY was lost.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Sign with a new key from now on; tokens signed before stay valid."""
    key_id = _run(database, lambda store: store.keys.rotate(force=force))
    typer.echo(f"New key {key_id}. A running server signs with it within a second; the key before is shown until")
    typer.echo("its last token has expired.")


def _run(database: str | None, act: Callable[[IssuerStore], Awaitable[T]], *, make: bool = False) -> T:
    from agentkit.oauth import IssuerStore
    from agentkit.storage.files import parse

    url = default_database(NAME, database)
    path = parse(url)
    if not make and path is not None and not path.exists():
        raise ConfigurationError(
            "--database", f"there is none at {path}", remedy="Start the server or add a client first."
        )

    async def work() -> T:
        async with IssuerStore(url) as store:
            return await act(store)

    return asyncio.run(work())


def _secret(given: str | None) -> tuple[str, bool]:
    from agentkit.oauth.secrets import new_secret

    return (read_secret("--secret", given), False) if given is not None else (new_secret(), True)


def _tell_secret(client_id: str, made: str | None, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"client_id": client_id, **({"client_secret": made} if made else {})}))
        return
    typer.echo(f"client  {client_id}")
    if made:
        typer.echo(f"secret  {made}")
        typer.echo("Keep it now: it is shown this once, and kept as a hash only.")


def _spelled(record: ClientRecord) -> dict[str, object]:
    client = record.client
    return {
        "client_id": client.client_id,
        "scopes": client.scopes,
        "resources": client.resources,
        "serves": client.serves,
        "created": _time(record.created),
        "secrets": [{"expires": None if end is None else _time(end)} for end in record.secrets],
    }


def _cells(record: ClientRecord) -> tuple[str, ...]:
    client = record.client
    ends = [_time(end) for end in record.secrets if end is not None]
    secrets = f"{len(record.secrets)}{', the old one until ' + ends[0] if ends else ''}"
    lists = (" ".join(texts) or "-" for texts in (client.scopes, client.resources, client.serves))
    return client.client_id, *lists, _time(record.created), secrets


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
