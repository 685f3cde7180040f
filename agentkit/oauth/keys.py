"""Signing keys and their rotation."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm

from agentkit.errors import ConfigurationError
from agentkit.models import JsonObject
from agentkit.oauth.verified import LEEWAY, is_time

ALGORITHM: Final = "ES256"

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - a type, no secret
"""The `typ` of access tokens (RFC 9068)."""


class Signer(Protocol):
    """What an issuer signs with, and what it shows of it; keys come and go while it is used.

    It is a `KeySource` too: a verifier in the same process takes it as it is and sees every rotation.
    """

    async def refresh(self) -> None:
        """See what others did to the keys; before signing and before showing."""
        ...

    def sign(self, claims: JsonObject, *, kind: str = ACCESS_TOKEN) -> str:
        """A JWT with these claims, by the current key; `kind` is its `typ`."""
        ...

    def jwks(self) -> JsonObject:
        """The public keys of all tokens that may still be valid."""
        ...

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The public key with this id, or None."""
        ...


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that signs nothing any more, whose tokens are still valid.

    Attributes:
        public: As a JSON Web Key.
        until: Seconds since the epoch; then the last token signed with it has expired.
    """

    public: JsonObject
    until: float

    @property
    def key_id(self) -> str:
        """Its `kid`."""
        return str(self.public["kid"])


class SigningKeys:
    """ES256 keys in memory: the current one signs, those before it stay in the key set while their tokens are valid."""

    def __init__(
        self,
        private_key: ec.EllipticCurvePrivateKey | None = None,
        *,
        retired: Sequence[RetiredKey] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use a P-256 key, or make a new one that lives as long as this object.

        Args:
            private_key: Signs.
            retired: Signed before.
            clock: Seconds since the epoch.

        Raises:
            ConfigurationError: The key is on another curve.
        """
        self._clock = clock
        self._retired = {key.key_id: key for key in retired}
        self._known: dict[str, PyJWK] = {key.key_id: PyJWK(key.public) for key in retired}
        self._use(private_key or ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(
        cls, pem: bytes, *, retired: Sequence[RetiredKey] = (), clock: Callable[[], float] = time.time
    ) -> SigningKeys:
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
        return cls(key, retired=retired, clock=clock)

    @property
    def key_id(self) -> str:
        """The `kid` of the current key."""
        return self._key_id

    @property
    def public(self) -> JsonObject:
        """The current key as a JSON Web Key, without its private half."""
        return dict(self._public)

    def to_pem(self) -> bytes:
        """The current private key, unencrypted PKCS#8; keep it in a file with mode 0600."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def jwks(self) -> JsonObject:
        """The public key set, the current key first."""
        self._drop_expired()
        return {"keys": [dict(self._public), *(dict(key.public) for key in self._retired.values())]}

    def sign(self, claims: JsonObject, *, kind: str = ACCESS_TOKEN) -> str:
        """A JWT with these claims, by the current key; `kind` is its `typ`, so that none is taken for another."""
        expires_at = claims.get("exp")
        if is_time(expires_at):
            self._last_expiry = max(self._last_expiry, expires_at)
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id, "typ": kind})

    def rotate(self, private_key: ec.EllipticCurvePrivateKey | None = None) -> str:
        """Sign with another key from now on; the one before stays in the set until its last token has expired.

        Args:
            private_key: On P-256; by default a new one.

        Returns:
            The new `kid`.

        Raises:
            ConfigurationError: The key is on another curve.
        """
        before = RetiredKey(self._public, self._last_expiry + LEEWAY)
        self._use(private_key or ec.generate_private_key(ec.SECP256R1()))
        if before.key_id != self._key_id:
            self._retired[before.key_id] = before
            self._drop_expired()
        return self._key_id

    async def refresh(self) -> None:
        """Nothing: these keys change by `rotate` only."""

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The public key with this id; without an id, the only one there is."""
        self._drop_expired()
        if key_id is None:
            return self._known[self._key_id] if len(self._known) == 1 else None
        return self._known.get(key_id)

    def _use(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise ConfigurationError("signing key", "must be on the curve P-256")
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        # RFC 7638: the thumbprint is a name that the same key has everywhere.
        members = {name: public[name] for name in ("crv", "kty", "x", "y")}
        thumbprint = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        self._key = key
        self._key_id = thumbprint[:32]
        self._public: JsonObject = {**members, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}
        self._last_expiry = -math.inf
        self._known[self._key_id] = PyJWK(self._public)
        if (before := self._retired.pop(self._key_id, None)) is not None:
            self._last_expiry = before.until - LEEWAY

    def _drop_expired(self) -> None:
        now = self._clock()
        for key_id in [key_id for key_id, key in self._retired.items() if key.until <= now]:
            del self._retired[key_id]
            del self._known[key_id]

    def __repr__(self) -> str:
        """Names the current key, hides it."""
        return f"SigningKeys({self._key_id!r})"
