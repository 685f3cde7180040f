"""Addresses to serve at: a port is taken first, so that what is served there can be told where it lies."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from agentkit.errors import ConfigurationError, ServeError
from agentkit.oauth.loopback import is_loopback

LAST_PORT: Final = 65535
UNREAD_SECONDS: Final = 60
"""After so long the connection of a client that takes nothing in is gone (Linux)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A bound socket and the address it is reached at; the app can be built for the address before it is served."""

    socket: socket.socket
    host: str
    port: int
    public_url: str | None = None

    @property
    def url(self) -> str:
        """The origin clients use, for example `http://127.0.0.1:8700`."""
        if self.public_url:
            return self.public_url.rstrip("/")
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()


def bind(host: str, port: int, *, public_url: str | None = None) -> Address:
    """Take a port.

    Args:
        host: Name or number of the interface.
        port: 0 for a free one.
        public_url: Where clients reach it, when that is not where it listens.

    Raises:
        ServeError: The port is in use or none, or the address is not one of this machine.
    """
    if port > LAST_PORT:  # the resolver would count from 0 again
        raise ServeError(f"{port} is no port: the last one is {LAST_PORT}.", remedy="Give a lower --port.")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, proto)
    except OSError:
        raise ServeError(
            f"The host {host} is not known.", remedy="Give an address of this machine with --host."
        ) from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if (user_timeout := getattr(socket, "TCP_USER_TIMEOUT", None)) is not None:
            # A server can only ask the kernel to give up a client that never reads: closing waits for what is unsent.
            bound.setsockopt(socket.IPPROTO_TCP, user_timeout, UNREAD_SECONDS * 1000)
        bound.bind(address)
        bound.listen()
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        remedy = "Stop what listens there, or choose another port with --port (0 takes a free one)."
        if error.errno == errno.EADDRNOTAVAIL:
            remedy = "Give an address of this machine with --host."
        reason = error.strerror or "not available"
        raise ServeError(f"Cannot listen on {host}:{port}: {reason}.", remedy=remedy) from None
    return Address(bound, host, int(bound.getsockname()[1]), public_url)


def require_name(host: str, public_url: str | None) -> None:
    """Refuse to listen everywhere without the name that clients use: every other name in `Host` is refused.

    Args:
        host: Where it listens.
        public_url: Where clients reach it.

    Raises:
        ServeError: It listens on all interfaces, and nothing says where clients reach it.
    """
    if public_url is None and _is_everywhere(host):
        raise ServeError(
            f"{host} is where it listens, and no address that clients can use.",
            remedy="Give the one they use, for example --public-url http://labs.example.org:8701.",
        )


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return not host


def require_url(option: str, url: str) -> str:
    """Refuse an address that no client could use: cards and metadata of servers are made of it.

    Raises:
        ConfigurationError: It is no http address, or holds more than scheme, name, port and path.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # `urlsplit` leaves line breaks out and takes nearly everything for a path.
    if not usable or re.search(r"[^!-~]|[?#@]", url):
        remedy = "Give scheme, name and, where there are, port and path: https://agents.example.org."
        raise ConfigurationError(option, "is no http address that clients can use", remedy=remedy)
    return url


def require_safe_host(host: str, public_url: str | None, open_doors: Iterable[str], *, insecure: bool) -> None:
    """Refuse to show an unprotected server to other machines (design, section 9).

    Args:
        host: Where it listens.
        public_url: Where clients reach it, when that is somewhere else.
        open_doors: What everybody may call, each with the way to close it.
        insecure: `--insecure` was given.

    Raises:
        ServeError: Others can reach it, everybody may call it, and `--insecure` was not given.
        ConfigurationError: The public address is none.
    """
    if public_url is not None:
        require_url("--public-url", public_url)
    names = (host, (urlsplit(public_url).hostname or "") if public_url else host)
    seen = next((name for name in names if not is_loopback(name)), None)
    for door in () if insecure or seen is None else open_doors:
        raise ServeError(f"{seen} can be reached by others, and {door}, or insist with --insecure.")
