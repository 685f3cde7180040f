"""What `agentkit serve` serves: apps with their addresses and what to tell about them."""

from __future__ import annotations

import asyncio
import secrets
import signal
import tomllib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import typer
from starlette.applications import Starlette

from agentkit.a2a import bearer_authenticator
from agentkit.a2a.standalone import agent_app
from agentkit.cli.access import Access
from agentkit.cli.address import Address, bind
from agentkit.cli.data import database as default_database
from agentkit.cli.data import own_database
from agentkit.cli.serving import serving
from agentkit.cli.tool_servers import ToolServers, default_authorization, describe
from agentkit.compose import Agent
from agentkit.errors import ConfigurationError
from agentkit.experts import find_servers
from agentkit.mcp import ToolServer
from agentkit.platform import PlatformSettings, create_platform
from agentkit.specs import Authorization
from agentkit.testing.asgi import ASGIApp

PLATFORM_PORT: Final = 8700
SERVERS_PORT: Final = 8701
AGENTS_PORT: Final = 8702
ISSUER_PORT: Final = 8704

Served = tuple[Address, ASGIApp, list[str]]
"""An address, its app, and the lines that tell of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is served.

    Attributes:
        host: The interface.
        port: 0 for a free one.
        public_url: Where clients reach it, when that is not where it listens.
        database: None takes the default.
    """

    host: str
    port: int
    public_url: str | None = None
    database: str | None = None


def platform(place: Place, clients: Path | None, *, servers_url: str | None = None) -> Served:
    """The platform."""
    with _bound(place) as address:
        settings = PlatformSettings(database=default_database("platform", place.database), url=address.url)
        if servers_url:
            settings = replace(settings, servers_url=servers_url)
        if clients:
            settings = replace(settings, clients=_read_clients(clients))
        who = "clients of the file" if clients else "client local-client, secret local-secret"
        return address, create_platform(settings), [f"{'platform':<16} {address.url}  {who}, tenant base"]


def tool_server(name: str, place: Place, access: Access) -> Served:
    """One MCP server, with an authorization server beside it where it needs one."""
    with _bound(place) as address:
        servers = ToolServers(address)
        servers.add(name, access, storage=default_database(name, place.database))
        return address, servers.app(), describe(servers)


def everything(place: Place, access: Access, clients: Path | None) -> list[Served]:
    """The platform, all installed MCP servers and their authorization server, on neighbouring ports.

    `place` is the platform's; each MCP server keeps its own database in the data folder.

    Raises:
        ConfigurationError: A public address was given: it could be that of one of the three only.
    """
    if place.public_url:
        raise ConfigurationError("--public-url", "cannot be shared", remedy="Serve platform and servers one by one.")
    servers_place, issuer_place = (
        Place(place.host, place.port + port - PLATFORM_PORT if place.port else 0)
        for port in (SERVERS_PORT, ISSUER_PORT)
    )
    with _bound(servers_place) as address, _bound(issuer_place) as issuer:
        servers = ToolServers(address, issuer)
        for name in find_servers():
            servers.add(name, access, storage=own_database(name))
        served = [platform(place, clients, servers_url=address.url)]
        served.append((address, servers.app(), describe(servers)))
        if routes := servers.issuer_routes():
            served.append((issuer, Starlette(routes=routes), []))
        else:
            issuer.close()
        return served


def open_doors(
    what: str, target: Agent | ToolServer | None, access: Access, clients: Path | None
) -> Generator[str, None, None]:
    """What of all that is to be served everybody may call, each with the way to close it."""
    if what in {"platform", "all"} and clients is None:
        yield "the default client of the platform is known to everybody: give --clients FILE"
    if target is not None and not isinstance(target, ToolServer):
        names, unsaid = [target.name], Authorization.NONE
    else:
        names, unsaid = [target.name] if target else list(find_servers()) if what == "all" else [what], None
    for name in () if what == "platform" else names:
        if (access.authorization or unsaid or default_authorization(name)) is Authorization.NONE:
            yield f"{name} is served without authorization: choose --auth bearer or oauth2.0"


def default_port(what: str, target: Agent | ToolServer | None) -> int:
    """The port of what is served, where none was given."""
    if target is not None and not isinstance(target, ToolServer):
        return AGENTS_PORT
    return PLATFORM_PORT if what in {"platform", "all"} else SERVERS_PORT


def own(target: Agent | ToolServer, place: Place, access: Access) -> Served:
    """An agent or a tool server of the user's own code.

    An agent is served over A2A: to everybody on this machine with `--auth none`, else with one bearer token.

    Raises:
        ConfigurationError: The authorization is none that an agent can be served with.
    """
    if isinstance(target, ToolServer):
        with _bound(place) as address:
            servers = ToolServers(address)
            servers.add_server(target.name, target, access)
            return address, servers.app(), describe(servers)
    authorization = access.authorization or Authorization.NONE
    if authorization not in {Authorization.NONE, Authorization.BEARER}:
        raise ConfigurationError("--auth", f"{authorization.value} is for MCP servers", remedy="Use none or bearer.")
    with _bound(place) as address:
        token = access.token or secrets.token_urlsafe(24)
        authenticate = bearer_authenticator({token: "bearer"}) if authorization is Authorization.BEARER else None
        storage = default_database(target.name, place.database)
        told = f"  token {token}" if authenticate and not access.token else ""
        line = f"{target.name:<16} {address.url}  A2A 1.0, {authorization.value}{told}"
        return address, agent_app(target, url=address.url, database=storage, authenticate=authenticate), [line]


@contextmanager
def _bound(place: Place) -> Generator[Address]:
    """An address that is given back when what is to be served there cannot be made."""
    address = bind(place.host, place.port, public_url=place.public_url)
    try:
        yield address
    except BaseException:
        address.close()
        raise


async def serve_until_stopped(*served: Served) -> None:
    """Serve, tell where, and wait for SIGINT or SIGTERM."""
    async with stop_signal() as stop, serving([(address, app) for address, app, _ in served]):
        for _, _, lines in served:
            for line in lines:
                typer.echo(line)
        typer.echo("Ctrl-C stops.")
        await stop.wait()


@asynccontextmanager
async def stop_signal() -> AsyncGenerator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set while the block runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _read_clients(path: Path) -> dict[str, str]:
    try:
        content: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigurationError("--clients", "names no readable TOML file", remedy="Check path and syntax.") from None
    table = content.get("clients")
    found = cast("dict[str, object]", table) if isinstance(table, dict) else {}
    if not found or not all(isinstance(secret, str) and secret for secret in found.values()):
        raise ConfigurationError(
            "--clients", "names a file without clients", remedy='Write a table [clients] with lines like id = "secret".'
        )
    return cast("dict[str, str]", found)
