"""The keys that cards are signed with: a ring in a file, the current key first, those before it still published."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from agentkit.errors import ConfigurationError, WireError
from agentkit.models import Json, JsonObject
from agentkit.wire.jsontext import parse_json

ALGORITHMS: Final = ("ES256", "EdDSA")
"""What cards are signed with: P-256, or Ed25519."""

KEEP: Final = 7 * 86_400.0
"""Seconds for which a key that signs no more is published: so long may somebody keep a card without asking again."""

_PRIVATE: Final = ("d",)
_JWS: Final = PyJWS(algorithms=list(ALGORITHMS))


class CardKeys:
    """A ring of keys; one signs, and all of them are shown without their private halves."""

    def __init__(self, members: Sequence[JsonObject], *, clock: Callable[[], float] = time.time) -> None:
        """Use JSON Web Keys.

        Args:
            members: The first one is private and signs; the others are shown until their `exp`.
            clock: Seconds since the epoch.

        Raises:
            ConfigurationError: The first one is no private key on P-256 or Ed25519.
        """
        self._clock = clock
        if not members or not all(name in members[0] for name in _PRIVATE):
            raise ConfigurationError("signing keys", "begin with no private key", remedy="Let agentkit make the file.")
        try:
            self._key = PyJWK(members[0])
        except PyJWTError:
            raise ConfigurationError("signing keys", "hold no usable JSON Web Key") from None
        if self._key.algorithm_name not in ALGORITHMS:
            raise ConfigurationError("signing keys", f"must be for {' or '.join(ALGORITHMS)}")
        public = {name: value for name, value in members[0].items() if name not in _PRIVATE}
        self.key_id = str(public.get("kid") or _thumbprint(public))
        self._private = dict(members[0])
        self._public: JsonObject = {**public, "kid": self.key_id, "use": "sig", "alg": self._key.algorithm_name}
        self._retired = [dict(member) for member in members[1:]]

    @classmethod
    def new(cls, *, clock: Callable[[], float] = time.time) -> CardKeys:
        """A ring with one new key on P-256."""
        return cls([_made()], clock=clock)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> CardKeys:
        """The ring of a file, which is made where it does not exist, for its owner only.

        Raises:
            ConfigurationError: The file cannot be read or made, or holds no ring.
        """
        try:
            if path.exists():
                return cls(_members(parse_json(path.read_bytes())), clock=clock)
            keys = cls.new(clock=clock)
            keys.save(path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(str(path), f"cannot be used for signing keys: {reason}") from None
        except WireError:
            raise ConfigurationError(str(path), "is no JSON Web Key Set") from None
        return keys

    def save(self, path: Path) -> None:
        """Keep the ring in a file that only its owner can read."""
        text = json.dumps({"keys": [self._private, *self._shown()]}, indent=2) + "\n"
        # Written aside and moved, so that a crash leaves the old ring or the new one.
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        aside.replace(path)

    def rotate(self) -> CardKeys:
        """A ring with a new key; the one before is published for another `KEEP` seconds."""
        retired: JsonObject = {**self._public, "exp": int(self._clock() + KEEP)}
        return CardKeys([_made(), retired, *self._shown()], clock=self._clock)

    def jwks(self) -> JsonObject:
        """The public key set (RFC 7517), the current key first."""
        return {"keys": [dict(self._public), *self._shown()]}

    def sign(self, payload: bytes, *, jku: str | None = None) -> JsonObject:
        """A JSON web signature in the form that a card holds (A2A-SIG-01).

        Args:
            payload: What is signed.
            jku: Where the public keys are.
        """
        headers = {"kid": self.key_id, "typ": "JOSE"} | ({"jku": jku} if jku else {})
        compact = _JWS.encode(payload, self._key.key, algorithm=self._key.algorithm_name, headers=headers)
        protected, _, signature = compact.split(".")
        return {"protected": protected, "signature": signature}

    def __repr__(self) -> str:
        """Names the current key, hides it."""
        return f"CardKeys({self.key_id!r})"

    def _shown(self) -> list[JsonObject]:
        """The keys that sign no more and are not forgotten yet, without private halves."""
        now = self._clock()
        shown: list[JsonObject] = []
        for member in self._retired:
            until = member.get("exp")
            if isinstance(until, int | float) and until > now:
                shown.append({name: value for name, value in member.items() if name not in _PRIVATE})
        return shown


def _members(document: Json) -> list[JsonObject]:
    listed = document.get("keys") if isinstance(document, dict) else None
    return [member for member in listed if isinstance(member, dict)] if isinstance(listed, list) else []


def _made() -> JsonObject:
    member = cast(JsonObject, ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True))
    return {**member, "alg": ALGORITHMS[0], "use": "sig", "kid": _thumbprint(member)}


def _thumbprint(member: JsonObject) -> str:
    """RFC 7638: a name that the same key has everywhere."""
    public = {name: member[name] for name in ("crv", "kty", "x", "y") if name in member}
    return hashlib.sha256(json.dumps(public, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
