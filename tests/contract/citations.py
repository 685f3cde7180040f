"""Which rules a test says it proves: by id in its name or text, or in the docstring of its file."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


def _none(_name: str) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class Citing:
    """How the rules of one reference are cited.

    Attributes:
        rule: What an id looks like, without groups; it ends with its number.
        in_name: The rules that the name of a test names.
    """

    rule: re.Pattern[str]
    in_name: Callable[[str], frozenset[str]] = _none

    def in_text(self, text: str) -> frozenset[str]:
        """The rules that a text names; `ENV-01 to ENV-03` are three."""
        found = set(self.rule.findall(text))
        for first, last in re.findall(rf"({self.rule.pattern}) to ({self.rule.pattern})", text):
            found |= _range(first, last)
        return frozenset(found)


@cache
def own_citations(path: Path, citing: Citing) -> Mapping[str, frozenset[str]]:
    """The tests of a file with the rules they cite themselves."""
    source = path.read_text(encoding="utf-8")
    lines = source.split("\n")  # once: `ast.get_source_segment` takes the whole file apart for every test
    return {
        node.name: citing.in_text("\n".join(lines[node.lineno - 1 : node.end_lineno])) | citing.in_name(node.name)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@cache
def citations(path: Path, citing: Citing) -> Mapping[str, frozenset[str]]:
    """The tests of a file with the rules they cite, themselves or with the whole file."""
    whole = citing.in_text(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    return {name: cited | whole for name, cited in own_citations(path, citing).items()}


def faults_of_proofs(proofs: Mapping[str, Iterable[str]], citing: Citing, root: Path) -> Iterator[str]:
    """Tests named as the proof of a rule that are not there, or do not say themselves which rule they prove."""
    for rule, tests in proofs.items():
        for test in tests:
            path, _, name = test.partition("::")
            cited = citations(root / path, citing).get(name) if (root / path).is_file() else None
            if cited is None:
                yield f"{rule}: there is no test {test}; name the one that proves the rule now, or write it."
            elif rule not in cited:
                yield f"{rule}: {test} does not cite it, in its name, its docstring or that of its file."


def family_of(rule: str) -> str:
    """What a rule's id is without its number."""
    return rule.rstrip("0123456789")


def unknown(cited: Collection[str], rules: Collection[str]) -> list[str]:
    """Of the rules that are cited, those of a family that is known and that nobody has written."""
    families = {family_of(rule) for rule in rules}
    return sorted(rule for rule in set(cited) - set(rules) if family_of(rule) in families)


def _range(first: str, last: str) -> set[str]:
    """The rules from one to another of its family."""
    family = family_of(first)
    digits = len(first) - len(family)
    if family != family_of(last):
        return set()
    return {f"{family}{number:0{digits}}" for number in range(int(first[len(family) :]), int(last[len(family) :]) + 1)}
