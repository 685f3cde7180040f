"""One span per call with ids and sizes, and `traceparent` on every hop (design D11)."""

from __future__ import annotations

from typing import Literal

import pytest
from opentelemetry.sdk.trace import TracerProvider

from agentkit import tracing
from agentkit.errors import NotFoundError
from agentkit.specs import AgentSpec
from tests.client.connecting import Connect, ConnectBlocking
from tests.contract.corti_double import Answer, CortiDouble, Turn, Usage

pytestmark = pytest.mark.anyio

ANSWER = Answer(200, {"task": {"kind": "task", "id": "t-1", "contextId": "c-1", "status": {"state": "completed"}}})


async def test_a_send_is_one_span_with_ids_and_sizes(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    spans: list[tracing.SpanRecord] = []
    async with connect() as corti:
        agent = await corti.agents.get(agent_id)
        double.inject(Answer(503), ANSWER)
        with tracing.listen(spans.append):
            await agent.send("Any allergies?", data=[{"a": 1}])
    (span,) = spans
    assert span.name == "client.send"
    assert span.attributes == {
        "agentkit.agent.id": agent_id,
        "agentkit.message.id": double.messages[0]["messageId"],
        "agentkit.part.count": 2,
        "agentkit.task.id": "t-1",
        "agentkit.task.state": "completed",
        "agentkit.context.id": "c-1",
        "agentkit.artifact.count": 0,
        "agentkit.retry.count": 1,
        "http.request.body.size": len(double.calls[-1].body),
        "http.request.method": "POST",
        "http.response.body.size": len(ANSWER.content),
        "http.response.status_code": 200,
        "url.path": f"/agents/{agent_id}/v1/message:send",
    }


async def test_the_token_request_is_a_hop_of_its_own(connect: Connect, agent_id: str) -> None:
    spans: list[tracing.SpanRecord] = []
    with tracing.listen(spans.append):
        async with connect() as corti:
            await corti.agents.get(agent_id)
    assert [span.name for span in spans] == ["client.token", "client.agents.get"]


async def test_a_failed_call_marks_its_span(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.inject(Answer(404))
    spans: list[tracing.SpanRecord] = []
    with tracing.listen(spans.append):
        async with connect(token="t") as corti:
            with pytest.raises(NotFoundError):
                await corti.agents.get(agent_id)
    assert (spans[0].error, spans[0].attributes["http.response.status_code"]) == ("NotFoundError", 404)


async def test_traceparent_travels_with_the_call(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        async with connect() as corti:
            await corti.agents.get(agent_id)
    trace_id = f"{outer.get_span_context().trace_id:032x}"
    assert double.calls[0].headers["traceparent"].split("-")[1] == trace_id
    assert double.token_calls[0].headers["traceparent"].split("-")[1] == trace_id


def test_the_blocking_client_traces_the_same(connect_blocking: ConnectBlocking, agent_id: str) -> None:
    spans: list[tracing.SpanRecord] = []
    with tracing.listen(spans.append), connect_blocking() as corti:
        corti.agents.get(agent_id).send("hi")
    assert [span.name for span in spans] == ["client.token", "client.agents.get", "client.send"]


_USAGE = {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3, "agentkit.credits": 0.5}


@pytest.mark.parametrize("how", ["client.send", "client.stream"])
@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_call_is_one_span_that_tells_what_its_turn_used(
    connect: Connect, double: CortiDouble, generation: Literal["v1", "v2"], how: str
) -> None:
    """V1-OBJ-21, V1-RPC-04, V2-OBJ-14."""
    double.agent_answers(Turn("Yes.", usage=Usage(7, 3, 0.5)))
    spans: list[tracing.SpanRecord] = []
    async with connect(token=double.token(), generation=generation) as corti:
        agent = await corti.agents.create(AgentSpec(name="a", description="b"))
        with tracing.listen(spans.append):
            if how == "client.send":
                await agent.send("hi")
            else:
                assert [event async for event in agent.stream("hi")]
    (span,) = spans
    assert span.name == how
    assert {name: span.attributes.get(name) for name in _USAGE} == _USAGE
    assert span.attributes["agentkit.task.state"] == "completed"
