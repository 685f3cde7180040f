"""`agentkit serve`: the platform and the MCP servers, on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from agentkit.cli.access import Access
from agentkit.cli.address import require_safe_host
from agentkit.cli.connection import read_pair, read_secret
from agentkit.cli.target import load_target
from agentkit.errors import ConfigurationError, ServeError
from agentkit.specs import Authorization

Auth = Annotated[
    Authorization | None,
    typer.Option(help="Who may call an MCP server; default: what its expert says, else bearer."),
]


def serve(
    what: Annotated[
        str,
        typer.Argument(help="platform, all, an installed MCP server, or your own code as module:attribute."),
    ],
    host: Annotated[str, typer.Option(envvar="AGENTKIT_HOST", help="The interface to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            envvar="AGENTKIT_PORT",
            min=0,
            max=65535,
            help="Default 8700 (platform, all), 8701 (MCP servers), 8702 (agents); 0 takes a free one.",
        ),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where clients reach it, for example through a proxy or tunnel.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="SQLite file (with all: the platform's); default AGENTKIT_DATABASE, else one in the data folder.",
        ),
    ] = None,
    auth: Auth = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="AGENTKIT_TOKEN", help="Token for --auth bearer; also @FILE or env:NAME. Default: a new one."
        ),
    ] = None,
    client: Annotated[
        str | None,
        typer.Option(
            envvar="AGENTKIT_CLIENT",
            metavar="ID:SECRET",
            help="Client for --auth oauth2.0; also @FILE or env:NAME. Default: a new one.",
        ),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="Whose tokens are taken, for --auth inherit.")
    ] = None,
    audience: Annotated[list[str] | None, typer.Option(help="What such a token must be meant for.")] = None,
    jwks: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the issuer's keys are; default: Keycloak's place.")
    ] = None,
    clients: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file with a table [clients] of ids and secrets.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option(help="Allow what everybody may call on an address that others can reach.")
    ] = False,
) -> None:
    """Serve the local platform, an MCP server, an agent, or all of the bundled ones, until Ctrl-C or SIGTERM."""
    access = Access(
        authorization=auth,
        token=read_secret("--token", token) if token else None,
        client=read_pair("--client", client) if client else None,
        issuer=issuer,
        audience=tuple(audience or ()),
        jwks=jwks,
    )
    from agentkit.experts import find_servers  # here and below, because `--help` needs none of them

    if ":" not in what and what not in {"platform", "all", *find_servers()}:
        known = ", ".join(["platform", "all", *find_servers()])
        raise ServeError(f"There is no server {what!r}.", remedy=f"Known: {known}; your own code: module:attribute.")
    _refuse_unused(what, {"--auth": auth, "--issuer": issuer, "--audience": audience, "--jwks": jwks}, clients)
    from agentkit.cli import house

    target = load_target(what) if ":" in what else None
    shown = None if what == "all" else public_url
    require_safe_host(host, shown, house.open_doors(what, target, access, clients), insecure=insecure)
    chosen = house.default_port(what, target) if port is None else port
    place = house.Place(host, chosen, public_url, database)
    if target is not None:
        served = [house.own(target, place, access)]
    elif what == "platform":
        served = [house.platform(place, clients)]
    elif what == "all":
        served = house.everything(place, access, clients)
    else:
        served = [house.tool_server(what, place, access)]
    asyncio.run(house.serve_until_stopped(*served))


def _refuse_unused(what: str, for_servers: Mapping[str, object], clients: Path | None) -> None:
    """Refuse an option that would protect nothing here: whoever gives it believes that it does."""
    given = next((option for option, value in for_servers.items() if value), None)
    if what == "platform" and given:
        raise ConfigurationError(
            given, "is for MCP servers and agents", remedy="The platform knows its callers by --clients FILE."
        )
    if what not in {"platform", "all"} and clients:
        raise ConfigurationError("--clients", "is for the platform", remedy="Give --auth, and --token or --client.")
