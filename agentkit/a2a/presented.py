"""What a request shows of its sender, the same for HTTP and gRPC: headers, query, cookies and the other end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import parse_qsl, unquote

from starlette.types import Scope

_SEVERAL: Final = ", "
_MOST_PARAMETERS: Final = 100


class Presented:
    """Read-only view of one request, made without copying it.

    What was sent twice is joined by a comma, and so is none of the credentials that are known: a proxy before this
    server may have looked at the other one.
    """

    __slots__ = ("_headers", "_query", "peer")

    def __init__(self, headers: Sequence[tuple[bytes, bytes]], query: bytes = b"", peer: str | None = None) -> None:
        """Look at a request.

        Args:
            headers: Names in lower case.
            query: What stands behind the question mark.
            peer: Address of the other end of the connection, as this machine sees it.
        """
        self._headers = headers
        self._query = query
        self.peer = peer

    @classmethod
    def of_scope(cls, scope: Scope) -> Presented:
        """An HTTP request."""
        client = scope.get("client")
        return cls(scope["headers"], scope.get("query_string", b""), client[0] if client else None)

    @classmethod
    def of_metadata(cls, metadata: Iterable[tuple[str, str | bytes]], peer: str | None) -> Presented:
        """A gRPC call.

        Args:
            metadata: Of the call.
            peer: As gRPC names it, for example `ipv4:192.0.2.7:50123` or `ipv6:%5B::1%5D:50123`.
        """
        headers = [
            (name.lower().encode("latin-1", "replace"), _bytes(value))
            for name, value in metadata
            if not name.endswith("-bin")
        ]
        return cls(headers, b"", _address(peer))

    def header(self, name: str) -> str | None:
        """The value of a header, whose name is given in lower case; None where it was not sent."""
        wanted = name.encode("latin-1")
        found = [value.decode("latin-1") for key, value in self._headers if key == wanted]
        return _SEVERAL.join(found) if found else None

    def query(self, name: str) -> str | None:
        """The value of a query parameter."""
        if not self._query:
            return None
        try:
            parameters = parse_qsl(
                self._query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS
            )
        except ValueError:
            return None
        found = [value for key, value in parameters if key == name]
        return _SEVERAL.join(found) if found else None

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        sent = "; ".join(value.decode("latin-1") for key, value in self._headers if key == b"cookie")
        found = [value for key, value in _cookies(sent) if key == name]
        return _SEVERAL.join(found) if found else None

    @property
    def header_bytes(self) -> int:
        """The size of all headers."""
        return sum(len(name) + len(value) for name, value in self._headers)


def _cookies(sent: str) -> Iterable[tuple[str, str]]:
    for pair in sent.split(";"):
        key, _, value = pair.partition("=")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        yield key.strip(), value[1:-1] if quoted else value


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


def _address(peer: str | None) -> str | None:
    kind, _, rest = (peer or "").partition(":")
    if kind not in {"ipv4", "ipv6"}:
        return None
    return unquote(rest).rpartition(":")[0].strip("[]") or None


def network_of(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the half of an IPv6 address that one customer gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else f"{int(parsed) >> 64:x}::/64"
