"""The A2A 1.0 agent card as v2 shows it (V2-OBJ-17)."""

from __future__ import annotations

from typing import Final, cast

from agentkit.errors import WireError
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
        "version",
        "capabilities",
        "supportedInterfaces",
        "documentationUrl",
        "iconUrl",
        "defaultInputModes",
        "defaultOutputModes",
        "provider",
        "securityRequirements",
        "securitySchemes",
        "signatures",
        "skills",
    }
)
_INTERFACE: Final = frozenset({"url", "protocolBinding", "protocolVersion"})


def encode_card(card: AgentCard) -> JsonObject:
    """A card as A2A 1.0 spells it; skills carry no examples."""
    capabilities = card.capabilities
    wire: JsonObject = {
        "name": card.name,
        "version": card.version,
        "capabilities": {} if capabilities is None else encode_capabilities(capabilities),
        "supportedInterfaces": [_encode_interface(interface) for interface in card.supported_interfaces],
        "defaultInputModes": list(card.default_input_modes),
        "defaultOutputModes": list(card.default_output_modes),
        "skills": [encode_skill(skill) for skill in card.skills],
    }
    put(
        wire,
        {
            "description": card.description or None,
            "documentationUrl": card.documentation_url,
            "iconUrl": card.icon_url,
            "provider": encode_provider(card.provider),
            "securityRequirements": list(card.security_requirements) or None,
            "securitySchemes": card.security_schemes,
            "signatures": encode_signatures(card.signatures),
        },
    )
    return put(wire, card.unknown_fields)


def decode_card(value: object, path: str = "card") -> AgentCard:
    """A card of A2A 1.0; `url` and its neighbours repeat the first supported interface.

    Raises:
        WireError: A required field is missing or does not fit, or there is no interface.
    """
    reader = Reader(value, path)
    interfaces = reader.items("supportedInterfaces", _decode_interface)
    if not interfaces:
        reader.fail("supportedInterfaces", "missing", "is required")
    first = interfaces[0]
    return reader.build(
        AgentCard,
        _CARD,
        name=reader.text("name"),
        description=reader.optional_text("description") or "",
        version=reader.text("version"),
        url=first.url,
        protocol_version=first.protocol_version or "1.0",
        preferred_transport=first.protocol_binding,
        capabilities=decode_capabilities(reader.given("capabilities"), reader.at("capabilities")),
        supported_interfaces=interfaces,
        documentation_url=reader.optional_text("documentationUrl"),
        icon_url=reader.optional_text("iconUrl"),
        default_input_modes=reader.texts("defaultInputModes"),
        default_output_modes=reader.texts("defaultOutputModes"),
        provider=reader.nested("provider", decode_provider),
        security_requirements=reader.items("securityRequirements", _object),
        security_schemes=reader.optional_object("securitySchemes"),
        signatures=reader.items("signatures", decode_signature),
        skills=reader.items("skills", decode_skill),
    )


def _encode_interface(interface: AgentInterface) -> JsonObject:
    wire: JsonObject = {
        "url": interface.url,
        "protocolBinding": interface.protocol_binding,
        "protocolVersion": interface.protocol_version or "1.0",
    }
    return put(wire, interface.unknown_fields)


def _decode_interface(value: object, path: str) -> AgentInterface:
    reader = Reader(value, path)
    return reader.build(
        AgentInterface,
        _INTERFACE,
        url=reader.text("url"),
        protocol_binding=reader.text("protocolBinding"),
        protocol_version=reader.optional_text("protocolVersion"),
    )


def _object(value: object, path: str) -> JsonObject:
    if not isinstance(value, dict):
        raise WireError(path, "type", "must be an object")
    return cast(JsonObject, value)
