"""The REST models: literal answers typed from section 19, and any JSON at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from agentkit.errors import SpecError, WireError
from agentkit.models import Json
from agentkit.models.code import CodeFilter, CodePrediction
from agentkit.models.document import Document, SectionChanges, TemplateWithSectionKeys, TemplateWithSections
from agentkit.models.fact import Fact, FactChanges, FactExtraction, FactGroup, FactSource, NewFact
from agentkit.models.interaction import (
    CreatedInteraction,
    Encounter,
    EncounterChanges,
    EncounterPeriod,
    EncounterStatus,
    Interaction,
    Patient,
)
from agentkit.models.language import Language
from agentkit.models.recording import CreatedRecording
from agentkit.models.rest import RestModel
from agentkit.models.template import Template, TemplateSection
from agentkit.models.transcript import Participant, Transcript, TranscriptState, TranscriptSummary
from agentkit.wire.jsontext import parse_json
from agentkit.wire.rest import decode, decode_all, encode
from tests.wire.strategies import json as any_json

ANSWERS: dict[str, tuple[type[RestModel], str]] = {
    "REST-01 created": (
        CreatedInteraction,
        """{"interactionId":"i-1","websocketUrl":"wss://api.eu.corti.app/audio-bridge/v2/interactions/i-1/streams"}""",
    ),
    "REST-01": (
        Interaction,
        """{"id":"i-1","assignedUserId":"u-1","encounter":{"identifier":"v-1","status":"in-progress",
        "type":"first_consultation","period":{"startedAt":"2026-11-21T09:30:00Z","endedAt":null},"title":"Ear"},
        "patient":{"identifier":"p-1","name":"Anna Berg","gender":"other","birthDate":"1980-04-02T00:00:00.000Z",
        "pronouns":"they"},"createdAt":"2026-11-21T09:30:00.123456Z","updatedAt":"2026-11-21T10:30:00+01:00",
        "lastUpdated":"2026-11-21T09:30:00","endedAt":null,"websocketUrl":"wss://x"}""",
    ),
    "REST-04": (CreatedRecording, """{"recordingId":"r-1"}"""),
    "REST-05": (
        Transcript,
        """{"id":"t-1","metadata":{"participantsRoles":[{"channel":0,"role":"doctor"}]},"transcripts":[{"channel":0,
        "participant":0,"speakerId":-1,"text":"Hello","start":0,"end":900}],"usageInfo":{"creditsConsumed":0.5},
        "recordingId":"r-1","status":"completed"}""",
    ),
    "REST-06": (
        Transcript,
        """{"id":"t-1","metadata":{"participantsRoles":null},"transcripts":null,"usageInfo":{"creditsConsumed":0},
        "recordingId":"r-1","status":"processing"}""",
    ),
    "REST-07": (
        Fact,
        """{"id":"f-1","text":"Smokes","group":"social","groupId":"g-1","isDiscarded":true,"source":"core",
        "createdAt":"2026-11-21T09:30:00Z","updatedAt":"2026-11-21T09:30:00Z",
        "evidence":[{"type":"transcript","reference":"t-1","quote":"I smoke"}]}""",
    ),
    "REST-08": (
        FactExtraction,
        """{"facts":[{"group":"social","value":"Smokes","text":"Smokes"}],"outputLanguage":"en",
        "usageInfo":{"creditsConsumed":1}}""",
    ),
    "REST-09": (
        Document,
        """{"id":"d-1","name":"Note","templateRef":"corti-brief","isStream":false,"sections":[{"key":"k","name":"n",
        "text":"t","sort":1,"createdAt":"2026-11-21T09:30:00Z","updatedAt":"2026-11-21T09:30:00Z"}],
        "createdAt":"2026-11-21T09:30:00Z","updatedAt":"2026-11-21T09:30:00Z","outputLanguage":"en",
        "usageInfo":{"creditsConsumed":1}}""",
    ),
    "REST-11": (
        Template,
        """{"key":"corti-brief","name":"Brief","description":"d","status":"published","templateSections":[{"sort":0,
        "section":{"key":"s","name":"n","description":"d","type":"text","defaultWritingStyle":{"name":"w"},
        "defaultFormatRule":{"name":null},"translations":[{"languageId":"en","name":null}]}}],
        "translations":[{"languageId":"en","name":"Brief"}],"updatedAt":null}""",
    ),
    "REST-12": (
        CodePrediction,
        """{"codes":[{"system":"icd10cm-outpatient","code":"Z88.0","display":"Allergy","evidences":[{"contextIndex":0,
        "text":"a","start":0,"end":1}],"alternatives":[{"code":"Z88.1","display":"b"}]}],
        "candidates":[{"system":"cpt","code":"1","display":"c"}],"usageInfo":{"creditsConsumed":2}}""",
    ),
}


@pytest.mark.parametrize("rule", ANSWERS)
def test_an_answer_of_the_contract_loses_nothing(rule: str) -> None:
    model, text = ANSWERS[rule]
    read = decode(model, json.loads(text))
    assert decode(model, encode(read)) == read
    assert read.unknown_fields == {}
    again = json.dumps(encode(read))
    assert {key for key in json.loads(text) if json.loads(text)[key] is not None} == set(json.loads(again))


def test_an_interaction_is_read_as_it_stands() -> None:
    """REST-01, REST-02; times come out in UTC, without zone they are UTC."""
    read = decode(Interaction, json.loads(ANSWERS["REST-01"][1]))
    assert read.encounter is not None
    assert read.encounter.status is EncounterStatus.IN_PROGRESS
    assert read.created_at == datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
    assert read.updated_at == read.last_updated == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert read.patient is not None
    assert (read.patient.pronouns, read.patient.birth_date) == ("they", date(1980, 4, 2))


@pytest.mark.parametrize(
    ("model", "value", "path", "reason"),
    [
        (Interaction, {}, "x.id", "missing"),
        (Interaction, {"id": None}, "x.id", "missing"),
        (Interaction, {"id": "i", "encounter": {"period": []}}, "x.encounter.period", "type"),
        (Transcript, {"id": "t", "transcripts": [{"text": "a"}, {"start": 1}]}, "x.transcripts[1].text", "missing"),
        (Transcript, {"id": "t", "transcripts": [{"text": "a", "start": "Anna"}]}, "x.transcripts[0].start", "type"),
        (Fact, {"id": "f", "evidence": "Anna"}, "x.evidence", "type"),
        (TranscriptState, {"status": ["Anna"]}, "x.status", "type"),
        (Document, "Anna", "x", "type"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place_only(
    model: type[RestModel], value: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as caught:
        decode(model, value, "x")
    assert (caught.value.path, caught.value.reason) == (path, reason)
    assert "Anna" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_field_spelled_like_an_attribute_is_not_taken_for_it() -> None:
    read = decode(Interaction, {"id": "i", "createdAt": "2026-11-21T09:30:00Z", "websocket_url": 5})
    assert read.websocket_url is None


def test_null_counts_as_absent() -> None:
    """SDKC-06."""
    read = decode(Fact, {"id": "f", "text": None, "isDiscarded": None, "evidence": None, "ours": None})
    assert (read.text, read.is_discarded, read.evidence) == ("", False, ())
    assert read.unknown_fields == {"ours": None}
    assert decode_all(TranscriptSummary, {"transcripts": None}, "transcripts") == ()


def test_what_was_not_set_is_left_out_and_none_is_null() -> None:
    assert encode(EncounterChanges(status="planned")) == {"status": "planned"}
    assert encode(EncounterChanges(title=None)) == {"title": None}
    assert encode(EncounterChanges()) == {}
    assert encode(SectionChanges(key="k", sort=0)) == {"key": "k", "sort": 0}


def test_times_are_sent_in_utc() -> None:
    start = datetime.fromisoformat("2026-11-21T10:30:00+01:00")
    assert encode(EncounterPeriod(started_at=start)) == {"startedAt": "2026-11-21T09:30:00Z"}


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
optional = st.none() | text
moments = st.none() | st.datetimes(timezones=st.just(UTC))


def authored(model: type[RestModel], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[RestModel]:
    """A model as a caller makes it, with some of its fields."""
    required = {name: field for name, field in fields.items() if model.model_fields[name].is_required()}
    others = {name: field for name, field in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=others).map(lambda given: model(**given))


periods = authored(EncounterPeriod, started_at=moments, ended_at=moments)
states = st.sampled_from(EncounterStatus)
kinds = st.sampled_from(["consultation", "emergency"])
MADE = st.one_of(
    authored(Encounter, identifier=text, status=states, type=kinds, period=st.none() | periods, title=optional),
    authored(EncounterChanges, identifier=optional, status=st.none() | states, period=st.none() | periods),
    authored(
        Patient,
        identifier=text,
        name=optional,
        gender=st.none() | st.sampled_from(["male", "other"]),
        birth_date=st.none() | st.dates(),
        pronouns=optional,
    ),
    authored(Participant, channel=st.integers(0, 7), role=st.sampled_from(["doctor", "multiple"])),
    authored(NewFact, text=text, group=text, source=st.none() | st.sampled_from(FactSource)),
    authored(FactChanges, fact_id=text, text=optional, is_discarded=st.none() | st.booleans()),
    authored(TemplateWithSectionKeys, section_keys=st.lists(text, min_size=1, max_size=3), document_name=optional),
    authored(SectionChanges, key=text, text=optional, sort=st.none() | st.integers(0, 9)),
    authored(CodeFilter, include=st.lists(text, max_size=2), expand=st.none() | st.booleans()),
)
READ: tuple[type[RestModel], ...] = (
    *{model for model, _ in ANSWERS.values()},
    TemplateWithSections,
    TranscriptSummary,
    TemplateSection,
    FactGroup,
    Language,
    Encounter,
    Patient,
)


@settings(max_examples=200, deadline=None)
@given(MADE)
def test_what_is_written_is_read_back(made: RestModel) -> None:
    assert decode(type(made), parse_json(json.dumps(encode(made)).encode())) == made


names = sorted({to_camel(name) for model in READ for name in model.model_fields})
plausible: st.SearchStrategy[Json] = st.recursive(
    any_json | st.just(10**400) | st.sampled_from(["planned", "2026-11-21T09:30:00Z", "0001-01-01T00:00:00+14:00"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*names, "transcripts"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(READ), plausible, st.booleans())
def test_any_json_is_read_or_refused(model: type[RestModel], value: Json, is_identified: bool) -> None:
    if is_identified and isinstance(value, dict):
        value = {**value, "id": "i", "key": "k", "code": "c", "identifier": "x", "interactionId": "i"}
    try:
        read = decode(model, value)
    except WireError:
        return
    assert decode(model, encode(read)) == read
    assert repr(read)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([Encounter, Patient, NewFact, CodeFilter]), st.dictionaries(text, any_json, max_size=4))
def test_an_author_meets_no_foreign_error(model: type[RestModel], fields: dict[str, Any]) -> None:
    make: Any = model
    try:
        make(**{**fields, "text": fields, "identifier": None})
    except SpecError:
        return
