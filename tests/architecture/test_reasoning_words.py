"""The rules know English and JSON Schema, and no tool, server, parameter or patient by name.

The names are read from the bundled servers as they are now. A name counts as found where its words stand next to each
other in an identifier or a string (docstrings too): `birth_date` is found in `birthDate`, "birth date" and
`the_birth_date`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import cast

import pytest

from agentkit.mcp import ToolServer
from tests.architecture.tree import PACKAGE_FOLDERS, package_files, relative, syntax

pytestmark = pytest.mark.anyio

Words = tuple[str, ...]

# Parameter names that are words of plain English or of every schema, which the rules need whatever a server is about.
PLAIN_WORDS: frozenset[Words] = frozenset(
    {
        ("answer",),  # an act of the reasoner's own protocol
        ("code",),  # what kind a value is, in any schema
        ("codes",),
        ("detail",),  # "in detail"; fills a request without being searched for
        ("family",),  # the two halves of a personal name
        ("given",),
        ("identifier",),  # what kind a value is, in any schema
        ("limit",),  # how many, in any schema
        ("name",),  # every tool and parameter has one
        ("options",),  # what a question offers to choose from
        ("query",),  # a word for free text in any schema
        ("question",),  # the reasoner asks some itself
        ("since",),  # an English preposition before a date
        ("status",),  # of an HTTP answer
        ("text",),  # every message has some
    }
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def split(text: str) -> Words:
    """The words of an identifier or of a text, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(text))


def holds(text: Words, name: Words) -> bool:
    """Whether the words of the name stand next to each other in the text."""
    return any(text[start : start + len(name)] == name for start in range(len(text) - len(name) + 1))


def spoken(tree: ast.Module) -> Iterator[str]:
    """Every identifier and every string of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(value)):
                yield value
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case _:
                pass


@pytest.fixture
def bundled_servers() -> list[ToolServer]:
    """The servers behind our own entry points."""
    points = metadata.entry_points(group="agentkit.servers")
    return [cast("ToolServer", point.load()()) for point in points if point.value.startswith("agentkit_servers.")]


def people(value: object) -> Iterator[str]:
    """The names of all patients in a JSON document."""
    if isinstance(value, list):
        for entry in cast("list[object]", value):
            yield from people(entry)
    elif isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        if entries.get("resourceType") == "Patient":
            for name in cast("list[dict[str, object]]", entries.get("name", [])):
                yield from (str(part) for part in (name.get("family"), *cast("list[object]", name.get("given", []))))
        for entry in entries.values():
            yield from people(entry)


def patient_names() -> set[Words]:
    """Family and given names of the synthetic patients."""
    data = [path for path in PACKAGE_FOLDERS["agentkit_servers"].rglob("*") if path.suffix in {".json", ".ndjson"}]
    documents = [line for path in data for line in _documents(path)]
    return {words for document in documents for name in people(json.loads(document)) if (words := split(name))}


def _documents(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip()] if path.suffix == ".ndjson" else [text]


async def test_the_rules_name_no_tool_server_parameter_or_patient(bundled_servers: list[ToolServer]) -> None:
    tools = [tool for server in bundled_servers for tool in await server.mcp.list_tools()]
    parameters = {name for tool in tools for name in cast("dict[str, object]", tool.input_schema.get("properties", {}))}
    patients = patient_names()
    assert len(bundled_servers) >= 2
    assert len(tools) >= 9
    assert len(patients) >= 12
    names = {split(name) for name in (*(s.name for s in bundled_servers), *(t.name for t in tools), *parameters)}
    forbidden = (names | patients) - PLAIN_WORDS
    found = {
        f"{relative(path)}: {' '.join(name)}"
        for path in package_files()
        if path.is_relative_to(PACKAGE_FOLDERS["agentkit"] / "reasoning")
        for text in map(split, spoken(syntax(path)))
        for name in forbidden
        if holds(text, name)
    }
    assert sorted(found) == []


@pytest.mark.parametrize("text", ["birthDate", "birth_date", "the_birth_date", "the Birth Date of", "BIRTH_DATE"])
def test_a_name_is_found_in_every_spelling(text: str) -> None:
    assert holds(split(text), split("birth_date"))


@pytest.mark.parametrize("text", ["birth", "dates of birth", "date_birth", ""])
def test_other_words_are_not_the_name(text: str) -> None:
    assert not holds(split(text), split("birth_date"))


def test_identifiers_strings_and_docstrings_are_read() -> None:
    source = 'def f(a: int) -> None:\n    "doc"\n    g.h(k="s", **m)\n\nclass C:\n    pass\n\nimport i as n\n'
    assert set(spoken(ast.parse(source))) >= {"f", "a", "doc", "g", "h", "k", "s", "m", "C", "i"}
