"""What v2 tells about connectors (V2-OBJ-04 to V2-OBJ-10)."""

from __future__ import annotations

from agentkit.models.base import JsonObject, Model


class ConnectorAuth(Model):
    """How a connector is authorized (V2-OBJ-10).

    Attributes:
        type: `none`, `bearer`, `apiKey`, `oauth2` or `inherit`; unknown words are kept.
        ref: The name of a secret stored at Corti.
    """

    type: str
    scope: str | None = None
    redirect_url: str | None = None
    ref: str | None = None


class ConnectorInfo(Model):
    """A connector of an agent as v2 shows it (V2-OBJ-09). Which fields are set follows from the type.

    Attributes:
        id: `con.<uuid>`; stable while the connector is unchanged.
        type: `registry`, `mcp`, `agent`, `a2a` or `schema`; other words are kept, and empty where there is none.
        name: Of the registry entry, the MCP server, the remote agent or the tool.
        url: Of an MCP server or a remote agent.
        auth: Of an MCP server.
        agent_id: The Corti agent asked.
        config: Of a registry entry.
        description: Of an output schema.
        output_schema: The JSON Schema of an output (`schema` on the wire).
        transition: `complete` or `input_required`: the state an output ends the turn in.
        enabled: Whether the agent may use it; today only shown for `schema`, and then in
            `model_fields_set`.
    """

    id: str | None = None
    type: str = ""
    name: str | None = None
    url: str | None = None
    auth: ConnectorAuth | None = None
    agent_id: str | None = None
    config: JsonObject | None = None
    description: str | None = None
    output_schema: JsonObject | None = None
    transition: str | None = None
    enabled: bool = True
