"""The requirements manifest (`requirements.toml`): each rule of the contracts with the tests that prove it.

Both sides have their proofs: that our client keeps a rule (`tests`), and that our platform does (`server`).
"""

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

from tests.contract.citations import Citing, family_of, faults_of_proofs, unknown

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = Path(__file__).with_name("requirements.toml")
# Not part of the repository: where they do not lie beside the checkout there is nothing to compare with.
REFERENCE: Final = ROOT.parent / "shared" / "reference" / "corti-api.md"
INTERVIEWS: Final = ROOT.parent / "shared" / "reference" / "clinical.md"
KINDS: Final = ("Server only", "Other product", "Not part of this client", "Background", "Cannot be tested here")
SERVER_KINDS: Final = ("Client only", "Other product", "Background", "Cannot be tested here")
# Where tests lie that drive the platform, or the engine that its interviews run on.
SERVING: Final = ("contract", "cli", "interviewing", "js", "oauth", "platform", "testing")

Manifest: TypeAlias = Mapping[str, Mapping[str, Any]]

_ID: Final = r"[A-Z][A-Z0-9]*(?:-[A-Z]+)*-(?:[0-9]{2}|[A-Z][0-9])"
_RULES: Final = re.compile(rf"^\| ({_ID}) \||\*\*({_ID})\*\*", re.MULTILINE)
_TEST: Final = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
_SERVER_TEST: Final = re.compile(rf"(tests/(?:{'|'.join(SERVING)})/[\w/]+\.py)::(test_\w+)")
_INTERVIEW: Final = "QN-"
CITING: Final = Citing(re.compile(rf"(?<![\w-]){_ID}(?![\w-])"))


def read_manifest() -> Manifest:
    """The manifest as it stands."""
    return tomllib.loads(MANIFEST.read_text(encoding="utf-8"))


def rules_of(reference: str) -> set[str]:
    """The ids that a contract defines: as the first cell of a row, or in bold inside one."""
    return {first or second for first, second in _RULES.findall(reference)}


def documented_rules(manifest: Manifest) -> set[str]:
    """The ids of the API contract, and those of the one for interviews; where there is none, those of the manifest."""
    if not REFERENCE.is_file() or not INTERVIEWS.is_file():
        return set(manifest)
    interviews = rules_of(INTERVIEWS.read_text(encoding="utf-8"))
    return rules_of(REFERENCE.read_text(encoding="utf-8")) | {rule for rule in interviews if is_of_interviews(rule)}


def is_of_interviews(rule: str) -> bool:
    """Whether a rule decides how an interview goes: nothing in it is asked of a client."""
    return rule.startswith(_INTERVIEW)


def named_tests(manifest: Manifest) -> set[str]:
    """Every test that the manifest names."""
    return {test for entry in manifest.values() for key in ("tests", "server") for test in entry.get(key, ())}


def faults_of_entries(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the entries themselves, and what to do about it."""
    for rule, entry in manifest.items():
        if unknown_keys := set(entry) - {"tests", "reason", "server", "server_reason"}:
            names = ", ".join(sorted(unknown_keys))
            yield f"{rule}: {names} is not known; an entry has `tests`, `reason`, `server` and `server_reason`."
        if not is_of_interviews(rule):
            yield from _faults_of_side(rule, entry, ("tests", "reason"), _TEST, KINDS)
        yield from _faults_of_side(rule, entry, ("server", "server_reason"), _SERVER_TEST, SERVER_KINDS)


def _faults_of_side(
    rule: str, entry: Mapping[str, Any], keys: tuple[str, str], test: re.Pattern[str], kinds: Collection[str]
) -> Iterator[str]:
    """What is wrong with the proofs of one side, client or server, or with its reason for having none."""
    proofs, why = keys
    if not entry.get(proofs) and not entry.get(why):
        yield f"{rule}: name the tests that prove it in `{proofs}`, or say in `{why}` why there is none."
    if proofs in entry and not _is_list_of_tests(entry[proofs], test):
        yield f'{rule}: `{proofs}` is a list of different tests, each as "tests/folder/test_file.py::test_name".'
    if why in entry and not (isinstance(entry[why], str) and re.fullmatch(rf"({'|'.join(kinds)}): \S.*\.", entry[why])):
        yield f"{rule}: `{why}` is a sentence behind its kind, which is one of: {', '.join(kinds)}."


def faults_of_server_tests(manifest: Manifest) -> Iterator[str]:
    """Tests of the platform that are not there, or do not say themselves which rule they prove."""
    return faults_of_proofs({rule: entry.get("server", ()) for rule, entry in manifest.items()}, CITING, ROOT)


def faults_of_numbers(manifest: Collection[str]) -> Iterator[str]:
    """Ids are never taken back, so a number that is left out has been lost."""
    families: dict[str, dict[int, str]] = {}
    for rule in manifest:
        family = family_of(rule)
        families.setdefault(family, {})[int(rule[len(family) :])] = rule
    for family, numbers in families.items():
        digits = len(numbers[max(numbers)]) - len(family)
        for number in sorted(set(range(1, max(numbers))) - set(numbers)):
            yield f"{family}{number:0{digits}}: is missing; rule ids are never taken back, so give it its entry again."


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
    for path in files:
        for rule in unknown(CITING.in_text(path.read_text(encoding="utf-8")), manifest):
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


def _is_list_of_tests(value: object, form: re.Pattern[str]) -> bool:
    if not isinstance(value, list) or not value:
        return False
    tests: list[object] = value  # pyright: ignore[reportUnknownVariableType]
    return len(set(map(str, tests))) == len(tests) and all(
        isinstance(test, str) and form.fullmatch(test) for test in tests
    )
