"""From one thing an author wrote to the connector that is kept: references are looked up, ids are given."""

from __future__ import annotations

import asyncio
from typing import Final

from agentkit.errors import WireError
from agentkit.models import AgentId, JsonObject
from agentkit.models.identity import new_id
from agentkit.platform.agents.connector import (
    AgentConnector,
    Connector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
    RemoteConnector,
    SchemaConnector,
)
from agentkit.platform.agents.naming import field_at
from agentkit.platform.agents.record import Ownership
from agentkit.platform.agents.registry import Registry, RegistryEntry
from agentkit.platform.agents.store import AgentStore
from agentkit.specs import (
    AgentReferenceSpec,
    AnyExpert,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
)
from agentkit.wire.jsontext import dump_json

LARGEST_SCHEMA: Final = 256 * 1024
"""Bytes of an output's schema: checking one keeps a core busy for ten seconds per megabyte."""

UNKNOWN: Final = "reference"
"""The `reason` of the error for a reference to nothing: v1 answers it 400, v2 422."""


class Connecting:
    """Makes connectors for the agents of one owner."""

    def __init__(self, store: AgentStore, registry: Registry, ownership: Ownership) -> None:
        """Look references up in the registry and among the agents the owner can see."""
        self._store = store
        self._registry = registry
        self._ownership = ownership

    async def connector(self, spec: AnyExpert | McpServerSpec, place: str) -> Connector:
        """A new connector.

        Args:
            spec: What the author wrote.
            place: Where, for errors.

        Raises:
            WireError: A reference names nothing (`reason` is `UNKNOWN`), or its configuration does not fit; or an
                output's schema is none.
        """
        match spec:
            case McpServerSpec():
                return McpConnector.of(mcp_server(spec), enabled=spec.enabled)
            case ExpertSpec():
                return InlineExpert(
                    id=new_id(),
                    name=spec.name,
                    description=spec.description,
                    prompt=spec.prompt,
                    servers=tuple(mcp_server(server) for server in spec.servers),
                )
            case str():
                return await self._reference(ExpertReferenceSpec(name=spec), place)
            case ExpertReferenceSpec():
                return await self._reference(spec, place)
            case AgentReferenceSpec():
                return await self._agent(AgentId(spec.id).bare, spec.prompt, spec.enabled, field_at(place, "agentId"))
            case RemoteAgentSpec():
                return RemoteConnector(id=new_id(), enabled=spec.enabled, url=spec.url, name=spec.name)
            case OutputSchemaSpec():
                if len(dump_json(spec.schema)) > LARGEST_SCHEMA:
                    raise WireError(field_at(place, "schema"), "value", f"is larger than {LARGEST_SCHEMA} bytes")
                # The first use loads the library from disk, and a large schema takes a while.
                if not await asyncio.to_thread(_is_schema, spec.schema):
                    raise WireError(field_at(place, "schema"), "value", "is no JSON Schema (2020-12)")
                return SchemaConnector(
                    id=new_id(),
                    enabled=spec.enabled,
                    name=spec.name,
                    output_schema=spec.schema,
                    description=spec.description,
                    transition=spec.transition,
                )

    async def _reference(self, spec: ExpertReferenceSpec, place: str) -> Connector:
        """An entry of the registry, or in v1 another agent by its id (V1-OBJ-04, V1-AGENT-06)."""
        if spec.id is None:
            entry = self._registry.by_name(spec.name or "") or self._registry.by_id(spec.name or "")
            if entry is None:
                raise unknown_reference(field_at(place, "name"))
            return self._entry(spec, entry, place)
        entry = self._registry.by_id(spec.id.lower())
        if entry is not None:
            return self._entry(spec, entry, place)
        return await self._agent(spec.id.lower(), spec.prompt, spec.enabled, field_at(place, "id"))

    def _entry(self, spec: ExpertReferenceSpec, entry: RegistryEntry, place: str) -> RegistryConnector:
        return RegistryConnector(
            id=new_id(),
            enabled=spec.enabled,
            entry=entry.name,
            prompt=spec.prompt,
            config=spec.config,
            resolved_config=entry.resolve(spec.config, field_at(place, "config")),
        )

    async def _agent(self, agent_id: str, prompt: str | None, enabled: bool, place: str) -> AgentConnector:
        agent = await self._store.find(self._ownership, agent_id)
        if agent is None:
            raise unknown_reference(place)
        return AgentConnector(id=new_id(), enabled=enabled, agent_id=agent.id, name=agent.name, prompt=prompt)


def _is_schema(schema: JsonObject) -> bool:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return False
    return True


def mcp_server(spec: McpServerSpec) -> McpServer:
    """An MCP server under a new id, without its token."""
    return McpServer(
        id=new_id(),
        name=spec.name.strip(),
        url=spec.url,
        authorization=spec.authorization,
        transport=spec.transport,
        scope=spec.scope,
        redirect_url=spec.redirect_url,
        description=spec.description,
        auth_ref=spec.auth_ref,
    )


def unknown_reference(place: str) -> WireError:
    """A reference to nothing."""
    return WireError(
        place,
        UNKNOWN,
        "names neither an expert of the registry nor an agent you can see",
        remedy="The registry lists the experts on offer.",
    )
