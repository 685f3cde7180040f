"""What turns an agent of v1 from one known state into another: a change that touches nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.models import AgentInfo, ExpertInfo, ExpertReference, Json, JsonObject, McpServerInfo
from agentkit.wire.reader import put
from agentkit.wire.v1.agent import encode_expert, encode_server

ExpertEntry = ExpertInfo | ExpertReference


def encode_edit_agent(before: AgentInfo, after: AgentInfo) -> JsonObject:
    """The body of an update that sends what differs and nothing else (V1-AGENT-03).

    Lists replace. An expert that stays as it is, is named by its id (V1-AGENT-04), so that the server keeps all of it,
    also what it does not show, as a static token. One that changes is sent in the form of the answer, with its id and
    the fields nobody knows (CON-21, SDKC-11); one without an id is new (CON-03).
    """
    wire: JsonObject = {}
    for key, old, new in (
        ("name", before.name, after.name),
        ("description", before.description, after.description),
        ("systemPrompt", before.system_prompt, after.system_prompt),
    ):
        if old != new:
            wire[key] = new
    if before.experts != after.experts:
        wire["experts"] = [_expert(expert, before.experts) for expert in after.experts]
    if before.mcp_servers != after.mcp_servers:
        wire["mcpServers"] = _servers(after.mcp_servers)
    return wire


def _expert(expert: ExpertEntry, before: Sequence[ExpertEntry]) -> JsonObject:
    if isinstance(expert, ExpertReference):
        wire: JsonObject = {"type": "reference"}
        name = {} if expert.id else {"name": expert.name}  # an id wins over a name (V1-OBJ-04)
        fields = {"systemPrompt": expert.system_prompt, "config": expert.resolved_config}
        return put(wire, {"id": expert.id, **name, **fields})
    if expert.id and expert in before:
        return {"type": "reference", "id": expert.id}
    wire = encode_expert(expert)
    wire["mcpServers"] = _servers(expert.mcp_servers)
    if not expert.id:
        del wire["id"]
        wire["type"] = "new"
    if not expert.system_prompt:
        del wire["systemPrompt"]
    return wire


def _servers(servers: Sequence[McpServerInfo]) -> list[Json]:
    """One without an id is new."""
    return [{key: value for key, value in encode_server(server).items() if key != "id" or value} for server in servers]
