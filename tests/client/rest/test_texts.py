from __future__ import annotations

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import NotFoundError, SpecError
from agentkit.models.code import CodeFilter, CodingSystem
from agentkit.models.document import (
    DocumentationMode,
    SectionChanges,
    SectionOverride,
    TemplateWithSectionKeys,
    TemplateWithSections,
)
from agentkit.models.fact import FactChanges, FactSource, NewFact
from agentkit.models.language import SpeechEndpoint
from agentkit.models.transcript import TranscriptSegment
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio


async def test_facts_are_added_changed_and_discarded(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-07."""
    penicillin, latex = await corti.facts.add(
        interaction_id,
        [
            NewFact(text="Allergic to penicillin", group="allergies"),
            NewFact(text="Allergic to latex", group="allergies", source=FactSource.SYSTEM),
        ],
    )
    assert double.calls[-1].json["facts"] == [
        {"text": "Allergic to penicillin", "group": "allergies"},
        {"text": "Allergic to latex", "group": "allergies", "source": "system"},
    ]
    assert (penicillin.source, latex.source) == (FactSource.USER, FactSource.SYSTEM)
    assert "penicillin" not in repr(penicillin)

    changed = await corti.facts.update(interaction_id, latex.id, text="Bears latex", source="user", is_discarded=False)
    assert double.calls[-1].json == {"text": "Bears latex", "source": "user", "isDiscarded": False}
    assert (changed.text, changed.group) == ("Bears latex", "allergies")
    (discarded,) = await corti.facts.update_many(interaction_id, [FactChanges(fact_id=latex.id, is_discarded=True)])
    assert double.calls[-1].json == {"facts": [{"factId": latex.id, "isDiscarded": True}]}
    assert discarded.is_discarded
    assert [fact.is_discarded for fact in await corti.facts.list(interaction_id)] == [False, True]

    with pytest.raises(NotFoundError):
        await corti.facts.update(interaction_id, "none", text="x")
    with pytest.raises(SpecError, match="facts: is empty"):
        await corti.facts.add(interaction_id, [])
    assert {target.replace(interaction_id, "I").replace(latex.id, "F") for target in double.targets[1:-1]} == {
        "POST /v2/interactions/I/facts/",
        "PATCH /v2/interactions/I/facts/F",
        "PATCH /v2/interactions/I/facts/",
        "GET /v2/interactions/I/facts/",
    }


async def test_facts_are_found_in_texts_without_an_interaction(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-08."""
    found = await corti.facts.extract(["Allergic to nuts.", "Smokes."], language="de")
    assert double.targets == ["POST /v2/tools/extract-facts"]
    assert double.calls[-1].json == {
        "context": [{"type": "text", "text": "Allergic to nuts."}, {"type": "text", "text": "Smokes."}],
        "outputLanguage": "de",
    }
    assert [(fact.group, fact.text) for fact in found.facts] == [
        ("allergies", "Allergic to nuts."),
        ("allergies", "Smokes."),
    ]
    assert found.output_language == "de"
    assert found.usage_info is not None
    assert found.usage_info.credits_consumed == 0.5
    with pytest.raises(SpecError, match="text: is empty"):
        await corti.facts.extract("  ")
    (group,) = await corti.facts.groups()
    assert (group.key, group.translations[0].name) == ("allergies", "Allergies")


async def test_a_document_is_made_of_the_facts_that_are_not_discarded(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-09; REST-07: discarding only marks, so the client filters."""
    kept, gone = await corti.facts.add(
        interaction_id, [NewFact(text="Smokes", group="social"), NewFact(text="Drinks", group="social")]
    )
    gone = await corti.facts.update(interaction_id, gone.id, is_discarded=True)
    document = await corti.documents.create(
        interaction_id,
        [kept, gone],
        template="corti-brief",
        language="en",
        name="Note",
        disable_guardrails=False,
        mode=DocumentationMode.ROUTED_PARALLEL,
    )
    assert double.calls[-1].json == {
        "context": [{"type": "facts", "data": [{"text": "Smokes", "group": "social", "source": "user"}]}],
        "outputLanguage": "en",
        "templateKey": "corti-brief",
        "name": "Note",
        "disableGuardrails": False,
        "documentationMode": "routed_parallel",
    }
    assert (document.name, document.template_ref, document.is_stream) == ("Note", "corti-brief", False)
    assert document.sections[0].text == "Smokes"
    assert "Smokes" not in repr(document)
    with pytest.raises(SpecError, match="context: holds nothing"):
        await corti.documents.create(interaction_id, [gone], template="corti-brief")

    assert await corti.documents.list(interaction_id) == (document,)
    changed = await corti.documents.update(
        interaction_id, document.id, name="Better", sections=[SectionChanges(key="corti-summary", text="Smokes daily")]
    )
    assert double.calls[-1].json == {"name": "Better", "sections": [{"key": "corti-summary", "text": "Smokes daily"}]}
    assert (changed.name, changed.sections[0].text) == ("Better", "Smokes daily")
    assert await corti.documents.get(interaction_id, document.id) == changed
    await corti.documents.delete(interaction_id, document.id)
    with pytest.raises(NotFoundError):
        await corti.documents.get(interaction_id, document.id)


async def test_a_document_is_made_of_a_transcript_or_of_words(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-09: each utterance is a context of its own."""
    recording = await corti.recordings.upload(interaction_id, b"audio")
    transcript = await corti.transcripts.create(interaction_id, recording, "en")
    by_keys = TemplateWithSectionKeys(section_keys=("corti-allergies",), document_name="Allergies")
    document = await corti.documents.create(interaction_id, transcript, template=by_keys)
    sent = double.calls[-1].json
    assert [(each["type"], each["data"]["text"]) for each in sent["context"]] == [
        ("transcript", "Any allergies?"),
        ("transcript", "Penicillin."),
    ]
    assert sent["template"] == {"sectionKeys": ["corti-allergies"], "documentName": "Allergies"}
    assert document.sections[0].text == "Any allergies? Penicillin."

    override = SectionOverride(key="corti-allergies", name_override="Allergies", content_override="Drugs only")
    await corti.documents.create(interaction_id, "Bears no nuts.", template=TemplateWithSections(sections=(override,)))
    sent = double.calls[-1].json
    assert sent["context"] == [{"type": "string", "data": "Bears no nuts."}]
    assert sent["template"] == {
        "sections": [{"key": "corti-allergies", "nameOverride": "Allergies", "contentOverride": "Drugs only"}]
    }


async def test_a_document_of_nothing_or_of_a_mixture_is_not_sent(corti: AsyncCorti, double: CortiDouble) -> None:
    mixed = [NewFact(text="Smokes", group="social"), TranscriptSegment(text="Hello")]
    for context in (mixed, [], ""):
        with pytest.raises(SpecError, match="context: "):
            await corti.documents.create("i-1", context, template="t")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match=r"TemplateWithSections.sections: must not be empty"):
        TemplateWithSections(sections=())
    assert double.calls == []


@pytest.mark.parametrize("context", [None, 5, NewFact(text="Smokes", group="social"), ["Hello"], {"text": "Hello"}])
async def test_what_a_document_cannot_be_made_of_is_told_with_what_it_can(
    corti: AsyncCorti, double: CortiDouble, context: object
) -> None:
    with pytest.raises(SpecError, match=r"context: .*Pass one text, one transcript, a list of its segments, or a list"):
        await corti.documents.create("i-1", context, template="t")  # pyright: ignore[reportArgumentType]
    assert double.calls == []


async def test_an_object_that_is_no_model_is_told_by_the_name_of_its_argument(
    corti: AsyncCorti, double: CortiDouble
) -> None:
    fact = NewFact(text="Smokes", group="social")
    with pytest.raises(SpecError, match=r"facts\[0\]: is a tuple\. .*several go into a list"):
        await corti.facts.add("i-1", fact)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match=r"facts\[0\]: is a dict"):
        await corti.facts.add("i-1", [{"text": "Smokes"}])  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match="template: is a NoneType"):
        await corti.documents.create("i-1", "Hello", template=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match="only: is a dict"):
        await corti.codes.predict(["cpt"], text="x", only={"include": ["Z88"]})  # pyright: ignore[reportArgumentType]
    assert double.calls == []


