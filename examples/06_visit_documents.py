"""From what was said in a visit to facts, a document and codes, with Corti's REST API beside the agents.

It talks to the Corti that the variables `CORTI_*` or `.env` name. The local platform serves agents only; without an
account, a checkout has a stand-in: `python -m tests.stand_in examples/06_visit_documents.py`
"""

import asyncio
from datetime import UTC, datetime

from agentkit import AsyncCorti
from agentkit.models.code import CodingSystem
from agentkit.models.fact import FactSource, NewFact
from agentkit.models.interaction import (
    Encounter,
    EncounterChanges,
    EncounterPeriod,
    EncounterStatus,
    EncounterType,
    Patient,
)

SAID = ["Penicillin gives her a rash.", "Her throat has been sore for three days, and she has no fever."]

visit = Encounter(
    identifier="visit-2026-11-21",
    status=EncounterStatus.IN_PROGRESS,
    type=EncounterType.CONSULTATION,
    period=EncounterPeriod(started_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
)


async def main() -> None:
    async with AsyncCorti() as corti:
        interaction = await corti.interactions.create(encounter=visit, patient=Patient(identifier="synthetic-17"))

        # Extracting stores nothing; what shall stay is added to the interaction.
        found = await corti.facts.extract(SAID)
        new = [NewFact(text=fact.text, group=fact.group) for fact in found.facts if fact.group]
        own = NewFact(text="Latex does no harm.", group="allergies", source=FactSource.USER)
        facts = await corti.facts.add(interaction.id, [own, *new])
        for fact in facts:
            print("fact:", fact.group, "-", fact.text)

        # A person takes one back; it is marked, not deleted, and documents are made without it.
        await corti.facts.update(interaction.id, facts[-1].id, is_discarded=True)
        facts = await corti.facts.list(interaction.id)
        assert any(fact.is_discarded for fact in facts)

        template = (await corti.templates.list())[0]
        document = await corti.documents.create(interaction.id, facts, template=template.key)
        for section in document.sections:
            print("document:", section.name, "-", section.text)
        assert document.sections

        # Codes are a suggestion, with the words they rest on.
        predicted = await corti.codes.predict([CodingSystem.ICD10CM_OUTPATIENT], text=SAID)
        for code in predicted.codes:
            print("code:", code.code, code.display, [evidence.text for evidence in code.evidences])

        done = await corti.interactions.update(
            interaction.id, encounter=EncounterChanges(status=EncounterStatus.COMPLETED)
        )
        assert done.encounter
        print("encounter:", done.encounter.status)
        await corti.interactions.delete(interaction.id)  # with its facts and documents


if __name__ == "__main__":
    asyncio.run(main())
