"""What the bundled servers publish: a client links and fills arguments by these schemas alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from mcp import Client
from mcp_types import Tool

from agentkit.mcp import ToolServer

from .conftest import Caller, Json, calculator_tool_server, ehr_tool_server, questionnaire_tool_server

pytestmark = pytest.mark.anyio

WRITING = {"start_interview", "answer"}
SERVERS = [
    pytest.param(calculator_tool_server, id="calculator"),
    pytest.param(ehr_tool_server, id="ehr"),
    pytest.param(questionnaire_tool_server, id="questionnaires"),
]


async def published(build: Callable[[], ToolServer]) -> list[Tool]:
    async with Client(build().mcp) as client:
        return list((await client.list_tools()).tools)


def properties(schema: object) -> Iterator[tuple[str, Json]]:
    """Every property of a schema and of its definitions."""
    if isinstance(schema, dict):
        found = cast("Json", schema)
        yield from cast("dict[str, Json]", found.get("properties") or {}).items()
        for part in found.values():
            yield from properties(part)
    elif isinstance(schema, list):
        for part in cast("list[object]", schema):
            yield from properties(part)


@pytest.mark.parametrize("build", SERVERS)
async def test_every_tool_has_title_description_output_schema_and_says_whether_it_only_reads(
    build: Callable[[], ToolServer],
) -> None:
    for tool in await published(build):
        assert tool.title
        assert tool.description
        assert tool.output_schema
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (tool.name not in WRITING)


@pytest.mark.parametrize("build", SERVERS)
async def test_parameters_have_plain_types_titles_and_descriptions(build: Callable[[], ToolServer]) -> None:
    for tool in await published(build):
        for _, schema in properties(tool.input_schema):
            assert schema["title"]
            assert schema["description"]
            assert "type" in schema
            assert "anyOf" not in schema


@pytest.mark.parametrize("build", SERVERS)
async def test_descriptions_name_no_tool_and_no_parameter_of_several_words(build: Callable[[], ToolServer]) -> None:
    tools = await published(build)
    names = {tool.name for tool in tools} | {name for tool in tools for name, _ in properties(tool.input_schema)}
    compound = {name for name in names if "_" in name}
    for tool in tools:
        texts = [tool.description or "", *(str(schema["description"]) for _, schema in properties(tool.input_schema))]
        for text in texts:
            assert not compound & set(re.findall(r"\w+", text))


async def test_a_patient_reference_looks_the_same_wherever_it_goes_in_or_comes_out() -> None:
    found: list[tuple[object, object]] = []
    for tool in await published(ehr_tool_server):
        for schema in (tool.input_schema, tool.output_schema):
            found += [(one["title"], one["pattern"]) for name, one in properties(schema) if name == "patient"]
    assert len(found) == 9
    assert set(found) == {("Patient reference", "^Patient/[A-Za-z0-9.-]{1,64}$")}


async def test_session_and_question_look_the_same_wherever_they_go_in_or_come_out() -> None:
    for wanted in ("session", "question"):
        found = {
            (one["title"], one["pattern"])
            for tool in await published(questionnaire_tool_server)
            for schema in (tool.input_schema, tool.output_schema)
            for name, one in properties(schema)
            if name == wanted and "pattern" in one
        }
        assert len(found) == 1


async def test_no_patient_data_reaches_a_log(ehr: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """Rule R4, for answers and for failures."""
    with caplog.at_level(logging.DEBUG):
        await ehr("find_patients", name="Søren Ødegård")
        await ehr("find_patients", name="Søren")
        await ehr("find_patients", name="Søren Ødegård", birth_date="31.10.1985")
        await ehr("list_allergies", patient="Patient/p113")
        await ehr("list_allergies", patient="Søren Ødegård")
        await ehr("search_observations", patient="Patient/p113", text="Ødegård")
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("agentkit")]
    assert logged
    for line in logged:
        assert not re.search("Søren|Ødegård|Latex|1985", line)
