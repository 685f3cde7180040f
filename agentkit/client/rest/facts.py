"""Facts (REST-07, REST-08)."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.client.answers import read_json
from agentkit.client.operation import Operation, path
from agentkit.client.rest.contexts import text_contexts
from agentkit.errors import SpecError
from agentkit.models import Json
from agentkit.models.fact import Fact, FactChanges, FactExtraction, FactGroup, FactSource, NewFact
from agentkit.models.rest import word
from agentkit.wire.reader import put
from agentkit.wire.rest import decode, decode_all, encode


def list_facts(interaction_id: str) -> Operation[tuple[Fact, ...]]:
    """All facts, discarded ones too."""
    return Operation(
        name="client.facts.list",
        method="GET",
        root="base",
        path=path("/interactions/{interaction_id}/facts/", interaction_id=interaction_id),
        parse=read_json(lambda value: decode_all(Fact, value, "facts")),
    )


def add_facts(interaction_id: str, facts: Sequence[NewFact]) -> Operation[tuple[Fact, ...]]:
    """Add facts.

    Raises:
        SpecError: There is none.
    """
    return _send(interaction_id, "client.facts.add", "POST", facts)


def update_facts(interaction_id: str, changes: Sequence[FactChanges]) -> Operation[tuple[Fact, ...]]:
    """Change several facts.

    Raises:
        SpecError: There is none.
    """
    return _send(interaction_id, "client.facts.update_many", "PATCH", changes)


def update_fact(
    interaction_id: str,
    fact_id: str,
    *,
    text: str | None = None,
    group: str | None = None,
    source: FactSource | str | None = None,
    is_discarded: bool | None = None,
) -> Operation[Fact]:
    """Change what is given of one fact.

    Raises:
        SpecError: The source is none of those known.
    """
    template = "/interactions/{interaction_id}/facts/{fact_id}"
    return Operation(
        name="client.facts.update",
        method="PATCH",
        root="base",
        path=path(template, interaction_id=interaction_id, fact_id=fact_id),
        body=put(
            {},
            {
                "text": text,
                "group": group,
                "source": word(FactSource, source, "source") if source is not None else None,
                "isDiscarded": is_discarded,
            },
        ),
        parse=read_json(lambda value: decode(Fact, value)),
    )


def list_fact_groups() -> Operation[tuple[FactGroup, ...]]:
    """The groups that facts belong to (REST-08)."""
    return Operation(
        name="client.facts.groups",
        method="GET",
        root="base",
        path="/factgroups/",
        parse=read_json(lambda value: decode_all(FactGroup, value, "data")),
    )


def extract_facts(text: str | Sequence[str], language: str) -> Operation[FactExtraction]:
    """Find facts in texts; nothing is stored (REST-08).

    Raises:
        SpecError: There is no text.
    """
    return Operation(
        name="client.facts.extract",
        method="POST",
        root="base",
        path="/tools/extract-facts",
        body={"context": text_contexts(text), "outputLanguage": language},
        parse=read_json(lambda value: decode(FactExtraction, value)),
    )


def _send(
    interaction_id: str, name: str, method: str, facts: Sequence[NewFact] | Sequence[FactChanges]
) -> Operation[tuple[Fact, ...]]:
    if not facts:
        raise SpecError("facts", "is empty", remedy="Pass at least one.")
    items: list[Json] = [encode(fact, f"facts[{index}]") for index, fact in enumerate(facts)]
    return Operation(
        name=name,
        method=method,
        root="base",
        path=path("/interactions/{interaction_id}/facts/", interaction_id=interaction_id),
        body={"facts": items},
        parse=read_json(lambda value: decode_all(Fact, value, "facts")),
    )
