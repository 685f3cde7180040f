"""MCP credentials in messages (section 10): taken out at the border, checked, never echoed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.contract.corti_double.records import ContextRecord, Credential, ServerFacts
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.troubles import Trouble


@dataclass
class McpRules:
    """What the MCP servers behind the agents accept; a server that is not named here accepts anything it gets."""

    tokens: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Bearers by server name (MCPAUTH-06)."""
    clients: dict[str, set[tuple[str, str]]] = field(default_factory=dict[str, set[tuple[str, str]]])
    """Client id and secret by server name (MCPAUTH-07)."""
    demanding: set[str] = field(default_factory=set[str])
    """Servers that want some credential, whichever."""
    inherits: bool = True
    """Whether the caller's bearer may be forwarded; if not, `inherit` ends in `missing_inherited_token`."""
    accepts_late: bool = False
    """Whether a follow-up with credentials leads a task out of `auth-required` (MCPAUTH-18 says it does not)."""

    def refuses(self, server: ServerFacts, credential: Credential | None) -> bool:
        """Whether the server answers 401 to what it would be given."""
        match server.authorization:
            case "bearer":
                token = credential.token if credential and credential.kind == "token" else server.static_token
                return self._refuses_token(server.name, token)
            case "inherit":
                token = credential.token if credential and credential.kind == "token" else None
                return token is not None and self._refuses_token(server.name, token)
            case "oauth2.0":
                if credential is None or credential.kind != "credentials":
                    return server.name in self.clients or server.name in self.demanding
                pair = (credential.client_id or "", credential.client_secret or "")
                return server.name in self.clients and pair not in self.clients[server.name]
            case _:
                return False

    def _refuses_token(self, name: str, token: str | None) -> bool:
        if token is None:
            return name in self.tokens or name in self.demanding
        return name in self.tokens and token not in self.tokens[name]


def take_credentials(parts: Sequence[JsonObject]) -> tuple[list[JsonObject], list[Credential]]:
    """The parts without the auth parts, and these.

    Raises:
        Trouble: An auth part is incomplete, or two have the same name (MCPAUTH-09, MCPAUTH-10).
    """
    kept: list[JsonObject] = []
    found: list[Credential] = []
    for part in parts:
        data = part.get("data")
        kind = cast("JsonObject", data).get("type") if isinstance(data, dict) else None
        if isinstance(kind, str) and kind.lower() in {"token", "credentials"}:
            found.append(_read(kind.lower(), cast("JsonObject", data)))
        else:
            kept.append(part)
    names = [credential.server for credential in found]
    if len(set(names)) < len(names):
        raise _refused("mcp_auth_duplicate_name", "Two auth parts name the same MCP server.")
    return kept, found


def admit(
    rules: McpRules, context: ContextRecord, servers: Sequence[ServerFacts], credentials: Sequence[Credential]
) -> None:
    """Register the tools of a context that begins (MCPAUTH-14)."""
    context.credentials = {credential.server: credential for credential in credentials}
    context.unauthorized = [
        server.name for server in servers if rules.refuses(server, context.credentials.get(server.name))
    ]


def require_inherited(rules: McpRules, servers: Sequence[ServerFacts], credentials: Sequence[Credential]) -> None:
    """MCPAUTH-05.

    Raises:
        Trouble: A server inherits the caller's token, and there is none.
    """
    replaced = {credential.server for credential in credentials if credential.kind == "token"}
    if not rules.inherits and any(
        server.authorization == "inherit" and server.name not in replaced for server in servers
    ):
        raise Trouble("missing_inherited_token", "The request carries no token that could be inherited.")


def _read(kind: str, data: Mapping[str, object]) -> Credential:
    name = data.get("mcp_name")
    if not isinstance(name, str) or not name.strip():
        raise _refused("mcp_auth_missing_name", "An auth part has no mcp_name.")
    if kind == "token":
        token = data.get("token")
        if not isinstance(token, str) or not token:
            raise _refused("mcp_auth_missing_token", "An auth part of type token has no token.")
        return Credential("token", name.strip(), token=token)
    client_id, client_secret = data.get("client_id"), data.get("client_secret")
    if not (isinstance(client_id, str) and client_id and isinstance(client_secret, str) and client_secret):
        raise _refused("mcp_auth_missing_credentials", "An auth part of type credentials is not complete.")
    return Credential("credentials", name.strip(), client_id=client_id, client_secret=client_secret)


def _refused(code: str, text: str) -> Trouble:
    return Trouble("credentials", text, code=code)
