"""What a model used is summed for the turn it was used in."""

from __future__ import annotations

import asyncio

import pytest

from agentkit.models import TokenUsage
from agentkit.reasoning import counting, spent

pytestmark = pytest.mark.anyio


async def test_what_tasks_of_a_turn_spend_is_summed() -> None:
    async def work(tokens: int) -> None:
        spent(TokenUsage(input_tokens=tokens, output_tokens=1, model="small"))

    with counting() as counted:
        await asyncio.gather(work(3), work(4))
        spent(TokenUsage(credits=0.5, model="small"))
    assert counted.total == TokenUsage(input_tokens=7, output_tokens=2, credits=0.5, model="small")
    assert counted.times == 3


async def test_turns_side_by_side_do_not_count_each_other() -> None:
    async def turn(tokens: int) -> int:
        with counting() as counted:
            await asyncio.sleep(0)
            spent(TokenUsage(input_tokens=tokens))
        return counted.total.input_tokens

    assert await asyncio.gather(turn(1), turn(2)) == [1, 2]


def test_outside_of_a_turn_nobody_is_told() -> None:
    with counting() as counted:
        pass
    spent(TokenUsage(input_tokens=5))
    assert counted.total == TokenUsage()


def test_an_inner_turn_has_a_sum_of_its_own() -> None:
    with counting() as outer:
        with counting() as inner:
            spent(TokenUsage(output_tokens=2))
        spent(inner.total)
        spent(TokenUsage(output_tokens=1))
    assert (inner.total.output_tokens, outer.total.output_tokens) == (2, 3)
