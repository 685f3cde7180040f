"""What a tool is registered with, and what it may not answer: refused with a name, or kept from the wire."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from agentkit.errors import SpecError, ToolFailed
from agentkit.mcp import InProcessClient, ToolServer
from tests.deadline import HANG


async def measured(patient: str) -> float | None:
    """Tell what was measured."""
    return float(len(patient))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": 5}, "lab.name"),
        ({"title": 5}, "lab.title"),
        ({"read_only": "yes"}, "lab.read_only"),
        ({"timeout": "5"}, "lab.timeout"),
        ({"timeout": True}, "lab.timeout"),
        ({"output_limit": "many"}, "lab.output_limit"),
        ({"scopes": [5]}, "lab.scopes[0]"),
        ({"scopes": "labs"}, "lab.scopes"),
    ],
)
def test_an_option_of_another_kind_is_refused_by_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        ToolServer("lab").tool(**options)(measured)
    assert caught.value.field == field


@pytest.mark.parametrize("given", ["latest", 5, []])
def test_what_is_no_function_is_no_tool(given: Any) -> None:
    with pytest.raises(SpecError, match="it must be an async function"):
        ToolServer("lab").tool(given)


async def nan() -> float:
    """Tell one."""
    return math.nan


async def inner() -> dict[str, Any]:
    """Tell one."""
    return {"known": None, "values": [1.0, -math.inf]}


async def unsaid():  # pyright: ignore[reportUnknownParameterType]
    """Tell one."""
    return {"value": math.inf}


@pytest.mark.anyio
@pytest.mark.parametrize("tool", [nan, inner, unsaid])
async def test_what_is_no_number_is_a_failure_and_no_value_that_is_unknown(tool: Callable[[], Awaitable[Any]]) -> None:
    server = ToolServer("lab")
    server.tool(tool)
    server.tool(measured)
    with anyio.fail_after(HANG):
        async with InProcessClient(server) as client:
            with pytest.raises(ToolFailed) as failed:
                await client.call_tool(tool.__name__)
            assert failed.value.code == "internal-error"
            assert (await client.call_tool("measured", {"patient": "P-1"})).data == {"result": 3.0}
