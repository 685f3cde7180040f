# Made from resources/experts.py: change that file, then run `make twins`.
"""`corti.experts`: the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.blocking.pages import BlockingPages, same

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.generations import Generations
    from agentkit.models import RegistryConnector, RegistryExpert


class BlockingExperts:
    """What the registry offers: `corti.experts`; experts in v1 and connectors in v2."""

    def __init__(self, session: BlockingSession, generations: Generations) -> None:
        """Made by `Corti`."""
        self._session = session
        self._generations = generations

    def list(
        self, *, text: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> BlockingPages[RegistryExpert, RegistryExpert]:
        """The experts on offer (EXP-03); with `auto` v1's registry, unless words are searched for.

        Args:
            text: Words to search for; v2 only, and not honoured by Corti today (V2-LOC-01).
            limit: At most so many.
            offset: How many to leave out at the start; v1 only.
        """
        generation = self._generations.second("searching the registry") if text else self._generations.default
        generation.list_experts(text, limit, offset, None)  # what it cannot do is said now, not with the first item
        return BlockingPages(
            self._session, lambda token: generation.list_experts(text, limit, offset, token), same, limit=limit
        )

    def get(self, connector_id: str) -> RegistryConnector:
        """One connector of the registry; v2 only (V2-EP-26)."""
        generation = self._generations.second("one entry of the registry")
        return self._session.call(generation.get_registry_connector(connector_id))
