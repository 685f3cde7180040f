"""MCP servers as apps: which ones, who may call them, and what to tell the person who starts them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentkit.cli.access import Access
from agentkit.cli.address import Address
from agentkit.cli.admission import Admission, admit
from agentkit.experts import default_authorizations, load_server
from agentkit.mcp import HostedServer, OAuthAuth, ToolServer, host
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Door:
    """One server with its address and authorization.

    Attributes:
        name: The server's name.
        hosted: The server.
        url: Its address.
        admission: Who may call it.
    """

    name: str
    hosted: HostedServer
    url: str
    admission: Admission

    @property
    def authorization(self) -> Authorization:
        """How it is registered: the first of the kinds it was asked to take."""
        return self.admission.authorizations[0]


@dataclass(frozen=True, slots=True, repr=False)
class _Client:
    secret: str
    scopes: list[str] = field(default_factory=list[str])
    resources: list[str] = field(default_factory=list[str])


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
        self._clients: dict[str, _Client] = {}
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
        return self.add_server(name, load_server(name)(storage), access, default_authorization(name))

    def add_server(self, name: str, server: ToolServer, access: Access, unsaid: Authorization) -> Door:
        """Add a server under a name, which becomes part of its path and is its scope where none is asked for.

        Args:
            name: The name; signs that no address has become `-`.
            server: The tools.
            access: Who may call it.
            unsaid: How it is authorized where `access` says nothing.

        Raises:
            ConfigurationError: What the authorization needs was not given.
        """
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "server"
        path = f"/{name}/mcp"
        resource = self._address.url + path

        def own_issuer(client_id: str, secret: str, scopes: tuple[str, ...]) -> OAuthAuth:
            client = self._clients.setdefault(client_id, _Client(secret))
            # It may ask for those of single tools too: whoever has our client has all of the server.
            may_ask = (*scopes, *sorted(server.tool_scopes))
            client.scopes.extend(scope for scope in may_ask if scope not in client.scopes)
            client.resources.append(resource)
            return OAuthAuth(self.issuer, self._keys, scopes)

        admission = admit(name, access, unsaid, own_issuer)
        hosted = HostedServer(server, path, admission.auth)
        door = Door(name, hosted, resource, admission)
        self.doors.append(door)
        return door

    def app(self) -> Starlette:
        """The app of the MCP servers; the authorization server is part of it unless it has its own address."""
        extra = [] if self._separate else self.issuer_routes()
        return host([door.hosted for door in self.doors], public_url=self._address.url, extra_routes=extra)

    @property
    def has_issuer(self) -> bool:
        """Whether a server needs the authorization server."""
        return bool(self._clients)

    def issuer_routes(self) -> list[Route]:
        """The routes of the authorization server; none when no server needs it."""
        if not self._clients:
            return []
        registry = ClientRegistry()
        for client_id, client in self._clients.items():
            registry.add(client_id, client.secret, client.scopes, resources=client.resources)
        resources = list(dict.fromkeys(each for client in self._clients.values() for each in client.resources))
        return authorization_server(self.issuer, self._keys, registry, resources=resources)


def default_authorization(server: str) -> Authorization:
    """What the installed expert of a server says; `bearer` where none says anything."""
    return default_authorizations().get(server, Authorization.BEARER)


def describe(servers: ToolServers) -> list[str]:
    """One line per server: name, address, authorization, and what was made for this run; then the issuer."""
    lines = [
        "  ".join([f"{door.name:<16} {door.url}", kinds(door.admission.authorizations), *door.admission.made])
        for door in servers.doors
    ]
    return [*lines, f"{'issuer':<16} {servers.issuer}"] if servers.has_issuer else lines


def kinds(authorizations: tuple[Authorization, ...]) -> str:
    """Authorizations in words."""
    return " or ".join(authorization.value for authorization in authorizations)
