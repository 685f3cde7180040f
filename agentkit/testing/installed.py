"""The installed MCP servers in-process, authorized as their experts say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from agentkit.credentials import ClientCredentials, Token
from agentkit.experts import default_authorizations, experts_with_functions, find_servers, load_server
from agentkit.mcp import ApiKeyAuth, BearerAuth, HostedServer, NoAuth, OAuthAuth, host
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.mcp import ServerAuth, ToolServer
    from agentkit.testing.exchange import ASGIApp

_CLIENT: Final = "installed-client"


@dataclass(frozen=True, slots=True)
class InstalledServers:
    """What `agentkit serve all` puts beside the platform, without sockets and with everything in memory.

    Attributes:
        app: All servers, each under `/<name>/mcp`, and the authorization server under `/auth`.
        credentials: What opens those that want something; send them with the first message of a context.
    """

    app: ASGIApp
    credentials: tuple[Token | ClientCredentials, ...] = field(repr=False)


def installed_servers(url: str) -> InstalledServers:
    """Make them.

    Args:
        url: The origin under which they will be called.

    Raises:
        SpecError: An installed server cannot be loaded.
    """
    issuer, keys, clients = f"{url}/auth", SigningKeys(), ClientRegistry()
    secret, scopes, resources = token_urlsafe(24), list[str](), list[str]()
    hosted: list[HostedServer] = []
    credentials: list[Token | ClientCredentials] = []
    for name, server, authorization in _servers():
        auth: ServerAuth
        path = f"/{name}/mcp"
        match authorization:
            case Authorization.NONE:
                auth = NoAuth()
            case Authorization.OAUTH2:
                auth = OAuthAuth(issuer, keys, (name,))
                scopes += [name, *server.tool_scopes]
                resources.append(f"{url}{path}")
                credentials.append(ClientCredentials(name, _CLIENT, secret))
            case _:
                token = token_urlsafe(24)
                auth = ApiKeyAuth({_CLIENT: token}) if authorization is Authorization.API_KEY else BearerAuth(token)
                credentials.append(Token(name, token))
        hosted.append(HostedServer(server, path, auth))
    clients.add(_CLIENT, secret, scopes, resources=resources)
    routes = authorization_server(issuer, keys, clients, resources=resources)
    return InstalledServers(host(hosted, public_url=url, extra_routes=routes), tuple(credentials))


def _servers() -> Iterator[tuple[str, ToolServer, Authorization]]:
    said = default_authorizations()
    for name in find_servers():
        yield name, load_server(name)(None), said.get(name, Authorization.BEARER)
    for expert in experts_with_functions():
        yield expert.server_name, expert.server, expert.authorization
