"""Registered OAuth clients."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from agentkit.errors import ConfigurationError
from agentkit.oauth.secrets import SecretChecker, hash_secret, is_hash

# RFC 6749, 3.3: a scope is printable ASCII without space, quote and backslash.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")
# RFC 8707, 2: an absolute URI without fragment.
_RESOURCE: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|urn:)[^\s\x00-\x1f\x7f#]{1,2000}")


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client and what it may ask for.

    Attributes:
        client_id: The id.
        scopes: What it may ask for, and gets when it asks for nothing (MCP-XCH-04).
        resources: The resources it may ask tokens for, the default one first; empty allows those of the server.
        serves: The resources that it is itself: it may introspect their tokens, whoever holds them.
    """

    client_id: str
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no request could name.

        Raises:
            ConfigurationError: The id is empty, or a scope or resource cannot be one.
        """
        if not self.client_id:
            raise ConfigurationError("client id", "must not be empty")
        if not all(_SCOPE.fullmatch(scope) for scope in self.scopes):
            raise ConfigurationError(
                f"client {self.client_id}", "has a scope with a space, a quote or other signs that no scope has"
            )
        if not all(_RESOURCE.fullmatch(resource) for resource in (*self.resources, *self.serves)):
            raise ConfigurationError(
                f"client {self.client_id}",
                "has a resource that is no URL, or one with a space or a fragment",
                remedy="Give its plain URL, for example https://mcp.example.org/ehr/mcp.",
            )


class Clients(Protocol):
    """Who may ask an authorization server."""

    async def authenticate(self, client_id: str, secret: str) -> RegisteredClient | None:
        """The client whose secret this is, or None; an unknown one takes as long as a wrong secret."""
        ...

    async def find(self, client_id: str) -> RegisteredClient | None:
        """The client with this id, unauthenticated, or None."""
        ...

    async def scopes(self) -> frozenset[str]:
        """What all of them together may ask for."""
        ...


class ClientRegistry:
    """Client ids with hashed secrets, in memory."""

    def __init__(self) -> None:
        """Make an empty registry."""
        self._clients: dict[str, tuple[RegisteredClient, str]] = {}
        self._checker = SecretChecker()

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
        self,
        client_id: str,
        secret: str,
        scopes: Sequence[str] = (),
        *,
        resources: Sequence[str] = (),
        serves: Sequence[str] = (),
    ) -> RegisteredClient:
        """Register a client; hashing takes some 50 ms of CPU, so do it at start-up.

        Raises:
            ConfigurationError: Id or secret is empty, the id is taken, or a scope or resource cannot be one.
        """
        if not secret:
            raise ConfigurationError(f"client {client_id}", "has no secret")
        return self.add_hashed(client_id, hash_secret(secret), scopes, resources=resources, serves=serves)

    def add_hashed(
        self,
        client_id: str,
        secret_hash: str,
        scopes: Sequence[str] = (),
        *,
        resources: Sequence[str] = (),
        serves: Sequence[str] = (),
    ) -> RegisteredClient:
        """Register a client whose secret was hashed by `hash_secret`.

        Raises:
            ConfigurationError: The id is empty or taken, the hash is none of ours, or a scope or resource cannot be
                one.
        """
        client = RegisteredClient(client_id, tuple(scopes), tuple(resources), tuple(serves))
        if client_id in self._clients:
            raise ConfigurationError(f"client {client_id}", "is registered twice")
        if not is_hash(secret_hash):
            raise ConfigurationError(f"client {client_id}", "its hash must come from hash_secret")
        self._clients[client_id] = (client, secret_hash)
        return client

    async def authenticate(self, client_id: str, secret: str) -> RegisteredClient | None:
        """The client whose secret this is, or None."""
        client, secret_hash = self._clients.get(client_id, (None, None))
        hashes = [secret_hash] if secret_hash else []
        return client if await self._checker.matches(secret, hashes, time.monotonic()) else None

    async def find(self, client_id: str) -> RegisteredClient | None:
        """The client with this id, unauthenticated."""
        return self._clients.get(client_id, (None, None))[0]

    async def scopes(self) -> frozenset[str]:
        """What all of them together may ask for."""
        return frozenset(scope for client in self for scope in client.scopes)
