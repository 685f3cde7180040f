"""Access tokens that are made here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.oauth.keys import Signer

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds that a token lives."""


class TokenIssuer:
    """Issues access tokens of one issuer (RFC 9068)."""

    def __init__(self, issuer: str, keys: Signer, clock: Callable[[], float] = time.time) -> None:
        """Issue tokens as `issuer`, signed with `keys`; `clock` gives seconds since the epoch."""
        self.issuer = issuer
        self.keys = keys
        self.clock = clock

    def issue(
        self,
        subject: str,
        audience: str | Sequence[str],
        scope: str = "",
        lifetime: float = DEFAULT_LIFETIME,
        **claims: Json,
    ) -> str:
        """Issue a token.

        Args:
            subject: Who it is for; for client credentials the client id.
            audience: The resources it is good for.
            scope: Space-separated.
            lifetime: Seconds; a negative one gives an expired token.
            claims: Further claims, for example `client_id`.
        """
        now = int(self.clock())
        content: JsonObject = {
            "iss": self.issuer,
            "sub": subject,
            "aud": audience if isinstance(audience, str) else list(audience),
            "iat": now,
            "exp": now + int(lifetime),
            "jti": uuid.uuid4().hex,
            **({"scope": scope} if scope else {}),
            **claims,
        }
        return self.keys.sign(content)
