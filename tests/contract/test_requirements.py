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
INTERVIEWS = """
| QN-01 | open point | decision |
- **QN-E2** An interpreter is plugged in; **EHR-D5** and **EHR-01** are about something else.
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


def test_every_test_that_proves_a_rule_of_the_platform_cites_it() -> None:
    assert told(requirements.faults_of_server_tests(MANIFEST)) == ""


def test_what_a_server_decides_is_proven_and_not_explained_away() -> None:
    explained = {
        rule
        for rule, entry in MANIFEST.items()
        if not entry.get("server") and rule.startswith(("MCPAUTH-", "V1-", "V2-"))
    }
    assert {rule: MANIFEST[rule]["server_reason"].partition(":")[0] for rule in explained} == {
        "V1-CTXEP-03": "Client only",
        "V1-OBJ-07": "Background",
    }


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
    monkeypatch.setattr(requirements, "INTERVIEWS", tmp_path / "clinical.md")
    assert requirements.documented_rules(MANIFEST) == set(MANIFEST)
    (tmp_path / "corti-api.md").write_text(CONTRACT, encoding="utf-8")
    assert requirements.documented_rules(MANIFEST) == set(MANIFEST)
    (tmp_path / "clinical.md").write_text(INTERVIEWS, encoding="utf-8")
    assert requirements.documented_rules(MANIFEST) == {"ENV-01", "ENV-02", "V1-EP-01", "QN-01", "QN-E2"}


TEST = "tests/contract/test_requirements.py::test_every_named_test_exists"
SERVED = {"server": [TEST]}
PROVEN = {"tests": [TEST], **SERVED}
ENTRIES: list[tuple[dict[str, Any], str]] = [
    (SERVED, "name the tests that prove it in `tests`, or say in `reason`"),
    ({"tests": [], "reason": "", **SERVED}, "name the tests that prove it"),
    ({**PROVEN, "status": "done"}, "status is not known"),
    ({"tests": "tests/test_x.py::test_y", **SERVED}, "`tests` is a list of different tests"),
    ({"tests": ["test_y"], **SERVED}, "is a list of different tests"),
    ({"tests": [TEST] * 2, **SERVED}, "is a list of different tests"),
    ({"reason": "because.", **SERVED}, "`reason` is a sentence behind its kind"),
    ({"reason": "Server only: ", **SERVED}, "is a sentence behind its kind"),
    ({"reason": "Client only: x.", **SERVED}, "is a sentence behind its kind"),
    ({"tests": [TEST]}, "name the tests that prove it in `server`, or say in `server_reason`"),
    ({**PROVEN, "server": ["tests/client/test_retry.py::test_x"]}, "`server` is a list of different tests"),
    ({**PROVEN, "server_reason": "Server only: x."}, "`server_reason` is a sentence behind its kind"),
]


@pytest.mark.parametrize(("entry", "fault"), ENTRIES)
def test_a_wrong_entry_is_told_with_what_to_do(entry: dict[str, Any], fault: str) -> None:
    found = told(requirements.faults_of_entries({"ENV-01": entry}))
    assert found.startswith("ENV-01: ")
    assert fault in found


@pytest.mark.parametrize(
    ("rule", "entry"),
    [
        ("ENV-01", PROVEN),
        ("ENV-01", {"reason": "Background: nothing is asked.", "server_reason": "Client only: it is asked."}),
        ("ENV-01", {**PROVEN, "reason": "Server only: the rest.", "server_reason": "Other product: the rest."}),
        ("QN-01", SERVED),
    ],
)
def test_a_right_entry_has_no_fault(rule: str, entry: dict[str, Any]) -> None:
    assert told(requirements.faults_of_entries({rule: entry})) == ""


def test_lost_new_and_unknown_rules_are_told() -> None:
    assert "ENV-02: is missing" in told(requirements.faults_of_numbers({"ENV-01", "ENV-03"}))
    assert told(requirements.faults_of_numbers({"QN-E1", "QN-E3", "QN-01"})).startswith("QN-E2: is missing")
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


def test_a_server_test_that_cites_another_rule_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(requirements, "ROOT", tmp_path)
    (tmp_path / "test_some.py").write_text(
        '"""CLI-07."""\ndef test_x():\n    """ENV-01, V1-EP-02 to V1-EP-04, QN-E1."""\ndef test_y(): ...\n',
        encoding="utf-8",
    )

    def found(rule: str, test: str = "test_x") -> str:
        return told(requirements.faults_of_server_tests({rule: {"server": [f"test_some.py::{test}"]}}))

    assert [found(rule) for rule in ("ENV-01", "V1-EP-02", "V1-EP-03", "V1-EP-04", "QN-E1", "CLI-07")] == [""] * 6
    assert found("CLI-07", "test_y") == ""
    for rule, test in (("ENV-02", "test_x"), ("V1-EP-05", "test_x"), ("QN-01", "test_x"), ("ENV-01", "test_y")):
        assert found(rule, test).startswith(f"{rule}: test_some.py::{test} does not cite it")
    assert "there is no test" in found("ENV-01", "test_z")
