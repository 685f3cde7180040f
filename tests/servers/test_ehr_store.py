"""The embedded store: the bundled data, its indexes, and its files."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import cast

import anyio
import pytest

from agentkit.errors import StorageError
from agentkit_servers.ehr import queries
from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.dates import span_of
from agentkit_servers.ehr.indexing import subject
from agentkit_servers.ehr.people import Criteria, search
from agentkit_servers.ehr.queries import Records
from agentkit_servers.ehr.store import EhrStore, bundled_names, bundled_resources
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


BUNDLED = [fhir.parse(body) for body in bundled_resources()]


def test_the_data_is_in_the_package() -> None:
    folder = resources.files("agentkit_servers.ehr") / "data"
    assert len([file for file in (folder / "patients").iterdir() if file.name.endswith(".ndjson")]) == 15
    assert "LOINC" in json.loads((folder / "measurement_names.json").read_text(encoding="utf-8"))["notice"]


def test_every_resource_is_marked_as_test_data_has_a_unique_id_and_a_patient() -> None:
    found = BUNDLED
    assert Counter(fhir.reference(resource) for resource in found).most_common(1)[0][1] == 1
    patients = {resource["id"] for resource in found if resource["resourceType"] == "Patient"}
    assert len(patients) >= 12
    for resource in found:
        assert fhir.text(resource, "meta.tag.code") == "HTEST"
        assert subject(resource) in patients


def test_links_between_records_of_a_patient_point_both_ways() -> None:
    links = {
        (fhir.reference(resource), fhir.text(link, "other.reference"))
        for resource in BUNDLED
        for link in fhir.each(resource, "link")
    }
    assert links
    assert links == {(target, source) for source, target in links}


def test_every_bundled_date_is_a_date_of_the_calendar() -> None:
    for resource in BUNDLED:
        for path in ("birthDate", "effectiveDateTime", "authoredOn", "recordedDate", "onsetDateTime"):
            value = fhir.text(resource, path)
            assert value is None or span_of(value) is not None


def test_decimals_are_kept_as_they_were_written() -> None:
    texts = {
        fhir.text(resource, "referenceRange.high.value")
        for resource in BUNDLED
        if fhir.label(fhir.at(resource, "code")) == "D-dimer"
    }
    assert texts == {"0.50"}


def test_every_loinc_code_of_the_data_has_a_name_people_use_or_speaks_for_itself() -> None:
    names = bundled_names()
    lacking = {
        fhir.first_code(resource, "code")
        for resource in BUNDLED
        if resource["resourceType"] == "Observation" and fhir.text(resource, "category.coding.code") == "vital-signs"
    } - set(names)
    assert lacking == set()


async def test_a_new_file_is_filled_once_private_to_its_owner_and_used_again(tmp_path: Path) -> None:
    path = tmp_path / "ehr.db"
    for location in (str(path), f"sqlite:///{path}"):
        store = EhrStore(location)
        assert await store.ask(_count) == len(BUNDLED)
        await store.close()
    mode = await anyio.to_thread.run_sync(lambda: path.stat().st_mode)
    assert stat.S_IMODE(mode) == 0o600


async def test_two_stores_that_open_one_new_file_at_once_fill_it_once(tmp_path: Path) -> None:
    stores = [EhrStore(str(tmp_path / "ehr.db")) for _ in range(3)]
    counts: list[int] = []

    async def count(store: EhrStore) -> None:
        counts.append(await store.ask(_count))

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for store in stores:
                group.start_soon(count, store)
    assert set(counts) == {len(BUNDLED)}
    for store in stores:
        await store.close()


async def test_a_folder_that_does_not_exist_is_a_storage_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Name a file in an existing folder"):
        await EhrStore(str(tmp_path / "nowhere" / "ehr.db")).ask(_count)


async def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    path = anyio.Path(tmp_path / "notes.db")
    await path.write_text("these are notes, not a database " * 100)
    with pytest.raises(StorageError, match="cannot be used"):
        await EhrStore(str(path)).ask(_count)


async def test_a_database_of_another_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"

    def make() -> None:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()

    await anyio.to_thread.run_sync(make)
    with pytest.raises(StorageError, match="schema 99"):
        await EhrStore(str(path)).ask(_count)


def test_a_database_url_of_another_kind_is_refused_at_once() -> None:
    with pytest.raises(StorageError, match="sqlite:///"):
        EhrStore("postgresql://localhost/ehr")


async def test_patient_questions_use_indexes_only() -> None:
    """Clinical reference 1.14: no scan of an index table on the way to a patient's records."""
    store = EhrStore()
    wanted = Records(
        patient="p101",
        types=("Observation",),
        tokens=(("category", ("laboratory",)), ("code", ("http://loinc.org|4548-4",))),
        measures=(("hba1c",),),
        since=span_of("2025"),
        until=span_of("2026"),
        latest=True,
    )
    plans = await store.ask(lambda connection: _plans(connection, queries.find(wanted, 25)))
    people = await store.ask(
        lambda connection: _plans(
            connection, search(Criteria(name="Anna Berg", birth_date="1980"), 25, include_inactive=False)
        )
    )
    assert plans
    for line in plans + people:
        assert not line.startswith(("SCAN tok", "SCAN str", "SCAN dat", "SCAN comp", "SCAN t", "SCAN s", "SCAN d"))


def _count(connection: sqlite3.Connection) -> int:
    return cast("int", connection.execute("SELECT COUNT(*) FROM res").fetchone()[0])


def _plans(connection: sqlite3.Connection, question: object) -> list[str]:
    """The plans of every statement a question runs, by the statements SQLite reports with their values filled in."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    try:
        cast("queries.Question", question)(connection)
    finally:
        connection.set_trace_callback(None)
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    return [row["detail"] for read in reads for row in connection.execute(f"EXPLAIN QUERY PLAN {read}")]
