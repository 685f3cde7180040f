"""Corti's own JavaScript SDK calls the REST half of the double, so the double's wire is not ours alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentkit.client import AsyncCorti
from agentkit.models.code import CodeFilter
from agentkit.models.fact import NewFact
from agentkit.models.interaction import Encounter, EncounterChanges, EncounterPeriod, Patient
from agentkit.models.transcript import Participant
from agentkit.testing import ASGITransport
from tests.contract.corti_double import Call, CortiDouble
from tests.contract.serving import served
from tests.js.node import HERE, RunNode

pytestmark = pytest.mark.anyio

SCRIPT: Path = HERE / "rest.mjs"


async def test_corti_sdk_calls_every_rest_method(run_node: RunNode) -> None:
    """REST-01 to REST-09, REST-11, REST-12, REST-14; SDK 1.0.0 has no languages."""
    double = CortiDouble()
    double.rest.slow_looks = 1
    async with served(double):
        done = await run_node(SCRIPT, env={"BASE": double.url})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    _check_visit(told)
    _check_texts(told)
    refusals = told["refusals"]
    assert refusals["missing"]["status"] == 404
    assert refusals["missing"]["body"]["type"] == "not_found"
    assert refusals["empty"]["name"] == "BadRequestError"
    assert refusals["empty"]["body"]["validationErrors"] == [{"encounter.identifier": "must have 1 to None characters"}]
    assert refusals["status"]["name"] == "NotFoundError"
    assert told["left"] == 0
    assert {call.headers["tenant-name"] for call in double.calls} == {"base"}


def _check_visit(told: dict[str, Any]) -> None:
    assert told["created"]["id"] in told["created"]["url"]
    assert told["listed"] == ["visit-1", "visit-2"]
    assert told["got"]["encounter"]["period"]["startedAt"] == "2026-11-21T09:30:00.000Z"
    assert told["got"]["patient"]["birthDate"] == "1980-04-02T00:00:00.000Z"
    assert told["updated"]["status"] == "completed"
    assert told["updated"]["identifier"] == "visit-1"
    assert (told["recordings"], told["downloaded"]) == (1, [1, 2, 0, 255])
    assert (told["transcript"]["status"], told["transcript"]["transcripts"]) == ("processing", None)
    assert told["status"] == ["processing", "completed"]
    assert [segment["text"] for segment in told["complete"]["transcripts"]] == ["Any allergies?", "Penicillin."]
    assert told["transcripts"][0]["transcript"]["metadata"]["participantsRoles"] == [{"channel": 0, "role": "doctor"}]


def _check_texts(told: dict[str, Any]) -> None:
    assert (told["fact"]["text"], told["discarded"], told["facts"]) == ("Smokes daily", True, 1)
    assert told["groups"][0]["key"] == "allergies"
    assert told["extracted"]["facts"] == [{"group": "allergies", "value": "Smokes.", "text": "Smokes."}]
    assert (told["document"]["name"], told["document"]["sections"][0]["text"]) == ("Note", "Smokes daily")
    assert told["assembled"] == "Any allergies? Penicillin."
    assert (told["renamed"], told["document2"], told["documents"]) == ("Better", "Better", 2)
    assert (told["templates"][0]["key"], told["template"]) == ("corti-brief", "corti-brief")
    assert told["sections"] == ["corti-allergies"]
    assert told["predicted"]["codes"][0]["evidences"] == [{"contextIndex": 0, "text": "Aller", "start": 0, "end": 5}]


async def test_our_client_sends_what_corti_sdk_sends(run_node: RunNode) -> None:
    """The same calls as in the script, by both clients: same targets, same bodies."""
    theirs, ours = CortiDouble(), CortiDouble()
    async with served(theirs):
        done = await run_node(SCRIPT, env={"BASE": theirs.url})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    async with AsyncCorti(base_url=ours.url, token=ours.token(), transport=ASGITransport(ours.app)) as corti:
        await _same_calls(corti)
    assert _bodies(ours) == {key: body for key, body in _bodies(theirs).items() if key in _bodies(ours)}
    assert len(_bodies(ours)) == 9


async def _same_calls(corti: AsyncCorti) -> None:
    start = EncounterPeriod.model_validate({"started_at": "2026-11-21T09:30:00Z"})
    encounter = Encounter(
        identifier="visit-1", status="planned", type="first_consultation", period=start, title="Ear ache"
    )
    patient = Patient.model_validate(
        {"identifier": "p-1", "name": "Anna Berg", "gender": "female", "birth_date": "1980-04-02"}
    )
    visit = (await corti.interactions.create(encounter=encounter, patient=patient)).id
    await corti.interactions.update(visit, encounter=EncounterChanges(status="completed"))
    recording = await corti.recordings.upload(visit, bytes([1, 2, 0, 255]))
    speaker = Participant(channel=0, role="doctor")
    await corti.transcripts.create(visit, recording, "en", diarize=True, participants=[speaker])
    (fact,) = await corti.facts.add(visit, [NewFact(text="Smokes", group="social", source="user")])
    fact = await corti.facts.update(visit, fact.id, text="Smokes daily")
    await corti.documents.create(visit, [fact], template="corti-brief", name="Note")
    await corti.facts.extract("Smokes.")
    only = CodeFilter(include=("Z88",), exclude=())
    await corti.codes.predict(["icd10cm-outpatient"], text="Allergic to penicillin", only=only)


def _bodies(double: CortiDouble) -> dict[str, object]:
    """The first body sent to each place; ids and the times' fractions differ and are levelled."""
    found: dict[str, object] = {}
    for call in double.calls:
        if call.body:
            found.setdefault(_place(call), _levelled(call))
    return found


def _place(call: Call) -> str:
    steps = ["{id}" if len(step) == 36 else step for step in call.target.split("/")]
    return f"{call.method} {'/'.join(steps)}"


def _levelled(call: Call) -> object:
    if call.headers["content-type"] == "application/octet-stream":
        return call.body
    body = json.loads(call.body.replace(b".000Z", b"Z"))
    return body | {"recordingId": "{id}"} if "recordingId" in body else body
