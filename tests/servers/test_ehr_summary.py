"""The summary of a chart and the ceiling of every answer (EHR-B1, EHR-B3, EHR-B5, EHR-B6)."""

from __future__ import annotations

import json
import sqlite3
from typing import cast

import pytest
from mcp import Client

from agentkit_servers.ehr.store import EhrStore, add, bundled_names
from agentkit_servers.ehr.summaries import SECTIONS

from .conftest import Caller, Json, ehr_tool_server

pytestmark = pytest.mark.anyio


def sections(data: Json) -> dict[str, Json]:
    return {str(section["section"]): section for section in cast("list[Json]", data["sections"])}


async def test_every_section_is_there_with_count_newest_date_and_state(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p101")
    found = sections(told.data)
    assert tuple(found) == SECTIONS
    assert found["allergies"]["count"] == 2
    assert found["problems"]["newest"] == "2021-02-18"
    assert found["procedures"]["state"] == "not-recorded"
    assert told.data["state"] == "ok"
    assert told.text.count("HbA1c") == 1


async def test_a_chart_without_any_record_says_so_section_by_section(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p109")
    assert told.data["state"] == "not-recorded"
    assert told.text.count("Nothing recorded") == len(SECTIONS)
    assert "No known" not in told.text


async def test_a_positive_negative_is_told_in_its_section(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p102")
    assert sections(told.data)["allergies"]["state"] == "none-known"
    assert "Allergies: No known allergies (recorded 2026-01-12" in told.text


async def test_a_refuted_diagnosis_never_appears_without_the_word(ehr: Caller) -> None:
    """EHR-D2."""
    told = await ehr("patient_summary", patient="Patient/p110", sections=["problems"])
    assert "Pulmonary embolism; REFUTED" in told.text
    assert "Overactive thyroid; provisional, active" in told.text


async def test_only_the_sections_asked_for_are_returned_in_their_fixed_order(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p101", sections=["results", "allergies"])
    assert list(sections(told.data)) == ["allergies", "results"]


async def test_since_leaves_out_old_events_but_never_an_allergy(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p101", since="2026-09")
    found = sections(told.data)
    assert found["allergies"]["count"] == 2
    assert found["medications"]["count"] == 5
    assert found["encounters"]["count"] == 1


async def test_a_later_section_never_evicts_an_earlier_one(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p107", max_chars=5000)
    found = sections(told.data)
    assert told.size <= 5000
    assert found["allergies"]["truncated"] is False
    assert found["medications"]["truncated"] is True
    assert found["documents"]["count"] == 1
    assert "shown" in told.text


@pytest.mark.parametrize("tool", ["patient_summary", "list_medications", "search_observations"])
@pytest.mark.parametrize("ceiling", [3000, 4000, 6000, 12_000])
async def test_the_caller_can_lower_the_ceiling(ehr: Caller, tool: str, ceiling: int) -> None:
    told = await ehr(tool, patient="Patient/p107", max_chars=ceiling)
    assert told.size <= ceiling
    if told.data["truncated"] and tool != "patient_summary":
        assert told.data["cursor"]
        assert len(told.items) == told.data["returned"]


async def test_the_ceiling_cannot_be_raised(ehr: Caller) -> None:
    told = await ehr("patient_summary", patient="Patient/p107", max_chars=32_769)
    assert told.code == "invalid-input"


async def test_an_answer_without_room_for_one_record_is_too_large(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p107", max_chars=1000)
    assert told.code == "too-large"


async def test_a_huge_chart_stays_below_the_ceiling_and_can_be_paged_to_its_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("ehr") / "large.db"
    store = EhrStore(str(path))
    bodies = [
        json.dumps(
            {
                "resourceType": "Observation",
                "id": f"p109-extra-{number}",
                "status": "final",
                "code": {"text": f"Long name of a measurement, padded {'x' * 60}"},
                "subject": {"reference": "Patient/p109"},
                "effectiveDateTime": f"20{number % 25:02}-01-{number % 28 + 1:02}",
                "valueQuantity": {"value": number, "unit": "mmol/L"},
            }
        )
        for number in range(600)
    ]

    def fill(connection: sqlite3.Connection) -> None:
        names = bundled_names()
        for body in bodies:
            add(connection, body, names)

    await store.ask(fill)
    await store.close()
    async with Client(ehr_tool_server(str(path)).mcp) as client:
        call = Caller(client)
        summary = await call("patient_summary", patient="Patient/p109")
        assert summary.size < 32_768
        seen: set[object] = set()
        cursor: dict[str, object] = {}
        for _ in range(30):
            told = await call("search_observations", patient="Patient/p109", limit=200, **cursor)
            assert told.size < 32_768
            seen |= {item["ref"] for item in told.items}
            if not told.data["truncated"]:
                break
            cursor = {"cursor": told.data["cursor"]}
        assert len(seen) == 600
