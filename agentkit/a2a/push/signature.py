"""Notifications carry a signature, so that a receiver knows who sent them and that nobody changed them (A2A-CLI-03).

The header `X-A2A-Notification-Signature` holds a JWT over the digest of the body, signed with a key of the key set
that the agent publishes. A receiver checks it with `verify_notification`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Final

from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject, new_id
from agentkit.oauth.keys import Signer
from agentkit.oauth.verify import JwtVerifier

HEADER: Final = "X-A2A-Notification-Signature"
LIFETIME: Final = 300
"""Seconds for which a signature is good; it is made anew for every try."""

_KIND: Final = "a2a-notification+jwt"
_DIGEST: Final = "request_body_sha256"


class NotificationSigner:
    """Signs bodies in the name of one issuer."""

    def __init__(self, signer: Signer, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        """Use a key.

        Args:
            signer: Its public half is published where the receivers look.
            issuer: The agent's public address.
            clock: Seconds since the epoch.
        """
        self._signer = signer
        self._issuer = issuer
        self._clock = clock

    async def sign(self, body: bytes, audience: str) -> str:
        """The signature of a body for the webhook it goes to."""
        await self._signer.refresh()
        now = int(self._clock())
        claims: JsonObject = {
            "iss": self._issuer,
            "sub": self._issuer,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": new_id(),
            _DIGEST: hashlib.sha256(body).hexdigest(),
        }
        return self._signer.sign(claims, kind=_KIND)


async def verify_notification(verifier: JwtVerifier, signature: str | None, body: bytes) -> None:
    """Check a notification that was received.

    Args:
        verifier: Pins the agent's address as issuer and the webhook's own address as audience.
        signature: What the header said.
        body: As received.

    Raises:
        AuthenticationError: There is no signature, it is not the agent's, it is too old, or the body is another one.
    """
    if not signature:
        raise AuthenticationError("missing_signature", "The notification is not signed.", status=401)
    token = await verifier.verify(signature)
    digest = token.claims.get(_DIGEST)
    if not isinstance(digest, str) or not hmac.compare_digest(digest, hashlib.sha256(body).hexdigest()):
        raise AuthenticationError("invalid_signature", "The body is not the one that was signed.", status=401)
