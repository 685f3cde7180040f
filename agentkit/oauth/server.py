"""A small authorization server for development and tests: client credentials, metadata, keys, introspection.

It serves every address that a client may ask (mcp.md section 12), and nothing that needs a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.models import Json, JsonObject
from agentkit.oauth.clients import Clients, RegisteredClient
from agentkit.oauth.discovery import issuer_metadata_addresses
from agentkit.oauth.endpoints import NO_STORE, client_endpoint, document_endpoint, token_endpoint
from agentkit.oauth.exchange import origin_of
from agentkit.oauth.issuing import DEFAULT_LIFETIME, TokenIssuer
from agentkit.oauth.keys import Signer
from agentkit.oauth.token_request import TokenRequest, invalid_client
from agentkit.oauth.token_status import Revocations, RevokedTokens, TokenStatus

_METHODS: Final[list[Json]] = ["client_secret_basic", "client_secret_post"]


class AuthorizationServer:
    """Decides about token requests; `authorization_server` puts it on the web."""

    def __init__(
        self,
        tokens: TokenIssuer,
        clients: Clients,
        *,
        resources: Sequence[str] = (),
        lifetime: float = DEFAULT_LIFETIME,
    ) -> None:
        """Issue tokens to registered clients.

        Args:
            tokens: Makes them.
            clients: Who may ask.
            resources: What tokens may be issued for, where a client has no list of its own; the first one is the
                default.
            lifetime: Seconds a token is valid.
        """
        self._tokens = tokens
        self._clients = clients
        self._resources = tuple(resources)
        self._lifetime = lifetime

    async def answer(self, request: TokenRequest) -> JsonObject:
        """The body of a token answer.

        Raises:
            AuthenticationError: The request is refused; `code` is the OAuth error, `status` the HTTP status.
        """
        client = await self._clients.authenticate(request.client_id, request.client_secret)
        if client is None:
            raise invalid_client()
        if request.grant_type != "client_credentials":
            raise AuthenticationError(
                "unsupported_grant_type", "Only the grant client_credentials is offered.", status=400
            )
        scope = " ".join(self._scopes(client, request))
        audience = self._audience(client, request)
        await self._tokens.keys.refresh()
        token = self._tokens.issue(client.client_id, audience, scope, self._lifetime, client_id=client.client_id)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self._lifetime),
            **({"scope": scope} if scope else {}),
        }

    def _scopes(self, client: RegisteredClient, request: TokenRequest) -> tuple[str, ...]:
        if not request.scopes:
            return client.scopes
        if set(request.scopes) - set(client.scopes):
            raise AuthenticationError("invalid_scope", "The client may not ask for this scope.", status=400)
        return request.scopes

    def _audience(self, client: RegisteredClient, request: TokenRequest) -> str:
        allowed = client.resources or self._resources
        if len(request.resources) > 1:
            raise AuthenticationError("invalid_target", "Ask for one resource at a time.", status=400)
        if request.resources:
            if request.resources[0] not in allowed:
                raise AuthenticationError("invalid_target", "No tokens are issued for this resource.", status=400)
            return request.resources[0]
        if not allowed:
            raise AuthenticationError("invalid_target", "Name the resource the token is for.", status=400)
        return allowed[0]


def authorization_server(
    issuer_url: str,
    keys: Signer,
    clients: Clients,
    *,
    resources: Sequence[str] = (),
    lifetime: float = DEFAULT_LIFETIME,
    tokens: TokenIssuer | None = None,
    revoked: Revocations | None = None,
) -> list[Route]:
    """The routes of an authorization server (MCP-XCH-01..07).

    Args:
        issuer_url: Its identifier without a slash at the end; its path is where the routes lie.
        keys: Signs the tokens; its rotations show at once.
        clients: Who may ask for tokens, about them, and to end them.
        resources: What tokens may be issued for; the first one is the default (MCP-XCH-04).
        lifetime: Seconds a token is valid.
        tokens: Makes the tokens; by default one over `keys` with the system's clock.
        revoked: Where revoked tokens are kept; by default in memory.

    Raises:
        ConfigurationError: The issuer is no http or https URL, ends with a slash, or has a query or fragment.
    """
    parts = urlsplit(issuer_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError("issuer", "must be an http or https URL without query and fragment")
    if issuer_url.endswith("/"):
        raise ConfigurationError("issuer", "must not end with a slash: it is compared byte by byte")
    tokens = tokens or TokenIssuer(issuer_url, keys)
    server = AuthorizationServer(tokens, clients, resources=resources, lifetime=lifetime)
    status = TokenStatus(tokens, clients, revoked or RevokedTokens(tokens.clock))

    async def metadata() -> JsonObject:
        return _metadata(issuer_url, await clients.scopes())

    async def key_set() -> JsonObject:
        await keys.refresh()
        return keys.jwks()

    path = parts.path
    origin = origin_of(issuer_url)
    documents = [address.removeprefix(origin) for address in issuer_metadata_addresses(issuer_url)]
    # Clients of the 2025-03-26 revision ask the root of the origin (MCP-XCH-05).
    documents = list(dict.fromkeys([*documents, "/.well-known/oauth-authorization-server"]))
    token_paths = list(dict.fromkeys([f"{path}/token", "/token"]))
    return [
        *[Route(document, document_endpoint(metadata, keep=60), methods=["GET"]) for document in documents],
        *[Route(token_path, token_endpoint(server.answer), methods=["POST"]) for token_path in token_paths],
        Route(f"{path}/introspect", client_endpoint(status.introspect), methods=["POST"]),
        Route(f"{path}/revoke", client_endpoint(status.revoke), methods=["POST"]),
        # A key signs from the moment of its rotation, so a verifier that looks for it must find it.
        Route(f"{path}/jwks", document_endpoint(key_set, keep=0), methods=["GET"]),
        Route(f"{path}/authorize", _no_authorization, methods=["GET", "POST"]),
    ]


def _metadata(issuer: str, scopes: frozenset[str]) -> JsonObject:
    return {
        "issuer": issuer,
        # Nobody is sent there, but both official SDKs refuse a document without it (MCP-XCH-02).
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "introspection_endpoint": f"{issuer}/introspect",
        "introspection_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint": f"{issuer}/revoke",
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "code_challenge_methods_supported": ["S256"],
        **({"scopes_supported": [*sorted(scopes)]} if scopes else {}),
    }


async def _no_authorization(request: Request) -> Response:
    del request
    return JSONResponse(
        {"error": "unsupported_response_type", "error_description": "This server knows client credentials only."},
        400,
        NO_STORE,
    )
