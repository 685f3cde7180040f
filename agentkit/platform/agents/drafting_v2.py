"""From what an author sent to v2 to what the platform keeps (V2-OBJ-01, V2-OBJ-02, V2-EP-15, V2-EP-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import SecretStr

from agentkit.errors import WireError
from agentkit.models import AgentId, Json, JsonObject
from agentkit.models.identity import new_id
from agentkit.platform.agents.connecting import Connecting
from agentkit.platform.agents.connector import AgentConnector, Connector, InlineExpert, McpConnector, RegistryConnector
from agentkit.platform.agents.identity_v2 import Unclaimed, form_of
from agentkit.platform.agents.naming import check_count, check_names
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import Registry
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.shortfalls import Shortfall
from agentkit.specs import AgentReferenceSpec, Clear, ConnectorSpec, ExpertReferenceSpec, Visibility
from agentkit.specs.agent import MOST_LABELS
from agentkit.wire import v2
from agentkit.wire.reader import Reader


class DraftingV2:
    """Makes records of what v2 says, for one owner."""

    def __init__(self, store: AgentStore, registry: Registry, ownership: Ownership, settings: PlatformSettings) -> None:
        """Look references up among the registry and the agents the owner can see."""
        self._store = store
        self._registry = registry
        self._ownership = ownership
        self._settings = settings
        self._connecting = Connecting(store, registry, ownership)

    async def create(self, body: Json) -> AgentRecord:
        """A new agent (V2-EP-01).

        Raises:
            WireError: A field is unknown or does not fit, a reference names nothing, or a name occurs twice.
        """
        connectors = await self._connectors(body, ())
        spec, now = v2.decode_create_agent(_without_connectors(body)), self._store.now()
        ignored = self._settings.falls_short(Shortfall.AGENT_SHARING)
        return AgentRecord(
            id=new_id(),
            name=spec.name,
            ownership=self._ownership,
            created=now,
            updated=now,
            description=spec.description or None,
            prompt=spec.prompt,
            model=spec.model,
            visibility=Visibility.PRIVATE if ignored else spec.visibility or Visibility.PRIVATE,
            expires=now + self._store.ephemeral_lifetime if spec.ephemeral else None,
            labels={} if ignored else dict(spec.labels or {}),
            connectors=connectors,
        )

    async def change(self, record: AgentRecord, body: Json) -> AgentRecord:
        """The agent after a merge patch: absent keeps, null clears, lists replace (V2-EP-04).

        A connector whose spec is unchanged stays the same, with its id and with what only v1 can say of it; so does the
        static token of an MCP server whose name and address stay.

        Raises:
            WireError: A field is unknown or does not fit, a reference names nothing, or a name occurs twice.
        """
        given = Reader(body, "").mentions("connectors")
        connectors = await self._connectors(body, record.connectors) if given else record.connectors
        changes, now = v2.decode_update_agent(_without_connectors(body)), self._store.now()
        changed = replace(
            record,
            name=changes.name or record.name,
            description=_changed(record.description, changes.description),
            prompt=_changed(record.prompt, changes.prompt),
            model=_changed(record.model, changes.model),
            connectors=connectors,
            updated=now,
        )
        if not self._settings.falls_short(Shortfall.AGENT_PATCH):
            expires = record.expires
            if changes.ephemeral is not None and changes.ephemeral is not record.ephemeral:
                expires = now + self._store.ephemeral_lifetime if changes.ephemeral else None
            changed = replace(
                changed,
                visibility=changes.visibility or record.visibility,
                expires=expires,
                labels=_labels(record.labels, changes.labels),
            )
        return _with_tokens(changed, record)

    async def attach(self, record: AgentRecord, spec: ConnectorSpec) -> tuple[AgentRecord, Connector]:
        """The agent with one more connector (V2-EP-15).

        Raises:
            WireError: A reference names nothing.
        """
        connector = await self._new(spec, "")
        return self._with(record, (*record.connectors, connector)), connector

    async def change_connector(self, record: AgentRecord, connector_id: str, patch: Json) -> AgentRecord | None:
        """The agent with one connector changed by a merge patch, under the id it has (V2-EP-17).

        Returns:
            None when there is no such connector.

        Raises:
            WireError: A field is unknown, or not one of this connector's type, or does not fit; or a name is taken.
        """
        old = find_connector(record, connector_id)
        if old is None:
            return None
        v2.decode_update_connector(patch)
        form = form_of(old)
        del form["id"]
        spec = v2.decode_create_connector(_merge_patched(form, patch))
        if isinstance(old, InlineExpert):
            made: Connector = old.model_copy(update={"enabled": spec.enabled})
        else:
            made = _inherited(await self._connecting.connector(spec, ""), old)
        connectors = tuple(made if one.id == old.id else one for one in record.connectors)
        check_names((("", one) for one in connectors), self._registry)
        return self._with(record, connectors)

    def detach(self, record: AgentRecord, connector_id: str) -> AgentRecord | None:
        """The agent without a connector, None when it has none of that id (V2-EP-16)."""
        if find_connector(record, connector_id) is None:
            return None
        return self._with(record, tuple(one for one in record.connectors if one.id != connector_id))

    def _with(self, record: AgentRecord, connectors: tuple[Connector, ...]) -> AgentRecord:
        return _with_tokens(replace(record, connectors=connectors, updated=self._store.now()), record)

    async def _connectors(self, body: Json, before: Sequence[Connector]) -> tuple[Connector, ...]:
        reader, unclaimed, connectors = Reader(body, ""), Unclaimed(before), list[Connector]()
        listed = reader.raw("connectors")
        check_count("connectors", len(listed) if isinstance(listed, list) else 0)

        def read(value: object, place: str) -> Connector | ConnectorSpec:
            return unclaimed.sent_back(value) or v2.decode_create_connector(value, place)

        for index, given in enumerate(reader.items("connectors", read)):
            connectors.append(await self._connector(given, unclaimed, f"connectors[{index}]"))
        check_names(((f"connectors[{index}]", one) for index, one in enumerate(connectors)), self._registry)
        return tuple(connectors)

    async def _connector(self, given: Connector | ConnectorSpec, unclaimed: Unclaimed, place: str) -> Connector:
        if isinstance(given, Connector):
            return given
        inline = unclaimed.inline(AgentId(given.id).bare) if isinstance(given, AgentReferenceSpec) else None
        if inline is not None:
            return inline.model_copy(update={"enabled": given.enabled})
        return unclaimed.same(await self._new(given, place))

    async def _new(self, spec: ConnectorSpec, place: str) -> Connector:
        if isinstance(spec, ExpertReferenceSpec) and self._settings.falls_short(Shortfall.REGISTRY_CONFIG):
            spec = replace(spec, config=None)
        return await self._connecting.connector(spec, place)


def find_connector(record: AgentRecord, connector_id: str) -> Connector | None:
    """The connector of a bare id."""
    return next((one for one in record.connectors if one.id == connector_id), None)


def _without_connectors(body: Json) -> Json:
    """The rest of a body: its connectors are read in their order, and those it has already are not read again."""
    return {key: value for key, value in body.items() if key != "connectors"} if isinstance(body, dict) else body


def _inherited(made: Connector, old: Connector) -> Connector:
    """The changed connector under its old id, with what only v1 can say of it as long as it is the same thing."""
    kept: dict[str, object] = {"id": old.id}
    match made, old:
        case McpConnector(), McpConnector():
            kept |= {"transport": old.transport, "description": old.description}
        case RegistryConnector(), RegistryConnector() if made.entry == old.entry:
            kept |= {"prompt": old.prompt}
        case AgentConnector(), AgentConnector():
            kept |= {"prompt": old.prompt}
        case _:
            pass
    return made.model_copy(update=kept)


def _with_tokens(changed: AgentRecord, record: AgentRecord) -> AgentRecord:
    """The static tokens of servers that are still at the same place, under the same id or name (V1-OBJ-05)."""
    known = {
        (key, server.url): record.tokens[server.id]
        for server in record.servers()
        if server.id in record.tokens
        for key in (server.id, server.name)
    }
    tokens: dict[str, SecretStr] = {}
    for server in changed.servers():
        token = known.get((server.id, server.url)) or known.get((server.name, server.url))
        if token is not None:
            tokens[server.id] = token
    return replace(changed, tokens=tokens)


def _changed(old: str | None, new: str | Clear | None) -> str | None:
    """v2 shows an empty text as null, too, so null leaves an empty one as it is."""
    if new is None or (isinstance(new, Clear) and not old):
        return old
    return None if isinstance(new, Clear) else new


def _labels(old: Mapping[str, str], new: Mapping[str, str | None] | Clear | None) -> Mapping[str, str]:
    """A merge patch reaches into objects: null takes one label away, or all.

    Raises:
        WireError: There would be more than an agent may have (V2-OBJ-01).
    """
    if new is None:
        return old
    merged = {} if isinstance(new, Clear) else {**old, **new}
    labels = {key: value for key, value in merged.items() if value is not None}
    if len(labels) > MOST_LABELS:
        raise WireError("labels", "value", f"may have at most {MOST_LABELS} entries")
    return labels


def _merge_patched(target: Json, patch: Json) -> JsonObject:
    """RFC 7396."""
    if not isinstance(patch, dict):
        raise WireError("", "type", "must be an object")
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_patched(merged.get(key), value) if isinstance(value, dict) else value
    return merged
