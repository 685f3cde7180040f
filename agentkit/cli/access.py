"""Who may call an MCP server, as the command line was told."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentkit.specs import Authorization


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a server, as it was asked for.

    Attributes:
        authorization: None takes what the server's expert says.
        token: For `bearer`; None makes one.
        client: Id and secret for `oauth2.0` with our own authorization server; None makes a pair.
        issuer: Whose tokens are taken, for `inherit` and for `oauth2.0` with a foreign authorization server.
        audience: What `aud` or `azp` must hold.
        jwks: Where the issuer's keys are; by default where Keycloak has them.
    """

    authorization: Authorization | None = None
    token: str | None = field(default=None, repr=False)
    client: tuple[str, str] | None = field(default=None, repr=False)
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    jwks: str | None = None
