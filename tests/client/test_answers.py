"""An answer of another shape than documented is an error that says where."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from agentkit.client import AgentHandle, AsyncCorti
from agentkit.errors import WireError
from agentkit.specs import AgentSpec
from tests.client.connecting import Connect
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

WRONG: list[Any] = [
    Answer(200, b"null"),
    Answer(200, b"5"),
    Answer(200, [5]),
    Answer(200, "hi"),
]


@pytest.fixture(params=["v1", "v2"])
async def agent(request: Any, connect: Connect) -> AsyncGenerator[tuple[AsyncCorti, AgentHandle]]:
    async with connect(generation=request.param) as client:
        yield client, await client.agents.create(AgentSpec(name="helper", description="Helps"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda answer: str(answer.body))
async def test_an_answer_of_another_shape_names_the_place(
    agent: tuple[AsyncCorti, AgentHandle], double: CortiDouble, wrong: Answer
) -> None:
    corti, handle = agent
    double.inject(wrong, times=None)
    for call in (
        handle.send("Hi"),
        handle.task("0d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02"),
        corti.agents.get(handle.id),
        corti.agents.list().all(),
        corti.experts.list().all(),
        handle.context("0d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02"),
        handle.card(),
    ):
        with pytest.raises(WireError) as refused:
            await call
        assert refused.value.path
