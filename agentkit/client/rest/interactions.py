"""Interactions (REST-01 to REST-03)."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path, query
from agentkit.client.page import Page
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
from agentkit.models.rest import word
from agentkit.wire.reader import put
from agentkit.wire.rest import decode, decode_all, encode


def create_interaction(
    encounter: Encounter, patient: Patient | None = None, *, assigned_user_id: str | None = None
) -> Operation[CreatedInteraction]:
    """Begin an interaction (REST-01)."""
    body = put(
        {"encounter": encode(encounter, "encounter")},
        {"assignedUserId": assigned_user_id, "patient": encode(patient, "patient") if patient is not None else None},
    )
    return Operation(
        name="client.interactions.create",
        method="POST",
        root="base",
        path="/interactions/",
        body=body,
        parse=read_json(lambda value: decode(CreatedInteraction, value)),
    )


def list_interactions(
    *,
    sort: InteractionSort | str | None = None,
    direction: SortDirection | str | None = None,
    page_size: int | None = None,
    index: int = 1,
    status: EncounterStatus | str | Sequence[EncounterStatus | str] = (),
    patient: str | None = None,
) -> Operation[Page[Interaction]]:
    """A page of interactions; the token of the next page is its number (REST-03).

    The API does not say which page is the last, nor how many items it gives at most, so an empty page ends the list.

    Args:
        sort: By what.
        direction: Which way.
        page_size: Items per page.
        index: The page, counted from 1.
        status: Encounters of these states only.
        patient: Of this patient only.

    Raises:
        SpecError: A word is none of those known.
    """
    states = [status] if isinstance(status, str) else status

    def page(value: object) -> Page[Interaction]:
        items = decode_all(Interaction, value, "interactions")
        return Page(items, str(index + 1) if items else None)

    return Operation(
        name="client.interactions.list",
        method="GET",
        root="base",
        path="/interactions/",
        query=query(
            sort=word(InteractionSort, sort, "sort") if sort is not None else None,
            direction=word(SortDirection, direction, "direction") if direction is not None else None,
            pageSize=page_size,
            index=index,
            encounterStatus=[word(EncounterStatus, state, "status") for state in states] or None,
            patient=patient,
        ),
        parse=read_json(page),
    )


def get_interaction(interaction_id: str) -> Operation[Interaction]:
    """An interaction (REST-01)."""
    return Operation(
        name="client.interactions.get",
        method="GET",
        root="base",
        path=path("/interactions/{interaction_id}", interaction_id=interaction_id),
        parse=read_json(lambda value: decode(Interaction, value)),
    )


def update_interaction(
    interaction_id: str,
    *,
    encounter: EncounterChanges | None = None,
    patient: Patient | None = None,
    assigned_user_id: str | None = None,
) -> Operation[Interaction]:
    """Change what is given (REST-01)."""
    return Operation(
        name="client.interactions.update",
        method="PATCH",
        root="base",
        path=path("/interactions/{interaction_id}", interaction_id=interaction_id),
        body=put(
            {},
            {
                "assignedUserId": assigned_user_id,
                "encounter": encode(encounter, "encounter") if encounter is not None else None,
                "patient": encode(patient, "patient") if patient is not None else None,
            },
        ),
        parse=read_json(lambda value: decode(Interaction, value)),
    )


def delete_interaction(interaction_id: str) -> Operation[None]:
    """Delete an interaction with all its parts (REST-03)."""
    return Operation(
        name="client.interactions.delete",
        method="DELETE",
        root="base",
        path=path("/interactions/{interaction_id}", interaction_id=interaction_id),
        parse=read_nothing,
    )
