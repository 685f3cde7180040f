"""The requirements manifest is complete and true: every rule has its proof or a reason, and every proof is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import committed_files
from tests.contract import requirements
from tests.contract.requirements import name_of, read_manifest

MANIFEST = read_manifest()

# One rule of each form in which the contract defines them, and ids that are only mentioned.
CONTRACT = """
| ENV-01 | Any region. **ENV-02** Tenant is `base` (LOC-02); see V1-EP-07. **DEC** none. |
| V1-EP-01 | POST `/agents` | `ephemeral` | CreateAgent | CON-10 |
| id | a2a, QN-03 and ICD-10 are foreign |
"""


def told(faults: Any) -> str:
    return "\n".join(faults)


def test_every_rule_has_its_proof_or_a_reason() -> None:
    assert told(requirements.faults_of_entries(MANIFEST)) == ""
    assert told(requirements.faults_of_numbers(MANIFEST)) == ""


def test_the_manifest_names_the_rules_of_the_contract() -> None:
    documented = requirements.documented_rules(MANIFEST)
    assert told(requirements.faults_against(documented, MANIFEST)) == ""


def test_every_named_test_exists() -> None:
    assert told(requirements.faults_of_tests(requirements.named_tests(MANIFEST))) == ""


@pytest.mark.usefixtures("untraced_children")
def test_every_named_test_is_run(request: pytest.FixtureRequest) -> None:
    missing = requirements.named_tests(MANIFEST) - {name_of(item.nodeid) for item in request.session.items}
    if missing:  # in a run of a part of the tests, others may be collected all the same
        missing -= requirements.collected({test.partition("::")[0] for test in missing})
    assert missing == set(), "pytest does not collect these; the manifest needs tests that are run"


def test_nobody_cites_a_rule_that_is_not_written() -> None:
    files = [path for path in committed_files() if path.suffix == ".py" and path != Path(__file__)]
    assert told(requirements.faults_of_citations(MANIFEST, files)) == ""


def test_rules_are_found_as_rows_and_in_bold() -> None:
    assert requirements.rules_of(CONTRACT) == {"ENV-01", "ENV-02", "V1-EP-01"}


def test_without_the_reference_there_is_nothing_to_compare_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(requirements, "REFERENCE", tmp_path / "corti-api.md")
    assert requirements.documented_rules(MANIFEST) == set(MANIFEST)
    (tmp_path / "corti-api.md").write_text(CONTRACT, encoding="utf-8")
    assert requirements.documented_rules(MANIFEST) == {"ENV-01", "ENV-02", "V1-EP-01"}


PROVEN = {"tests": ["tests/contract/test_requirements.py::test_every_named_test_exists"]}
ENTRIES: list[tuple[dict[str, Any], str]] = [
    ({}, "name the tests that prove it, or say in `reason`"),
    ({"tests": [], "reason": ""}, "name the tests that prove it"),
    ({**PROVEN, "status": "done"}, "status is not known"),
    ({"tests": "tests/test_x.py::test_y"}, "is a list of different tests"),
    ({"tests": ["test_y"]}, "is a list of different tests"),
    ({"tests": PROVEN["tests"] * 2}, "is a list of different tests"),
    ({"reason": "because."}, "is a sentence behind its kind"),
    ({"reason": "Server only: "}, "is a sentence behind its kind"),
]


@pytest.mark.parametrize(("entry", "fault"), ENTRIES)
def test_a_wrong_entry_is_told_with_what_to_do(entry: dict[str, Any], fault: str) -> None:
    found = told(requirements.faults_of_entries({"ENV-01": entry}))
    assert found.startswith("ENV-01: ")
    assert fault in found


@pytest.mark.parametrize(
    "entry", [PROVEN, {"reason": "Background: nothing is asked."}, {**PROVEN, "reason": "Server only: the rest."}]
)
def test_a_right_entry_has_no_fault(entry: dict[str, Any]) -> None:
    assert told(requirements.faults_of_entries({"ENV-01": entry})) == ""


def test_lost_new_and_unknown_rules_are_told() -> None:
    assert "ENV-02: is missing" in told(requirements.faults_of_numbers({"ENV-01", "ENV-03"}))
    assert "ENV-02: is new" in told(requirements.faults_against({"ENV-01", "ENV-02"}, {"ENV-01"}))
    assert "ENV-02: is not in" in told(requirements.faults_against({"ENV-01"}, {"ENV-01", "ENV-02"}))
    cited = requirements.faults_of_citations({"CLI-01", "ENV-01"}, [Path(__file__)])
    assert "cites ENV-03, which is no rule" in told(cited)


@pytest.mark.parametrize(
    ("source", "there"),
    [
        ("def test_x(): ...", True),
        ("async def test_x(): ...", True),
        ("def test_y(): ...", False),
        ("class Tests:\n    def test_x(self): ...", False),
        ("def test_x(): ...\ntest_x = None", False),
        ("class test_x: ...", False),
    ],
)
def test_a_test_is_a_function_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, there: bool
) -> None:
    monkeypatch.setattr(requirements, "ROOT", tmp_path)
    (tmp_path / "test_some.py").write_text(source, encoding="utf-8")
    found = told(requirements.faults_of_tests(["test_some.py::test_x"]))
    assert ("has no such test" in found) is not there
    assert "there is no such file" in told(requirements.faults_of_tests(["test_other.py::test_x"]))
