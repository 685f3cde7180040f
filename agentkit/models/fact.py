"""Facts: single clinical statements of an interaction (REST-07, REST-08)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from agentkit.models.rest import RestModel, Time, UsageInfo, one_of


class FactSource(StrEnum):
    """Where a fact comes from: Corti's model, another system such as the record, or a person."""

    CORE = "core"
    SYSTEM = "system"
    USER = "user"


class NewFact(RestModel):
    """A fact to be added.

    Attributes:
        text: The statement.
        group: The key of its group, for example `allergies`; `corti.facts.groups()` lists them.
        source: Where it comes from; None leaves that to the server.
    """

    text: str
    group: str
    source: Annotated[FactSource | str, one_of(FactSource)] | None = None


class FactChanges(RestModel):
    """Changes of one fact among several; what is not given stays.

    Attributes:
        fact_id: The fact.
        text: The statement.
        group: The key of its group.
        is_discarded: Marks the fact as not wanted; it is not deleted.
    """

    fact_id: str
    text: str | None = None
    group: str | None = None
    is_discarded: bool | None = None


class FactEvidence(RestModel):
    """What a fact rests on.

    Attributes:
        type: The kind of evidence.
        reference: Where it stands.
        quote: The words there.
    """

    type: str | None = None
    reference: str | None = None
    quote: str | None = None


class Fact(RestModel):
    """A fact of an interaction.

    Attributes:
        id: Its id.
        text: The statement.
        group: The key of its group.
        group_id: The id of its group.
        is_discarded: A user does not want it; documents are made without it (REST-07).
        source: Where it comes from.
        created_at: When it was made.
        updated_at: When it was changed last.
        evidence: What it rests on.
    """

    id: str
    text: str = ""
    group: str | None = None
    group_id: str | None = None
    is_discarded: bool = False
    source: Annotated[FactSource | str, one_of(FactSource)] | None = None
    created_at: Time = None
    updated_at: Time = None
    evidence: tuple[FactEvidence, ...] = ()


class FactGroupTranslation(RestModel):
    """The name of a group in one language.

    Attributes:
        id: Its number.
        languages_id: The language.
        name: The name.
    """

    id: int | None = None
    languages_id: str | None = None
    name: str | None = None


class FactGroup(RestModel):
    """A group that facts belong to.

    Attributes:
        id: Its id.
        key: The word that facts name it by.
        translations: Its names.
    """

    id: str | None = None
    key: str | None = None
    translations: tuple[FactGroupTranslation, ...] = ()


class ExtractedFact(RestModel):
    """A fact found in a text; it belongs to no interaction.

    Attributes:
        text: The statement.
        group: The key of its group.
        value: The statement again, under its older name.
    """

    text: str
    group: str | None = None
    value: str | None = None


class FactExtraction(RestModel):
    """The facts of a text (REST-08).

    Attributes:
        facts: What was found.
        output_language: The language they are written in.
        usage_info: What it cost.
    """

    facts: tuple[ExtractedFact, ...] = ()
    output_language: str | None = None
    usage_info: UsageInfo | None = None
