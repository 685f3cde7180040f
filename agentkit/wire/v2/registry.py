"""The connectors on offer in v2 (V2-OBJ-23, V2-EP-26)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agentkit.models import JsonObject, RegistryCapabilities, RegistryConnector, RegistryIcon
from agentkit.wire.reader import Reader, put
from agentkit.wire.v2.paging import decode_page, encode_page

_ENTRY: Final = frozenset(
    {
        "id",
        "type",
        "name",
        "title",
        "description",
        "version",
        "provider",
        "capabilities",
        "tags",
        "icons",
        "websiteUrl",
        "documentationUrl",
        "configSchema",
    }
)
_CAPABILITIES: Final = frozenset({"streaming", "inputModes", "outputModes", "tools"})
_ICON: Final = frozenset({"src", "mimeType", "sizes"})


def encode_registry_connector(entry: RegistryConnector) -> JsonObject:
    """An entry of the registry; what it does not fill is left out."""
    wire: JsonObject = {"id": entry.id, "type": entry.type, "name": entry.name}
    put(
        wire,
        {
            "title": entry.display_name,
            "description": entry.description or None,
            "version": entry.version,
            "provider": entry.provider,
            "capabilities": None if entry.capabilities is None else _encode_capabilities(entry.capabilities),
            "tags": list(entry.tags) or None,
            "icons": [_encode_icon(icon) for icon in entry.icons] or None,
            "websiteUrl": entry.website_url,
            "documentationUrl": entry.documentation_url,
            "configSchema": entry.config_schema,
        },
    )
    return put(wire, entry.unknown_fields)


def decode_registry_connector(value: object, path: str = "connector") -> RegistryConnector:
    """An entry of the registry; only what the server fills today is needed.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        RegistryConnector,
        _ENTRY,
        id=reader.text("id"),
        type=reader.text("type"),
        name=reader.text("name"),
        display_name=reader.optional_text("title"),
        description=reader.optional_text("description") or "",
        version=reader.optional_text("version"),
        provider=reader.optional_text("provider"),
        capabilities=reader.nested("capabilities", _decode_capabilities),
        tags=reader.texts("tags"),
        icons=reader.items("icons", _decode_icon),
        website_url=reader.optional_text("websiteUrl"),
        documentation_url=reader.optional_text("documentationUrl"),
        config_schema=reader.optional_object("configSchema"),
    )


def encode_registry(entries: Iterable[RegistryConnector], next_token: str | None = None) -> JsonObject:
    """A page of the registry (V2-EP-26)."""
    return encode_page("connectors", (encode_registry_connector(entry) for entry in entries), next_token)


def decode_registry(value: object, path: str = "") -> tuple[tuple[RegistryConnector, ...], str | None]:
    """A page of the registry and the token of the next one.

    Raises:
        WireError: An entry does not fit.
    """
    return decode_page(value, "connectors", decode_registry_connector, path)


def _encode_capabilities(capabilities: RegistryCapabilities) -> JsonObject:
    wire: JsonObject = {}
    put(
        wire,
        {
            "streaming": capabilities.streaming,
            "inputModes": list(capabilities.input_modes) or None,
            "outputModes": list(capabilities.output_modes) or None,
            "tools": list(capabilities.tools) or None,
        },
    )
    return put(wire, capabilities.unknown_fields)


def _decode_capabilities(value: object, path: str) -> RegistryCapabilities:
    reader = Reader(value, path)
    return reader.build(
        RegistryCapabilities,
        _CAPABILITIES,
        streaming=reader.optional_flag("streaming"),
        input_modes=reader.texts("inputModes"),
        output_modes=reader.texts("outputModes"),
        tools=reader.texts("tools"),
    )


def _encode_icon(icon: RegistryIcon) -> JsonObject:
    wire: JsonObject = {"src": icon.src}
    put(wire, {"mimeType": icon.mime_type, "sizes": list(icon.sizes) or None})
    return put(wire, icon.unknown_fields)


def _decode_icon(value: object, path: str) -> RegistryIcon:
    reader = Reader(value, path)
    return reader.build(
        RegistryIcon,
        _ICON,
        src=reader.text("src"),
        mime_type=reader.optional_text("mimeType"),
        sizes=reader.texts("sizes"),
    )
