"""Signing keys and the tokens made with them."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from agentkit.errors import ConfigurationError
from agentkit.models import Json, JsonObject

ALGORITHM: Final = "ES256"


class SigningKeys:
    """An ES256 key pair; the public half is served as a JSON Web Key Set."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey | None = None) -> None:
        """Use a P-256 key, or make a new one that lives as long as this object.

        Raises:
            ConfigurationError: The key is on another curve.
        """
        key = private_key or ec.generate_private_key(ec.SECP256R1())
        if not isinstance(key.curve, ec.SECP256R1):
            raise ConfigurationError("signing key", "must be on the curve P-256")
        self._key = key
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        # RFC 7638: the thumbprint is a name that the same key has everywhere.
        members = {name: public[name] for name in ("crv", "kty", "x", "y")}
        thumbprint = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        self.key_id = thumbprint[:32]
        self._public: JsonObject = {**members, "kid": self.key_id, "use": "sig", "alg": ALGORITHM}

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKeys:
        """Load an unencrypted PKCS#8 key.

        Raises:
            ConfigurationError: It is no such key.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ConfigurationError("signing key", "is not an unencrypted PEM private key") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigurationError("signing key", "must be an elliptic-curve key on P-256")
        return cls(key)

    def to_pem(self) -> bytes:
        """The private key, unencrypted PKCS#8; keep it in a file with mode 0600."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def jwks(self) -> JsonObject:
        """The public key set."""
        return {"keys": [dict(self._public)]}

    def sign(self, claims: JsonObject) -> str:
        """A JWT with these claims."""
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.key_id, "typ": "at+jwt"})

    def __repr__(self) -> str:
        """Names the key, hides it."""
        return f"SigningKeys({self.key_id!r})"


class TokenIssuer:
    """Issues access tokens of one issuer (RFC 9068)."""

    def __init__(self, issuer: str, keys: SigningKeys, clock: Callable[[], float] = time.time) -> None:
        """Issue tokens as `issuer`, signed with `keys`; `clock` gives seconds since the epoch."""
        self.issuer = issuer
        self._keys = keys
        self._clock = clock

    def issue(
        self, subject: str, audience: str | Sequence[str], scope: str = "", lifetime: float = 3600, **claims: Json
    ) -> str:
        """Issue a token.

        Args:
            subject: Who it is for; for client credentials the client id.
            audience: The resources it is good for.
            scope: Space-separated.
            lifetime: Seconds; a negative one gives an expired token.
            claims: Further claims, for example `client_id`.
        """
        now = int(self._clock())
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
        return self._keys.sign(content)
