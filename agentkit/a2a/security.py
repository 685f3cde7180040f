"""Who asks: turns a request into a `Caller` before anything else looks at it (A2A-SEC-01)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agentkit.compose.agent import Caller
from agentkit.errors import AuthenticationError

Authenticate = Callable[[Request], Awaitable[Caller]]
"""Names the caller of a request, or raises `AuthenticationError` with status 401 or 403."""

ANONYMOUS: Final = Caller()
"""The one caller of a server without authentication."""

_FORBIDDEN: Final = 403


def bearer_authenticator(tokens: Mapping[str, str]) -> Authenticate:
    """Accept the given bearer tokens.

    Args:
        tokens: Tokens and the owner each one stands for. Only their digests are kept.

    Returns:
        An authenticator; a missing or unknown token raises `AuthenticationError`.
    """
    owners = {_digest(token): owner for token, owner in tokens.items()}

    async def authenticate(request: Request) -> Caller:
        token = bearer_token(request)
        owner = owners.get(_digest(token))
        if owner is None:
            raise AuthenticationError("invalid_token", "The bearer token is unknown.", status=401)
        return Caller(owner=owner, bearer=token)

    return authenticate


def bearer_token(request: Request) -> str:
    """The bearer token of a request.

    Raises:
        AuthenticationError: There is none.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationError(
            "missing_token", "The request carries no bearer token.", status=401, remedy="Send Authorization: Bearer."
        )
    return token.strip()


def refusal(error: AuthenticationError) -> Response:
    """401 with a challenge (RFC 6750), or 403."""
    forbidden = error.status == _FORBIDDEN
    challenge = 'Bearer realm="agentkit"'
    if error.code != "missing_token":
        challenge += f', error="{error.code}"'
    body = {
        "error": {
            "code": _FORBIDDEN if forbidden else 401,
            "status": "PERMISSION_DENIED" if forbidden else "UNAUTHENTICATED",
            "message": error.message,
        }
    }
    return JSONResponse(body, status_code=_FORBIDDEN if forbidden else 401, headers={"WWW-Authenticate": challenge})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
