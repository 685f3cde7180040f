"""The experts on offer: the installed ones, the configured ones, and the memory of the context (LOC-05)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from agentkit.errors import SpecError
from agentkit.experts import find_experts, load_expert
from agentkit.models import RegistryExpert, RegistryServer
from agentkit.specs import ExpertSpec, McpServerSpec

_log = logging.getLogger("agentkit.platform")

_IDS: Final = UUID("6b0b9a0e-6d3c-4e0e-9c53-4f6d3f1b8f5a")

MEMORY_EXPERT: Final = ExpertSpec(
    name="memory-expert",
    description="Recalls what was said and found earlier in this conversation.",
    prompt="Search the memory of this conversation and report what is there, no more.",
)
"""The one expert without an MCP server: its tools are the platform's own memory of the context (EXP-03)."""


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """An expert on offer, with the id under which a reference can name it."""

    spec: ExpertSpec

    @property
    def id(self) -> str:
        """The same on every platform, so that a reference by id survives a new database."""
        return entry_id(self.spec.name)

    @property
    def servers(self) -> tuple[McpServerSpec, ...]:
        """The MCP servers of the expert."""
        return tuple(self.spec.servers)

    def shown(self) -> RegistryExpert:
        """The entry as the API shows it (V1-OBJ-11)."""
        return RegistryExpert(
            name=self.spec.name,
            description=self.spec.description,
            display_name=self.spec.name.replace("-", " ").title(),
            display_description=self.spec.description,
            mcp_servers=tuple(
                RegistryServer(name=server.name, authorization_type=server.authorization.value)
                for server in self.servers
            ),
        )


class Registry:
    """Experts by name and by id."""

    def __init__(self, specs: Iterable[ExpertSpec]) -> None:
        """Offer experts; a later one replaces an earlier one of the same name."""
        self._by_name = {spec.name: RegistryEntry(spec) for spec in specs}
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
