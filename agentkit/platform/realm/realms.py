"""The token endpoint, Keycloak-like, and who may call the API (section 3 of the API contract)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agentkit.compose import Caller
from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject
from agentkit.oauth.clients import ClientRegistry
from agentkit.oauth.endpoints import token_endpoint
from agentkit.oauth.issuing import TokenIssuer
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.token_request import TokenRequest
from agentkit.oauth.verified import VerifiedToken
from agentkit.oauth.verify import JwtVerifier
from agentkit.platform.problems import Problem
from agentkit.platform.settings import PlatformSettings
from agentkit.wire.errors import encode_oauth_error

AUDIENCE: Final = "account"
"""What Keycloak puts into the tokens of every client."""

_SOCKET_SCOPES: Final = frozenset({"transcribe", "streams"})
_OPENID: Final = ("openid", "profile", "email")


class Realms:
    """The tenants of a platform, each with its issuer (ENV-04, LOC-06)."""

    def __init__(self, settings: PlatformSettings, keys: SigningKeys, clients: ClientRegistry) -> None:
        """Issue and check the tokens of all tenants.

        Args:
            settings: Tenants, lifetime of tokens, clock.
            keys: Sign the tokens.
            clients: Who may fetch one.
        """

        def clock() -> float:
            return settings.clock().timestamp()

        self._lifetime = settings.token_lifetime
        self._keys = keys
        self._clients = clients
        self._issuers = {tenant: TokenIssuer(settings.issuer(tenant), self._keys, clock) for tenant in settings.tenants}
        self._verifiers: Mapping[str, JwtVerifier] = {
            tenant: JwtVerifier(issuer.issuer, AUDIENCE, self._keys, clock=clock)
            for tenant, issuer in self._issuers.items()
        }

    async def caller(self, request: Request) -> Caller:
        """Who sends a request.

        Raises:
            Problem: 401, the bearer is missing, expired, wrong or foreign, or belongs to another tenant than the
                `Tenant-Name` header says (AUTH-10, HDR-01); 403, it is for the WebSocket endpoints only (AUTH-06).
        """
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        bearer = bearer.strip()
        if scheme.lower() != "bearer" or not bearer:
            raise _unauthorized("missing_token", "The request has no bearer token.", challenge="Bearer")
        named = request.headers.get("tenant-name")
        tenant, token = await self._verify(bearer, named)
        if named is not None and named != tenant:
            raise _unauthorized("tenant_mismatch", "The token belongs to another tenant than Tenant-Name says.")
        if token.scopes & _SOCKET_SCOPES:
            raise Problem(403, "insufficient_scope", "The token is for the WebSocket endpoints only.")
        return Caller(owner=token.owner, tenant=tenant, bearer=bearer)

    async def _verify(self, bearer: str, named: str | None) -> tuple[str, VerifiedToken]:
        """The tenant of a token; the named tenant is asked first, and it is its refusal that is told."""
        reasons: list[str] = []
        for tenant, verifier in sorted(self._verifiers.items(), key=lambda entry: entry[0] != named):
            try:
                return tenant, await verifier.verify(bearer)
            except AuthenticationError as error:
                reasons.append(error.message)
        raise _unauthorized("invalid_token", reasons[0])

    async def token(self, request: Request) -> Response:
        """The token endpoint (AUTH-01, AUTH-08, AUTH-09)."""
        tenant = str(request.path_params["tenant"])
        issuer = self._issuers.get(tenant)
        if issuer is None:
            return _no_realm()

        async def answer(wanted: TokenRequest) -> JsonObject:
            return await self._grant(issuer, wanted)

        return await token_endpoint(answer)(request)

    async def certs(self, request: Request) -> Response:
        """The public keys."""
        if str(request.path_params["tenant"]) not in self._issuers:
            return _no_realm()
        return JSONResponse(self._keys.jwks(), headers={"cache-control": "public, max-age=60"})

    async def metadata(self, request: Request) -> Response:
        """Where token endpoint and keys are, so that a server of `inherit` needs to know the issuer only."""
        issuer = self._issuers.get(str(request.path_params["tenant"]))
        if issuer is None:
            return _no_realm()
        place = f"{issuer.issuer}/protocol/openid-connect"
        return JSONResponse(
            {
                "issuer": issuer.issuer,
                "token_endpoint": f"{place}/token",
                "jwks_uri": f"{place}/certs",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            },
            headers={"cache-control": "public, max-age=60"},
        )

    async def _grant(self, issuer: TokenIssuer, wanted: TokenRequest) -> JsonObject:
        if await self._clients.find(wanted.client_id) is None:
            raise AuthenticationError("invalid_client", "Invalid client or Invalid client credentials", status=401)
        if await self._clients.authenticate(wanted.client_id, wanted.client_secret) is None:
            raise AuthenticationError("unauthorized_client", "Invalid client or Invalid client credentials", status=401)
        if wanted.grant_type != "client_credentials":
            raise AuthenticationError("unsupported_grant_type", "Unsupported grant_type", status=400)
        scope = " ".join(_granted(wanted.scopes))
        client = wanted.client_id
        token = issuer.issue(client, AUDIENCE, scope, self._lifetime, azp=client, client_id=client, typ="Bearer")
        return {
            "access_token": token,
            "expires_in": self._lifetime,
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": scope,
        }


def register_clients(settings: PlatformSettings) -> ClientRegistry:
    """The clients of the settings; their secrets are hashed, and nothing else is kept of them (design D13)."""
    clients = ClientRegistry()
    for client_id, secret in settings.clients.items():
        clients.add(client_id, secret)
    return clients


def _granted(asked: tuple[str, ...]) -> tuple[str, ...]:
    """What Keycloak grants: the openid trio, and the restricting scopes that were asked for (AUTH-06, AUTH-08)."""
    return (*_OPENID, *(scope for scope in asked if scope in _SOCKET_SCOPES))


def _no_realm() -> Response:
    return JSONResponse(encode_oauth_error("Realm does not exist", "There is no such tenant."), 404)


def _unauthorized(code: str, description: str, *, challenge: str | None = None) -> Problem:
    header = challenge or f'Bearer error="invalid_token", error_description="{description}"'
    return Problem(
        401,
        code,
        description,
        how_to_fix="Fetch a token at /realms/{tenant}/protocol/openid-connect/token and send it as bearer.",
        headers={"www-authenticate": header},
    )
