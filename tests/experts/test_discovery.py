"""Packaged experts and how they are found."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from agentkit.errors import SpecError
from agentkit.experts import Expert, discovery, find_experts, find_servers, load_expert, load_server

EXPERT = Expert("looker", description="Looks things up.", prompt="Look well.", server="eyes")


def builder(database: str | None) -> str:
    return f"server over {database}"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        "agentkit.experts": [
            EntryPoint("zebra", "absent_package.expert:EXPERT", "agentkit.experts"),
            EntryPoint("looker", f"{__name__}:EXPERT", "agentkit.experts"),
            EntryPoint("wrong", f"{__name__}:builder", "agentkit.experts"),
        ],
        "agentkit.servers": [
            EntryPoint("eyes", f"{__name__}:builder", "agentkit.servers"),
            EntryPoint("wrong", f"{__name__}:EXPERT", "agentkit.servers"),
        ],
    }

    def fake(*, group: str) -> list[EntryPoint]:
        return points[group]

    monkeypatch.setattr(discovery, "entry_points", fake)
    monkeypatch.setitem(__import__("sys").modules, __name__, __import__("types").SimpleNamespace(**globals()))


def test_the_bundled_experts_and_servers_are_found_by_entry_point() -> None:
    assert {"ehr-lookup", "questionnaire-interviewer"} <= set(find_experts())
    assert {"ehr", "questionnaires"} <= set(find_servers())


@pytest.mark.usefixtures("installed")
def test_listing_loads_nothing_and_is_in_alphabetical_order() -> None:
    assert list(find_experts()) == ["looker", "wrong", "zebra"]


@pytest.mark.usefixtures("installed")
def test_an_installed_expert_and_server_are_loaded_by_name() -> None:
    assert load_expert("looker") is EXPERT
    assert load_server("eyes") is not None


@pytest.mark.usefixtures("installed")
def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match="Known: looker, wrong, zebra") as caught:
        load_expert("looker2")
    assert caught.value.field == "agentkit.experts.looker2"
    with pytest.raises(SpecError, match="Known: eyes, wrong"):
        load_server("ears")


@pytest.mark.usefixtures("installed")
def test_what_is_no_expert_or_server_is_refused_with_its_type() -> None:
    with pytest.raises(SpecError, match="is a function; it must be an Expert"):
        load_expert("wrong")
    with pytest.raises(SpecError, match="is a Expert"):
        load_server("wrong")


@pytest.mark.usefixtures("installed")
def test_a_package_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(SpecError, match=r"agentkit\.experts\.zebra: cannot be imported"):
        load_expert("zebra")


def test_what_is_installed_while_the_process_runs_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert "ward-desk" not in find_experts()
    written = tmp_path / "wards-1.0.dist-info"
    written.mkdir()
    (written / "METADATA").write_text("Metadata-Version: 2.1\nName: wards\nVersion: 1.0\n", encoding="utf-8")
    (written / "entry_points.txt").write_text("[agentkit.experts]\nward-desk = wards:EXPERT\n", encoding="utf-8")
    assert "ward-desk" in find_experts()
