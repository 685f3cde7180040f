"""The installed MCP servers in-process, authorized as their experts say."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from agentkit.credentials import ClientCredentials, Token
from agentkit.errors import AgentKitError
from agentkit.experts import find_experts, find_servers, load_expert, load_server
from agentkit.mcp import BearerAuth, HostedServer, NoAuth, OAuthAuth, host
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.mcp import ServerAuth
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
    secret, wanted = token_urlsafe(24), _authorizations()
    names = tuple(find_servers())
    resources = [f"{url}/{name}/mcp" for name in names]
    clients.add(_CLIENT, secret, names, resources=resources)
    servers: list[HostedServer] = []
    credentials: list[Token | ClientCredentials] = []
    for name in names:
        auth: ServerAuth
        match wanted.get(name, Authorization.BEARER):
            case Authorization.NONE:
                auth = NoAuth()
            case Authorization.OAUTH2:
                auth = OAuthAuth(issuer, keys, (name,))
                credentials.append(ClientCredentials(name, _CLIENT, secret))
            case _:
                token = token_urlsafe(24)
                auth = BearerAuth(token)
                credentials.append(Token(name, token))
        servers.append(HostedServer(load_server(name)(None), f"/{name}/mcp", auth))
    routes = authorization_server(issuer, keys, clients, resources=resources)
    return InstalledServers(host(servers, public_url=url, extra_routes=routes), tuple(credentials))


def _authorizations() -> dict[str, Authorization]:
    """What the installed experts say of their servers."""
    found: dict[str, Authorization] = {}
    for name in find_experts():
        try:
            expert = load_expert(name)
        except AgentKitError:  # a broken package must not keep the others from being served
            continue
        if expert.installed_server is not None:
            found.setdefault(expert.installed_server, expert.authorization)
    return found
