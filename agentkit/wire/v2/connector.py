"""Connectors of v2 as an answer shows them (V2-OBJ-04 to V2-OBJ-10, V2-EP-15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agentkit.errors import WireError
from agentkit.models import ConnectorAuth, ConnectorInfo, JsonObject
from agentkit.wire.reader import Reader, put

_AUTH: Final = frozenset({"type", "scope", "redirectUrl", "ref"})
_CONNECTOR: Final = frozenset(
    {
        "id",
        "type",
        "name",
        "url",
        "auth",
        "agentId",
        "config",
        "description",
        "schema",
        "transition",
        "enabled",
    }
)
_REQUIRED: Final = {
    "registry": ("name",),
    "mcp": ("name", "url"),
    "agent": ("agentId",),
    "a2a": ("url",),
    "schema": ("name", "schema"),
}


def encode_auth(auth: ConnectorAuth) -> JsonObject:
    """How a connector is authorized (V2-OBJ-10)."""
    wire: JsonObject = {"type": auth.type}
    put(wire, {"scope": auth.scope, "redirectUrl": auth.redirect_url, "ref": auth.ref})
    return put(wire, auth.unknown_fields)


def decode_auth(value: object, path: str = "auth") -> ConnectorAuth:
    """How a connector is authorized, from an answer.

    Raises:
        WireError: A field does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        ConnectorAuth,
        _AUTH,
        type=reader.text("type"),
        scope=reader.optional_text("scope"),
        redirect_url=reader.optional_text("redirectUrl"),
        ref=reader.optional_text("ref"),
    )


def encode_connector(connector: ConnectorInfo) -> JsonObject:
    """A connector as an answer shows it; `enabled` is written for every type.

    Raises:
        WireError: It has no type, or lacks what its type needs: official clients throw on such an object (SDKC-03).
    """
    wire: JsonObject = {}
    put(
        wire,
        {
            "id": connector.id,
            "type": connector.type,
            "name": connector.name,
            "url": connector.url,
            "auth": None if connector.auth is None else encode_auth(connector.auth),
            "agentId": connector.agent_id,
            "config": connector.config,
            "description": connector.description,
            "schema": connector.output_schema,
            "transition": connector.transition,
            "enabled": connector.enabled,
        },
    )
    missing = next((key for key in _REQUIRED.get(connector.type, ()) if key not in wire), None)
    if missing or not connector.type:
        raise WireError(f"connector.{missing or 'type'}", "missing", "is required")
    return put(wire, connector.unknown_fields)


def decode_connector(value: object, path: str = "connector") -> ConnectorInfo:
    """A connector from an answer. Unknown types, and objects that fit no form, are kept as they are.

    Raises:
        WireError: It is no object, or a known field has another JSON type.
    """
    reader = Reader(value, path)
    # Set only where it is shown, so that `model_fields_set` tells (V2-OBJ-09).
    enabled = {"enabled": reader.flag("enabled", True)} if reader.has("enabled") else {}
    return reader.build(
        ConnectorInfo,
        _CONNECTOR,
        id=reader.optional_text("id"),
        type=reader.optional_text("type") or "",
        name=reader.optional_text("name"),
        url=reader.optional_text("url"),
        auth=reader.nested("auth", decode_auth),
        agent_id=reader.optional_text("agentId"),
        config=reader.optional_object("config"),
        description=reader.optional_text("description"),
        output_schema=reader.optional_object("schema"),
        transition=reader.optional_text("transition"),
        **enabled,
    )


def encode_connectors(connectors: Iterable[ConnectorInfo]) -> JsonObject:
    """The connectors of an agent (V2-EP-15).

    Raises:
        WireError: One lacks what its type needs.
    """
    return {"connectors": [encode_connector(connector) for connector in connectors]}


def decode_connectors(value: object, path: str = "") -> tuple[ConnectorInfo, ...]:
    """The connectors of an agent (V2-EP-15).

    Raises:
        WireError: It is no object with an array, or a connector does not fit.
    """
    return Reader(value, path).items("connectors", decode_connector)
