"""The experts on offer: the installed ones, the configured ones, and the memory of the context (LOC-05)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

from agentkit.errors import SpecError, WireError
from agentkit.experts import find_experts, load_expert
from agentkit.models import JsonObject, RegistryConnector, RegistryExpert, RegistryServer
from agentkit.reasoning.jsonschema import as_object, fits, properties
from agentkit.specs import ExpertSpec, McpServerSpec

_log = logging.getLogger("agentkit.platform")

_IDS: Final = UUID("6b0b9a0e-6d3c-4e0e-9c53-4f6d3f1b8f5a")

MEMORY_EXPERT: Final = ExpertSpec(
    name="memory-expert",
    description="Recalls what was said and found earlier in this conversation.",
    prompt="Search the memory of this conversation and report what is there, no more.",
)
"""The one expert without an MCP server: its tools are the platform's own memory of the context (EXP-03)."""


INTERVIEWING_EXPERT: Final = ExpertSpec(
    name="interviewing-expert",
    description="Asks the questions of a questionnaire that comes as a data part, one by one, and tells the answers.",
)
"""The expert for questionnaires of the caller's own (QNC-01); it needs neither an MCP server nor a model."""


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """An expert on offer.

    Attributes:
        spec: Who it is.
        title: Its name for people; None makes one of the name.
        config_schema: What the configuration of a reference must fit; its `default`s hold where a reference says
            nothing (V1-OBJ-04). None takes no configuration.
        tags: Words to find it by.
    """

    spec: ExpertSpec
    title: str | None = None
    config_schema: JsonObject | None = field(default=None, hash=False)
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, by which references of both generations call it."""
        return self.spec.name

    @property
    def id(self) -> str:
        """The same on every platform, so that a reference by id survives a new database."""
        return entry_id(self.spec.name)

    @property
    def servers(self) -> tuple[McpServerSpec, ...]:
        """The MCP servers of the expert."""
        return tuple(self.spec.servers)

    def resolve(self, config: JsonObject | None, place: str) -> JsonObject | None:
        """A configuration merged over the defaults; None where the entry takes none (V1-OBJ-04).

        Raises:
            WireError: It does not fit the schema.
        """
        schema = self.config_schema
        if schema is None:
            return None
        resolved = _merged(_defaults(schema), config or {})
        for key, wanted in properties(schema).items():
            if key in resolved and not fits(resolved[key], wanted, schema):
                raise _unfit(f"{place}.{key}")
        if not fits(resolved, schema, schema):
            raise _unfit(place)
        return resolved

    def mentions(self, words: str) -> bool:
        """Whether the words are in its name, title, description or tags, in any case (V2-EP-26)."""
        text = "\n".join((self.name, self._title, self.spec.description, *self.tags))
        return words.casefold() in text.casefold()

    def shown_v1(self) -> RegistryExpert:
        """The entry as v1 shows it (V1-OBJ-11)."""
        return RegistryExpert(
            name=self.name,
            description=self.spec.description,
            display_name=self._title,
            display_description=self.spec.description,
            mcp_servers=self._servers_shown(),
            config_schema=self.config_schema,
        )

    def shown_v2(self) -> RegistryConnector:
        """The entry as v2 shows it; its id is what a connector takes for a name (V2-OBJ-23)."""
        return RegistryConnector(
            id=self.name,
            type="registry",
            name=self.name,
            display_name=self._title,
            description=self.spec.description,
            tags=self.tags,
            config_schema=self.config_schema,
        )

    @property
    def _title(self) -> str:
        return self.title or self.name.replace("-", " ").title()

    def _servers_shown(self) -> tuple[RegistryServer, ...]:
        return tuple(
            RegistryServer(name=server.name, authorization_type=server.authorization.value) for server in self.servers
        )


class Registry:
    """Experts by name and by id."""

    def __init__(self, offered: Iterable[ExpertSpec | RegistryEntry]) -> None:
        """Offer experts; a later one replaces an earlier one of the same name."""
        entries = (one if isinstance(one, RegistryEntry) else RegistryEntry(one) for one in offered)
        self._by_name = {entry.name: entry for entry in entries}
        self._by_id = {entry.id: entry for entry in self._by_name.values()}

    def __iter__(self) -> Iterator[RegistryEntry]:
        """The entries in the order of their names."""
        return iter(sorted(self._by_name.values(), key=lambda entry: entry.spec.name))

    def by_id(self, reference: str) -> RegistryEntry | None:
        """The entry of an id."""
        return self._by_id.get(reference)

    def by_name(self, name: str) -> RegistryEntry | None:
        """The entry of a name."""
        return self._by_name.get(name)


def entry_id(name: str) -> str:
    """The id of a registry expert."""
    return str(uuid5(_IDS, name))


def installed_experts(urls: Mapping[str, str], servers_url: str) -> tuple[ExpertSpec, ...]:
    """The installed experts with the address of their MCP server.

    Args:
        urls: Addresses by the name of the expert.
        servers_url: Where the others are hosted, each under `/<server name>/mcp`.

    Raises:
        SpecError: An address is given for an expert that is not installed, or does not fit.
    """
    found = find_experts()
    for name in urls:
        if name not in found:
            raise SpecError(f"expert_urls.{name}", "is not installed", remedy=f"Known: {', '.join(found) or 'none'}.")
    return tuple(_specs(found, urls, servers_url))


def _specs(names: Iterable[str], urls: Mapping[str, str], servers_url: str) -> Iterator[ExpertSpec]:
    for name in names:
        try:
            definition = load_expert(name)
        except SpecError as error:
            # One broken package must not keep the others from being offered.
            _log.warning("an installed expert is left out: %s", error)
            continue
        yield definition.spec(urls.get(name) or f"{servers_url.rstrip('/')}/{definition.server_name}/mcp")


def _defaults(schema: JsonObject) -> JsonObject:
    """What a schema says holds when nothing is said, also inside its objects."""
    found: JsonObject = {}
    for key, one in properties(schema).items():
        described = as_object(one)
        if "default" in described:
            found[key] = described["default"]
        elif inner := _defaults(described):
            found[key] = inner
    return found


def _merged(below: JsonObject, above: JsonObject) -> JsonObject:
    """Objects are merged all the way down, anything else above wins."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _unfit(place: str) -> WireError:
    return WireError(place, "value", "does not fit the configSchema of the expert")
