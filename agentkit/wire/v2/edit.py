"""What turns an agent of v2 from one known state into another: a change that touches nothing else."""

from __future__ import annotations

from agentkit.models import AgentInfo, ConnectorAuth, ConnectorInfo, JsonObject
from agentkit.wire.v2.connector import encode_connector


def encode_edit_agent(before: AgentInfo, after: AgentInfo) -> JsonObject:
    """The merge patch that sends what differs and nothing else; an empty text clears its field (V2-EP-04).

    Connectors are one list that replaces, in closed forms: each is sent without its id, which it keeps while it is
    unchanged (V2-OBJ-09), without the fields nobody knows, and with `enabled` only where the server showed it.

    Raises:
        WireError: A connector lacks what its type needs.
    """
    patch: JsonObject = {}
    if before.name != after.name:
        patch["name"] = after.name
    for key, old, new in (
        ("description", before.description, after.description),
        ("systemPrompt", before.system_prompt, after.system_prompt),
    ):
        if old != new:
            patch[key] = new or None
    if before.connectors != after.connectors:
        patch["connectors"] = [_connector(connector) for connector in after.connectors]
    return patch


def _connector(connector: ConnectorInfo) -> JsonObject:
    auth = connector.auth
    if auth is not None and auth.unknown_fields:
        known = {name: getattr(auth, name) for name in type(auth).model_fields}
        connector = connector.model_copy(update={"auth": ConnectorAuth.model_validate(known)})
    wire = encode_connector(connector)
    unsendable = {"id", *connector.unknown_fields}
    if "enabled" not in connector.model_fields_set:
        unsendable.add("enabled")
    return {key: value for key, value in wire.items() if key not in unsendable}
