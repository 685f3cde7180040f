"""The tenants of a platform: token endpoint, sign-in, and who may call the API (section 3 of the API contract)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from agentkit.compose import Caller
from agentkit.models import JsonObject
from agentkit.oauth.keys import SigningKeys
from agentkit.platform.problems import Problem
from agentkit.platform.realm.accounts import Accounts
from agentkit.platform.realm.attempts import Attempts
from agentkit.platform.realm.callers import Callers
from agentkit.platform.realm.directory import Directory
from agentkit.platform.realm.grants import Grants, Lifetimes
from agentkit.platform.realm.login import Login
from agentkit.platform.realm.metadata import realm_metadata
from agentkit.platform.realm.sessions import Sessions
from agentkit.platform.realm.tokens import RealmTokens
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.turnstile import visit_of
from agentkit.storage import Database


@dataclass(frozen=True, slots=True)
class Realm:
    """One tenant.

    Attributes:
        metadata: The discovery document.
        grants: The token endpoint.
        login: The sign-in.
        accounts: What is told about tokens and people.
    """

    metadata: JsonObject
    grants: Grants
    login: Login
    accounts: Accounts


class Realms:
    """The tenants of a platform, each with its issuer (ENV-04, LOC-06)."""

    def __init__(self, settings: PlatformSettings, keys: SigningKeys, directory: Directory, database: Database) -> None:
        """Issue and check the tokens of all tenants; `load` before use.

        Args:
            settings: Tenants, lifetime of tokens, clock.
            keys: Sign the tokens.
            directory: Who may fetch one, and who may sign in.
            database: Opened with the realm's migrations.
        """

        def clock() -> float:
            return settings.clock().timestamp()

        self.keys = keys
        self._sessions = Sessions(database, clock)
        self._callers = Callers({settings.issuer(one): one for one in settings.tenants}, keys, self._sessions, clock)
        attempts = Attempts(clock)
        lifetimes = Lifetimes(settings.token_lifetime, settings.refresh_lifetime)
        self._realms: Mapping[str, Realm] = {
            tenant: _realm(tenant, settings, directory, attempts, lifetimes, self, self._sessions, self._callers)
            for tenant in settings.tenants
        }

    async def load(self) -> None:
        """Read from the database what must be known for every call.

        Raises:
            StorageError: The database refused.
        """
        await self._sessions.load()

    def realm(self, tenant: str) -> Realm | None:
        """A tenant, or None where there is no such."""
        return self._realms.get(tenant)

    async def caller(self, request: Request) -> Caller:
        """Who sends a request.

        Raises:
            Problem: 401, the bearer is missing, expired, wrong or foreign, ended early, or belongs to another tenant
                than the `Tenant-Name` header says (AUTH-10, HDR-01); 403, it is for the WebSocket endpoints only
                (AUTH-06).
            TooManyRequests: The caller asks too often, or for too much at once.
        """
        headers, visit = request.headers, visit_of(request.scope)
        try:
            caller = await self._callers.caller(headers.get("authorization"), headers.get("tenant-name"))
        except Problem:
            if visit is not None:
                visit.refused()
            raise
        if visit is not None:
            visit.admit(f"{caller.tenant} {caller.owner}")
        return caller


def _realm(
    tenant: str,
    settings: PlatformSettings,
    directory: Directory,
    attempts: Attempts,
    lifetimes: Lifetimes,
    realms: Realms,
    sessions: Sessions,
    callers: Callers,
) -> Realm:
    def clock() -> float:
        return settings.clock().timestamp()

    issuer = settings.issuer(tenant)
    tokens = RealmTokens(issuer, realms.keys, clock)
    grants = Grants(tenant, tokens, directory, sessions, attempts, lifetimes, clock)
    return Realm(
        realm_metadata(issuer, f"{settings.url.rstrip('/')}/realms/{tenant}"),
        grants,
        Login(tenant, issuer, directory, sessions, attempts, clock),
        Accounts(tenant, issuer, realms.keys, callers, grants, directory, sessions, attempts),
    )
