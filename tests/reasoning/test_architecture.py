"""The reasoner knows no tool, server, parameter or patient: its source holds none of their names."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import cast

import pytest

import agentkit.reasoning
from agentkit.mcp import ToolServer
from agentkit.mcp.client.results import read_tool
from agentkit_servers.ehr.server import build_server as build_ehr
from agentkit_servers.questionnaires.server import build_server as build_questionnaires

pytestmark = pytest.mark.anyio

_ENGLISH = """
name family given limit since status detail text answer question version sections identifier phone category codes
"""
ENGLISH = frozenset(_ENGLISH.split())
"""Parameter and field names that are everyday words, which any program about text and schemas uses as such."""


def sources() -> list[Path]:
    root = Path(agentkit.reasoning.__file__).parent
    return sorted(root.rglob("*.py"))


def words_in(source: str) -> Iterator[str]:
    """Every identifier and every word of every literal and docstring, lower case."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name.lower()
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.lower()
            case ast.keyword(arg=str(name)):
                yield name.lower()
            case ast.Constant(value=str(text)):
                yield from re.findall(r"[\w-]+", text.lower())
            case _:
                pass


async def names_of(server: ToolServer) -> set[str]:
    """Names of a server, its tools and their parameters, and the compound ones of their answers."""
    found = {server.name}
    for tool in await server.mcp.list_tools():
        info = read_tool(tool)
        found.add(info.name)
        found |= set(_properties(info.input_schema))
        found |= {name for name in _properties(info.output_schema) if "_" in name}
    return found


def _properties(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in cast("dict[str, object]", schema).items():
            if key == "properties":
                yield from cast("dict[str, object]", value)
            yield from _properties(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _properties(item)


def patient_names() -> set[str]:
    found: set[str] = set()
    for file in files("agentkit_servers.ehr").joinpath("data", "patients").iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            resource = json.loads(line)
            if resource["resourceType"] == "Patient":
                for name in resource["name"]:
                    for word in (name["family"], *name["given"]):
                        found |= set(word.lower().split())
    return found


async def test_no_name_of_a_bundled_server_stands_in_the_reasoner() -> None:
    known = await names_of(build_ehr()) | await names_of(build_questionnaires())
    forbidden = {name.lower() for name in known} - ENGLISH
    assert {"find_patients", "patient", "birth_date", "start_interview", "session", "ehr"} <= forbidden
    for path in sources():
        assert sorted(forbidden & set(words_in(path.read_text(encoding="utf-8")))) == [], path.name


async def test_no_patient_stands_in_the_reasoner() -> None:
    names = patient_names()
    assert {"berg", "anna"} <= names
    for path in sources():
        assert sorted(names & set(words_in(path.read_text(encoding="utf-8")))) == [], path.name


async def test_a_name_that_stood_there_would_be_found() -> None:
    assert "find_patients" in set(words_in("TOOL = 'call find_patients now'"))
    assert "birth_date" in set(words_in("def f(birth_date): ..."))


async def test_every_module_of_the_reasoner_is_short() -> None:
    assert [path.name for path in sources() if len(path.read_text(encoding="utf-8").splitlines()) > 300] == []
