"""The discovery document of a tenant: what it says is what the endpoints do."""

from __future__ import annotations

from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.oauth.keys import ALGORITHM
from agentkit.platform.realm.records import GRANTS
from agentkit.platform.realm.tokens import OPENID, SOCKET_SCOPES

_CLAIMS: Final[tuple[Json, ...]] = ("sub", "iss", "aud", "azp", "sid", "preferred_username", "name", "email")
_METHODS: Final[tuple[Json, ...]] = ("client_secret_post", "client_secret_basic")


def realm_metadata(issuer: str, place: str) -> JsonObject:
    """The metadata of a tenant (OpenID Connect Discovery, RFC 8414).

    Args:
        issuer: What its tokens say; it may be another address than that of the endpoints (LOC-06).
        place: Where the tenant lies.
    """
    endpoints = f"{place}/protocol/openid-connect"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{endpoints}/auth",
        "token_endpoint": f"{endpoints}/token",
        "userinfo_endpoint": f"{endpoints}/userinfo",
        "end_session_endpoint": f"{endpoints}/logout",
        "introspection_endpoint": f"{endpoints}/token/introspect",
        "revocation_endpoint": f"{endpoints}/revoke",
        "jwks_uri": f"{endpoints}/certs",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": [*OPENID, *sorted(SOCKET_SCOPES)],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "token_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": [*_METHODS],
        "revocation_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "claims_supported": [*_CLAIMS],
    }
