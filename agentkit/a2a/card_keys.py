"""The keys that cards and notifications are signed with: a ring whose first key signs, the others are published."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from agentkit.errors import ConfigurationError, WireError
from agentkit.models import Json, JsonObject
from agentkit.oauth.keys import ACCESS_TOKEN
from agentkit.wire.jsontext import parse_json

ALGORITHMS: Final = ("ES256", "EdDSA")
"""What is signed with: P-256, or Ed25519."""

KEEP: Final = 7 * 86_400.0
"""Seconds for which a key that signs no more is published: so long may somebody keep a card without asking again."""

LOOK_AFTER: Final = 1.0
"""Seconds after which a running server looks whether its file was rotated."""

_SECRET: Final = "d"  # noqa: S105 - the name of the private member of a JSON Web Key
_JWS: Final = PyJWS(algorithms=list(ALGORITHMS))

_log = logging.getLogger("agentkit.a2a")


class CardKeys:
    """A ring of keys; one signs, and all of them are shown without their private halves (a `Signer` of `oauth`)."""

    def __init__(
        self, members: Sequence[JsonObject], *, path: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Use JSON Web Keys.

        Args:
            members: The first one is private and signs; the others are shown until their `exp`.
            path: The file they come from, which is looked at again.
            clock: Seconds since the epoch.

        Raises:
            ConfigurationError: The first one is no private key on P-256 or Ed25519.
        """
        self._clock = clock
        self._path = path
        self._seen: object = None
        self._looked = -math.inf
        self._use(members)

    @classmethod
    def new(cls, *, clock: Callable[[], float] = time.time) -> CardKeys:
        """A ring with one new key on P-256, which lives as long as this object."""
        return cls([_made()], clock=clock)

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> CardKeys:
        """The ring of a file, which is made where it does not exist, for its owner only.

        Raises:
            ConfigurationError: The file cannot be read or made, or holds no ring.
        """
        try:
            if not path.exists():
                cls.new(clock=clock).save(path)
            return cls(_members(path), path=path, clock=clock)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(str(path), f"cannot be used for signing keys: {reason}") from None

    @property
    def key_id(self) -> str:
        """The `kid` of the current key."""
        return self._key_id

    def save(self, path: Path) -> None:
        """Keep the ring in a file that only its owner can read; it is there as a whole or not at all."""
        text = json.dumps({"keys": [self._private, *self._shown()]}, indent=2) + "\n"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        aside.replace(path)

    def rotate(self) -> str:
        """Sign with a new key from now on; the one before is published for another `KEEP` seconds.

        Returns:
            The new `kid`.
        """
        self._use([_made(), {**self._public, "exp": int(self._clock() + KEEP)}, *self._shown()])
        return self._key_id

    def jwks(self) -> JsonObject:
        """The public key set (RFC 7517), the current key first."""
        return {"keys": [dict(self._public), *self._shown()]}

    def sign_card(self, payload: bytes, *, jku: str) -> JsonObject:
        """A JSON web signature in the form that a card holds (A2A-SIG-01).

        Args:
            payload: What is signed.
            jku: Where the public keys are.
        """
        headers = {"kid": self._key_id, "typ": "JOSE", "jku": jku}
        compact = _JWS.encode(payload, self._key.key, algorithm=self._key.algorithm_name, headers=headers)
        protected, _, signature = compact.split(".")
        return {"protected": protected, "signature": signature}

    def sign(self, claims: JsonObject, *, kind: str = ACCESS_TOKEN) -> str:
        """A JWT with these claims, by the current key; `kind` is its `typ`."""
        headers = {"kid": self._key_id, "typ": kind}
        return jwt.encode(claims, self._key.key, algorithm=self._key.algorithm_name, headers=headers)

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The public key with this id; without an id, the only one there is."""
        shown = [self._public, *self._shown()]
        if key_id is None:
            return PyJWK(shown[0]) if len(shown) == 1 else None
        return next((PyJWK(member) for member in shown if member.get("kid") == key_id), None)

    async def refresh(self) -> None:
        """See what another process did to the file, which is looked at once in `LOOK_AFTER` seconds.

        A file that cannot be used is told in the log, and the keys before stay in use.
        """
        path, now = self._path, time.monotonic()
        if path is None or now - self._looked < LOOK_AFTER:
            return
        self._looked = now
        try:
            stamp, members = await asyncio.to_thread(_changed, path, self._seen)
            if members is not None:
                self._use(members)
            self._seen = stamp
        except (OSError, ConfigurationError) as error:
            _log.error("the signing keys cannot be read, and those before go on signing: %s", type(error).__name__)

    def __repr__(self) -> str:
        """Names the current key, hides it."""
        return f"CardKeys({self._key_id!r})"

    def _use(self, members: Sequence[JsonObject]) -> None:
        if not members or _SECRET not in members[0]:
            raise ConfigurationError("signing keys", "begin with no private key", remedy="Let agentkit make the file.")
        try:
            key = PyJWK(members[0])
        except (PyJWTError, ValueError, TypeError):
            raise ConfigurationError("signing keys", "hold no usable JSON Web Key") from None
        if key.algorithm_name not in ALGORITHMS:
            raise ConfigurationError("signing keys", f"must be for {' or '.join(ALGORITHMS)}")
        public = _public(members[0])
        self._key = key
        self._key_id = str(public.get("kid") or _thumbprint(public))
        self._private = {**members[0], "kid": self._key_id}
        self._public: JsonObject = {**public, "kid": self._key_id, "use": "sig", "alg": key.algorithm_name}
        self._retired = [_public(member) for member in members[1:]]

    def _shown(self) -> list[JsonObject]:
        """The keys that sign no more and are not forgotten yet."""
        now = self._clock()
        return [
            dict(member)
            for member in self._retired
            if isinstance(until := member.get("exp"), int | float) and until > now
        ]


def _changed(path: Path, seen: object) -> tuple[object, list[JsonObject] | None]:
    stamp = _stamp(path)
    return stamp, None if stamp == seen else _members(path)


def _stamp(path: Path) -> object:
    known = path.stat()
    return known.st_mtime_ns, known.st_ino, known.st_size


def _members(path: Path) -> list[JsonObject]:
    try:
        document: Json = parse_json(path.read_bytes())
    except WireError:
        raise ConfigurationError(str(path), "is no JSON Web Key Set") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    return [member for member in listed if isinstance(member, dict)] if isinstance(listed, list) else []


def _public(member: JsonObject) -> JsonObject:
    return {name: value for name, value in member.items() if name != _SECRET}


def _made() -> JsonObject:
    member = cast(JsonObject, ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True))
    return {**member, "alg": ALGORITHMS[0], "use": "sig", "kid": _thumbprint(member)}


def _thumbprint(member: JsonObject) -> str:
    """RFC 7638: a name that the same key has everywhere."""
    public = {name: member[name] for name in ("crv", "kty", "x", "y") if name in member}
    return hashlib.sha256(json.dumps(public, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
