"""What an access token says of itself, unverified: only the API can verify it, a client merely finds its way by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

_ISSUER = re.compile(
    r"https://(?:keycloak|auth)\.([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)\.corti\.app"
    r"/realms/([A-Za-z0-9_][A-Za-z0-9._-]*)/?"
)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims a client reads; None for what a token does not say.

    Attributes:
        environment: The region of its issuer (ENV-05).
        tenant: The realm of its issuer.
        expires_at: Seconds since 1970.
    """

    environment: str | None = None
    tenant: str | None = None
    expires_at: float | None = None

    @classmethod
    def of(cls, token: str) -> Claims:
        """Read a JWT; an opaque token and a foreign issuer say nothing."""
        payload = _payload(token)
        issuer, expires_at = payload.get("iss"), payload.get("exp")
        match = _ISSUER.fullmatch(issuer) if isinstance(issuer, str) else None
        is_number = isinstance(expires_at, int | float) and not isinstance(expires_at, bool)
        return cls(
            environment=match[1] if match else None,
            tenant=match[2] if match else None,
            expires_at=_seconds(cast("int | float", expires_at)) if is_number else None,
        )


def _payload(token: str) -> dict[str, object]:
    import base64  # here, for making a client must stay cheap
    import json

    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        body: object = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", body) if isinstance(body, dict) else {}


def _seconds(value: float) -> float | None:
    import math

    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
