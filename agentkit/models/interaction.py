"""Interactions: an encounter of a patient, to which recordings, transcripts, facts and documents belong (REST-01)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from agentkit.models.rest import Day, RestModel, Time, one_of


class EncounterStatus(StrEnum):
    """How far an encounter is (REST-02)."""

    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


class EncounterType(StrEnum):
    """What kind of encounter it is (REST-02)."""

    FIRST_CONSULTATION = "first_consultation"
    CONSULTATION = "consultation"
    EMERGENCY = "emergency"
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"


class Gender(StrEnum):
    """A patient's gender, in FHIR's words (REST-01)."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"
    OTHER = "other"


class InteractionSort(StrEnum):
    """What a list of interactions is sorted by (REST-03)."""

    ID = "id"
    ASSIGNED_USER_ID = "assignedUserId"
    PATIENT = "patient"
    CREATED_AT = "createdAt"
    ENDED_AT = "endedAt"
    UPDATED_AT = "updatedAt"


class SortDirection(StrEnum):
    """Which way a list is sorted (REST-03)."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class EncounterPeriod(RestModel):
    """When an encounter takes place.

    Attributes:
        started_at: Its start.
        ended_at: Its end; None while it goes on.
    """

    nullable: ClassVar[frozenset[str]] = frozenset({"ended_at"})

    started_at: Time = None
    ended_at: Time = None


class Encounter(RestModel):
    """An encounter to be documented.

    Attributes:
        identifier: The caller's own id of it.
        status: How far it is.
        type: What kind it is.
        period: When it takes place.
        title: A name for people.
    """

    nullable: ClassVar[frozenset[str]] = frozenset({"title"})

    identifier: str
    status: Annotated[EncounterStatus | str, one_of(EncounterStatus)]
    type: Annotated[EncounterType | str, one_of(EncounterType)]
    period: EncounterPeriod | None = None
    title: str | None = None


class EncounterChanges(RestModel):
    """Changes of an encounter; what is not given stays, and a title of None is cleared.

    Attributes:
        identifier: The caller's own id of it.
        status: How far it is.
        type: What kind it is.
        period: When it takes place.
        title: A name for people.
    """

    nullable: ClassVar[frozenset[str]] = frozenset({"title"})

    identifier: str | None = None
    status: Annotated[EncounterStatus | str, one_of(EncounterStatus)] | None = None
    type: Annotated[EncounterType | str, one_of(EncounterType)] | None = None
    period: EncounterPeriod | None = None
    title: str | None = None


class Patient(RestModel):
    """The patient of an interaction.

    Attributes:
        identifier: The caller's own id of the patient, as in FHIR.
        name: The full name.
        gender: In FHIR's words.
        birth_date: The day of birth.
        pronouns: As the patient wants to be spoken of.
    """

    nullable: ClassVar[frozenset[str]] = frozenset({"name", "birth_date", "pronouns"})

    identifier: str
    name: str | None = None
    gender: Annotated[Gender | str, one_of(Gender)] | None = None
    birth_date: Day = None
    pronouns: str | None = None


class EncounterInfo(EncounterChanges):
    """An encounter as the API shows it; words this version does not know are kept."""


class PatientInfo(RestModel):
    """A patient as the API shows it; attributes as of `Patient`, each of which may be missing."""

    identifier: str | None = None
    name: str | None = None
    gender: Annotated[Gender | str, one_of(Gender)] | None = None
    birth_date: Day = None
    pronouns: str | None = None


class CreatedInteraction(RestModel):
    """What creating an interaction brings back.

    Attributes:
        id: The interaction's id.
        websocket_url: Where audio can be streamed to; not shown in a repr.
    """

    id: str = Field(validation_alias="interactionId", serialization_alias="interactionId")
    websocket_url: str | None = None


class Interaction(RestModel):
    """An interaction (REST-01).

    Attributes:
        id: Its id.
        assigned_user_id: The professional who is responsible.
        encounter: What is documented.
        patient: Whom it is about.
        created_at: When it was made.
        updated_at: When it was changed last.
        last_updated: When anything of it was changed last.
        ended_at: When it ended; None while it goes on.
        websocket_url: Where audio can be streamed to; not shown in a repr.
    """

    id: str
    assigned_user_id: str | None = None
    encounter: EncounterInfo | None = None
    patient: PatientInfo | None = None
    created_at: Time = None
    updated_at: Time = None
    last_updated: Time = None
    ended_at: Time = None
    websocket_url: str | None = None
