"""Who calls the API: each bearer is verified once, then known by its hash until it ends (AUTH-10)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agentkit.compose import Caller
from agentkit.errors import AuthenticationError
from agentkit.oauth.keys import SigningKeys
from agentkit.oauth.verified import LEEWAY, TOKEN_LIMIT, Expectation, Memory, VerifiedToken, invalid_token
from agentkit.oauth.verify import read_jwt
from agentkit.platform.problems import Problem
from agentkit.platform.realm.sessions import Sessions
from agentkit.platform.realm.tokens import AUDIENCE, SOCKET_SCOPES

REMEMBERED: Final = 10_000
"""So many verified tokens are known without another look at their signature."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A verified access token.

    Attributes:
        tenant: Whose realm issued it.
        token: What it says.
        ids: Its own id and that of its session; it ends early when one of them does.
        is_for_sockets: It reaches the WebSocket endpoints only (AUTH-06).
    """

    tenant: str
    token: VerifiedToken
    ids: tuple[str, ...]
    is_for_sockets: bool


class Callers:
    """Verifies the bearers of all tenants."""

    def __init__(
        self, tenants: Mapping[str, str], keys: SigningKeys, sessions: Sessions, clock: Callable[[], float]
    ) -> None:
        """Know the tenants.

        Args:
            tenants: Tenant by issuer.
            keys: Signed the tokens.
            sessions: Knows which tokens ended early.
            clock: Seconds since the epoch.
        """
        self._tenants = {issuer: (tenant, Expectation(issuer, (AUDIENCE,))) for issuer, tenant in tenants.items()}
        self._keys = keys
        self._sessions = sessions
        self._clock = clock
        self._known: Memory[Bearer] = Memory(REMEMBERED)

    async def caller(self, authorization: str | None, named: str | None) -> Caller:
        """Who sends a request.

        Args:
            authorization: The header, or None.
            named: The header `Tenant-Name`, or None.

        Raises:
            Problem: 401, the bearer is missing, expired, wrong or foreign, ended early, or belongs to another tenant
                than `named` (AUTH-10, HDR-01); 403, it is for the WebSocket endpoints only (AUTH-06).
        """
        text = bearer_of(authorization)
        if not text:
            raise _unauthorized("missing_token", "The request has no bearer token.", challenge="Bearer")
        try:
            bearer = await self.verify(text)
        except AuthenticationError as error:
            raise _unauthorized("invalid_token", error.message) from None
        if named is not None and named != bearer.tenant:
            raise _unauthorized("tenant_mismatch", "The token belongs to another tenant than Tenant-Name says.")
        if bearer.is_for_sockets:
            raise Problem(
                403,
                "insufficient_scope",
                "The token is for the WebSocket endpoints only.",
                how_to_fix="Fetch one without the scopes transcribe and streams.",
            )
        return Caller(owner=bearer.token.owner, tenant=bearer.tenant, bearer=text)

    async def verify(self, text: str) -> Bearer:
        """What a bearer says, with a good signature, of one of the tenants, and not ended.

        Raises:
            AuthenticationError: It is not valid here; `code` is `invalid_token`.
        """
        if len(text) > TOKEN_LIMIT:
            raise invalid_token("it is too long")
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        now = self._clock()
        bearer = self._known.get(digest, now)
        if bearer is None:
            bearer = await self._read(text, now)
            self._known.put(digest, bearer, now, bearer.token.expires_at + LEEWAY)
        if self._sessions.is_stale:
            await self._sessions.load()
        if self._sessions.has_ended(*bearer.ids):
            raise invalid_token("it was revoked")
        return bearer

    async def _read(self, text: str, now: float) -> Bearer:
        if not text.isascii():
            raise invalid_token("it is not a JWT")
        claims = await read_jwt(text, self._keys)
        issuer = claims.get("iss")
        tenant, expected = self._tenants.get(issuer if isinstance(issuer, str) else "", (None, None))
        if tenant is None or expected is None:
            raise invalid_token("it is of another issuer")
        token = expected.read(claims, now)
        ids = tuple(one for name in ("jti", "sid") if isinstance(one := claims.get(name), str))
        return Bearer(tenant, token, ids, bool(token.scopes & SOCKET_SCOPES))


def bearer_of(authorization: str | None) -> str:
    """The token of an `Authorization` header; empty where there is none."""
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _unauthorized(code: str, description: str, *, challenge: str | None = None) -> Problem:
    header = challenge or f'Bearer error="invalid_token", error_description="{description}"'
    return Problem(
        401,
        code,
        description,
        how_to_fix="Fetch a token at /realms/{tenant}/protocol/openid-connect/token and send it as bearer.",
        headers={"www-authenticate": header},
    )
