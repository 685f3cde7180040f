"""`agentkit serve`: the platform and the MCP servers, on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentkit.cli.access import (
    Access,
    ApiKey,
    Audience,
    Auth,
    Client,
    Introspection,
    IntrospectionClient,
    Issuer,
    Jwks,
    Scope,
    Token,
    read_authorizations,
)
from agentkit.cli.address import require_safe_host
from agentkit.cli.agent_options import (
    AgentOptions,
    Card,
    Grpc,
    Limit,
    PushHost,
    Sign,
    TenantClaim,
    TrustedProxy,
    words,
)
from agentkit.cli.connection import read_pair, read_secret
from agentkit.cli.ending import to_the_end
from agentkit.cli.issuer import NAME as ISSUER
from agentkit.cli.platform_options import (
    Clients,
    Durable,
    EmbedderName,
    Faithful,
    FaultFile,
    Model,
    ModelKey,
    ModelUrl,
    Otlp,
    PlatformOptions,
    ReasonerName,
    Record,
    TokensFrom,
    TraceContent,
)
from agentkit.cli.target import load_target
from agentkit.errors import ConfigurationError, ServeError

if TYPE_CHECKING:
    from agentkit.cli.house import Served, Target

_WHOLES: Final = ("platform", "all", ISSUER)


def serve(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="platform, all, authorization-server, an installed MCP server or expert, or module:attribute."
        ),
    ],
    host: Annotated[str, typer.Option(envvar="AGENTKIT_HOST", help="The interface to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            envvar="AGENTKIT_PORT",
            min=0,
            max=65535,
            help="Default 8700 (platform, all), 8701 (MCP), 8702 (agents), 8704 (authorization server); 0: a free one.",
        ),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where clients reach it, for example through a proxy or tunnel.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="SQLite file (with all: the platform's), for platform and agents also postgresql://...; default "
            "AGENTKIT_DATABASE, else one in the data folder.",
        ),
    ] = None,
    auth: Auth = None,
    token: Token = None,
    api_key: ApiKey = None,
    client: Client = None,
    issuer: Issuer = None,
    audience: Audience = None,
    jwks: Jwks = None,
    scope: Scope = None,
    introspection: Introspection = None,
    introspection_client: IntrospectionClient = None,
    clients: Clients = None,
    reasoner: ReasonerName = None,
    model: Model = None,
    model_url: ModelUrl = None,
    model_key: ModelKey = None,
    record: Record = None,
    embedder: EmbedderName = None,
    durable: Durable = False,
    faithful: Faithful = False,
    faults: FaultFile = None,
    trace_content: TraceContent = False,
    otlp: Otlp = None,
    tokens_from: TokensFrom = None,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Serve one MCP client over stdin and stdout, in place of an address.")
    ] = False,
    grpc: Grpc = None,
    sign: Sign = None,
    card: Card = None,
    limit: Limit = None,
    trusted_proxy: TrustedProxy = None,
    push_host: PushHost = None,
    tenant_claim: TenantClaim = None,
    insecure: Annotated[
        bool, typer.Option(help="Allow what everybody may call on an address that others can reach.")
    ] = False,
) -> None:
    """Serve the local platform, an MCP server, an agent, or all of the bundled ones, until Ctrl-C or SIGTERM."""
    access = Access(
        authorizations=read_authorizations(auth or ()),
        token=read_secret("--token", token) if token else None,
        api_key=read_secret("--api-key", api_key) if api_key else None,
        client=read_pair("--client", client) if client else None,
        issuer=issuer,
        audience=tuple(audience or ()),
        jwks=jwks,
        scopes=tuple(scope or ()),
        introspection=introspection,
        introspection_client=read_pair("--introspection-client", introspection_client)
        if introspection_client
        else None,
    )
    options = AgentOptions(
        grpc, sign, card, words(limit), words(trusted_proxy), words(push_host), tenant_claim=tenant_claim
    )
    local = PlatformOptions(
        clients=clients,
        reasoner=reasoner,
        model=model,
        model_url=model_url,
        model_key=model_key,
        record=record,
        embedder=embedder,
        durable=durable,
        faithful=faithful,
        faults=faults,
        trace_content=trace_content,
        otlp=otlp,
        tokens_from=tokens_from,
    )
    # What stands in the environment is for every command; only what was typed is believed to matter to this one.
    typed = [name for name in context.params if _is_typed(context, name)]
    secrets = {name: f"--{name.replace('_', '-')}" for name in ("token", "api_key", "client") if name in typed}
    _refuse_unused(what, access, list(secrets.values()))
    if what not in {"platform", "all"}:
        local.refuse_unused()
    if stdio:
        _serve_stdio(what, database, typed)
        return
    target = _target(what)
    if target is None:
        options.refuse_unused()
    from agentkit.cli import house  # here and below, because `--help` needs none of them

    access.refuse_idle([kind for _, kind in house.unsaid_authorizations(what, target)], secrets)
    shown = None if what == "all" else public_url
    require_safe_host(host, shown, house.open_doors(what, target, access, local), insecure=insecure)
    chosen = house.default_port(what, target) if port is None else port
    place = house.Place(host, chosen, public_url, database)
    if target is not None:
        served = [house.own(target, place, access, options)]
    elif what == "platform":
        served = [house.platform(place, local)]
    elif what == "all":
        served = house.everything(place, access, local)
    elif what == ISSUER:
        served = [house.authorization_server(place)]
    else:
        served = [house.tool_server(what, place, access)]
    steps = [] if what == "all" else _next(what, target, served)
    asyncio.run(to_the_end(house.serve_until_stopped(*served, next_steps=steps)))


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _target(what: str) -> Target | None:
    """What of the user's own code, or which installed expert, is to be served; None for everything else.

    Raises:
        ServeError: There is nothing of that name.
        SpecError: What `module:attribute` names cannot be served, or the expert cannot be loaded.
    """
    from agentkit.experts import find_experts, find_servers, load_expert

    if ":" in what:
        return load_target(what)
    if what in {*_WHOLES, *find_servers()}:
        return None
    if what in find_experts():
        return load_expert(what)
    known = ", ".join(dict.fromkeys([*_WHOLES, *find_servers(), *find_experts()]))
    raise ServeError(f"There is no server {what!r}.", remedy=f"Known: {known}; your own code: module:attribute.")


def _serve_stdio(what: str, database: str | None, typed: Sequence[str]) -> None:
    """Serve over stdin and stdout; nothing else may be written there, also not by the module that is imported.

    Raises:
        ConfigurationError: An option was typed that is for an address.
    """
    given = next((name for name in typed if name not in {"what", "database", "stdio"}), None)
    if given:
        given = f"--{given.replace('_', '-')}"
        remedy = "Leave it out: whoever starts the process may call it."
        raise ConfigurationError(given, "cannot stand beside --stdio", remedy=remedy)
    from agentkit.mcp.hosting.stdio import claimed_wire

    with claimed_wire():
        target = _target(what)
        from agentkit.cli import house

        server = house.mcp_server(what, target, database)
    asyncio.run(to_the_end(server.run_stdio()))


def _next(what: str, target: Target | None, served: Sequence[Served]) -> list[str]:
    from agentkit.cli.next_steps import next_steps
    from agentkit.experts import Expert

    doors = [door for one in served for door in one.doors]
    return next_steps(what, doors, target if isinstance(target, Expert) else None)


def _refuse_unused(what: str, access: Access, secrets: Sequence[str]) -> None:
    """Refuse an option that would protect nothing here: whoever gives it believes that it does."""
    for_servers = {
        "--auth": access.authorizations,
        "--issuer": access.issuer,
        "--audience": access.audience,
        "--jwks": access.jwks,
        "--scope": access.scopes,
        "--introspection": access.introspection or access.introspection_client,
    }
    given = next((option for option, value in for_servers.items() if value), next(iter(secrets), None))
    if what == ISSUER and given:
        raise ConfigurationError(given, "is for MCP servers", remedy="It knows its callers by agentkit clients add.")
    if what == "platform" and given:
        raise ConfigurationError(
            given, "is for MCP servers and agents", remedy="The platform knows its callers by --clients FILE."
        )
