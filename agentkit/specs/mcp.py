"""MCP servers as an author writes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentkit.errors import SpecError
from agentkit.specs.checks import (
    at,
    check_flags,
    check_http_url,
    check_optional_texts,
    check_optional_words,
    check_words,
    put_field,
    read_word,
)
from agentkit.specs.words import Authorization, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServerSpec:
    """An MCP server that an agent or an expert uses: `mcpServers` of v1, a connector of type `mcp` of v2.

    Attributes:
        name: The name credentials are bound to (`mcp_name`); unique within an agent.
        url: The server's address; with `stdio` whatever names the program.
        authorization: What it demands of callers; `API_KEY` in v2 only.
        transport: How it is reached; `oauth2.0` needs `streamable_http` (MCPAUTH-07), and v2 knows no other.
        scope: The OAuth scope to ask for.
        redirect_url: Where a person who signs in at the server comes back to.
        description: What the server is for. v2 has no field for it: there it joins the system prompt, if there is one.
        token: A static bearer kept by Corti (V1-OBJ-05), hidden in the repr, v1 only; prefer a `Token` per
            conversation.
        auth_ref: The name of a secret stored at Corti (V2-OBJ-10), v2 only.
        enabled: False keeps the server configured and unused (V2-OBJ-09), v2 only.

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    name: str
    url: str
    authorization: Authorization = Authorization.NONE
    transport: Transport = Transport.STREAMABLE_HTTP
    scope: str | None = None
    redirect_url: str | None = None
    description: str | None = None
    token: str | None = field(default=None, repr=False)
    auth_ref: str | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        check_words(self, "name")
        put_field(self, "authorization", read_word(self, "authorization", Authorization))
        put_field(self, "transport", read_word(self, "transport", Transport))
        if self.transport is Transport.STDIO:
            check_words(self, "url")
        else:
            check_http_url(self, "url")
        check_optional_texts(self, "scope", "redirect_url", "description")
        check_optional_words(self, "token", "auth_ref")
        check_flags(self, "enabled")
        if self.authorization is Authorization.OAUTH2 and self.transport is not Transport.STREAMABLE_HTTP:
            raise SpecError(at(self, "authorization"), "oauth2.0 needs the transport streamable_http")
        if self.token is not None and self.auth_ref is not None:
            raise SpecError(at(self, "auth_ref"), "cannot stand beside a token", remedy="Give one of the two.")
