"""What Corti tells about agents, experts and MCP servers (V1-OBJ-06 to V1-OBJ-13)."""

from __future__ import annotations

from agentkit.models.base import JsonObject, Model


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
    """An agent as the API shows it (V1-OBJ-06)."""

    id: str
    name: str
    description: str
    system_prompt: str
    experts: tuple[ExpertInfo | ExpertReference, ...] = ()
    mcp_servers: tuple[McpServerInfo, ...] = ()


class AgentReference(Model):
    """A pointer to an agent (V1-OBJ-07)."""

    id: str | None = None
    name: str | None = None


class RegistryServer(Model):
    """An MCP server of a registry expert: its name and what authorization it wants."""

    name: str
    authorization_type: str


class RegistryExpert(Model):
    """An expert on offer (V1-OBJ-11)."""

    name: str
    description: str
    display_name: str | None = None
    display_description: str | None = None
    mcp_servers: tuple[RegistryServer, ...] = ()
    config_schema: JsonObject | None = None


class AgentSkill(Model):
    """One thing an agent can do (V1-OBJ-13)."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    input_modes: tuple[str, ...] = ()
    output_modes: tuple[str, ...] = ()


class AgentCapabilities(Model):
    """What a server offers beside plain sends (A2A-CARD-08)."""

    streaming: bool = False
    push_notifications: bool = False


class AgentCard(Model):
    """Who an agent is and how to reach it, as an A2A 0.3 card (V1-OBJ-12)."""

    name: str
    description: str
    url: str
    version: str
    protocol_version: str = "0.3.0"
    preferred_transport: str | None = "JSONRPC"
    capabilities: AgentCapabilities | None = None
    default_input_modes: tuple[str, ...] = ()
    default_output_modes: tuple[str, ...] = ()
    skills: tuple[AgentSkill, ...] = ()
