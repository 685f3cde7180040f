"""Where notifications may go: no webhook makes this server call into its own network (A2A-PUSH-06)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from agentkit.errors import AgentKitError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host."""

_PORTS: Final = {"https": 443, "http": 80}
_PATIENCE: Final = 10.0


class PushTargetRefused(AgentKitError):
    """A webhook lies where notifications may not go; the text names the rule, never the address found."""


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook that was checked.

    Attributes:
        url: As the client gave it.
        host: Its host name, for `Host` and for the check of the certificate.
        addresses: What the name stood for when it was checked; only these are called, so that a name that changes its
            mind between check and call leads nowhere.
    """

    url: str
    host: str
    addresses: tuple[str, ...]


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, asked from the system.

    Raises:
        OSError: There are none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class TargetGuard:
    """Lets notifications go to public addresses over TLS, and to hosts the operator named."""

    def __init__(self, *, allowed_hosts: Sequence[str] = (), resolve: Resolve = resolve_host) -> None:
        """Name exceptions.

        Args:
            allowed_hosts: Host names that may be private and may be called without TLS, for example `localhost`.
            resolve: Finds the addresses of a host.
        """
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._resolve = resolve

    async def check(self, url: str) -> Target:
        """Resolve a webhook and decide.

        Raises:
            PushTargetRefused: It is not https, its host cannot be resolved, or one of its addresses is not public.
        """
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
        allowed = host in self._allowed
        if parts.scheme != "https" and not allowed:
            raise PushTargetRefused("The webhook must be an https address.")
        try:
            async with asyncio.timeout(_PATIENCE):
                addresses = tuple(dict.fromkeys(await self._resolve(host, parts.port or _PORTS[parts.scheme])))
        except (OSError, UnicodeError):  # a TimeoutError is an OSError
            addresses = ()
        if not addresses:
            raise PushTargetRefused("The host of the webhook cannot be resolved.")
        if not allowed and not all(map(_is_public, addresses)):
            raise PushTargetRefused("The webhook is not at a public address.")
        return Target(url, host, addresses)


def _is_public(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if inner is not None:
            return _is_public(str(inner))
        if address.teredo is not None or address.is_site_local:
            return False
    # Shared address space (RFC 6598) is neither private nor global.
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address behind the well-known prefix of RFC 6052."""
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
