"""The A2A 0.3 agent card (V1-OBJ-12, V1-OBJ-13)."""

from __future__ import annotations

from typing import Final

from agentkit.models import AgentCard, AgentInterface, JsonObject
from agentkit.wire.card import (
    decode_capabilities,
    decode_provider,
    decode_signature,
    decode_skill,
    encode_capabilities,
    encode_provider,
    encode_signatures,
    encode_skill,
)
from agentkit.wire.reader import Reader, put

_CARD: Final = frozenset(
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
        "additionalInterfaces",
        "iconUrl",
        "documentationUrl",
        "provider",
        "securitySchemes",
        "security",
        "supportsAuthenticatedExtendedCard",
        "signatures",
    }
)
_INTERFACE: Final = frozenset({"url", "transport"})


def encode_card(card: AgentCard) -> JsonObject:
    """A card as v1 spells it; skills carry no examples (CON-08, V1-CARD-02)."""
    wire: JsonObject = {
        "protocolVersion": card.protocol_version,
        "name": card.name,
        "description": card.description,
        "url": card.url,
        "version": card.version,
        "capabilities": None if card.capabilities is None else encode_capabilities(card.capabilities),
        "defaultInputModes": list(card.default_input_modes),
        "defaultOutputModes": list(card.default_output_modes),
        "skills": [encode_skill(skill) for skill in card.skills],
    }
    put(
        wire,
        {
            "preferredTransport": card.preferred_transport,
            "additionalInterfaces": [_encode_interface(item) for item in card.additional_interfaces] or None,
            "iconUrl": card.icon_url,
            "documentationUrl": card.documentation_url,
            "provider": encode_provider(card.provider),
            "securitySchemes": card.security_schemes,
            "security": card.security,
            "supportsAuthenticatedExtendedCard": card.supports_authenticated_extended_card,
            "signatures": encode_signatures(card.signatures),
        },
    )
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
        capabilities=reader.nested("capabilities", decode_capabilities),
        default_input_modes=reader.texts("defaultInputModes"),
        default_output_modes=reader.texts("defaultOutputModes"),
        skills=reader.items("skills", decode_skill),
        additional_interfaces=reader.items("additionalInterfaces", _decode_interface),
        icon_url=reader.optional_text("iconUrl"),
        documentation_url=reader.optional_text("documentationUrl"),
        provider=reader.nested("provider", decode_provider),
        security_schemes=reader.optional_object("securitySchemes"),
        security=reader.raw("security"),
        supports_authenticated_extended_card=reader.optional_flag("supportsAuthenticatedExtendedCard"),
        signatures=reader.items("signatures", decode_signature),
    )


def _encode_interface(interface: AgentInterface) -> JsonObject:
    return put({"url": interface.url, "transport": interface.protocol_binding}, interface.unknown_fields)


def _decode_interface(value: object, path: str) -> AgentInterface:
    reader = Reader(value, path)
    return reader.build(AgentInterface, _INTERFACE, url=reader.text("url"), protocol_binding=reader.text("transport"))
