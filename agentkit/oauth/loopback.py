"""What stays on this machine; light enough for a client that loads no HTTP library."""

from __future__ import annotations


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress  # here, because making a client must stay cheap

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
