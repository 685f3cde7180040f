"""What a caller hands to `send` and cannot mean: an error before anything is sent, which names the argument."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from agentkit.client import AgentHandle
from agentkit.credentials import Token
from agentkit.errors import SpecError
from agentkit.models import Message, Part, Role
from agentkit.specs import AgentSpec
from tests.client.connecting import Connect
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("data", {"data": {"patientRef": "example-1"}}),
    ("data", {"data": "patientRef"}),
    ("data[1]", {"data": [{}, "patientRef"]}),
    ("data[0]", {"data": [{"when": datetime(2026, 1, 1, tzinfo=UTC)}]}),
    ("metadata", {"metadata": {"when": object()}}),
    ("metadata", {"metadata": "visit"}),
    ("history_length", {"history_length": -1}),
    ("history_length", {"history_length": "2"}),
    ("accepted_output_modes", {"accepted_output_modes": "text/plain"}),
    ("accepted_output_modes", {"accepted_output_modes": [5]}),
    ("credentials", {"credentials": Token("ehr", "s3cret")}),
    ("credentials", {"credentials": {"ehr": "s3cret"}}),
    ("message", {"message": None}),
    ("message", {"message": ["Hi"]}),
    ("context", {"context": 5}),
    ("context", {"context": ""}),
    ("task", {"task": 5}),
]


@pytest.fixture(params=["v1", "v2"])
async def agent(request: Any, connect: Connect) -> AsyncGenerator[AgentHandle]:
    async with connect(generation=request.param) as client:
        yield await client.agents.create(AgentSpec(name="helper", description="Helps"))


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=lambda value: str(value)[:40])
async def test_an_argument_nobody_can_mean_is_refused_before_anything_is_sent(
    agent: AgentHandle, double: CortiDouble, field: str, wrong: dict[str, Any]
) -> None:
    before = len(double.calls)
    arguments: dict[str, Any] = {"message": "Hi", **wrong}
    with pytest.raises(SpecError) as refused:
        await agent.send(**arguments)
    assert refused.value.field == field
    assert "s3cret" not in str(refused.value)
    with pytest.raises(SpecError) as refused:
        agent.stream(**arguments)
    assert refused.value.field == field
    assert len(double.calls) == before


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("data", {"data": {"patientRef": "example-1"}}),
        ("data[0]", {"data": [{"when": object()}]}),
        ("message", {"message": None}),
        ("questionnaire", {"questionnaire": []}),
        (
            "questionnaire",
            {"questionnaire": {"questionnaireId": "q", "version": 1, "questions": [{"id": "a", "x": {1}}]}},
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_conversation_refuses_the_same(agent: AgentHandle, field: str, wrong: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"message": "Hi", **wrong}
    with pytest.raises(SpecError) as refused:
        await agent.conversation().send(**arguments)
    assert refused.value.field == field


async def test_data_stands_behind_the_parts_of_a_whole_message(agent: AgentHandle, double: CortiDouble) -> None:
    message = Message(role=Role.USER, parts=(Part(text="Hi"),), message_id="m-1")
    await agent.send(message, data=[{"patientRef": "example-1"}])
    sent = double.calls[-1].json
    parts = (sent.get("params") or sent)["message"]["parts"]
    assert [part.get("data", part.get("text")) for part in parts] == ["Hi", {"patientRef": "example-1"}]