async def test_a_word_that_nobody_knows_is_refused_with_those_known(corti: AsyncCorti, double: CortiDouble) -> None:
    with pytest.raises(SpecError, match="source: must be one of core, system, user"):
        await corti.facts.update("i-1", "f-1", source="robot")
    with pytest.raises(SpecError, match="mode: must be one of global_sequential, routed_parallel"):
        await corti.documents.create("i-1", "Hello", template="t", mode="fast")
    with pytest.raises(SpecError, match="endpoint: must be one of streams, transcribe, transcripts"):
        await corti.languages.list("elsewhere")
    assert double.calls == []


@pytest.mark.parametrize("text", [None, 5, b"She coughs.", ["She coughs.", None]])
async def test_what_is_no_text_is_refused(corti: AsyncCorti, double: CortiDouble, text: object) -> None:
    with pytest.raises(SpecError, match="text: must"):
        await corti.facts.extract(text)  # pyright: ignore[reportArgumentType]
    assert double.calls == []


async def test_none_is_the_same_as_leaving_a_field_out_where_corti_takes_no_null(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-07: an optional field of a fact may be absent, and is never null."""
    (fact,) = await corti.facts.add(interaction_id, [NewFact(text="Smokes", group="social", source=None)])
    assert double.calls[-1].json["facts"] == [{"text": "Smokes", "group": "social"}]
    changes = FactChanges(fact_id=fact.id, text=None, is_discarded=True)
    (changed,) = await corti.facts.update_many(interaction_id, [changes])
    assert double.calls[-1].json["facts"] == [{"factId": fact.id, "isDiscarded": True}]
    assert changed.text == "Smokes"


async def test_templates_and_their_sections_are_listed(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-11."""
    (template,) = await corti.templates.list(organizations=["corti"], languages=["en", "de"], statuses=["published"])
    assert double.calls[-1].query == {"org": ["corti"], "lang": ["en", "de"], "status": ["published"]}
    assert (template.key, template.updated_at) == ("corti-brief", None)
    section = template.template_sections[0].section
    assert (section.key, section.default_format_rule and section.default_format_rule.name) == ("corti-allergies", None)
    assert await corti.templates.get("corti-brief") == template
    assert await corti.templates.sections() == (section,)
    assert await corti.templates.sections(organizations=["other"]) == ()
    with pytest.raises(NotFoundError):
        await corti.templates.get("none")
    assert double.targets[1:3] == ["GET /v2/templates/corti-brief", "GET /v2/templateSections/"]


async def test_codes_are_predicted_with_their_evidence(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-12."""
    found = await corti.codes.predict([CodingSystem.ICD10CM_OUTPATIENT], text="Allergic to penicillin")
    assert double.targets == ["POST /v2/tools/coding/"]
    assert double.calls[-1].json == {
        "system": ["icd10cm-outpatient"],
        "context": [{"type": "text", "text": "Allergic to penicillin"}],
    }
    (code,) = found.codes
    assert (code.system, code.code, code.alternatives[0].code) == (CodingSystem.ICD10CM_OUTPATIENT, "Z88.0", "Z88.1")
    evidence = code.evidences[0]
    assert (evidence.context_index, evidence.text, evidence.start, evidence.end) == (0, "Aller", 0, 5)
    assert found.candidates[0].code == "T36.0"
    assert found.usage_info is not None
    assert found.usage_info.credits_consumed == 2
    assert "Z88" not in repr(found)

    only = CodeFilter(include=("Z88",), exclude=("Z88.0",), expand=False)
    filtered = await corti.codes.predict(["icd11-next"], document_id="d-1", only=only)
    assert double.calls[-1].json == {
        "system": ["icd11-next"],
        "context": [{"type": "documentId", "documentId": "d-1"}],
        "filter": {"include": ["Z88"], "exclude": ["Z88.0"], "expand": False},
    }
    assert filtered.codes == ()


async def test_a_prediction_needs_systems_and_either_texts_or_documents(corti: AsyncCorti, double: CortiDouble) -> None:
    with pytest.raises(SpecError, match="systems: is empty"):
        await corti.codes.predict([], text="x")
    with pytest.raises(SpecError, match="exactly one"):
        await corti.codes.predict(["cpt"], text="x", document_id="d-1")
    with pytest.raises(SpecError, match="text: or document_id is needed"):
        await corti.codes.predict(["cpt"])
    with pytest.raises(SpecError, match="systems: is empty, or"):
        await corti.codes.predict([None], text="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError, match="document_id: is empty"):
        await corti.codes.predict(["cpt"], document_id=[])
    assert double.calls == []


async def test_languages_are_listed_by_endpoint(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-13."""
    assert [language.code for language in await corti.languages.list()] == ["en", "gsw-CH", "pt"]
    english, swiss = await corti.languages.list(SpeechEndpoint.STREAMS)
    assert double.targets == ["GET /v2/languages/", "GET /v2/languages/?endpoint=streams"]
    assert (english.code, swiss.code) == ("en", "gsw-CH")
    assert swiss.details == {"name": "Swiss German", "endpoints": ["streams"]}
