"""What a context has registered: the credentials it was opened with, and the tools they opened (section 10)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

from agentkit.compose.agent import Caller
from agentkit.credentials import NO_CREDENTIALS, ClientCredentials, Credential, Credentials, Token, Vault
from agentkit.errors import McpAuthRequired
from agentkit.mcp import ApiKey, BearerToken, McpAuth, OAuthClientCredentials
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.stored_secrets import StoredSecret, StoredSecrets
from agentkit.reasoning import Tool
from agentkit.specs import Authorization

_WANTED: Final = {
    Authorization.BEARER: "a bearer token",
    Authorization.INHERIT: "the caller's own token",
    Authorization.OAUTH2: "client credentials",
    Authorization.API_KEY: "an API key",
}
_NO_SECRETS: Final = StoredSecrets({})


@dataclass(slots=True)
class Registration:
    """The MCP servers of one context, as far as they were reached.

    Attributes:
        credentials: What the first message brought, and later answers to `auth-required`.
        tools: The tools of each server that let us in, by the server's name (MCPAUTH-14).
        addresses: Where each server was, by its name.
        secrets: What servers may refer to by name (V2-OBJ-10).
    """

    credentials: Credentials
    tools: dict[str, tuple[Tool, ...]] = field(default_factory=dict[str, tuple[Tool, ...]])
    addresses: dict[str, str] = field(default_factory=dict[str, str])
    secrets: StoredSecrets = field(default_factory=lambda: _NO_SECRETS, repr=False)

    def authorize(self, server: ServerPlan, caller: Caller) -> McpAuth | None:
        """What to attach to calls of a server, None for nothing (MCPAUTH-04 to MCPAUTH-08, V1-AGENT-10).

        A part of the message wins over what is stored: a static token, or the secret that `ref` names, where that is
        for the server's address. An API key travels as a `token` part and is sent in the header `X-API-Key`; a stored
        secret for `oauth2` is `client_id:client_secret` (MCPAUTH-19, V2-AUTH-01: the local decisions).

        Raises:
            McpAuthRequired: Nothing that fits the server was given.
        """
        self._follow(server)
        given = self.credentials.get(server.name)
        secret = self.secrets.find(server.ref, caller.tenant)
        kept = secret.value if secret is not None and secret.goes_to(server.url) else None
        stored = server.token.get_secret_value() if server.token else kept
        match server.authorization:
            case Authorization.NONE:
                return None
            case Authorization.BEARER:
                token = given.token if isinstance(given, Token) else stored
                if token:
                    return BearerToken(token)
            case Authorization.INHERIT:
                token = given.token if isinstance(given, Token) else caller.bearer
                if token:
                    return BearerToken(token)
            case Authorization.OAUTH2:
                pair = _pair(given, kept)
                if pair is not None:
                    return OAuthClientCredentials(*pair, server.scope)
            case Authorization.API_KEY:
                key = given.token if isinstance(given, Token) else stored
                if key:
                    return ApiKey(key)
        raise McpAuthRequired(server.name, _lack(server, secret), remedy=how_to_give(server))

    def _follow(self, server: ServerPlan) -> None:
        """An agent that was changed meanwhile must not take a credential to another address than it was given for."""
        before = self.addresses.setdefault(server.name, server.url)
        if before != server.url:
            self.addresses[server.name] = server.url
            self.tools.pop(server.name, None)
            self.credentials = Credentials(
                credential for name, credential in self.credentials.items() if name != server.name
            )

    def accept(self, brought: Credentials, servers: Iterable[ServerPlan]) -> None:
        """Take credentials for the servers there are, where they are now, as far as they are not registered yet.

        What names another server, or one that wants nothing, is not kept (MCPAUTH-04, MCPAUTH-13): a server that is
        added later, or put elsewhere before it was asked, must not get a credential that was not given for it.
        """
        places = {server.name: server.url for server in servers if server.authorization is not Authorization.NONE}
        new = {name: one for name, one in brought.items() if name in places and name not in self.tools}
        self.credentials = self.credentials.merged(Credentials(new.values()))
        self.addresses.update((name, places[name]) for name in new)

    def refused(self, name: str) -> None:
        """A server refused its credential: it counts as never registered, so a new one is accepted (MCPAUTH-18)."""
        self.tools.pop(name, None)


class Registrations:
    """The registrations of all contexts, in process memory only (design D13).

    Bounded: the context unused for longest is forgotten first; its next message is treated like one after a restart.
    """

    def __init__(self, capacity: int, secrets: StoredSecrets = _NO_SECRETS) -> None:
        """Keep at most `capacity` contexts; `secrets` are those that servers may refer to by name."""
        self._vault: Vault[Registration] = Vault(capacity)
        self._secrets = secrets

    def open(
        self, context: Hashable, brought: Credentials, servers: Iterable[ServerPlan], *, first: bool, resumed: bool
    ) -> Registration:
        """The registration for a turn.

        Args:
            context: The key of the context, with tenant and owner in it.
            brought: The credentials of this message.
            servers: The agent's, as they are now.
            first: It is the first message of the context: its credentials are registered (MCPAUTH-14).
            resumed: It continues a task: its credentials count for servers never registered (MCPAUTH-18). Those of
                any other message are ignored (MCPAUTH-16).
        """
        known = None if first else self._vault.look_up(context)
        if known is None:
            known = Registration(NO_CREDENTIALS, secrets=self._secrets)
        if brought and (first or resumed):
            known.accept(brought, servers)
        self._vault.keep(context, known)
        return known

    def forget(self, context: Hashable) -> None:
        """Drop everything of a context."""
        self._vault.forget(context)


def wanted(server: ServerPlan) -> str:
    """In words, what a server wants."""
    return _WANTED.get(server.authorization, "no credential")


def how_to_give(server: ServerPlan) -> str:
    """What the client does to get out of `auth-required` (MCPAUTH-18)."""
    authorization = server.authorization
    if authorization is Authorization.NONE:
        return "Register the server with the authorizationType that it wants: with none it gets no credential."
    if authorization is Authorization.OAUTH2:
        part = f'{{"type":"credentials","mcp_name":"{server.name}","client_id":"...","client_secret":"..."}}'
    else:
        part = f'{{"type":"token","mcp_name":"{server.name}","token":"..."}}'
    return f"Send the data part {part} with the first message of a new context, or in an answer to this task."


def _lack(server: ServerPlan, secret: StoredSecret | None) -> str:
    """Why nothing fits a server."""
    if server.ref is not None and secret is None:
        return f"needs {wanted(server)}, none was given, and there is no stored secret of the name it refers to."
    if secret is not None and not secret.goes_to(server.url):
        return f"needs {wanted(server)}, none was given, and the stored secret it refers to is not for its address."
    return f"needs {wanted(server)}, and none was given."


def _pair(given: Credential | None, stored: str | None) -> tuple[str, str] | None:
    """Client id and secret, as a part brought them or as they are stored."""
    if isinstance(given, ClientCredentials):
        return given.client_id, given.client_secret
    client_id, _, secret = (stored or "").partition(":")
    return (client_id, secret) if client_id and secret else None
