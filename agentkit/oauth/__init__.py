"""Issue, verify and fetch OAuth 2.0 tokens.

Names resolve on first use, so that a client which only needs `TokenCache` loads no JWT library and no web framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.oauth.clients import ClientRegistry, RegisteredClient, hash_secret
    from agentkit.oauth.introspection import IntrospectionVerifier
    from agentkit.oauth.jwks import KeySource, RemoteKeys, StaticKeys
    from agentkit.oauth.keys import SigningKeys, TokenIssuer
    from agentkit.oauth.server import AuthorizationServer, authorization_server, token_endpoint
    from agentkit.oauth.token_request import TokenRequest, invalid_client, read_token_request
    from agentkit.oauth.tokens import IssuedToken, TokenCache
    from agentkit.oauth.verified import VerifiedToken
    from agentkit.oauth.verify import JwtVerifier

__all__ = [
    "AuthorizationServer",
    "ClientRegistry",
    "IntrospectionVerifier",
    "IssuedToken",
    "JwtVerifier",
    "KeySource",
    "RegisteredClient",
    "RemoteKeys",
    "SigningKeys",
    "StaticKeys",
    "TokenCache",
    "TokenIssuer",
    "TokenRequest",
    "VerifiedToken",
    "authorization_server",
    "hash_secret",
    "invalid_client",
    "read_token_request",
    "token_endpoint",
]

_HOME = {
    "AuthorizationServer": "server",
    "ClientRegistry": "clients",
    "IntrospectionVerifier": "introspection",
    "IssuedToken": "tokens",
    "JwtVerifier": "verify",
    "KeySource": "jwks",
    "RegisteredClient": "clients",
    "RemoteKeys": "jwks",
    "SigningKeys": "keys",
    "StaticKeys": "jwks",
    "TokenCache": "tokens",
    "TokenIssuer": "keys",
    "TokenRequest": "token_request",
    "VerifiedToken": "verified",
    "authorization_server": "server",
    "hash_secret": "clients",
    "invalid_client": "token_request",
    "read_token_request": "token_request",
    "token_endpoint": "server",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
