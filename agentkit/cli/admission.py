"""From what was asked for to who may come in: a server's authorization, and the credentials made for this run."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from agentkit.cli.access import Access
from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.mcp import (
    AnyOf,
    ApiKeyAuth,
    BearerAuth,
    InheritAuth,
    IntrospectionAuth,
    NoAuth,
    OAuthAuth,
    ServerAuth,
)
from agentkit.mcp.hosting.authorization import OneAuth
from agentkit.oauth.exchange import check_secure
from agentkit.specs import Authorization

OwnIssuer = Callable[[str, str, tuple[str, ...]], OAuthAuth]
"""Registers a client by id, secret and scopes at our own authorization server; says how its tokens are checked."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may call one server.

    Attributes:
        auth: How the server checks it.
        authorizations: Its kinds, in the order in which they were asked for.
        token: What a `bearer` caller sends.
        api_key: What an `apiKey` caller sends.
        client: What an `oauth2.0` caller authorizes itself with, where the authorization server is ours.
        made: Which of them were made for this run, in words with their values.
    """

    auth: ServerAuth
    authorizations: tuple[Authorization, ...]
    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    client: tuple[str, str] | None = field(default=None, repr=False)
    made: tuple[str, ...] = field(default=(), repr=False)


def admit(name: str, access: Access, unsaid: Authorization, own_issuer: OwnIssuer) -> Admission:
    """Decide who may call a server.

    Args:
        name: The server's; it is the scope of its tokens too.
        access: What was asked for.
        unsaid: How the server is authorized where nothing was.
        own_issuer: Makes our own authorization server know a client.

    Raises:
        ConfigurationError: Something that the authorization needs was not given, or something that it does not use was.
    """
    authorizations = access.chosen(unsaid)
    refuse_unused(access, authorizations)
    if authorizations == (Authorization.NONE,):
        return Admission(NoAuth(), authorizations)
    token = api_key = client = None
    scopes = access.scopes or (name,)
    made: list[str] = []
    ways: list[OneAuth] = []
    for kind in authorizations:
        match kind:
            case Authorization.BEARER:
                token = access.token or secrets.token_urlsafe(24)
                ways.append(BearerAuth(token))
                made += [] if access.token else [f"token {token}"]
            case Authorization.API_KEY:
                api_key = access.api_key or secrets.token_urlsafe(24)
                ways.append(ApiKeyAuth({"api-key": api_key}))
                made += [] if access.api_key else [f"key {api_key}"]
            case Authorization.INHERIT:
                ways.append(_inherit(access))
            case Authorization.OAUTH2 if access.issuer and Authorization.INHERIT not in authorizations:
                ways.append(_foreign_issuer(access, access.issuer, scopes))
            case Authorization.OAUTH2:
                client = access.client or (f"{name}-client", secrets.token_urlsafe(24))
                ways.append(own_issuer(*client, scopes))
                made += [] if access.client else [f"client {client[0]}:{client[1]}"]
            case Authorization.NONE:  # stands alone
                pass
    auth = ways[0] if len(ways) == 1 else AnyOf(*ways)
    return Admission(auth, authorizations, token, api_key, client, tuple(made))


def refuse_unused(access: Access, authorizations: tuple[Authorization, ...]) -> None:
    """Whoever gives an option believes that it protects something.

    Raises:
        ConfigurationError: One of them plays no part where callers are authorized so.
    """
    foreign = {
        "--issuer": access.issuer,
        "--audience": access.audience,
        "--jwks": access.jwks,
        "--scope": access.scopes,
        "--introspection": access.introspection,
        "--introspection-client": access.introspection_client,
    }
    given = next((option for option, value in foreign.items() if value), None)
    if given and not {Authorization.INHERIT, Authorization.OAUTH2} & set(authorizations):
        raise ConfigurationError(given, "is for tokens of an issuer", remedy="Give --auth inherit or oauth2.0 with it.")
    for option, url in (
        ("--issuer", access.issuer),
        ("--jwks", access.jwks),
        ("--introspection", access.introspection),
    ):
        _check_address(option, url)
    if given and given != "--scope" and not access.issuer and Authorization.INHERIT not in authorizations:
        raise ConfigurationError(given, "needs to know of which issuer", remedy="Give --issuer URL with it.")
    if access.introspection and not access.introspection_client:
        remedy = "Give --introspection-client ID:SECRET: an issuer tells about tokens only to whom it knows."
        raise ConfigurationError("--introspection", "needs a client", remedy=remedy)
    if access.introspection_client and Authorization.INHERIT in authorizations:
        raise ConfigurationError("--introspection", "is for oauth2.0", remedy="The tokens of inherit need --jwks URL.")
    if access.introspection_client and access.jwks:
        raise ConfigurationError("--jwks", "cannot stand beside --introspection", remedy="Give one of the two.")


def _check_address(option: str, url: str | None) -> None:
    """What is wrong with an address is told of the option that it was given with."""
    try:
        check_secure(url or "https://unsaid", option, loopback=True)
    except AuthenticationError:
        remedy = "Give one such as https://login.example.org; plain http is for an address of this machine only."
        raise ConfigurationError(option, "is not an https address", remedy=remedy) from None


def _inherit(access: Access) -> OneAuth:
    if not access.issuer or not access.audience:
        raise ConfigurationError(
            "--auth inherit",
            "needs to know whose tokens to take",
            remedy="Give --issuer URL and --audience NAME: a token is trusted only where it was meant to go.",
        )
    return InheritAuth(access.issuer, access.audience, access.jwks)


def _foreign_issuer(access: Access, issuer: str, scopes: tuple[str, ...]) -> OneAuth:
    audience = access.audience[0] if access.audience else None
    if access.introspection_client:
        client_id, secret = access.introspection_client
        return IntrospectionAuth(issuer, client_id, secret, scopes, audience, access.introspection)
    return OAuthAuth(issuer, access.jwks, scopes, audience)
