"""Connectors as an author sends them to v2: closed objects (V2-OBJ-04 to V2-OBJ-10, V2-EP-15, V2-EP-17)."""

from __future__ import annotations

from typing import Final

from agentkit.models import ConnectorAuth, JsonObject
from agentkit.specs import (
    CLEAR,
    AgentReferenceSpec,
    Authorization,
    Clear,
    ConnectorChanges,
    ConnectorSpec,
    ExpertReferenceSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
)
from agentkit.wire.authoring import read_spec, read_word
from agentkit.wire.generations import check_kind, require_generation
from agentkit.wire.reader import Reader
from agentkit.wire.v2.connector import encode_auth, encode_connector
from agentkit.wire.v2.mapping import auth_word, authorization_word, connector_of

_FIELDS: Final = {
    "servers": "connectors",
    "experts": "connectors",
    "id": "agentId",
    "authorization": "auth.type",
    "scope": "auth.scope",
    "redirect_url": "auth.redirectUrl",
    "auth_ref": "auth.ref",
}
_COMMON: Final = frozenset({"type", "enabled"})
_FORMS: Final = {
    "registry": _COMMON | {"name", "config"},
    "mcp": _COMMON | {"name", "url", "auth"},
    "agent": _COMMON | {"agentId"},
    "a2a": _COMMON | {"url", "name"},
    "schema": _COMMON | {"name", "schema", "description", "transition"},
}
_AUTH: Final = frozenset({"type", "scope", "redirectUrl", "ref"})
_CHANGES: Final = frozenset({"enabled", "name", "url", "config", "auth"})


def encode_create_connector(spec: ConnectorSpec) -> JsonObject:
    """A connector to be made; `enabled` is written only where it is off, the server's default being on.

    Raises:
        UnsupportedByGeneration: The spec uses what only v1 can do.
    """
    check_kind(spec, McpServerSpec, ExpertReferenceSpec, AgentReferenceSpec, RemoteAgentSpec, OutputSchemaSpec)
    require_generation(spec, "v2")
    wire = encode_connector(connector_of(spec))
    if spec.enabled:
        del wire["enabled"]
    return wire


def decode_create_connector(value: object, path: str = "") -> ConnectorSpec:
    """A connector to be made, as a server reads it: one of five closed forms.

    Raises:
        WireError: It fits none of them.
    """
    reader = Reader(value, path)
    kind = reader.text("type")
    form = _FORMS.get(kind)
    if form is None:
        reader.fail("type", "value", f"must be one of {', '.join(repr(word) for word in _FORMS)}")
    reader.only(form)
    return read_spec(reader, lambda: _connector(reader, kind), _FIELDS)


def encode_update_connector(changes: ConnectorChanges) -> JsonObject:
    """The merge patch of a connector: the given fields only, null for a cleared one (V2-EP-17).

    Raises:
        SpecError: It is something else than changes of a connector.
    """
    check_kind(changes, ConnectorChanges)
    given: JsonObject = {}
    for key, value in (("enabled", changes.enabled), ("name", changes.name)):
        if value is not None:
            given[key] = value
    for key, value in (("url", changes.url), ("config", changes.config)):
        if value is not None:
            given[key] = None if isinstance(value, Clear) else value
    if isinstance(changes.authorization, Clear):
        given["auth"] = None
    elif changes.authorization is not None:
        auth = ConnectorAuth(
            type=auth_word(changes.authorization.value),
            scope=changes.scope,
            redirect_url=changes.redirect_url,
            ref=changes.auth_ref,
        )
        given["auth"] = encode_auth(auth)
    return given


def decode_update_connector(value: object) -> ConnectorChanges:
    """The merge patch of a connector as a server reads it; `type` is immutable.

    Raises:
        WireError: A field is unknown or does not fit, or one that cannot be cleared is null.
    """
    reader = Reader(value, "")
    reader.only(_CHANGES)
    for key in ("enabled", "name"):
        if reader.mentions(key) and not reader.has(key):
            reader.fail(key, "value", "must not be null")
    auth = _auth(reader)
    cleared = reader.mentions("auth") and not reader.has("auth")
    return read_spec(
        reader,
        lambda: ConnectorChanges(
            enabled=reader.optional_flag("enabled"),
            name=reader.words("name") if reader.has("name") else None,
            url=CLEAR if reader.mentions("url") and not reader.has("url") else reader.optional_text("url"),
            config=CLEAR
            if reader.mentions("config") and not reader.has("config")
            else reader.optional_object("config"),
            authorization=CLEAR if cleared else auth[0],
            scope=auth[1],
            redirect_url=auth[2],
            auth_ref=auth[3],
        ),
        _FIELDS,
    )


def _connector(reader: Reader, kind: str) -> ConnectorSpec:
    enabled = reader.flag("enabled", True)
    match kind:
        case "registry":
            return ExpertReferenceSpec(
                name=reader.words("name"), config=reader.optional_object("config"), enabled=enabled
            )
        case "mcp":
            authorization, scope, redirect_url, ref = _auth(reader)
            return McpServerSpec(
                name=reader.words("name"),
                url=reader.text("url"),
                authorization=authorization or Authorization.NONE,
                scope=scope,
                redirect_url=redirect_url,
                auth_ref=ref,
                enabled=enabled,
            )
        case "agent":
            return AgentReferenceSpec(reader.words("agentId"), enabled=enabled)
        case "a2a":
            return RemoteAgentSpec(reader.text("url"), reader.optional_text("name"), enabled=enabled)
        case _:
            return OutputSchemaSpec(
                reader.words("name"),
                _schema(reader),
                description=reader.optional_text("description"),
                transition=read_word(reader, "transition", Transition) or Transition.COMPLETE,
                enabled=enabled,
            )


def _schema(reader: Reader) -> JsonObject:
    schema = reader.optional_object("schema")
    if schema is None:
        reader.fail("schema", "missing", "is required")
    return schema


def _auth(parent: Reader) -> tuple[Authorization | None, str | None, str | None, str | None]:
    wire = parent.optional_object("auth")
    if wire is None:
        return None, None, None, None
    reader = Reader(wire, parent.at("auth"))
    reader.only(_AUTH)
    word = reader.text("type")
    known = {auth_word(authorization.value) for authorization in Authorization}
    if word not in known:
        reader.fail("type", "value", f"must be one of {', '.join(repr(name) for name in sorted(known))}")
    return (
        Authorization(authorization_word(word)),
        reader.optional_text("scope"),
        reader.optional_text("redirectUrl"),
        reader.optional_text("ref"),
    )
