"""`corti.facts`: single clinical statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentkit.client.rest import facts as operations

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.models.fact import Fact, FactChanges, FactExtraction, FactGroup, FactSource, NewFact


class Facts:
    """Single clinical statements: `corti.facts` (REST-07, REST-08).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def list(self, interaction_id: str) -> tuple[Fact, ...]:
        """All facts of an interaction; discarded ones too, since discarding only marks them (REST-07)."""
        return await self._session.call(operations.list_facts(interaction_id))

    async def add(self, interaction_id: str, facts: Sequence[NewFact]) -> tuple[Fact, ...]:
        """Add facts; there is no deleting, only discarding.

        Raises:
            SpecError: There is none; nothing was sent.
        """
        return await self._session.call(operations.add_facts(interaction_id, facts))

    async def update(
        self,
        interaction_id: str,
        fact_id: str,
        *,
        text: str | None = None,
        group: str | None = None,
        source: FactSource | str | None = None,
        is_discarded: bool | None = None,
    ) -> Fact:
        """Change what is given of one fact; the rest stays.

        Args:
            interaction_id: The interaction.
            fact_id: The fact.
            text: The statement.
            group: The key of its group.
            source: Where it comes from now; `user` after a change by a person.
            is_discarded: Mark it as not wanted, or take the mark away.

        Raises:
            SpecError: The source is none of those known; nothing was sent.
        """
        return await self._session.call(
            operations.update_fact(
                interaction_id, fact_id, text=text, group=group, source=source, is_discarded=is_discarded
            )
        )

    async def update_many(self, interaction_id: str, changes: Sequence[FactChanges]) -> tuple[Fact, ...]:
        """Change several facts in one call.

        Raises:
            SpecError: There is none; nothing was sent.
        """
        return await self._session.call(operations.update_facts(interaction_id, changes))

    async def groups(self) -> tuple[FactGroup, ...]:
        """The groups that facts belong to."""
        return await self._session.call(operations.list_fact_groups())

    async def extract(self, text: str | Sequence[str], *, language: str = "en") -> FactExtraction:
        """Find facts in texts; needs no interaction, and nothing is stored (REST-08).

        Args:
            text: One text or several.
            language: The language the facts are written in.

        Raises:
            SpecError: There is no text; nothing was sent.
        """
        return await self._session.call(operations.extract_facts(text, language))
