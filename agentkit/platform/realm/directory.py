"""Who is known to the realms: clients and people, with nothing but hashes of what proves them (design D13)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from agentkit.errors import TooManyRequests
from agentkit.oauth.secrets import SecretChecker, hash_secret, is_hash
from agentkit.platform.realm.records import RealmClient, RealmUser
from agentkit.platform.settings import PlatformSettings

CHECKS: Final = 32
"""So many secrets at most wait to be checked, for each check keeps a core busy for some 50 ms."""

_PEOPLE: Final = uuid.UUID("4f1a3e0c-9b0d-5b57-8f6e-6d1f6f0a7c11")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in.

    Attributes:
        username: The name to sign in with.
        subject: The `sub` of tokens; stays the same over restarts.
        name: How the person is called; may be empty.
        email: May be empty.
    """

    username: str
    subject: str
    name: str
    email: str


class Directory:
    """The clients and people of all tenants."""

    def __init__(self, clients: Mapping[str, RealmClient], users: Mapping[str, RealmUser]) -> None:
        """Keep them; a plain secret is hashed now, which takes some 50 ms of CPU each."""
        self._clients = {
            name: client if client.secret is None else replace(client, secret=_hashed(client.secret))
            for name, client in clients.items()
        }
        self._users = {name: replace(user, password=_hashed(user.password)) for name, user in users.items()}
        self._checker = SecretChecker()
        self._checking = 0

    def __repr__(self) -> str:
        """How many there are."""
        return f"Directory({len(self._clients)} clients, {len(self._users)} users)"

    def client(self, tenant: str, client_id: str) -> RealmClient | None:
        """The client of a tenant, unauthenticated."""
        client = self._clients.get(client_id)
        return client if client is not None and _knows(client.tenants, tenant) else None

    def person(self, tenant: str, username: str) -> Person | None:
        """The person of a tenant, unauthenticated."""
        user = self._users.get(username)
        if user is None or not _knows(user.tenants, tenant):
            return None
        return Person(username, str(uuid.uuid5(_PEOPLE, f"{tenant}/{username}")), user.name, user.email)

    async def proves_client(self, tenant: str, client_id: str, secret: str) -> bool:
        """Whether this is the secret of the client; an unknown one takes as long as a wrong secret.

        Raises:
            TooManyRequests: Too many secrets wait to be checked.
        """
        client = self.client(tenant, client_id)
        return await self._matches(secret, client.secret if client is not None else None)

    async def sign_in(self, tenant: str, username: str, password: str) -> Person | None:
        """The person whose password this is, or None; an unknown one takes as long as a wrong password.

        Raises:
            TooManyRequests: Too many secrets wait to be checked.
        """
        person = self.person(tenant, username)
        known = self._users[username].password if person is not None else None
        return person if await self._matches(password, known) else None

    async def _matches(self, secret: str, known: str | None) -> bool:
        hashes, now = [known] if known else [], time.monotonic()
        if self._checker.is_proven(secret, hashes, now):
            return True
        if self._checking >= CHECKS:
            raise TooManyRequests("sign_in", "Too many secrets wait to be checked.", retry_after=1.0)
        self._checking += 1
        try:
            return await self._checker.matches(secret, hashes, now)
        finally:
            self._checking -= 1


def register_clients(settings: PlatformSettings) -> Directory:
    """The clients and people of the settings; nothing but hashes is kept of their secrets."""
    clients = {
        name: client if isinstance(client, RealmClient) else RealmClient(secret=client)
        for name, client in settings.clients.items()
    }
    return Directory(clients, settings.users)


def _hashed(secret: str) -> str:
    return secret if is_hash(secret) else hash_secret(secret)


def _knows(tenants: tuple[str, ...], tenant: str) -> bool:
    return not tenants or tenant in tenants
