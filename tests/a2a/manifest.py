"""The manifest of A2A's rules (`rules.toml`): each rule with the tests that cite it and prove it, or a reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from tests.contract.citations import Citing, faults_of_proofs, own_citations, unknown
from tests.contract.requirements import ROOT

MANIFEST: Final = Path(__file__).with_name("rules.toml")
# Not part of the repository: where it does not lie beside the checkout there is nothing to compare with.
REFERENCE: Final = ROOT.parent / "shared" / "reference" / "a2a.md"
LEVELS: Final = ("MUST", "SHOULD", "MAY", "DEC", "0.3")
KINDS: Final = ("Deployment", "Documentation", "Background")

Manifest: TypeAlias = Mapping[str, Mapping[str, Any]]

_ROW: Final = re.compile(r"^\| (A2A-[A-Z0-9]+-\d\d) \| (?:\**([A-Z]+)\** \| )?", re.MULTILINE)
_NAMED: Final = re.compile(r"(?=_([a-z]+|03)_(\d\d)(?:_|$))")


def read_manifest() -> Manifest:
    """The manifest as it stands."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8"))


def rules_of(reference: str) -> dict[str, str]:
    """The rules of sections 4 and 5 with their levels; those of the 0.3 dialect have none of their own."""
    _, _, behind = reference.partition("\n## 4 ")
    rules, _, _ = behind.partition("\n## 6 ")
    return {rule: level or "0.3" for rule, level in _ROW.findall(rules)}


def documented_rules(manifest: Manifest) -> dict[str, str]:
    """The rules of the reference; where there is none, those of the manifest."""
    if REFERENCE.is_file():
        return rules_of(REFERENCE.read_text(encoding="utf-8"))
    return {rule: str(entry.get("level")) for rule, entry in manifest.items()}


def faults_of_entries(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the entries themselves, and what to do about it."""
    for rule, entry in manifest.items():
        if unknown := set(entry) - {"level", "tests", "reason"}:
            yield f"{rule}: {', '.join(sorted(unknown))} is not known; an entry has `level`, and `tests` or `reason`."
        if entry.get("level") not in LEVELS:
            yield f"{rule}: `level` is one of {', '.join(LEVELS)}."
        if not entry.get("tests") and not entry.get("reason"):
            yield f"{rule}: name the tests that prove it, or say in `reason` why there is none."
        reason = entry.get("reason", f"{KINDS[0]}: x.")
        if not isinstance(reason, str) or not re.fullmatch(rf"({'|'.join(KINDS)}): \S.*\.", reason, re.DOTALL):
            yield f"{rule}: `reason` is a sentence behind its kind, which is one of: {', '.join(KINDS)}."


def faults_against(documented: Mapping[str, str], manifest: Manifest) -> Iterator[str]:
    """Where the reference and the manifest name different rules, or other levels."""
    for rule in sorted(set(documented) - set(manifest)):
        yield f"{rule}: is new in the reference; name the tests that prove it, or say in `reason` why there is none."
    for rule in sorted(set(manifest) - set(documented)):
        yield f"{rule}: is not in the reference; look for a slip of the pen."
    for rule in sorted(set(manifest) & set(documented)):
        if manifest[rule].get("level") != documented[rule]:
            yield f"{rule}: its level is {documented[rule]}."


def faults_of_citations(manifest: Manifest) -> Iterator[str]:
    """Named tests that are not there, or do not say themselves which rule they prove."""
    return faults_of_proofs({rule: entry.get("tests", ()) for rule, entry in manifest.items()}, CITING, ROOT)


def faults_of_tests(manifest: Manifest, files: Collection[Path]) -> Iterator[str]:
    """Tests that cite a rule of a family that is known, and that nobody has written."""
    for path in files:
        for name, cited in own_citations(path, CITING).items():
            for rule in unknown(cited, manifest):
                yield f"{path.relative_to(ROOT).as_posix()}::{name} cites {rule}, which is no rule."


def rules_in_name(name: str) -> frozenset[str]:
    """The rules behind `a2a` in the name of a test: `..._a2a_ver_01_ver_05` names two."""
    _, _, behind = name.partition("_a2a")
    return frozenset(f"A2A-{family.upper()}-{number}" for family, number in _NAMED.findall(behind))


CITING: Final = Citing(re.compile(r"A2A-[A-Z0-9]+-\d\d"), rules_in_name)
