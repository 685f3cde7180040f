"""The calls of v2 beside agents and connectors, and JSON-RPC of both generations, answered by the double.

The operations are carried to it by hand, so that only what they say is tested: paths, bodies, headers, reading.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import httpx2
import pytest

from agentkit.client.operation import Answer, Operation, StreamOperation
from agentkit.client.v1 import rpc as v1_rpc
from agentkit.client.v2 import contexts, feedback, messages, rpc, usage
from agentkit.errors import ApiError, ConflictError, NotFoundError
from agentkit.models import Event, FeedbackLabel, FeedbackSpec, Message, SendRequest, Task, TaskState
from agentkit.wire.errors import decode_api_error
from agentkit.wire.usage import read_usage
from tests.contract.corti_double import CortiDouble, Turn, Usage, in_pieces
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

T = TypeVar("T")

NONE: frozenset[str] = frozenset()
UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
BINDINGS = [pytest.param(messages, id="HTTP+JSON"), pytest.param(rpc, id="JSONRPC")]


async def ask(client: httpx2.AsyncClient, operation: Operation[Any]) -> httpx2.Response:
    answer = await client.request(
        operation.method,
        ("/v2" if operation.root == "base" else "") + operation.path,
        params=dict(operation.query),
        json=operation.body,
        headers={**operation.headers, "Accept": operation.accept},
    )
    if answer.is_error:
        raise decode_api_error(answer.status_code, answer.json())
    return answer


async def call(client: httpx2.AsyncClient, operation: Operation[T]) -> T:
    answer = await ask(client, operation)
    return operation.parse(Answer(answer.status_code, dict(answer.headers), answer.content))


async def listen(client: httpx2.AsyncClient, operation: StreamOperation[Event]) -> list[Event]:
    text = (await ask(client, operation)).text
    documents = [json.loads(line.removeprefix("data:")) for line in text.splitlines() if line.startswith("data:")]
    return [event for document in documents if (event := operation.decode(document)) is not None]


def request(text: str = "Hi", context_id: str | None = None) -> SendRequest:
    return SendRequest(message=Message.user(text, context_id=context_id))


@pytest.mark.parametrize("binding", BINDINGS)
async def test_a_turn_of_v2_is_sent_watched_listed_and_read_again(binding: Any) -> None:
    """V2-EP-07 to V2-EP-11."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("art.1", "a", "b"), usage=Usage(3, 4, 0.5, "corti-default")))
    async with calling(double) as client:
        sent: Task = await call(client, binding.send_message(agent, request(), NONE))
        events = await listen(client, binding.stream_message(agent, request(context_id=sent.context_id), NONE))
        read = await call(client, binding.get_task(agent, sent.id, 0))
        page = await call(client, binding.list_tasks(agent, context_id=sent.context_id, page_size=1))
        rest = await call(
            client, binding.list_tasks(agent, context_id=sent.context_id, page_size=1, page_token=page.next_token)
        )
    assert (sent.status.state, sent.text) == (TaskState.COMPLETED, "One")
    assert (read.id, read.history) == (sent.id, ())
    assert len(events) > 2
    assert len({task.id for task in (*page.items, *rest.items)}) == 2
    assert rest.next_token is None


@pytest.mark.parametrize("binding", BINDINGS)
async def test_refusals_of_both_bindings_are_the_same_errors(binding: Any) -> None:
    """V2-ERR-02, V2-EP-12."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One"))
    async with calling(double) as client:
        sent: Task = await call(client, binding.send_message(agent, request(), NONE))
        with pytest.raises(NotFoundError) as no_task:
            await call(client, binding.get_task(agent, UNKNOWN, None))
        with pytest.raises(ConflictError) as settled:
            await call(client, binding.cancel_task(agent, sent.id))
        with pytest.raises(NotFoundError) as no_context:
            await call(client, binding.send_message(agent, request(context_id=UNKNOWN), NONE))
    assert [error.value.reason for error in (no_task, settled, no_context)] == [
        "TASK_NOT_FOUND",
        "TASK_NOT_CANCELABLE",
        "CONTEXT_NOT_FOUND",
    ]
    assert [error.value.status for error in (no_task, settled, no_context)] == [404, 409, 404]


async def test_usage_of_a_turn_comes_over_json_rpc() -> None:
    """V2-OBJ-14."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", usage=Usage(3, 4, 0.5, "corti-default")))
    async with calling(double) as client:
        sent = await call(client, rpc.send_message(agent, request(), NONE))
    used = read_usage(sent.metadata)
    assert used is not None
    assert (used.input_tokens, used.output_tokens, used.credits, used.model) == (3, 4, 0.5, "corti-default")


async def test_a_context_is_looked_into() -> None:
    """V2-EP-14, V2-EP-18 to V2-EP-25."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("art.1", "a", "b"), usage=Usage(3, 4)))
    spec = FeedbackSpec(is_positive=False, labels=("other",), reason="too short", actor_id="u-1")
    async with calling(double) as client:
        sent = await call(client, messages.send_message(agent, request(), NONE))
        assert isinstance(sent, Task)
        place = sent.context_id
        listed = await call(client, contexts.list_contexts(agent_id=agent))
        context = await call(client, contexts.get_context(place, 0))
        tasks = await call(client, contexts.list_tasks(place))
        task = await call(client, contexts.get_task(place, sent.id))
        artifact = await call(client, contexts.get_artifact(place, sent.id, "art.1"))
        traces = await call(client, contexts.list_traces(place))
        given = await call(client, feedback.create_feedback(place, sent.id, spec))
        opinions = await call(client, feedback.list_feedback(place, sent.id))
        await call(client, feedback.delete_feedback(place, sent.id, given.id))
        none_left = await call(client, feedback.list_feedback(place, sent.id))
        report = await call(client, usage.get_usage(agent, granularity="day"))
        await call(client, contexts.delete_context(place))
        with pytest.raises(NotFoundError) as gone:
            await call(client, contexts.get_context(place))
    assert [entry.id for entry in listed.items] == [place]
    assert (context.agent_id, context.task_count, [entry.id for entry in context.tasks]) == (agent, 1, [sent.id])
    assert [entry.id for entry in tasks.items] == [task.id] == [sent.id]
    assert artifact.artifact_id == "art.1"
    (trace,) = traces.items
    assert [node.span.kind for node in trace.tree()] == ["CHAIN"]
    assert (given.is_positive, given.labels, given.actor_id) == (False, (FeedbackLabel.OTHER,), "u-1")
    assert ([entry.id for entry in opinions], none_left) == ([given.id], ())
    assert report.totals.invocations == 1
    assert gone.value.code == "CONTEXT_NOT_FOUND"


async def test_a_turn_of_v1_goes_over_json_rpc() -> None:
    """V1-RPC-01 to V1-RPC-05."""
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("r1", "a", "b")))
    async with calling(double) as client:
        sent = await call(client, v1_rpc.send_message(agent, request(), NONE))
        assert isinstance(sent, Task)
        events = await listen(client, v1_rpc.stream_message(agent, request(), NONE))
        read = await call(client, v1_rpc.get_task(agent, sent.id, 0))
        with pytest.raises(ConflictError):
            await call(client, v1_rpc.cancel_task(agent, sent.id))
        with pytest.raises(ApiError) as unknown:
            await call(client, v1_rpc.get_task(UNKNOWN, sent.id, None))
    assert (sent.text, read.id, read.history) == ("One", sent.id, ())
    assert isinstance(events[0], Task)
    assert len(events) > 2
    assert (unknown.value.status, unknown.value.code, unknown.value.reason) == (500, "-32603", "INTERNAL_ERROR")
