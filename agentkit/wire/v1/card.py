"""The A2A 0.3 agent card (V1-OBJ-12, V1-OBJ-13)."""

from __future__ import annotations

from agentkit.models import AgentCapabilities, AgentCard, AgentSkill, JsonObject
from agentkit.wire.reader import Reader, put

_CARD = frozenset(
    {
        "name",
        "description",
        "url",
        "version",
        "protocolVersion",
        "preferredTransport",
        "capabilities",
        "defaultInputModes",
        "defaultOutputModes",
        "skills",
    }
)
_SKILL = frozenset({"id", "name", "description", "tags", "examples", "inputModes", "outputModes"})
_CAPABILITIES = frozenset({"streaming", "pushNotifications"})


def encode_card(card: AgentCard) -> JsonObject:
    """A card as v1 spells it; skills carry no examples (CON-08, V1-CARD-02)."""
    wire: JsonObject = {
        "protocolVersion": card.protocol_version,
        "name": card.name,
        "description": card.description,
        "url": card.url,
        "version": card.version,
        "capabilities": _encode_capabilities(card.capabilities),
        "defaultInputModes": list(card.default_input_modes),
        "defaultOutputModes": list(card.default_output_modes),
        "skills": [_encode_skill(skill) for skill in card.skills],
    }
    put(wire, {"preferredTransport": card.preferred_transport})
    return put(wire, card.unknown_fields)


def decode_card(value: object, path: str = "card") -> AgentCard:
    """A card from v1.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        AgentCard,
        _CARD,
        name=reader.text("name"),
        description=reader.text("description"),
        url=reader.text("url"),
        version=reader.text("version"),
        protocol_version=reader.text("protocolVersion"),
        preferred_transport=reader.optional_text("preferredTransport"),
        capabilities=reader.nested("capabilities", _decode_capabilities),
        default_input_modes=reader.texts("defaultInputModes"),
        default_output_modes=reader.texts("defaultOutputModes"),
        skills=reader.items("skills", _decode_skill),
    )


def _encode_capabilities(capabilities: AgentCapabilities | None) -> JsonObject | None:
    if capabilities is None:
        return None
    wire: JsonObject = {"streaming": capabilities.streaming, "pushNotifications": capabilities.push_notifications}
    return put(wire, capabilities.unknown_fields)


def _decode_capabilities(value: object, path: str) -> AgentCapabilities:
    reader = Reader(value, path)
    return reader.build(
        AgentCapabilities,
        _CAPABILITIES,
        streaming=reader.flag("streaming", False),
        push_notifications=reader.flag("pushNotifications", False),
    )


def _encode_skill(skill: AgentSkill) -> JsonObject:
    wire: JsonObject = {
        "id": skill.id,
        "name": skill.name,
        "description": skill.description,
        "tags": list(skill.tags),
    }
    put(
        wire,
        {"inputModes": list(skill.input_modes) or None, "outputModes": list(skill.output_modes) or None},
    )
    return put(wire, skill.unknown_fields)


def _decode_skill(value: object, path: str) -> AgentSkill:
    reader = Reader(value, path)
    return reader.build(
        AgentSkill,
        _SKILL,
        id=reader.text("id"),
        name=reader.text("name"),
        description=reader.text("description"),
        tags=reader.texts("tags"),
        examples=reader.items("examples", _example_text),
        input_modes=reader.texts("inputModes"),
        output_modes=reader.texts("outputModes"),
    )


def _example_text(value: object, _path: str) -> str:
    """Examples are strings in A2A 0.3 and messages in Corti's SDK (CON-08); only strings are kept as such."""
    return value if isinstance(value, str) else ""
