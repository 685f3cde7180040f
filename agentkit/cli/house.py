"""What `agentkit serve` serves: apps with their addresses and what to tell about them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

import typer
from starlette.applications import Starlette

from agentkit.cli.access import Access
from agentkit.cli.address import Address, bind, require_name
from agentkit.cli.agent_options import AgentOptions
from agentkit.cli.agent_servers import AgentAccess, admit_callers, agents_app
from agentkit.cli.collecting import sparing_collector
from agentkit.cli.data import database as default_database
from agentkit.cli.data import own_database
from agentkit.cli.expert_servers import server_of
from agentkit.cli.issuer import NAME as ISSUER
from agentkit.cli.issuer import issuer_app, issuer_lines
from agentkit.cli.platform_options import PlatformOptions
from agentkit.cli.serving import serving
from agentkit.cli.target import AgentGroup
from agentkit.cli.tool_servers import Door, ToolServers, default_authorization, describe
from agentkit.compose import Agent
from agentkit.errors import ConfigurationError, SpecError
from agentkit.experts import Expert, experts_with_functions, find_servers, load_server
from agentkit.mcp import ToolServer
from agentkit.platform import PlatformSettings, create_platform
from agentkit.platform.settings import DEFAULT_SERVERS_URL
from agentkit.specs import Authorization
from agentkit.testing.asgi import ASGIApp

PLATFORM_PORT: Final = 8700
SERVERS_PORT: Final = 8701
AGENTS_PORT: Final = 8702
ISSUER_PORT: Final = 8704

Target = Agent | AgentGroup | Expert | ToolServer
"""What can be served beside the platform."""


@dataclass(frozen=True, slots=True)
class Served:
    """An app that is to be served.

    Attributes:
        address: Where.
        app: What.
        lines: What to tell of it, with the credentials that were made for this run.
        doors: The MCP servers of the app.
        agents: Who may call the agents of the app.
    """

    address: Address
    app: ASGIApp
    lines: list[str] = field(repr=False)
    doors: tuple[Door, ...] = ()
    agents: AgentAccess | None = None


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


def platform(place: Place, options: PlatformOptions, *, servers_url: str = DEFAULT_SERVERS_URL) -> Served:
    """The platform.

    Raises:
        ConfigurationError: An option does not fit, or its extra is missing.
        ServeError: The address cannot be taken, or is none that clients can use: tokens and cards say it.
    """
    require_name(place.host, place.public_url)
    with _bound(place) as address:
        database = default_database("platform", place.database)
        settings = options.applied(PlatformSettings(database=database, url=address.url, servers_url=servers_url))
        who = "clients of the file" if options.clients else "client local-client, secret local-secret"
        where = f"{'tenants' if len(settings.tenants) > 1 else 'tenant'} {', '.join(settings.tenants)}"
        return Served(address, create_platform(settings), [f"{'platform':<16} {address.url}  {who}, {where}"])


def tool_server(name: str, place: Place, access: Access) -> Served:
    """One MCP server, with an authorization server beside it where it needs one."""
    require_name(place.host, place.public_url)
    with _bound(place) as address:
        servers = ToolServers(address)
        servers.add(name, access, storage=default_database(name, place.database))
        return _of(servers, address)


def authorization_server(place: Place) -> Served:
    """An authorization server that keeps its clients and keys."""
    with _bound(place) as address:
        storage = default_database(ISSUER, place.database)
        app = issuer_app(address.url, storage)
        return Served(address, app, issuer_lines(address.url, storage, given=bool(place.database)))


def everything(place: Place, access: Access, options: PlatformOptions) -> list[Served]:
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
        for expert in experts_with_functions():
            servers.add_server(expert.server_name, expert.server, access, expert.authorization)
        served = [platform(place, options, servers_url=address.url)]
        served.append(_of(servers, address))
        if routes := servers.issuer_routes():
            served.append(Served(issuer, Starlette(routes=routes), []))
        else:
            issuer.close()
        return served


def open_doors(
    what: str, target: Target | None, access: Access, options: PlatformOptions
) -> Generator[str, None, None]:
    """What of all that is to be served everybody may call, each with the way to close it."""
    if what in {"platform", "all"} and options.clients is None:
        yield "the default client of the platform is known to everybody: give --clients FILE"
    for name, unsaid in unsaid_authorizations(what, target):
        if Authorization.NONE in access.chosen(unsaid):
            yield f"{name} is served without authorization: choose --auth bearer or oauth2.0"


def unsaid_authorizations(what: str, target: Target | None) -> list[tuple[str, Authorization]]:
    """What is served beside the platform, with its authorization where none is asked for."""
    if target is not None:
        return [(target.name, _default(target))]
    if what in {"platform", ISSUER}:
        return []
    if what != "all":
        return [(what, default_authorization(what))]
    unsaid = [(name, default_authorization(name)) for name in find_servers()]
    return [*unsaid, *((expert.server_name, expert.authorization) for expert in experts_with_functions())]


def _default(target: Target) -> Authorization:
    if isinstance(target, Expert):
        return target.authorization
    return default_authorization(target.name) if isinstance(target, ToolServer) else Authorization.NONE


def default_port(what: str, target: Target | None) -> int:
    """The port of what is served, where none was given."""
    if target is not None and not isinstance(target, Expert | ToolServer):
        return AGENTS_PORT
    if what == ISSUER:
        return ISSUER_PORT
    return PLATFORM_PORT if what in {"platform", "all"} else SERVERS_PORT


def own(target: Target, place: Place, access: Access, options: AgentOptions | None = None) -> Served:
    """An agent or several, an expert or a tool server.

    Raises:
        SpecError: The expert has no tools.
        ConfigurationError: The authorization lacks something, or is none that an agent can be served with.
        ServeError: The address cannot be taken, or is none that clients can use.
    """
    require_name(place.host, place.public_url)
    options = options or AgentOptions()
    if not isinstance(target, Expert | ToolServer):
        return _agents(target, place, access, options)
    options.refuse_unused()
    with _bound(place) as address:
        servers = ToolServers(address)
        if isinstance(target, ToolServer):
            name, server = target.name, target
        else:
            name, server = target.server_name, server_of(target, place.database)
        servers.add_server(name, server, access, _default(target))
        return _of(servers, address)


def mcp_server(what: str, target: Target | None, database: str | None) -> ToolServer:
    """The MCP server that is to be served by itself.

    Raises:
        SpecError: It is none, or an expert without tools.
    """
    if isinstance(target, ToolServer):
        return target
    if isinstance(target, Expert):
        return server_of(target, database)
    if target is not None or what not in find_servers():
        raise SpecError(what, "is no MCP server", remedy="Only an expert or an MCP server speaks over stdio.")
    return load_server(what)(default_database(what, database))


def _agents(target: Agent | AgentGroup, place: Place, access: Access, options: AgentOptions) -> Served:
    admitted = admit_callers(access, options)
    with _bound(place) as address:
        storage = default_database(target.name, place.database)
        app, lines = agents_app(target, address, storage, admitted, options)
        return Served(address, app, lines, agents=admitted)


def _of(servers: ToolServers, address: Address) -> Served:
    return Served(address, servers.app(), describe(servers), tuple(servers.doors))


@contextmanager
def _bound(place: Place) -> Generator[Address]:
    """An address that is given back when what is to be served there cannot be made."""
    address = bind(place.host, place.port, public_url=place.public_url)
    try:
        yield address
    except BaseException:
        address.close()
        raise


async def serve_until_stopped(*served: Served, next_steps: Sequence[str] = ()) -> None:
    """Serve, tell where and what can be done next, and wait for SIGINT or SIGTERM."""
    async with stop_signal() as stop, serving([(one.address, one.app) for one in served]):
        with sparing_collector():
            for one in served:
                for line in one.lines:
                    typer.echo(line)
            for line in next_steps:
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
