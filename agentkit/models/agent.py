"""What Corti tells about agents, experts and MCP servers (V1-OBJ-06 to V1-OBJ-11, V2-OBJ-03)."""

from __future__ import annotations

from datetime import datetime

from agentkit.models.base import JsonObject, Model
from agentkit.models.connector import ConnectorInfo


class McpServerInfo(Model):
    """An MCP server as the API shows it (V1-OBJ-10); a token is never part of it.

    Attributes:
        transport_type: `stdio`, `streamable_http` or `sse`; unknown words are kept (CON-07).
        authorization_type: `none`, `bearer`, `inherit` or `oauth2.0`; unknown words are kept (CON-06).
    """

    id: str
    name: str
    transport_type: str
    authorization_type: str
    url: str | None = None
    authorization_scope: str | None = None
    redirect_url: str | None = None
    description: str | None = None


class ExpertInfo(Model):
    """A custom expert as the API shows it (V1-OBJ-08)."""

    id: str
    name: str
    description: str
    system_prompt: str = ""
    mcp_servers: tuple[McpServerInfo, ...] = ()


class ExpertReference(Model):
    """An expert of the registry, or another agent, that an agent uses (V1-OBJ-09)."""

    id: str | None = None
    name: str | None = None
    system_prompt: str | None = None
    resolved_config: JsonObject | None = None


class AgentInfo(Model):
    """An agent as the API shows it (V1-OBJ-06, V2-OBJ-03).

    Attributes:
        id: A bare UUID in v1, `agt.<uuid>` in v2.
        description: Empty where v2 has none.
        system_prompt: Empty where v2 has none.
        experts: In v2 the connectors of type `registry` and `agent`, in v1's words.
        mcp_servers: In v2 the connectors of type `mcp`, in v1's words.
        connectors: All connectors; v2 only, as is everything below.
        visibility: `private`, `unlisted` or `public`; unknown words are kept.
        lifecycle: `ephemeral` or `persistent`; unknown words are kept.
        created_by: `usr.<uuid>`.
    """

    id: str
    name: str
    description: str
    system_prompt: str
    experts: tuple[ExpertInfo | ExpertReference, ...] = ()
    mcp_servers: tuple[McpServerInfo, ...] = ()
    connectors: tuple[ConnectorInfo, ...] = ()
    model: str | None = None
    visibility: str | None = None
    lifecycle: str | None = None
    labels: dict[str, str] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = None


class AgentReference(Model):
    """A pointer to an agent (V1-OBJ-07)."""

    id: str | None = None
    name: str | None = None
