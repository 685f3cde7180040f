"""Agents as an app: who may call them, and what to tell the person who starts them."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from agentkit.a2a import (
    ApiKeyAuth,
    BearerAuth,
    CardKeys,
    HostedAgent,
    InheritAuth,
    IntrospectionAuth,
    OAuthAuth,
    Security,
    read_card_texts,
)
from agentkit.a2a.schemes import OneAuth
from agentkit.a2a.standalone import GrpcPlace, Push, agent_app
from agentkit.cli.access import Access
from agentkit.cli.address import Address
from agentkit.cli.admission import refuse_unused
from agentkit.cli.agent_options import AgentOptions
from agentkit.cli.target import AgentGroup
from agentkit.cli.tool_servers import kinds
from agentkit.compose import Agent
from agentkit.errors import ConfigurationError, ServeError
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from starlette.applications import Starlette

AgentTarget: TypeAlias = Agent | AgentGroup
"""One agent, or several that are served together."""


@dataclass(frozen=True, slots=True)
class AgentAccess:
    """Who may call agents.

    Attributes:
        security: How it is checked; their cards say the same.
        authorizations: The kinds, in the order in which they were asked for.
        token: What a `bearer` caller sends.
        api_key: What an `apiKey` caller sends.
        made: Which of them were made for this run, in words with their values.
    """

    security: Security
    authorizations: tuple[Authorization, ...]
    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    made: tuple[str, ...] = field(default=(), repr=False)


def worded(target: AgentTarget, texts: Path | None) -> tuple[HostedAgent, ...]:
    """The agents that are to be served, with the words of a card file where one was given.

    Raises:
        SpecError: The file is no card.
        ConfigurationError: There are several agents for one file.
    """
    members = target.members if isinstance(target, AgentGroup) else (target,)
    agents = tuple(one if isinstance(one, HostedAgent) else HostedAgent(one) for one in members)
    if texts is None:
        return agents
    if len(agents) != 1:
        raise ConfigurationError("--card", "is for one agent", remedy="Give each HostedAgent its texts in Python.")
    return (replace(agents[0], texts=read_card_texts(texts)),)


def admit_callers(access: Access, options: AgentOptions) -> AgentAccess:
    """Decide who may call agents.

    Raises:
        ConfigurationError: Something that the authorization needs was not given, or something that it does not use was.
    """
    if options.security is not None:
        if access.authorizations:
            raise ConfigurationError("auth", "cannot stand beside security", remedy="Give one of the two.")
        return AgentAccess(options.security, ())
    authorizations = access.chosen(Authorization.NONE)
    refuse_unused(access, authorizations)
    if options.tenant_claim and not {Authorization.INHERIT, Authorization.OAUTH2} & set(authorizations):
        raise ConfigurationError(
            "--tenant-claim", "is for tokens of an issuer", remedy="Give --auth inherit or oauth2.0 with it."
        )
    found = AgentAccess(Security(), authorizations)
    ways: list[OneAuth] = []
    for kind in authorizations:
        match kind:
            case Authorization.BEARER:
                token = access.token or secrets.token_urlsafe(24)
                ways.append(BearerAuth({"bearer": token}))
                made = () if access.token else (f"token {token}",)
                found = replace(found, token=token, made=(*found.made, *made))
            case Authorization.API_KEY:
                key = access.api_key or secrets.token_urlsafe(24)
                ways.append(ApiKeyAuth({"api-key": key}))
                made = () if access.api_key else (f"key {key}",)
                found = replace(found, api_key=key, made=(*found.made, *made))
            case Authorization.INHERIT:
                ways.append(_inherit(access, options))
            case Authorization.OAUTH2:
                ways.append(_issuer(access, options))
            case Authorization.NONE:  # stands alone
                pass
    return replace(found, security=Security(*ways, trusted_proxies=options.trusted_proxy))


def agents_app(
    target: AgentTarget, address: Address, database: str, access: AgentAccess, options: AgentOptions
) -> tuple[Starlette, list[str]]:
    """The app of one or several agents, and what to tell of it.

    Raises:
        SpecError: A card lacks something, or names are doubled.
        ConfigurationError: An option does not fit.
        ServeError: No port is free for gRPC.
    """
    agents = worded(target, options.card)
    grpc = None if options.grpc is None else _grpc(address, options.grpc)
    app = agent_app(
        agents,
        url=address.url,
        database=database,
        security=access.security,
        limits=options.limits(),
        signing=None if options.sign is None else CardKeys.open(options.sign),
        push=Push(tuple(options.push_host)),
        grpc=grpc,
    )
    return app, _lines(agents, address, access, grpc)


def _lines(agents: Sequence[HostedAgent], address: Address, access: AgentAccess, grpc: GrpcPlace | None) -> list[str]:
    from agentkit.a2a.hosted import Manner, place  # what the app does too

    who = kinds(access.authorizations) if access.authorizations else repr(access.security)
    told = "".join(f"  {one}" for one in access.made)
    placed = place(agents, Manner(address.url, access.security))
    lines = [f"{one.agent.name:<16} {one.url}  A2A 1.0 and 0.3, {who}{told}" for one in placed]
    if grpc is not None:
        ports = ", ".join(str(grpc.port + number) for number in range(len(agents)))
        lines.append(f"{'gRPC':<16} {grpc.public_host}:{ports}")
    if len(agents) > 1:
        lines.append(f"{'catalogue':<16} {address.url}/.well-known/ai-catalog.json")
    return lines


def _inherit(access: Access, options: AgentOptions) -> InheritAuth:
    if not access.issuer or not access.audience:
        raise ConfigurationError(
            "--auth inherit",
            "needs to know whose tokens to take",
            remedy="Give --issuer URL and --audience NAME: a token is trusted only where it was meant to go.",
        )
    return InheritAuth(access.issuer, access.audience, access.jwks, options.tenant_claim)


def _issuer(access: Access, options: AgentOptions) -> OneAuth:
    if not access.issuer:
        raise ConfigurationError(
            "--auth oauth2.0",
            "needs to know whose tokens to take",
            remedy="Give --issuer URL; agentkit serve authorization-server starts one on this machine.",
        )
    audience = access.audience[0] if access.audience else None
    if access.introspection_client:
        client_id, secret = access.introspection_client
        return IntrospectionAuth(
            access.issuer, client_id, secret, access.scopes, audience, access.introspection, options.tenant_claim
        )
    return OAuthAuth(access.issuer, access.jwks, access.scopes, audience, options.tenant_claim)


def _grpc(address: Address, port: int) -> GrpcPlace:
    """Where gRPC listens: a free port is found now, for the cards name it."""
    if port == 0:
        try:
            with closing(socket.create_server((address.host, 0))) as found:
                port = int(found.getsockname()[1])
        except OSError:
            raise ServeError(f"No port is free for gRPC on {address.host}.") from None
    return GrpcPlace(port, address.host, urlsplit(address.url).hostname or address.host)
