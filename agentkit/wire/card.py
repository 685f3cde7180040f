"""What the cards of both generations spell alike (V1-OBJ-12, V1-OBJ-13, V2-OBJ-17)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from agentkit.models import (
    AgentCapabilities,
    AgentCardSignature,
    AgentExtension,
    AgentProvider,
    AgentSkill,
    Json,
    JsonObject,
)
from agentkit.wire.reader import Reader, put

_SKILL: Final = frozenset({"id", "name", "description", "tags", "examples", "inputModes", "outputModes", "security"})
_CAPABILITIES: Final = frozenset({"streaming", "pushNotifications", "stateTransitionHistory", "extensions"})
_EXTENSION: Final = frozenset({"uri", "description", "required", "params"})
_PROVIDER: Final = frozenset({"organization", "url"})
_SIGNATURE: Final = frozenset({"protected", "signature", "header"})


def encode_capabilities(capabilities: AgentCapabilities) -> JsonObject:
    """Capabilities as both generations spell them."""
    wire: JsonObject = {"streaming": capabilities.streaming, "pushNotifications": capabilities.push_notifications}
    put(
        wire,
        {
            "stateTransitionHistory": capabilities.state_transition_history,
            "extensions": [_encode_extension(extension) for extension in capabilities.extensions] or None,
        },
    )
    return put(wire, capabilities.unknown_fields)


def decode_capabilities(value: object, path: str) -> AgentCapabilities:
    """Capabilities from a card.

    Raises:
        WireError: A field does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        AgentCapabilities,
        _CAPABILITIES,
        streaming=reader.flag("streaming", False),
        push_notifications=reader.flag("pushNotifications", False),
        state_transition_history=reader.optional_flag("stateTransitionHistory"),
        extensions=reader.items("extensions", _decode_extension),
    )


def _encode_extension(extension: AgentExtension) -> JsonObject:
    wire: JsonObject = {"uri": extension.uri}
    put(
        wire,
        {"description": extension.description, "required": extension.required, "params": extension.params},
    )
    return put(wire, extension.unknown_fields)


def _decode_extension(value: object, path: str) -> AgentExtension:
    reader = Reader(value, path)
    return reader.build(
        AgentExtension,
        _EXTENSION,
        uri=reader.text("uri"),
        description=reader.optional_text("description"),
        required=reader.optional_flag("required"),
        params=reader.optional_object("params"),
    )


def encode_skill(skill: AgentSkill) -> JsonObject:
    """A skill as both generations spell it; it carries no examples (CON-08, V1-CARD-02)."""
    wire: JsonObject = {
        "id": skill.id,
        "name": skill.name,
        "description": skill.description,
        "tags": list(skill.tags),
    }
    put(
        wire,
        {
            "inputModes": list(skill.input_modes) or None,
            "outputModes": list(skill.output_modes) or None,
            "security": skill.security,
        },
    )
    return put(wire, skill.unknown_fields)


def decode_skill(value: object, path: str) -> AgentSkill:
    """A skill from a card; v2 may leave the description out.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        AgentSkill,
        _SKILL,
        id=reader.text("id"),
        name=reader.text("name"),
        description=reader.optional_text("description") or "",
        tags=reader.texts("tags"),
        examples=reader.items("examples", _example),
        input_modes=reader.texts("inputModes"),
        output_modes=reader.texts("outputModes"),
        security=reader.raw("security"),
    )


def _example(value: object, _path: str) -> str:
    """Examples are strings in A2A 0.3 and messages in Corti's SDK (CON-08): of those, the text."""
    if isinstance(value, str):
        return value
    parts = cast(JsonObject, value).get("parts") if isinstance(value, dict) else None
    if not isinstance(parts, list):
        return ""
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def encode_provider(provider: AgentProvider | None) -> JsonObject | None:
    """A provider, or nothing."""
    if provider is None:
        return None
    return put({"organization": provider.organization, "url": provider.url}, provider.unknown_fields)


def decode_provider(value: object, path: str) -> AgentProvider:
    """A provider from a card; v2 may leave either field out.

    Raises:
        WireError: A field does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        AgentProvider,
        _PROVIDER,
        organization=reader.optional_text("organization") or "",
        url=reader.optional_text("url") or "",
    )


def encode_signatures(signatures: Iterable[AgentCardSignature]) -> list[Json] | None:
    """Signatures, or nothing when there are none."""
    wires: list[Json] = []
    for signature in signatures:
        wire: JsonObject = {"protected": signature.protected, "signature": signature.signature}
        put(wire, {"header": signature.header})
        wires.append(put(wire, signature.unknown_fields))
    return wires or None


def decode_signature(value: object, path: str) -> AgentCardSignature:
    """A signature from a card; it is not verified here.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        AgentCardSignature,
        _SIGNATURE,
        protected=reader.text("protected"),
        signature=reader.text("signature"),
        header=reader.optional_object("header"),
    )
