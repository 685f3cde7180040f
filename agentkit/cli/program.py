"""Serving from a program what `agentkit serve` serves from the command line."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, cast

from agentkit.cli.access import Access, read_authorizations
from agentkit.cli.address import require_safe_host
from agentkit.cli.agent_options import AgentOptions
from agentkit.cli.platform_options import PlatformOptions
from agentkit.cli.target import servable
from agentkit.errors import ConfigurationError, ServeError
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.a2a import Security
    from agentkit.cli.house import Served


class ServeOptions(TypedDict, total=False):
    """How something is served; every option means what that of `agentkit serve` does.

    Attributes:
        host: The interface; by default what `AGENTKIT_HOST` says, else 127.0.0.1.
        port: By default what `AGENTKIT_PORT` says, else 8701 for experts and MCP servers, 8702 for agents; 0 takes a
            free one.
        auth: Who may call: a word such as `bearer`, or several of which any one lets in; where nothing is said what
            the expert says, `bearer` for an MCP server, `none` for an agent.
        token: For `bearer`; a new one is made and printed where none is given.
        api_key: For `apiKey`; likewise.
        client: Id and secret for `oauth2.0`; likewise.
        issuer: Whose tokens are taken: for `inherit`, else for `oauth2.0` in place of our own authorization server.
        audience: What such a token must be meant for; for `oauth2.0` the address by default.
        jwks: Where the issuer's keys are; by default where its metadata says.
        scope: What a caller of `oauth2.0` needs; by default the name of the server.
        introspection: Where the issuer is asked about tokens, in place of keys.
        introspection_client: Id and secret for that.
        public_url: Where clients reach it, for example through a proxy.
        database: Of an installed server, or of an agent's tasks: a SQLite file, or `postgresql://...`.
        insecure: Serve to others what everybody may call.
        security: Of agents, in place of `auth`: schemes such as certificates, several that are all needed, or tokens
            and keys of several callers (`agentkit.a2a.Security`).
        grpc: Port of agents over gRPC, usually 8703; 0 takes a free one, left out is none.
        sign: File with the keys that agents' cards are signed with; it is made when missing.
        card: File with the words of an agent's card.
        limit: How often and for how much at once a caller may ask agents, for example `rate=20`; or `none`.
        trusted_proxy: Networks of proxies that are believed when they say where a request to an agent is from.
        push_host: Hosts that agents may send notifications to although they are not public.
        tenant_claim: What in an issuer's tokens names the tenant of an agent's caller.
    """

    host: str
    port: int
    auth: str | Sequence[str]
    token: str | None
    api_key: str | None
    client: tuple[str, str] | None
    issuer: str | None
    audience: str | Sequence[str]
    jwks: str | None
    scope: str | Sequence[str]
    introspection: str | None
    introspection_client: tuple[str, str] | None
    public_url: str | None
    database: str | None
    insecure: bool
    security: Security | None
    grpc: int | None
    sign: str | Path | None
    card: str | Path | None
    limit: str | Sequence[str]
    trusted_proxy: str | Sequence[str]
    push_host: str | Sequence[str]
    tenant_claim: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """What is being served.

    Attributes:
        url: Where clients reach it: the MCP server's address, or the agent's.
        authorizations: Any one of them lets a caller in.
        token: What a `bearer` caller sends.
        api_key: What an `apiKey` caller sends.
        client: Id and secret of an `oauth2.0` caller, where the authorization server is ours.
        lines: What `agentkit serve` would print, with the credentials that were made.
    """

    url: str
    authorizations: tuple[Authorization, ...]
    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    client: tuple[str, str] | None = field(default=None, repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)


def serve(target: object, **options: Unpack[ServeOptions]) -> None:
    """Serve an expert, an MCP server or an agent until Ctrl-C or SIGTERM, and tell where.

    The same as `agentkit serve module:attribute`; `serving` is the way for a program that does something beside.

    Args:
        target: An `Expert`, a `ToolServer`, an MCP server of the SDK, an agent, or a list of agents (served over A2A).
        options: Where, and who may call; see `ServeOptions`.

    Raises:
        SpecError: It is something else, or an expert without tools.
        ConfigurationError: An option lacks something, or does not fit what is served.
        ServeError: The address cannot be taken, or is not safe; or a program that must not be blocked asked.
    """
    if threading.current_thread() is not threading.main_thread() or _is_in_loop():
        raise ServeError(
            "serve() blocks until a signal comes, so it is for the main thread without an event loop.",
            remedy="In async code: async with agentkit.cli.program.serving(...) as running.",
        )
    served = _prepare(target, options)
    from agentkit.cli.house import serve_until_stopped
    from agentkit.cli.next_steps import next_steps

    asyncio.run(serve_until_stopped(served, next_steps=next_steps("", served.doors, None)))


@asynccontextmanager
async def serving(target: object, **options: Unpack[ServeOptions]) -> AsyncGenerator[Running]:
    """Serve an expert, an MCP server or an agent while the block runs; signals stay the program's.

    Calls that are still open at the end of the block have five seconds to finish.

    Args:
        target: An `Expert`, a `ToolServer`, an MCP server of the SDK, an agent, or a list of agents (served over A2A).
        options: Where, and who may call; see `ServeOptions`.

    Yields:
        Where it is and what opens it.

    Raises:
        AgentKitError: As `serve` says.
    """
    served = await asyncio.to_thread(_prepare, target, options)
    from agentkit.cli import serving as servers

    async with servers.serving([(served.address, served.app)]):
        yield _running(served)


def _prepare(target: object, options: ServeOptions) -> Served:
    from agentkit.cli import house  # here, because `from agentkit import serve` must stay cheap

    unknown = ", ".join(name for name in options if name not in ServeOptions.__annotations__)
    if unknown:
        raise TypeError(f"serve() has no option {unknown}; known: {', '.join(ServeOptions.__annotations__)}")
    chosen = servable("target", target)
    access = Access(
        authorizations=read_authorizations(_words("auth", options.get("auth"))),
        token=_secret("token", options.get("token")),
        api_key=_secret("api_key", options.get("api_key")),
        client=_pair("client", options.get("client")),
        issuer=options.get("issuer"),
        audience=_words("audience", options.get("audience")),
        jwks=options.get("jwks"),
        scopes=_words("scope", options.get("scope")),
        introspection=options.get("introspection"),
        introspection_client=_pair("introspection_client", options.get("introspection_client")),
    )
    security = options.get("security")
    agent_options = AgentOptions(
        grpc=options.get("grpc"),
        sign=_path(options.get("sign")),
        card=_path(options.get("card")),
        limit=_words("limit", options.get("limit")),
        trusted_proxy=_words("trusted_proxy", options.get("trusted_proxy")),
        push_host=_words("push_host", options.get("push_host")),
        tenant_claim=options.get("tenant_claim"),
        security=security,
    )
    unsaid = [kind for _, kind in house.unsaid_authorizations("", chosen)]
    access.refuse_idle(unsaid, {name: name for name in ("token", "api_key", "client")})
    host = options.get("host") or os.environ.get("AGENTKIT_HOST", "").strip() or "127.0.0.1"
    public_url = options.get("public_url")
    closed = security is not None and not security.is_open
    doors = () if closed else house.open_doors("", chosen, access, PlatformOptions())
    require_safe_host(host, public_url, doors, insecure=options.get("insecure", False))
    port = _port(options.get("port"), house.default_port("", chosen))
    return house.own(chosen, house.Place(host, port, public_url, options.get("database")), access, agent_options)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _words(name: str, given: object) -> tuple[str, ...]:
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    words = cast("Sequence[object]", given) if isinstance(given, Sequence) else [None]
    if not all(isinstance(word, str) for word in words):
        raise ConfigurationError(name, "must be a text, or a list of texts")
    return tuple(map(str, words))


def _secret(name: str, given: object) -> str | None:
    if given is not None and (not isinstance(given, str) or not given.strip()):
        raise ConfigurationError(name, "must be a text that is not empty", remedy="Left out, a new one is made.")
    return given


def _pair(name: str, given: object) -> tuple[str, str] | None:
    match given:
        case None:
            return None
        case (str(client_id), str(secret)) if client_id.strip() and secret.strip():
            return client_id, secret
        case _:
            raise ConfigurationError(name, "must be a pair of id and secret", remedy='Give ("id", "secret").')


def _port(given: object, unsaid: int) -> int:
    if given is None:
        said = os.environ.get("AGENTKIT_PORT", "").strip()
        given = int(said) if said.isdecimal() else said or unsaid
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= 65535:
        raise ConfigurationError("port", "must be a number from 0 to 65535", remedy="0 takes a free one.")
    return given


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _running(served: Served) -> Running:
    lines = tuple(served.lines)
    if (agents := served.agents) is not None:
        return Running(served.address.url, agents.authorizations, agents.token, agents.api_key, lines=lines)
    (door,) = served.doors
    admission = door.admission
    return Running(door.url, admission.authorizations, admission.token, admission.api_key, admission.client, lines)
