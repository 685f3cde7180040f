"""What a client authorizes itself with at an MCP server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from agentkit.mcp.hosting.authorization import API_KEY_HEADER
from agentkit.oauth.discovery import Challenge

SHORTEST_SECRET: Final = 8
"""Shorter ones are not looked for in answers: they stand in ordinary words, and a finding must not be garbled."""


@dataclass(frozen=True, slots=True, repr=False)
class BearerToken:
    """A token that is sent as it is: `bearer` servers, and the caller's own token for `inherit` ones."""

    token: str

    def __repr__(self) -> str:
        """Hides the token."""
        return "BearerToken(<hidden>)"


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey:
    """A key that is sent in a header of its own: `apiKey` servers (MCP-COR-05).

    Attributes:
        key: The key.
        header: Where it is sent.
    """

    key: str
    header: str = API_KEY_HEADER

    def __repr__(self) -> str:
        """Hides the key."""
        return f"ApiKey(<hidden>, header={self.header!r})"


@dataclass(frozen=True, slots=True, repr=False)
class OAuthClientCredentials:
    """Client id and secret for the client-credentials grant at the server's authorization server.

    Attributes:
        client_id: The id.
        client_secret: Sent to the discovered token endpoint only.
        scope: Space-separated; left out, the server's challenge or metadata decides.
        issuer: The only authorization server the secret may go to; left out, the one the MCP server names first.
    """

    client_id: str
    client_secret: str
    scope: str | None = None
    issuer: str | None = None

    def __repr__(self) -> str:
        """Hides id and secret."""
        return f"OAuthClientCredentials(<hidden>, scope={self.scope!r}, issuer={self.issuer!r})"


McpAuth = BearerToken | ApiKey | OAuthClientCredentials
"""What a client can authorize itself with."""


class Authorizer(Protocol):
    """Gives the token, or the key, of the next request."""

    kind: str

    def secrets(self) -> frozenset[str]:
        """What the server was sent or must never be, to be withheld from whatever it says."""
        ...

    async def token(self) -> str | None:
        """The token to send, or None to send none."""
        ...

    def header(self, token: str) -> tuple[str, str]:
        """How a token is sent: the name of a header and its value."""
        ...

    async def another(self, refused: str | None, challenge: Challenge, status: int = 401) -> str | None:
        """After a 401 or 403: another token that is worth one more try, or None."""
        ...

    async def aclose(self) -> None:
        """Stop what still runs."""
        ...
