"""What an HTTP request brings beside its body, looked up without decoding the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from starlette.datastructures import QueryParams
from starlette.types import Scope

from agentkit.web.answer import Header

_NUMBER: Final = re.compile(r"\d{1,18}")
_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})(\.\d{1,9}){0,4}")


class Arrived:
    """Headers, query and the variables of the address."""

    __slots__ = ("_headers", "path", "query")

    def __init__(
        self, headers: Sequence[Header], query: bytes = b"", path: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Look at a request.

        Args:
            headers: Names in lower case; what comes several times is joined by commas (A2A-HTTP-08).
            query: What stands behind the question mark.
            path: The variables in its address.
        """
        found = dict(headers)
        if len(found) != len(headers):
            for name in found:
                found[name] = b", ".join(value for key, value in headers if key == name)
        self._headers = found
        self.query = query
        self.path = path

    def header(self, name: bytes) -> str | None:
        """The value of a header; None where it was not sent."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def trace(self) -> Mapping[str, str]:
        """The caller's trace, as `continued` takes it; empty for none."""
        parent = self.header(b"traceparent")
        if parent is None:
            return {}
        state = self.header(b"tracestate")
        return {"traceparent": parent} if state is None else {"traceparent": parent, "tracestate": state}

    @property
    def has_body(self) -> bool:
        """Whether something is to be read."""
        return self._headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self._headers

    @property
    def length(self) -> int | None:
        """How many bytes the body has, as far as the request says so."""
        declared = self.header(b"content-length") or ""
        return int(declared) if _NUMBER.fullmatch(declared) else None

    @property
    def media_type(self) -> str:
        """What the body is, in lower case and without parameters; empty where the request does not say."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()

    @property
    def last_event(self) -> int | None:
        """The number of the event a client saw before its stream broke; None for one that is none of ours."""
        text = self.header(b"last-event-id")
        return int(text) if text and _NUMBER.fullmatch(text) else None


def arrived(scope: Scope) -> Arrived:
    """An HTTP request."""
    return Arrived(scope["headers"], scope.get("query_string", b""), scope.get("path_params", {}))


def asked_version(request: Arrived, *, absent: str) -> str | None:
    """Major and minor of the version of A2A that a request names by header or else by query (A2A-VER-02, -04, -05).

    Args:
        request: Who asks.
        absent: What it speaks where it does not say.

    Returns:
        None for a name that is no version.
    """
    named = request.header(b"a2a-version")
    if named == "1.0":
        return named
    if not named and request.query:
        named = QueryParams(request.query).get("A2A-Version")
    match = _VERSION.fullmatch((named or absent).strip())
    return None if match is None else f"{int(match[1])}.{int(match[2])}"
