"""The requirements manifest (`requirements.toml`): each rule of the Corti API contract with the tests that prove it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = Path(__file__).with_name("requirements.toml")
# Not part of the repository: where it does not lie beside the checkout there is nothing to compare with.
REFERENCE: Final = ROOT.parent / "shared" / "reference" / "corti-api.md"
KINDS: Final = ("Server only", "Other product", "Not part of this client", "Background", "Cannot be tested here")

Manifest: TypeAlias = Mapping[str, Mapping[str, Any]]

_ID: Final = r"[A-Z][A-Z0-9]*(?:-[A-Z]+)*-[0-9]{2}"
_RULES: Final = re.compile(rf"^\| ({_ID}) \||\*\*({_ID})\*\*", re.MULTILINE)
_CITED: Final = re.compile(rf"(?<![\w-])({_ID})(?![\w-])")
_TEST: Final = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


def read_manifest() -> Manifest:
    """The manifest as it stands."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8"))


def rules_of(reference: str) -> set[str]:
    """The ids that a contract defines: as the first cell of a row, or in bold inside one."""
    return {first or second for first, second in _RULES.findall(reference)}


def documented_rules(manifest: Manifest) -> set[str]:
    """The ids of the reference; where there is none, those of the manifest."""
    return rules_of(REFERENCE.read_text(encoding="utf-8")) if REFERENCE.is_file() else set(manifest)


def named_tests(manifest: Manifest) -> set[str]:
    """Every test that the manifest names."""
    return {test for entry in manifest.values() for test in entry.get("tests", ())}


def faults_of_entries(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the entries themselves, and what to do about it."""
    for rule, entry in manifest.items():
        if unknown := set(entry) - {"tests", "reason"}:
            yield f"{rule}: {', '.join(sorted(unknown))} is not known; an entry has `tests`, `reason` or both."
        if not entry.get("tests") and not entry.get("reason"):
            yield f"{rule}: name the tests that prove it, or say in `reason` why there is none."
        tests, reason = entry.get("tests", ["tests/x.py::test_x"]), entry.get("reason", f"{KINDS[0]}: x.")
        if not _is_list_of_tests(tests):
            yield f'{rule}: `tests` is a list of different tests, each as "tests/folder/test_file.py::test_name".'
        if not isinstance(reason, str) or not re.fullmatch(rf"({'|'.join(KINDS)}): \S.*\.", reason):
            yield f"{rule}: `reason` is a sentence behind its kind, which is one of: {', '.join(KINDS)}."


def faults_of_numbers(manifest: Collection[str]) -> Iterator[str]:
    """Ids are never taken back, so a number that is left out has been lost."""
    families: dict[str, list[int]] = {}
    for rule in manifest:
        family, _, number = rule.rpartition("-")
        families.setdefault(family, []).append(int(number))
    for family, numbers in families.items():
        for number in sorted(set(range(1, max(numbers))) - set(numbers)):
            yield f"{family}-{number:02}: is missing; rule ids are never taken back, so give it its entry again."


def faults_against(documented: Collection[str], manifest: Collection[str]) -> Iterator[str]:
    """Where contract and manifest name different rules."""
    for rule in sorted(set(documented) - set(manifest)):
        yield f"{rule}: is new in the contract; name the tests that prove it, or say in `reason` why there is none."
    for rule in sorted(set(manifest) - set(documented)):
        yield f"{rule}: is not in the contract; look for a slip of the pen."


def faults_of_tests(tests: Iterable[str]) -> Iterator[str]:
    """Named tests that are not there."""
    for test in sorted(tests):
        path, _, name = test.partition("::")
        if not (ROOT / path).is_file():
            yield f"{test}: there is no such file; name the test that proves the rule now."
        elif name not in functions_of(ROOT / path):
            yield f"{test}: the file has no such test; name the one that proves the rule now, or write it."


def faults_of_citations(manifest: Collection[str], files: Iterable[Path]) -> Iterator[str]:
    """Rules of the contract's families that a file cites and that nobody has written."""
    families = {rule.rpartition("-")[0] for rule in manifest}
    for path in files:
        for rule in sorted({*_CITED.findall(path.read_text(encoding="utf-8"))} - set(manifest)):
            if rule.rpartition("-")[0] in families:
                yield f"{path.relative_to(ROOT).as_posix()} cites {rule}, which is no rule of the contract."


def collected(files: Iterable[str]) -> set[str]:
    """The tests that pytest finds in files."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *sorted(files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-20:]) + done.stderr
    return {name_of(line) for line in done.stdout.splitlines()}


def name_of(node_id: str) -> str:
    """The test of a node id, without its parameters."""
    return node_id.partition("[")[0]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The functions of a module, as its last definition leaves them."""
    bound: dict[str, bool] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound[name] = True
            case ast.ClassDef(name=name):
                bound[name] = False
            case ast.Assign(targets=targets):
                bound |= {target.id: False for target in targets if isinstance(target, ast.Name)}
            case _:
                pass
    return frozenset(name for name, is_function in bound.items() if is_function)


def _is_list_of_tests(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    tests: list[object] = value  # pyright: ignore[reportUnknownVariableType]
    return len(set(map(str, tests))) == len(tests) and all(
        isinstance(test, str) and _TEST.fullmatch(test) for test in tests
    )
