"""A small authorization server for development and tests: client credentials, metadata, keys.

It serves every address that a client may ask (mcp.md section 12), and nothing that needs a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.models import JsonObject
from agentkit.oauth.clients import ClientRegistry, RegisteredClient
from agentkit.oauth.discovery import issuer_metadata_addresses
from agentkit.oauth.exchange import origin_of
from agentkit.oauth.keys import SigningKeys, TokenIssuer
from agentkit.oauth.token_request import FORM_LIMIT, TokenRequest, invalid_client, read_token_request

NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
DEFAULT_LIFETIME: Final = 3600.0


class AuthorizationServer:
    """Decides about token requests; `authorization_server` puts it on the web."""

    def __init__(
        self,
        tokens: TokenIssuer,
        clients: ClientRegistry,
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
        if not request.client_id or not await self._clients.check(request.client_id, request.client_secret):
            raise invalid_client()
        client = self._clients.get(request.client_id)
        if client is None:
            raise invalid_client()
        if request.grant_type != "client_credentials":
            raise AuthenticationError(
                "unsupported_grant_type", "Only the grant client_credentials is offered.", status=400
            )
        scope = " ".join(self._scopes(client, request))
        audience = self._audience(client, request)
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
    keys: SigningKeys,
    clients: ClientRegistry,
    *,
    resources: Sequence[str] = (),
    lifetime: float = DEFAULT_LIFETIME,
    tokens: TokenIssuer | None = None,
) -> list[Route]:
    """The routes of an authorization server (MCP-XCH-01..07).

    Args:
        issuer_url: Its identifier without a slash at the end; its path is where the routes lie.
        keys: Signs the tokens.
        clients: Who may ask for tokens.
        resources: What tokens may be issued for; the first one is the default (MCP-XCH-04).
        lifetime: Seconds a token is valid.
        tokens: Makes the tokens; by default one over `keys` with the system's clock.

    Raises:
        ConfigurationError: The issuer is no http or https URL, ends with a slash, or has a query or fragment.
    """
    parts = urlsplit(issuer_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError("issuer", "must be an http or https URL without query and fragment")
    if issuer_url.endswith("/"):
        raise ConfigurationError("issuer", "must not end with a slash: it is compared byte by byte")
    server = AuthorizationServer(
        tokens or TokenIssuer(issuer_url, keys), clients, resources=resources, lifetime=lifetime
    )
    metadata = _json(_metadata(issuer_url, clients))
    path = parts.path
    origin = origin_of(issuer_url)
    documents = [address.removeprefix(origin) for address in issuer_metadata_addresses(issuer_url)]
    # Clients of the 2025-03-26 revision ask the root of the origin (MCP-XCH-05).
    documents = list(dict.fromkeys([*documents, "/.well-known/oauth-authorization-server"]))
    token_paths = list(dict.fromkeys([f"{path}/token", "/token"]))
    return [
        *[Route(document, metadata, methods=["GET"]) for document in documents],
        *[Route(token_path, token_endpoint(server.answer), methods=["POST"]) for token_path in token_paths],
        Route(f"{path}/jwks", _json(keys.jwks()), methods=["GET"]),
        Route(f"{path}/authorize", _no_authorization, methods=["GET", "POST"]),
    ]


def token_endpoint(
    answer: Callable[[TokenRequest], Awaitable[JsonObject]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads token requests and writes answers and OAuth errors, none of them cacheable.

    Args:
        answer: Gives the body of the answer, or raises `AuthenticationError` with the OAuth code and the status.
    """

    async def endpoint(request: Request) -> Response:
        try:
            body = await _form(request)
            wanted = read_token_request(
                request.headers.get("content-type", ""), request.headers.get("authorization"), body
            )
            return JSONResponse(await answer(wanted), headers=NO_STORE)
        except AuthenticationError as error:
            status = error.status or 400
            headers = dict(NO_STORE)
            if status == 401:
                headers["www-authenticate"] = 'Basic realm="token", charset="UTF-8"'
            return JSONResponse({"error": error.code, "error_description": error.message}, status, headers)
        except ClientDisconnect:
            return Response(status_code=400)

    return endpoint


async def _form(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT:
            break
    return bytes(body)


def _metadata(issuer: str, clients: ClientRegistry) -> JsonObject:
    scopes = sorted({scope for client in clients for scope in client.scopes})
    return {
        "issuer": issuer,
        # Nobody is sent there, but both official SDKs refuse a document without it (MCP-XCH-02).
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        **({"scopes_supported": list(scopes)} if scopes else {}),
    }


def _json(document: JsonObject) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        del request
        return JSONResponse(document, headers={"cache-control": "public, max-age=60"})

    return endpoint


async def _no_authorization(request: Request) -> Response:
    del request
    return JSONResponse(
        {"error": "unsupported_response_type", "error_description": "This server knows client credentials only."},
        400,
        NO_STORE,
    )
