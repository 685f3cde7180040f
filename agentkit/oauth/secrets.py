"""Secrets of clients: kept as scrypt hashes only (design D13)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from typing import Final

import anyio
import anyio.to_thread

from agentkit.oauth.verified import Memory

_COST: Final = 2**14
_BLOCK: Final = 8
_MEMORY: Final = 64 * 1024 * 1024
_PROVEN: Final = 300.0


def new_secret() -> str:
    """A secret that nobody guesses: 256 bits, without characters that forms or shells change."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str, *, like: str | None = None) -> str:
    """A salted scrypt hash, `scrypt$<salt>$<hash>` in base64; takes some 50 ms of CPU.

    Args:
        secret: What is hashed.
        like: Another hash of the same client, whose salt is taken: a client with two secrets is checked by one hash.
    """
    salt = _parts(like)[0] if like else os.urandom(16)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_digest(secret, salt)).decode()}"


def is_hash(text: str) -> bool:
    """Whether this is a hash of `hash_secret`."""
    try:
        salt, digest = _parts(text)
    except (ValueError, binascii.Error):
        return False
    return text.startswith("scrypt$") and len(salt) >= 8 and len(digest) == 64


class SecretChecker:
    """Compares secrets with hashes: in threads, two at a time, in constant time, and for an unknown client too.

    What was found right is remembered for a few minutes together with the hash it belongs to, so a client that asks
    again costs no scrypt, and one whose hash was removed or changed is refused at once.
    """

    def __init__(self) -> None:
        """Prepare a hash for those who are unknown: they cost as much as a wrong secret."""
        self._decoy = f"scrypt${base64.b64encode(os.urandom(16)).decode()}${base64.b64encode(os.urandom(64)).decode()}"
        self._key = os.urandom(32)
        self._proven: Memory[bool] = Memory()
        self._limiter: anyio.CapacityLimiter | None = None

    async def matches(self, secret: str, hashes: Sequence[str], now: float) -> bool:
        """Whether one of the hashes is that of the secret.

        Args:
            secret: What somebody gave.
            hashes: Those of the client; empty where there is none.
            now: Seconds of a clock that goes forward.
        """
        if self.is_proven(secret, hashes, now):
            return True
        marks = [self._mark(secret, one) for one in hashes]
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(2)
        found = await anyio.to_thread.run_sync(_match, secret, hashes or [self._decoy], limiter=self._limiter)
        if found is None or not marks:
            return False
        self._proven.put(marks[found], True, now, now + _PROVEN)
        return True

    def is_proven(self, secret: str, hashes: Sequence[str], now: float) -> bool:
        """Whether it is remembered that one of the hashes is that of the secret, which costs next to nothing."""
        return any(self._proven.get(self._mark(secret, one), now) for one in hashes)

    def _mark(self, secret: str, secret_hash: str) -> bytes:
        text = f"{secret_hash}\0{secret}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256")


def _match(secret: str, hashes: Sequence[str]) -> int | None:
    digests: dict[bytes, bytes] = {}
    found: int | None = None
    for place, one in enumerate(hashes):
        salt, digest = _parts(one)
        if salt not in digests:
            digests[salt] = _digest(secret, salt)
        if hmac.compare_digest(digests[salt], digest):
            found = place
    return found


def _parts(secret_hash: str) -> tuple[bytes, bytes]:
    _, salt, digest = secret_hash.split("$")
    return base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)


def _digest(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY)
