"""The four roots of a Corti environment: a region's, a local platform's, or one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Self
from urllib.parse import urlsplit

from agentkit.errors import ConfigurationError
from agentkit.oauth.loopback import is_loopback

_REGION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_HTTP = re.compile(r"\Ahttp", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The four roots of a Corti environment (ENV-03).

    Attributes:
        base: Root of the REST API, with `/v2`.
        agents: Root of the v1 agents API, without `/v2`.
        login: Root of the realms; the token endpoint is `{login}/{tenant}/protocol/openid-connect/token`.
        wss: Root of the audio WebSockets.
    """

    base: str
    agents: str
    login: str
    wss: str

    def __post_init__(self) -> None:
        """A slash at the end says nothing: every path begins with one."""
        for field in fields(self):
            value: object = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, value.strip().rstrip("/"))

    @classmethod
    def region(cls, name: str) -> Self:
        """The hosted environment of a region, `eu` or `us` today; any region name passes (ENV-01, ENV-02).

        Raises:
            ConfigurationError: The name cannot be part of a host name.
        """
        if not _REGION.fullmatch(name):
            raise ConfigurationError(
                "CORTI_ENVIRONMENT", "is no region name", remedy="Use eu or us, or set CORTI_BASE_URL to an address."
            )
        return cls(
            base=f"https://api.{name}.corti.app/v2",
            agents=f"https://api.{name}.corti.app",
            login=f"https://auth.{name}.corti.app/realms",
            wss=f"wss://api.{name}.corti.app/audio-bridge/v2",
        )

    @classmethod
    def at(cls, base_url: str) -> Self:
        """The layout of a local or private platform below one address (LOC-01).

        The token endpoint is `{base_url}/realms/{tenant}/protocol/openid-connect/token`, as hosted; the spelling
        without `/realms` (LOC-02) is never used.
        """
        root = base_url.strip().rstrip("/")
        return cls(
            base=f"{root}/v2",
            agents=root,
            login=f"{root}/realms",
            wss=f"{_HTTP.sub('ws', root)}/audio-bridge/v2",
        )

    def check(self, setting: str, *, allow_http: bool) -> None:
        """Refuse what is no address, and what would send secrets unencrypted.

        Args:
            setting: Where the addresses come from, for the error.
            allow_http: Accept unencrypted http to other hosts than this machine.

        Raises:
            ConfigurationError: One of the four is refused.
        """
        for name in ("base", "agents", "login", "wss"):
            # Four were given, so the error has to say which.
            place = f"{setting}.{name}" if setting == "environment" else setting
            schemes = ("ws", "wss") if name == "wss" else ("http", "https")
            _check_url(place, getattr(self, name), schemes, allow_http=allow_http)


def _check_url(setting: str, url: str, schemes: tuple[str, str], *, allow_http: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in schemes or not url.isprintable() or not _is_host(host):
        plain, secure = schemes
        remedy = f"Write it like {plain}://127.0.0.1:8700 or {secure}://corti.example.org."
        raise ConfigurationError(setting, "is no address", remedy=remedy)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            setting, "holds a user, query or fragment", remedy="Give credentials as client_id and client_secret."
        )
    if parts.scheme in {"http", "ws"} and not allow_http and not is_loopback(host):
        raise ConfigurationError(
            setting,
            f"would send secrets unencrypted to {host}",
            remedy="Use https, or pass allow_http=True for a network you trust.",
        )


def _is_host(host: str) -> bool:
    """Whether it can be looked up: the labels between its dots have 1 to 63 characters (RFC 1035)."""
    return all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
