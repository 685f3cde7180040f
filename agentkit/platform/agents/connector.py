"""What an agent is made of, in the words of neither generation: every kind of connector it can have (V2-MIG-01)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

from agentkit.models import Json, JsonObject
from agentkit.models.base import Size
from agentkit.specs import Authorization, Transition, Transport


class _Part(BaseModel):
    """Immutable; the repr tells names and sizes, for prompts and configurations may hold anything."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    _plain: ClassVar[frozenset[str]] = frozenset({"id", "name", "kind", "enabled"})

    def __repr__(self) -> str:
        """Ids and names in full, of the rest the size."""
        fields = ((name, getattr(self, name)) for name in type(self).model_fields)
        shown = (f"{name}={value!r}" if name in self._plain else f"{name}={Size(value)!r}" for name, value in fields)
        return f"{type(self).__name__}({', '.join(shown)})"

    __str__ = __repr__


class McpServer(_Part):
    """An MCP server, as an expert of its own or of one of its agent's experts uses it (V1-OBJ-05, V2-OBJ-05).

    Its static token is kept apart, sealed, under the id of the server (`AgentRecord.tokens`).

    Attributes:
        id: A bare UUID; an `mcp` connector has the same.
        authorization: What it demands of callers (V2-OBJ-10 in v1's words).
        transport: `sse` and `stdio` come from v1 and are kept as data.
        scope: The OAuth scope to ask for.
        redirect_url: Where a person who signs in comes back to.
        description: v1 only.
        auth_ref: The name of a secret stored at the server (V2-OBJ-10); v2 only.
    """

    id: str
    name: str
    url: str
    authorization: Authorization = Authorization.NONE
    transport: Transport = Transport.STREAMABLE_HTTP
    scope: str | None = None
    redirect_url: str | None = None
    description: str | None = None
    auth_ref: str | None = None


class McpConnector(McpServer):
    """An MCP server of the agent itself: `mcpServers` of v1, a connector `mcp` of v2."""

    kind: Literal["mcp"] = "mcp"
    enabled: bool = True

    @classmethod
    def of(cls, server: McpServer, *, enabled: bool = True) -> Self:
        """The connector of a server."""
        return cls.model_construct(**{name: getattr(server, name) for name in McpServer.model_fields}, enabled=enabled)


class InlineExpert(_Part):
    """An expert written into its agent (V1-OBJ-03); it lives and dies with it (V1-AGENT-06).

    v2 shows it as a connector `agent`: at Corti every agent is an expert, so its id can be read and asked too.
    """

    kind: Literal["inline"] = "inline"
    id: str
    enabled: bool = True
    name: str
    description: str
    prompt: str | None = None
    servers: tuple[McpServer, ...] = ()


class RegistryConnector(_Part):
    """An expert of the registry (V1-OBJ-04, V2-OBJ-04).

    Attributes:
        entry: The name of the registry entry.
        prompt: Appended to the entry's prompt; v1 only.
        config: What the author gave.
        resolved_config: That, merged over the entry's defaults; None where the entry has no schema.
    """

    kind: Literal["registry"] = "registry"
    id: str
    enabled: bool = True
    entry: str
    prompt: str | None = None
    config: JsonObject | None = None
    resolved_config: JsonObject | None = None

    @property
    def name(self) -> str:
        """What delegation is bound to: the entry's name."""
        return self.entry


class AgentConnector(_Part):
    """Another agent of the platform (V1-AGENT-06, V2-OBJ-06).

    Attributes:
        agent_id: Its bare id.
        name: Its name when it was attached.
        prompt: Appended to its prompt; v1 only.
    """

    kind: Literal["agent"] = "agent"
    id: str
    enabled: bool = True
    agent_id: str
    name: str = ""
    prompt: str | None = None


class RemoteConnector(_Part):
    """An agent anywhere that speaks A2A (V2-OBJ-07); v2 only.

    Attributes:
        url: Its endpoint or its card.
    """

    kind: Literal["a2a"] = "a2a"
    id: str
    enabled: bool = True
    url: str
    name: str | None = None


class SchemaConnector(_Part):
    """A tool whose validated call ends the turn (V2-OBJ-08); v2 only.

    Attributes:
        name: The tool's name.
        output_schema: A JSON Schema.
        transition: The state the turn ends in.
    """

    kind: Literal["schema"] = "schema"
    id: str
    enabled: bool = True
    name: str
    output_schema: dict[str, Json]
    description: str | None = None
    transition: Transition = Transition.COMPLETE


Connector = InlineExpert | RegistryConnector | McpConnector | AgentConnector | RemoteConnector | SchemaConnector
"""Any of the kinds; `kind` tells which."""
