"""Agent cards of both generations (V1-OBJ-12, V1-OBJ-13, V2-OBJ-17)."""

from __future__ import annotations

from agentkit.models.base import Json, JsonObject, Model


class AgentSkill(Model):
    """One thing an agent can do (V1-OBJ-13).

    Attributes:
        examples: As texts; where Corti shows whole messages (CON-08), their text.
        security: What a caller needs for this skill, as the card says it.
    """

    id: str
    name: str
    description: str
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    input_modes: tuple[str, ...] = ()
    output_modes: tuple[str, ...] = ()
    security: Json = None


class AgentExtension(Model):
    """An extension of A2A that an agent knows."""

    uri: str
    description: str | None = None
    required: bool | None = None
    params: JsonObject | None = None


class AgentCapabilities(Model):
    """What a server offers beside plain sends (A2A-CARD-08); None where the card does not say."""

    streaming: bool = False
    push_notifications: bool = False
    state_transition_history: bool | None = None
    extensions: tuple[AgentExtension, ...] = ()


class AgentInterface(Model):
    """A way to reach an agent.

    Attributes:
        url: Where.
        protocol_binding: `JSONRPC`, `HTTP+JSON` or another word (`transport` in A2A 0.3).
        protocol_version: For example `1.0`; None in A2A 0.3.
    """

    url: str
    protocol_binding: str
    protocol_version: str | None = None


class AgentProvider(Model):
    """Who offers an agent."""

    organization: str = ""
    url: str = ""


class AgentCardSignature(Model):
    """A JSON web signature over a card."""

    protected: str
    signature: str
    header: JsonObject | None = None


class AgentCard(Model):
    """Who an agent is and how to reach it, as an A2A 0.3 card (V1-OBJ-12) or an A2A 1.0 card (V2-OBJ-17).

    Attributes:
        url: Where to reach it; in A2A 1.0 the first of the supported interfaces.
        protocol_version: Of that url.
        preferred_transport: Of that url.
        additional_interfaces: Other ways to reach it (A2A 0.3).
        supported_interfaces: The ways to reach it, best first (A2A 1.0).
        security: What a caller needs, as an A2A 0.3 card says it.
        security_requirements: The same in A2A 1.0.
    """

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
    additional_interfaces: tuple[AgentInterface, ...] = ()
    supported_interfaces: tuple[AgentInterface, ...] = ()
    icon_url: str | None = None
    documentation_url: str | None = None
    provider: AgentProvider | None = None
    security_schemes: JsonObject | None = None
    security: Json = None
    security_requirements: tuple[JsonObject, ...] = ()
    supports_authenticated_extended_card: bool | None = None
    signatures: tuple[AgentCardSignature, ...] = ()
