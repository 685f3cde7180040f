"""Issue, verify and fetch OAuth 2.0 tokens.

Names resolve on first use, so that a client which only needs `TokenCache` loads no JWT library and no web framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.oauth.clients import ClientRegistry, Clients, RegisteredClient
    from agentkit.oauth.endpoints import Endpoint, token_endpoint
    from agentkit.oauth.introspection import IntrospectionVerifier
    from agentkit.oauth.issuers import Issuers
    from agentkit.oauth.issuing import TokenIssuer
    from agentkit.oauth.jwks import KeySource, RemoteKeys, StaticKeys
    from agentkit.oauth.keys import RetiredKey, Signer, SigningKeys
    from agentkit.oauth.secrets import hash_secret
    from agentkit.oauth.server import AuthorizationServer, authorization_server
    from agentkit.oauth.store import IssuerStore
    from agentkit.oauth.stored_clients import ClientRecord
    from agentkit.oauth.token_request import TokenRequest, invalid_client, read_token_request
    from agentkit.oauth.token_status import Revocations, RevokedTokens
    from agentkit.oauth.tokens import IssuedToken, TokenCache
    from agentkit.oauth.verified import VerifiedToken
    from agentkit.oauth.verify import JwtVerifier

__all__ = [
    "AuthorizationServer",
    "ClientRecord",
    "ClientRegistry",
    "Clients",
    "Endpoint",
    "IntrospectionVerifier",
    "IssuedToken",
    "IssuerStore",
    "Issuers",
    "JwtVerifier",
    "KeySource",
    "RegisteredClient",
    "RemoteKeys",
    "RetiredKey",
    "Revocations",
    "RevokedTokens",
    "Signer",
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
    "ClientRecord": "stored_clients",
    "ClientRegistry": "clients",
    "Clients": "clients",
    "Endpoint": "endpoints",
    "IntrospectionVerifier": "introspection",
    "IssuedToken": "tokens",
    "IssuerStore": "store",
    "Issuers": "issuers",
    "JwtVerifier": "verify",
    "KeySource": "jwks",
    "RegisteredClient": "clients",
    "RemoteKeys": "jwks",
    "RetiredKey": "keys",
    "Revocations": "token_status",
    "RevokedTokens": "token_status",
    "Signer": "keys",
    "SigningKeys": "keys",
    "StaticKeys": "jwks",
    "TokenCache": "tokens",
    "TokenIssuer": "issuing",
    "TokenRequest": "token_request",
    "VerifiedToken": "verified",
    "authorization_server": "server",
    "hash_secret": "secrets",
    "invalid_client": "token_request",
    "read_token_request": "token_request",
    "token_endpoint": "endpoints",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
