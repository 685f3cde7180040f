"""What the registry offers (V1-OBJ-11, V2-OBJ-23)."""

from __future__ import annotations

from agentkit.models.base import JsonObject, Model


class RegistryServer(Model):
    """An MCP server of a registry expert: its name and what authorization it wants."""

    name: str
    authorization_type: str


class RegistryExpert(Model):
    """An expert on offer (V1-OBJ-11).

    Attributes:
        name: What an `ExpertReferenceSpec` takes in v1; in v2 that is the `id` of a `RegistryConnector`.
        description: What it is good for; empty where v2 does not say.
        display_name: Its name for people.
        display_description: What it is good for, for people.
        mcp_servers: Its MCP servers, as far as the registry tells.
        config_schema: What its configuration must fit.
    """

    name: str
    description: str
    display_name: str | None = None
    display_description: str | None = None
    mcp_servers: tuple[RegistryServer, ...] = ()
    config_schema: JsonObject | None = None


class RegistryIcon(Model):
    """A picture of a registry entry."""

    src: str
    mime_type: str | None = None
    sizes: tuple[str, ...] = ()


class RegistryCapabilities(Model):
    """What a registry entry says it can do; declared, not filled today."""

    streaming: bool | None = None
    input_modes: tuple[str, ...] = ()
    output_modes: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class RegistryConnector(RegistryExpert):
    """A connector on offer: what the registry of v2 tells beside what that of v1 does (V2-OBJ-23).

    Attributes:
        id: What an `ExpertReferenceSpec` takes.
        type: What kind of connector it makes.
        display_name: Its title.
    """

    id: str
    type: str
    version: str | None = None
    provider: str | None = None
    capabilities: RegistryCapabilities | None = None
    tags: tuple[str, ...] = ()
    icons: tuple[RegistryIcon, ...] = ()
    website_url: str | None = None
    documentation_url: str | None = None
