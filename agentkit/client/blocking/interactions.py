# Made from resources/interactions.py: change that file, then run `make twins`.
"""`corti.interactions`: encounters of patients, to which everything else belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from agentkit.client.blocking.pages import BlockingPages, same
from agentkit.client.rest import interactions

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models.interaction import (
        CreatedInteraction,
        Encounter,
        EncounterChanges,
        EncounterStatus,
        Interaction,
        InteractionSort,
        Patient,
        SortDirection,
    )


_LARGEST_PAGE: Final = 50


class BlockingInteractions:
    """Encounters of patients: `corti.interactions` (REST-01 to REST-03).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def create(
        self, *, encounter: Encounter, patient: Patient | None = None, assigned_user_id: str | None = None
    ) -> CreatedInteraction:
        """Begin an interaction.

        Args:
            encounter: What is to be documented.
            patient: Whom it is about.
            assigned_user_id: The professional who is responsible; Corti makes an id where none is given.
        """
        return self._session.call(
            interactions.create_interaction(encounter, patient, assigned_user_id=assigned_user_id)
        )

    def get(self, interaction_id: str) -> Interaction:
        """An interaction by its id."""
        return self._session.call(interactions.get_interaction(interaction_id))

    def list(
        self,
        *,
        sort: InteractionSort | str | None = None,
        direction: SortDirection | str | None = None,
        status: EncounterStatus | str | Sequence[EncounterStatus | str] = (),
        patient: str | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> BlockingPages[Interaction, Interaction]:
        """Interactions, those made last first where nothing else is said; pages are asked for as they are needed.

        Args:
            sort: By what.
            direction: Which way.
            status: Encounters of these states only.
            patient: Of the patient with this identifier only.
            page_size: How many to ask for at once; Corti gives 10 where nothing is said.
            limit: At most so many.

        Raises:
            SpecError: A word is none of those known; nothing was sent. It is raised when the first page is asked for.
        """
        size = page_size if page_size is not None or limit is None else max(1, min(limit, _LARGEST_PAGE))
        return BlockingPages(
            self._session,
            lambda token: interactions.list_interactions(
                sort=sort,
                direction=direction,
                page_size=size,
                index=int(token or 1),
                status=status,
                patient=patient,
            ),
            same,
            limit=limit,
        )

    def update(
        self,
        interaction_id: str,
        *,
        encounter: EncounterChanges | None = None,
        patient: Patient | None = None,
        assigned_user_id: str | None = None,
    ) -> Interaction:
        """Change what is given; the rest stays."""
        return self._session.call(
            interactions.update_interaction(
                interaction_id, encounter=encounter, patient=patient, assigned_user_id=assigned_user_id
            )
        )

    def delete(self, interaction_id: str) -> None:
        """Delete an interaction with its recordings, transcripts, facts and documents (REST-03)."""
        self._session.call(interactions.delete_interaction(interaction_id))
