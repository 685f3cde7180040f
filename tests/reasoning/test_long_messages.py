"""Messages of any length neither stop the event loop nor are acted on in part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.lowlevel import checkpoint

from agentkit.reasoning import Ask, Candidate, RuleReasoner, Situation
from tests.deadline import HANG

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio


async def test_a_message_too_long_to_read_is_not_acted_on_in_part(make_records: Callable[[str], Expert]) -> None:
    tools = tuple(await make_records("as they are").toolboxes["records"].list_tools())
    act = await RuleReasoner().decide(Situation("Which allergies does Priya Raman have? " * 400, tools=tools))
    assert isinstance(act, Ask)
    assert "8000" in act.text


@pytest.mark.parametrize(
    "text",
    ["since 2024 to 2025 " * 400, "'a' " * 1900, "lorem ipsum 2024-01-01 Anna Berg " * 230, "x " * 3900],
    ids=["dates", "quotations", "names", "letters"],
)
async def test_a_long_message_does_not_stop_the_event_loop(make_records: Callable[[str], Expert], text: str) -> None:
    tools = tuple(await make_records("as they are").toolboxes["records"].list_tools())
    turns = 0
    done = anyio.Event()

    async def turn() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await checkpoint()

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(turn)
            await RuleReasoner().decide(Situation(text, tools=tools, experts=(Candidate("a", "b", tools),)))
            done.set()
    assert turns > 3
