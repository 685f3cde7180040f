"""Registered OAuth clients; their secrets are kept as scrypt hashes only (design D13)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import anyio
import anyio.to_thread

from agentkit.errors import ConfigurationError

_COST: Final = 2**14
_BLOCK: Final = 8
_MEMORY: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client and what it may ask for.

    Attributes:
        client_id: The id.
        scopes: What it may ask for, and gets when it asks for nothing (MCP-XCH-04).
        resources: The resources it may ask tokens for, the default one first; empty allows those of the server.
    """

    client_id: str
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class ClientRegistry:
    """Client ids with hashed secrets, in memory."""

    def __init__(self) -> None:
        """Make an empty registry."""
        self._clients: dict[str, tuple[RegisteredClient, str]] = {}
        # An unknown id costs as much as a wrong secret.
        self._decoy = hash_secret(secrets.token_urlsafe(16))
        self._limiter: anyio.CapacityLimiter | None = None

    def __repr__(self) -> str:
        """How many clients there are."""
        return f"ClientRegistry({len(self._clients)} clients)"

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    def __iter__(self) -> Iterator[RegisteredClient]:
        """The clients."""
        return (client for client, _ in self._clients.values())

    def add(
        self, client_id: str, secret: str, scopes: Sequence[str] = (), *, resources: Sequence[str] = ()
    ) -> RegisteredClient:
        """Register a client; hashing takes some 50 ms of CPU, so do it at start-up.

        Raises:
            ConfigurationError: Id or secret is empty, or the id is taken.
        """
        if not secret:
            raise ConfigurationError(f"client {client_id}", "has no secret")
        return self.add_hashed(client_id, hash_secret(secret), scopes, resources=resources)

    def add_hashed(
        self, client_id: str, secret_hash: str, scopes: Sequence[str] = (), *, resources: Sequence[str] = ()
    ) -> RegisteredClient:
        """Register a client whose secret was hashed by `hash_secret`.

        Raises:
            ConfigurationError: The id is empty or taken, or the hash is none of ours.
        """
        if not client_id:
            raise ConfigurationError("client id", "must not be empty")
        if client_id in self._clients:
            raise ConfigurationError(f"client {client_id}", "is registered twice")
        if not secret_hash.startswith("scrypt$"):
            raise ConfigurationError(f"client {client_id}", "its hash must come from hash_secret")
        client = RegisteredClient(client_id, tuple(scopes), tuple(resources))
        self._clients[client_id] = (client, secret_hash)
        return client

    def get(self, client_id: str) -> RegisteredClient | None:
        """The client with this id, unauthenticated."""
        entry = self._clients.get(client_id)
        return entry[0] if entry else None

    async def check(self, client_id: str, secret: str) -> bool:
        """Whether the secret is that of the client; hashing runs in a thread, two at a time."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(2)
        entry = self._clients.get(client_id)
        matches = await anyio.to_thread.run_sync(
            matches_hash, secret, entry[1] if entry else self._decoy, limiter=self._limiter
        )
        return matches and entry is not None


def hash_secret(secret: str) -> str:
    """A salted scrypt hash, `scrypt$<salt>$<hash>` in base64."""
    salt = secrets.token_bytes(16)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_digest(secret, salt)).decode()}"


def matches_hash(secret: str, secret_hash: str) -> bool:
    """Whether a secret has this hash; compared in constant time."""
    _, salt, digest = secret_hash.split("$")
    return hmac.compare_digest(_digest(secret, base64.b64decode(salt)), base64.b64decode(digest))


def _digest(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY)
