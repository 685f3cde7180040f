"""The manifest of A2A's rules is complete and true: every rule has its proof or a reason, and every proof says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.a2a import manifest
from tests.a2a.manifest import KINDS, read_manifest
from tests.contract.requirements import ROOT, collected, name_of, named_tests

MANIFEST = read_manifest()

REFERENCE = """
## 3 Operations
| A2A-OLD-01 | MUST | is not looked at |

## 4 Rules for full conformance
| id | level | rule | SDK |
| A2A-VER-01 | MUST | Clients send a version | ok |
| A2A-VER-04 | **DEC** | Servers read it from the query | own |

## 5 Differences
| id | rule for the 0.3 dialect |
| A2A-03-01 | Serve 0.3 |

## 6 Corti
| A2A-CO-01 | is not a rule of A2A |
"""


def told(faults: Any) -> str:
    return "\n".join(faults)


def test_every_rule_has_its_proof_or_a_reason() -> None:
    assert told(manifest.faults_of_entries(MANIFEST)) == ""


def test_the_manifest_names_the_rules_of_the_reference_with_their_levels() -> None:
    assert told(manifest.faults_against(manifest.documented_rules(MANIFEST), MANIFEST)) == ""


def test_every_rule_that_must_hold_has_a_test_where_it_is_not_for_others_to_keep() -> None:
    unproven = {rule for rule, entry in MANIFEST.items() if not entry.get("tests")}
    assert {rule for rule in unproven if not MANIFEST[rule]["reason"].startswith(KINDS)} == set()
    assert {rule for rule in unproven if MANIFEST[rule]["level"] == "MUST"} == set()


def test_every_named_test_exists_and_cites_its_rule() -> None:
    assert told(manifest.faults_of_citations(MANIFEST)) == ""


def test_nobody_cites_a_rule_that_is_not_written() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert told(manifest.faults_of_tests(MANIFEST, [path for path in files if path != Path(__file__)])) == ""


@pytest.mark.usefixtures("untraced_children")
def test_every_named_test_is_run(request: pytest.FixtureRequest) -> None:
    missing = named_tests(MANIFEST) - {name_of(item.nodeid) for item in request.session.items}
    if missing:  # in a run of a part of the tests, others may be collected all the same
        missing -= collected({test.partition("::")[0] for test in missing})
    assert missing == set(), "pytest does not collect these; the manifest needs tests that are run"


def test_rules_are_found_with_their_levels() -> None:
    assert manifest.rules_of(REFERENCE) == {"A2A-VER-01": "MUST", "A2A-VER-04": "DEC", "A2A-03-01": "0.3"}


def test_rules_are_read_from_the_name_of_a_test() -> None:
    assert manifest.rules_in_name("test_what_a2a_is") == frozenset()
    assert manifest.rules_in_name("test_version_1_03_a2a_ver_01_ver_05") == {"A2A-VER-01", "A2A-VER-05"}
    assert manifest.rules_in_name("test_old_a2a_03_03_ver_02") == {"A2A-03-03", "A2A-VER-02"}


ENTRIES: list[tuple[dict[str, Any], str]] = [
    ({"level": "MUST"}, "name the tests that prove it, or say in `reason`"),
    ({"level": "must", "tests": ["x"]}, "`level` is one of"),
    ({"level": "MUST", "tests": ["x"], "status": "done"}, "status is not known"),
    ({"level": "MUST", "reason": "because."}, "is a sentence behind its kind"),
]


@pytest.mark.parametrize(("entry", "fault"), ENTRIES)
def test_a_wrong_entry_is_told_with_what_to_do(entry: dict[str, Any], fault: str) -> None:
    found = told(manifest.faults_of_entries({"A2A-VER-01": entry}))
    assert found.startswith("A2A-VER-01: ")
    assert fault in found


def test_lost_proofs_and_unknown_rules_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifest, "ROOT", tmp_path)
    file = tmp_path / "test_some.py"
    file.write_text(
        '"""A2A-VER-07."""\n'
        "def test_one_a2a_ver_01(): ...\n"
        'def test_two():\n    """A2A-VER-02."""\n'
        "def test_three_a2a_ver_99(): ...\n",
        encoding="utf-8",
    )

    def entry(*names: str) -> dict[str, Any]:
        return {"level": "MUST", "tests": [f"test_some.py::{name}" for name in names]}

    good = {
        "A2A-VER-01": entry("test_one_a2a_ver_01"),
        "A2A-VER-02": entry("test_two"),
        "A2A-VER-07": entry("test_two"),
    }
    assert told(manifest.faults_of_citations(good)) == ""
    assert "does not cite it" in told(manifest.faults_of_citations({"A2A-VER-02": entry("test_one_a2a_ver_01")}))
    assert "there is no test" in told(manifest.faults_of_citations({"A2A-VER-02": entry("test_gone")}))
    missing = {"level": "MUST", "tests": ["test_away.py::test_x"]}
    assert "there is no test" in told(manifest.faults_of_citations({"A2A-VER-02": missing}))
    assert "cites A2A-VER-99, which is no rule" in told(manifest.faults_of_tests(good, [file]))


def test_a_new_rule_a_lost_one_and_another_level_are_told() -> None:
    entry = {"level": "MUST", "tests": ["x"]}
    documented = {"A2A-VER-01": "MUST", "A2A-VER-02": "DEC"}
    found = told(manifest.faults_against(documented, {"A2A-VER-02": entry, "A2A-VER-03": entry}))
    assert "A2A-VER-01: is new" in found
    assert "A2A-VER-02: its level is DEC" in found
    assert "A2A-VER-03: is not in the reference" in found
