"""The installed MCP servers as apps: which ones, who may call them, and what to tell the person who starts them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentkit.cli.access import Access
from agentkit.cli.address import Address
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.experts import find_experts, load_expert, load_server
from agentkit.mcp import BearerAuth, HostedServer, InheritAuth, NoAuth, OAuthAuth, ToolServer, host
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import Route

CERTIFICATES: Final = "/protocol/openid-connect/certs"
"""Where Keycloak, and with it Corti and the local platform, keeps a realm's keys."""


@dataclass(frozen=True, slots=True)
class Door:
    """One server with its address and authorization.

    Attributes:
        name: The server's name.
        hosted: The server.
        url: Its address.
        authorization: How it is authorized.
        told: What the caller needs, where it was made for this run.
    """

    name: str
    hosted: HostedServer
    url: str
    authorization: Authorization
    told: str = field(default="", repr=False)


class ToolServers:
    """Servers side by side on one address, with an authorization server of our own where one is needed."""

    def __init__(self, address: Address, issuer_address: Address | None = None) -> None:
        """Serve at `address`.

        Args:
            address: Of the MCP servers.
            issuer_address: Of the authorization server; None puts it beside the MCP servers, below `/auth`.
        """
        self._address = address
        self.issuer = issuer_address.url if issuer_address else f"{address.url}/auth"
        self._separate = issuer_address is not None
        self._keys = SigningKeys()
        self._clients = ClientRegistry()
        self.doors: list[Door] = []

    def add(self, name: str, access: Access, *, storage: str) -> Door:
        """Add an installed server.

        Args:
            name: Of the entry point.
            access: Who may call it.
            storage: Its database.

        Raises:
            SpecError: There is no such server.
            ConfigurationError: What the authorization needs was not given.
        """
        return self.add_server(name, load_server(name)(storage), access)

    def add_server(self, name: str, server: ToolServer, access: Access) -> Door:
        """Add a server under a name, which becomes part of its path.

        Raises:
            ConfigurationError: What the authorization needs was not given.
        """
        path = f"/{name}/mcp"
        authorization = access.authorization or default_authorization(name)
        auth, told = self._auth(name, path, authorization, access)
        hosted = HostedServer(server, path, auth)
        door = Door(name, hosted, hosted.url(self._address.url), authorization, told)
        self.doors.append(door)
        return door

    def app(self) -> Starlette:
        """The app of the MCP servers; the authorization server is part of it unless it has its own address."""
        extra = [] if self._separate else self.issuer_routes()
        return host([door.hosted for door in self.doors], public_url=self._address.url, extra_routes=extra)

    def issuer_routes(self) -> list[Route]:
        """The routes of the authorization server; none when no server needs it."""
        resources = [door.url for door in self.doors if isinstance(door.hosted.auth, OAuthAuth)]
        if not len(self._clients):
            return []
        return authorization_server(self.issuer, self._keys, self._clients, resources=resources)

    def _auth(
        self, name: str, path: str, authorization: Authorization, access: Access
    ) -> tuple[NoAuth | BearerAuth | OAuthAuth | InheritAuth, str]:
        match authorization:
            case Authorization.NONE:
                return NoAuth(), ""
            case Authorization.BEARER:
                token = access.token or secrets.token_urlsafe(24)
                return BearerAuth(token), "" if access.token else f"token {token}"
            case Authorization.INHERIT:
                return _inherit(access), ""
            case Authorization.OAUTH2:
                if access.issuer:
                    return _foreign_issuer(name, access), ""
                return self._own_issuer(name, path, access)
            case Authorization.API_KEY:
                raise ConfigurationError("--auth", "apiKey is for servers of others", remedy="Take bearer.")

    def _own_issuer(self, name: str, path: str, access: Access) -> tuple[OAuthAuth, str]:
        client_id, secret = access.client or (f"{name}-client", secrets.token_urlsafe(24))
        if client_id not in {client.client_id for client in self._clients}:
            self._clients.add(client_id, secret, (name,), resources=[self._address.url + path])
        told = "" if access.client else f"client {client_id}:{secret}"
        return OAuthAuth(self.issuer, self._keys.jwks(), (name,)), told


def default_authorization(server: str) -> Authorization:
    """What the installed expert of a server says; `bearer` where none says anything."""
    for name in find_experts():
        try:
            definition = load_expert(name)
        except AgentKitError:  # another package's expert; `agentkit doctor` reports it
            continue
        if definition.server_name == server:
            return definition.authorization
    return Authorization.BEARER


def describe(servers: ToolServers) -> list[str]:
    """One line per server: name, address, authorization, and what was made for this run; then the issuer."""
    lines = [
        f"{door.name:<16} {door.url}  {door.authorization.value}{'  ' + door.told if door.told else ''}"
        for door in servers.doors
    ]
    return [*lines, f"{'issuer':<16} {servers.issuer}"] if servers.issuer_routes() else lines


def _inherit(access: Access) -> InheritAuth:
    if not access.issuer or not access.audience:
        raise ConfigurationError(
            "--auth inherit",
            "needs to know whose tokens to take",
            remedy="Give --issuer URL and --audience NAME: a token is trusted only where it was meant to go.",
        )
    return InheritAuth(access.issuer, access.audience, access.jwks or access.issuer + CERTIFICATES)


def _foreign_issuer(name: str, access: Access) -> OAuthAuth:
    issuer = access.issuer or ""
    audience = access.audience[0] if access.audience else None
    return OAuthAuth(issuer, access.jwks or issuer + CERTIFICATES, (name,), audience)
