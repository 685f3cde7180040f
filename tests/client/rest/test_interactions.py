from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import ApiError, BadRequestError, ForbiddenError, NotFoundError, SpecError, WireError
from agentkit.models.interaction import (
    Encounter,
    EncounterChanges,
    EncounterPeriod,
    EncounterStatus,
    EncounterType,
    Gender,
    InteractionSort,
    Patient,
    SortDirection,
)
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def encounter(identifier: str = "visit-1", status: str = "planned") -> Encounter:
    return Encounter(identifier=identifier, status=status, type=EncounterType.CONSULTATION)


async def test_an_interaction_is_created_read_changed_and_deleted(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-01, REST-02."""
    created = await corti.interactions.create(
        encounter=Encounter(
            identifier="visit-1",
            status=EncounterStatus.PLANNED,
            type="consultation",
            period=EncounterPeriod(started_at=START),
            title="Ear ache",
        ),
        patient=Patient(identifier="p-1", name="Anna Berg", gender=Gender.FEMALE, birth_date=date(1980, 4, 2)),
        assigned_user_id="2d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02",
    )
    assert double.calls[-1].json == {
        "assignedUserId": "2d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02",
        "encounter": {
            "identifier": "visit-1",
            "status": "planned",
            "type": "consultation",
            "period": {"startedAt": "2026-11-21T09:30:00Z"},
            "title": "Ear ache",
        },
        "patient": {
            "identifier": "p-1",
            "name": "Anna Berg",
            "gender": "female",
            "birthDate": "1980-04-02T00:00:00.000Z",
        },
    }
    assert created.websocket_url is not None
    assert created.id in created.websocket_url
    assert created.websocket_url not in repr(created)

    got = await corti.interactions.get(created.id)
    assert got.assigned_user_id == "2d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02"
    assert got.encounter is not None
    assert got.encounter.status is EncounterStatus.PLANNED
    assert got.encounter.period == EncounterPeriod(started_at=START)
    assert got.patient is not None
    assert (got.patient.name, got.patient.birth_date) == ("Anna Berg", date(1980, 4, 2))
    assert got.created_at is not None
    assert got.created_at.tzinfo is UTC
    assert "Anna" not in repr(got)
    assert "wss:" not in repr(got)
    assert "female" not in repr(got)

    changed = await corti.interactions.update(
        created.id, encounter=EncounterChanges(status="completed", title=None), patient=Patient(identifier="p-2")
    )
    assert double.calls[-1].json == {
        "encounter": {"status": "completed", "title": None},
        "patient": {"identifier": "p-2"},
    }
    assert changed.encounter is not None
    assert changed.encounter.status == "completed"
    assert changed.encounter.identifier == "visit-1"

    await corti.interactions.delete(created.id)
    with pytest.raises(NotFoundError):
        await corti.interactions.get(created.id)
    assert double.targets == [
        "POST /v2/interactions/",
        f"GET /v2/interactions/{created.id}",
        f"PATCH /v2/interactions/{created.id}",
        f"DELETE /v2/interactions/{created.id}",
        f"GET /v2/interactions/{created.id}",
    ]
    assert {call.headers["tenant-name"] for call in double.calls} == {"base"}
    assert len(double.token_calls) == 1


async def test_a_list_goes_on_until_a_page_is_empty(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-03; a server may give less at once than it is asked for."""
    double.rest.most_items = 2
    for number in range(5):
        await corti.interactions.create(encounter=encounter(f"visit-{number}"))
    double.calls.clear()
    found = [item.encounter.identifier async for item in corti.interactions.list(page_size=50) if item.encounter]
    assert found == ["visit-4", "visit-3", "visit-2", "visit-1", "visit-0"]
    assert [call.query["index"] for call in double.calls] == [["1"], ["2"], ["3"], ["4"]]


async def test_a_limited_list_asks_for_no_more(corti: AsyncCorti, double: CortiDouble) -> None:
    for number in range(3):
        await corti.interactions.create(encounter=encounter(f"visit-{number}"))
    double.calls.clear()
    assert len(await corti.interactions.list(limit=2).all()) == 2
    assert double.targets == ["GET /v2/interactions/?pageSize=2&index=1"]


async def test_a_list_is_sorted_and_filtered_by_the_server(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-03: `encounterStatus` is repeated."""
    await corti.interactions.create(encounter=encounter("a", "planned"), patient=Patient(identifier="p-1"))
    await corti.interactions.create(encounter=encounter("b", "on-hold"), patient=Patient(identifier="p-1"))
    await corti.interactions.create(encounter=encounter("c", "planned"))
    pages = corti.interactions.list(
        sort=InteractionSort.CREATED_AT,
        direction=SortDirection.ASCENDING,
        status=[EncounterStatus.PLANNED, "on-hold"],
        patient="p-1",
    )
    assert [item.encounter and item.encounter.identifier for item in await pages.all()] == ["a", "b"]
    assert double.calls[-2].query == {
        "sort": ["createdAt"],
        "direction": ["asc"],
        "index": ["1"],
        "encounterStatus": ["planned", "on-hold"],
        "patient": ["p-1"],
    }
    assert len(await corti.interactions.list(status="on-hold").all()) == 1


def test_an_author_is_told_what_does_not_fit_before_anything_is_sent() -> None:
    with pytest.raises(SpecError, match=r"Encounter\.status: must be one of planned, in-progress"):
        encounter(status="secret-word")
    with pytest.raises(SpecError, match=r"EncounterPeriod\.started_at: must be a date with time"):
        EncounterPeriod(started_at="yesterday")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpecError) as caught:
        Patient(identifier=["Anna Berg"])  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == "Patient.identifier: must be a string"
    assert caught.value.__cause__ is None


def test_a_misspelt_field_is_refused_with_those_there_are() -> None:
    with pytest.raises(SpecError) as caught:
        Patient(identifier="p-1", birthdate="2000-01-01")  # pyright: ignore[reportCallIssue]
    assert str(caught.value) == (
        "Patient.birthdate: is no field. There are identifier, name, gender, birth_date, pronouns."
    )
    assert Patient.model_validate({"identifier": "p-1", "birthDate": "2000-01-01"}).birth_date == date(2000, 1, 1)


async def test_nothing_is_null_that_corti_does_not_take_as_null(
    corti: AsyncCorti, double: CortiDouble, interaction_id: str
) -> None:
    """REST-01: an empty gender of a hospital's record is left out; a title can be taken away."""
    patient = Patient(identifier="p-1", name=None, gender=None)
    changes = EncounterChanges(status=None, title=None)
    await corti.interactions.update(interaction_id, patient=patient, encounter=changes)
    assert double.calls[-1].json == {"encounter": {"title": None}, "patient": {"identifier": "p-1", "name": None}}


async def test_words_of_a_list_that_nobody_knows_are_refused(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-03: a list of a state that does not exist would be empty without a word."""
    with pytest.raises(SpecError, match="status: must be one of planned, in-progress"):
        await corti.interactions.list(status="running").all()
    with pytest.raises(SpecError, match="sort: must be one of id, assignedUserId"):
        await corti.interactions.list(sort="name").all()
    with pytest.raises(SpecError, match="direction: must be one of asc, desc"):
        await corti.interactions.list(direction="down").all()
    with pytest.raises(SpecError, match="encounter: is a dict"):
        await corti.interactions.create(encounter={"identifier": "v"})  # pyright: ignore[reportArgumentType]
    assert double.calls == []


async def test_the_core_error_body_becomes_a_typed_error(corti: AsyncCorti, double: CortiDouble) -> None:
    """REST-14."""
    with pytest.raises(BadRequestError) as caught:
        await corti.interactions.create(encounter=Encounter(identifier="", status="planned", type="emergency"))
    error = caught.value
    assert error.code == "validation_failed"
    assert error.request_id
    assert error.request_id in str(error)
    assert error.faults == ("encounter.identifier: must have 1 to None characters",)

    foreign = {"requestid": "r-1", "status": 403, "type": "forbidden", "detail": "Not yours."}
    double.inject(Answer(403, foreign))
    with pytest.raises(ForbiddenError, match=r"Not yours\. \(request r-1\)"):
        await corti.interactions.get("i-1")

    double.inject(Answer(504, "<html>Gateway Timeout</html>", {"content-type": "text/html"}), times=None)
    with pytest.raises(ApiError) as broken:
        await corti.interactions.get("i-1")
    assert broken.value.status == 504


async def test_an_answer_may_hold_what_this_version_does_not_know(corti: AsyncCorti, double: CortiDouble) -> None:
    """CLI-12: unknown words and fields are kept, unreadable dates are None."""
    answer = {
        "id": "i-1",
        "encounter": {
            "status": "triaged",
            "type": None,
            "ward": "3b",
            "period": {"startedAt": "2026-02-30T10:00:00Z", "endedAt": "0001-01-01T00:00:00+14:00"},
        },
        "patient": {"gender": "x", "birthDate": "unknown"},
        "createdAt": "1700000000",
        "updatedAt": 1700000000,
        "colour": "red",
    }
    double.inject(Answer(200, answer))
    got = await corti.interactions.get("i-1")
    assert got.encounter is not None
    assert (got.encounter.status, got.encounter.type) == ("triaged", None)
    assert got.encounter.unknown_fields == {"ward": "3b"}
    assert got.encounter.period == EncounterPeriod()
    assert got.patient is not None
    assert (got.patient.gender, got.patient.birth_date) == ("x", None)
    assert (got.created_at, got.updated_at) == (None, None)
    assert got.unknown_fields == {"colour": "red"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"interactions": [{"id": "a"}, {"id": 5}]}, "interactions[1].id"),
        ({"interactions": {"id": "Anna Berg"}}, "interactions"),
        (["Anna Berg"], "answer"),
    ],
)
async def test_an_unreadable_answer_is_a_wire_error_that_names_the_place(
    corti: AsyncCorti, double: CortiDouble, body: dict[str, object] | list[object], place: str
) -> None:
    double.inject(Answer(200, body))
    with pytest.raises(WireError) as caught:
        await corti.interactions.list().all()
    assert caught.value.path == place
    assert "Anna" not in str(caught.value)


async def test_a_page_of_a_proxy_is_neither_a_deletion_nor_a_recording(corti: AsyncCorti, double: CortiDouble) -> None:
    """SDKC-04: any body may follow a DELETE; but a page with 200 comes from a proxy, and nothing was deleted."""
    calls = (
        lambda: corti.interactions.delete("i-1"),
        lambda: corti.recordings.download("i-1", "r-1"),
        lambda: corti.agents.delete("a-1"),
    )
    for call in calls:
        double.inject(Answer(200, "<html>Sign in</html>", {"content-type": "text/html; charset=utf-8"}))
        with pytest.raises(WireError, match=r"answer: is a page \(text/html\), as a proxy sends it\. Check that CORTI"):
            await call()


async def test_no_id_leads_to_another_path(corti: AsyncCorti, double: CortiDouble) -> None:
    with pytest.raises(SpecError):
        await corti.interactions.delete("..")
    with pytest.raises(NotFoundError):
        await corti.interactions.get("a/../b?c")
    assert double.targets == ["GET /v2/interactions/a/../b?c"]
