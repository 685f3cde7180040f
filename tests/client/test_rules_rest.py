"""What the core API beside the agents asks of every call, rule by rule (section 19)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum

import pytest

from agentkit.client import AsyncCorti
from agentkit.models.fact import FactSource, NewFact
from agentkit.models.interaction import Encounter, EncounterStatus, EncounterType, Gender, Patient
from agentkit.models.transcript import ParticipantRole, TranscriptStatus
from tests.client.connecting import connected
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

WORDS: list[tuple[type[StrEnum], str]] = [
    (EncounterStatus, "planned in-progress on-hold completed cancelled deleted"),
    (EncounterType, "first_consultation consultation emergency inpatient outpatient"),
    (Gender, "male female unknown other"),
    (FactSource, "core system user"),
    (TranscriptStatus, "processing completed failed"),
    (ParticipantRole, "doctor patient multiple"),
]


@pytest.mark.parametrize(("kind", "words"), WORDS)
def test_every_documented_word_has_its_name(kind: type[StrEnum], words: str) -> None:
    """REST-01, REST-02, REST-05 to REST-07; CON-17: the five types of REST, not the eight of the Embedded Assistant."""
    assert {word.value for word in kind} == set(words.split())


async def test_every_documented_word_is_taken_by_the_server() -> None:
    """REST-01, REST-02."""
    double = CortiDouble()
    async with connected(double) as corti:
        for status in EncounterStatus:
            for kind in EncounterType:
                encounter = Encounter(identifier="v", status=status, type=kind)
                made = await corti.interactions.create(encounter=encounter)
                read = (await corti.interactions.get(made.id)).encounter
                assert read is not None
                assert (read.status, read.type) == (status, kind)
        for gender in Gender:
            patient = Patient(identifier="p", gender=gender)
            made = await corti.interactions.create(
                encounter=Encounter(identifier="v", status="planned", type="emergency"), patient=patient
            )
            found = (await corti.interactions.get(made.id)).patient
            assert found is not None
            assert found.gender is gender


CALLS: list[tuple[str, Callable[[AsyncCorti], Awaitable[object]]]] = [
    ("/v2/interactions/", lambda corti: corti.interactions.list(limit=1).all()),
    ("/v2/interactions/i/recordings/", lambda corti: corti.recordings.list("i")),
    ("/v2/interactions/i/transcripts/", lambda corti: corti.transcripts.list("i")),
    ("/v2/interactions/i/facts/", lambda corti: corti.facts.add("i", [NewFact(text="t", group="other")])),
    ("/v2/interactions/i/documents/", lambda corti: corti.documents.list("i")),
    ("/v2/factgroups/", lambda corti: corti.facts.groups()),
    ("/v2/templates/", lambda corti: corti.templates.list()),
    ("/v2/templateSections/", lambda corti: corti.templates.sections()),
    ("/v2/tools/coding/", lambda corti: corti.codes.predict(["cpt"], text="x")),
    ("/v2/tools/extract-facts", lambda corti: corti.facts.extract("x")),
    ("/v2/languages/", lambda corti: corti.languages.list()),
]
EMPTY: dict[str, object] = {
    "interactions": [],
    "recordings": [],
    "transcripts": None,
    "facts": [],
    "data": [],
    "languages": {},
}


@pytest.mark.parametrize(("path", "call"), CALLS)
async def test_every_call_carries_token_and_tenant_and_ends_as_documented(
    path: str, call: Callable[[AsyncCorti], Awaitable[object]]
) -> None:
    """HDR-01, REST-01 to REST-13: the slashes at the end as SDK 5.0.0 sends them."""
    double = CortiDouble()
    double.inject(Answer(200, {**EMPTY, "documents": [], "codes": [], "candidates": [], "outputLanguage": "en"}))
    async with connected(double) as corti:
        await call(corti)
    (sent,) = double.calls
    assert sent.target.partition("?")[0] == path
    assert sent.headers["authorization"].startswith("Bearer ")
    assert sent.headers["tenant-name"] == "base"
