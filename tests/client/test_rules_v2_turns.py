"""Messages, tasks, contexts, traces, feedback and usage of v2, rule by rule, through the public API (section 14)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from agentkit.client import Reply
from agentkit.errors import AuthRequired, BadRequestError, ConflictError, NotFoundError, UnprocessableEntityError
from agentkit.models import (
    ArtifactUpdate,
    FeedbackSpec,
    File,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
)
from tests.client.connecting import connected, ended, last
from tests.contract.corti_double import Answer, CortiDouble, Gate, Hold, Turn, Usage, in_pieces
from tests.contract.on_platform import OnPlatform, Server
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
BINDINGS = ["HTTP+JSON", "JSONRPC"]
both_bindings = pytest.mark.parametrize("binding", BINDINGS)


def task_of(reply: Reply) -> Task:
    assert reply.task is not None
    return reply.task


def sent(server: Server) -> dict[str, Any]:
    """What the latest send holds, over whichever binding."""
    body: dict[str, Any] = last(server, "POST").json
    return body.get("params", body)


@both_bindings
async def test_a_send_waits_unless_told_not_to_and_names_the_version(binding: str, server: Server) -> None:
    """V2-EP-07, V2-EP-08, V2-EP-11, V2-SEND-01, V2-SEND-02, V2-VER-01, HDR-01, HDR-04."""
    gate = Gate()
    server.agent_answers("One", Turn("Two", gate=gate))
    with anyio.fail_after(HANG):
        async with connected(server, binding=binding) as corti:
            agent = await corti.agents.get(await server.v2_agent())
            first = await agent.send("Any allergies?")
            assert "contextId" not in sent(server)["message"]
            begun = await agent.send("And pets?", context=first.context, blocking=False)
            assert sent(server)["configuration"] == {"returnImmediately": True}
            gate.open()
            done = await ended(agent, task_of(begun))
            with pytest.raises(NotFoundError) as unknown:
                await agent.send("x", context=f"ctx.{BARE}")
    assert (first.state, first.text) == (TaskState.COMPLETED, "One")
    assert begun.state in {TaskState.SUBMITTED, TaskState.WORKING}
    assert (done.text, done.context_id) == ("Two", first.context)
    assert unknown.value.reason == "CONTEXT_NOT_FOUND"
    path = f"/v2/agentic/agents/{agent.id}/a2a"
    assert last(server, "POST").target == (path if binding == "JSONRPC" else f"{path}/message:send")
    for call in server.calls[1:]:
        assert call.headers["a2a-version"] == "1.0"
    for call in server.calls:
        assert call.headers["authorization"].startswith("Bearer ")
        assert call.headers["tenant-name"] == "base"
    assert "a2a-version" not in server.calls[0].headers


@both_bindings
async def test_everything_a_message_may_hold_is_sent_as_it_is_spelled(binding: str, server: Server) -> None:
    """V2-OBJ-11 to V2-OBJ-13, V2-ID-02, CON-11, CON-12: any `messageId`, data of any kind, no `kind`."""
    async with connected(server, binding=binding) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        context = (await agent.send("first")).context
        message = Message(
            role=Role.USER,
            message_id="msg-1760000000000",
            parts=(
                Part(text="See", media_type="text/markdown"),
                Part(file=File(content="aGVsbG8=", name="a.pdf", media_type="application/pdf")),
                Part(file=File(uri="https://files.example.org/a.png", media_type="image/png")),
                Part(data={"n": 1}, metadata={"source": "form"}),
                Part(data=[1, "x", None]),
            ),
            reference_task_ids=("task.x",),
            extensions=("https://example.org/x",),
            metadata={"a": 1},
        )
        reply = await agent.send(
            message, context=context, history_length=9, accepted_output_modes=["text/plain"], metadata={"b": 2}
        )
    assert sent(server) == {
        "message": {
            "role": "ROLE_USER",
            "messageId": "msg-1760000000000",
            "contextId": context,
            "parts": [
                {"text": "See", "mediaType": "text/markdown"},
                {"raw": "aGVsbG8=", "filename": "a.pdf", "mediaType": "application/pdf"},
                {"url": "https://files.example.org/a.png", "mediaType": "image/png"},
                {"data": {"n": 1}, "metadata": {"source": "form"}},
                {"data": [1, "x", None]},
            ],
            "referenceTaskIds": ["task.x"],
            "extensions": ["https://example.org/x"],
            "metadata": {"a": 1},
        },
        "configuration": {"historyLength": 9, "acceptedOutputModes": ["text/plain"]},
        "metadata": {"b": 2},
    }
    assert task_of(reply).history[0].message_id == "msg-1760000000000"


async def test_what_a_turn_used_is_told_over_json_rpc_which_is_spoken_where_nothing_is_said(
    server: Server,
) -> None:
    """V2-OBJ-14, CON-13, CON-14: optional everywhere; the platform tells it over REST too."""
    server.default_turn = Turn("One", usage=Usage(3, 4, 0.5, "corti-default", 2))
    agent_id = await server.v2_agent()
    async with connected(server) as corti:
        told = await (await corti.agents.get(agent_id)).send("hello")
    async with connected(server, binding="HTTP+JSON") as corti:
        untold = await (await corti.agents.get(agent_id)).send("hello")
    assert told.usage is not None
    assert (told.usage.input_tokens, told.usage.output_tokens, told.usage.total_tokens) == (3, 4, 7)
    assert (told.usage.credits, told.usage.model, told.usage.cached_input_tokens) == (0.5, "corti-default", 2)
    assert untold.usage == (told.usage if isinstance(server, OnPlatform) else None)


@both_bindings
async def test_an_answer_may_be_a_message_alone(binding: str) -> None:
    """V2-EP-08, CON-13."""
    double = CortiDouble()
    double.agent_answers(Turn("Hi.", as_message=True))
    async with connected(double, binding=binding) as corti:
        reply = await (await corti.agents.get(double.add_v2_agent())).send("Hello")
    assert (reply.task, reply.text) == (None, "Hi.")


@both_bindings
@pytest.mark.parametrize(
    "state",
    ["completed", "failed", "rejected", "canceled", "input-required", "auth-required", "unknown", "pondering"],
)
async def test_every_state_is_a_reply(binding: str, state: str) -> None:
    """V2-OBJ-15, SDKC-06: one that nobody knows included."""
    double = CortiDouble()
    double.agent_answers(Turn("So it is.", state))
    async with connected(double, binding=binding) as corti:
        reply = await (await corti.agents.get(double.add_v2_agent())).send("How is it?")
    assert reply.state is (TaskState.UNKNOWN if state == "pondering" else TaskState(state))


@both_bindings
@pytest.mark.parametrize("as_of_today", [False, True])
async def test_a_stream_tells_the_task_its_states_its_pieces_and_its_end(binding: str, as_of_today: bool) -> None:
    """V2-EP-07, V2-EP-09, V2-OBJ-18, V2-SSE-01, CON-13, CON-28: no `final`, and today neither context nor append."""
    double = CortiDouble()
    double.as_of_today = as_of_today
    double.agent_answers(Turn("Penicillin.", artifacts=in_pieces("r1", "Peni", "cillin")))
    with anyio.fail_after(HANG):
        async with connected(double, binding=binding) as corti:
            agent = await corti.agents.get(double.add_v2_agent())
            stream = agent.stream("Any allergies?")
            events = [event async for event in stream]
    call = last(double, "POST")
    assert (call.headers["accept"], call.headers["a2a-version"]) == ("text/event-stream", "1.0")
    path = f"/v2/agentic/agents/{agent.id}/a2a"
    assert call.target == (path if binding == "JSONRPC" else f"{path}/message:stream")
    assert [type(event) for event in events] == [Task, StatusUpdate, ArtifactUpdate, ArtifactUpdate, StatusUpdate]
    assert stream.reply is not None
    assert (stream.reply.text, stream.reply.state) == ("Penicillin.", TaskState.COMPLETED)
    assert [artifact.text for artifact in stream.reply.artifacts] == ["Peni\ncillin"]


@both_bindings
async def test_a_stream_begins_with_the_task_and_ends_with_its_last_state(binding: str, server: Server) -> None:
    """V2-EP-07, V2-EP-09, V2-OBJ-18, V2-SSE-01."""
    with anyio.fail_after(HANG):
        async with connected(server, binding=binding) as corti:
            agent = await corti.agents.get(await server.v2_agent())
            stream = agent.stream("Any allergies?")
            events = [event async for event in stream]
    call = last(server, "POST")
    assert (call.headers["accept"], call.headers["a2a-version"]) == ("text/event-stream", "1.0")
    assert isinstance(events[0], Task)
    assert all(isinstance(event, StatusUpdate) for event in events[1:])
    assert stream.reply is not None
    assert (stream.reply.text, stream.reply.state) == ("Penicillin.", TaskState.COMPLETED)


@both_bindings
async def test_a_running_task_is_watched_listed_and_cancelled(binding: str, server: Server) -> None:
    """V2-EP-10, V2-EP-12, V2-EP-13, CON-20: cancelled is `canceled`, and a settled task a conflict."""
    gate = Gate()
    server.agent_answers(Turn("Never", steps=[Hold(gate)]))
    with anyio.fail_after(HANG):
        async with connected(server, binding=binding) as corti:
            agent = await corti.agents.get(await server.v2_agent())
            begun = task_of(await agent.send("Take your time", blocking=False))
            await gate.reached()
            stream = agent.subscribe(begun)
            first = await anext(stream)
            watching = last(server, "POST")
            await agent.send("In another context")
            listed = await agent.tasks(context=begun.context_id).all()
            newest = await agent.tasks(limit=1).all()
            everything = await agent.tasks().all()
            cancelled = await agent.cancel(begun)
            rest = [event async for event in stream]
            with pytest.raises(ConflictError) as settled:
                await agent.cancel(begun)
            with pytest.raises(NotFoundError) as unknown:
                await agent.cancel(f"task.{BARE}")
    assert isinstance(first, Task)
    assert (first.id, [task.id for task in listed]) == (begun.id, [begun.id])
    assert [task.text for task in newest] == ["Penicillin."]
    assert {task.id for task in everything} == {begun.id, newest[0].id}
    assert (cancelled.status.state, isinstance(rest[-1], StatusUpdate)) == (TaskState.CANCELED, True)
    assert settled.value.reason == "TASK_NOT_CANCELABLE"
    assert unknown.value.reason == "TASK_NOT_FOUND"
    if binding == "HTTP+JSON":
        assert (watching.target, watching.body) == (
            f"/v2/agentic/agents/{agent.id}/a2a/tasks/{begun.id}:subscribe",
            b"",
        )
        assert "last-event-id" not in watching.headers


@both_bindings
async def test_what_the_a2a_plane_refuses_is_typed_with_its_reason(binding: str, server: Server) -> None:
    """V2-ERR-02."""
    async with connected(server, binding=binding) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        done = await agent.send("hello")
        with pytest.raises(BadRequestError) as settled:
            await agent.send("more", task=done.task)
        with pytest.raises(NotFoundError) as unknown:
            await agent.task(f"task.{BARE}")
    assert settled.value.reason == "UNSUPPORTED_OPERATION"
    assert (unknown.value.status, unknown.value.reason) == (404, "TASK_NOT_FOUND")


async def test_a_task_that_waits_for_a_credential_is_seen_as_such_today() -> None:
    """V2-AUTH-01: REST shows it as failed, JSON-RPC does not, so that is what is spoken; no secret in a URL."""
    double = CortiDouble()
    double.as_of_today = True
    double.mcp.demanding = {"ehr"}
    connector = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr", "auth": {"type": "bearer"}}
    agent_id = double.add_v2_agent(connectors=[connector])
    async with connected(double) as corti:
        with pytest.raises(AuthRequired) as caught:
            await (await corti.agents.get(agent_id)).conversation().send("hello")
    assert caught.value.mcp_name == "ehr"


async def test_contexts_are_listed_read_and_deleted(server: Server) -> None:
    """V2-EP-18 to V2-EP-20, V2-OBJ-22, CON-09."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        context_id = (await agent.send("1")).context or ""
        await agent.send("2", context=context_id)
        await agent.send("elsewhere")
        await (await corti.agents.get(await server.v2_agent("other"))).send("with another agent")
        listed = await corti.contexts.list(agent=agent.id, since=datetime(2020, 1, 1, tzinfo=UTC)).all()
        later = await corti.contexts.list(since=datetime(2100, 1, 1, tzinfo=UTC)).all()
        context = await corti.contexts.get(context_id, history_length=0)
        same = await agent.context(context_id)
        await corti.contexts.delete(context_id)
        with pytest.raises(NotFoundError) as gone:
            await corti.contexts.get(context_id)
    assert (len(listed), later) == (2, ())
    assert (context.id, context.agent_id, context.task_count) == (context_id, agent.id, 2)
    assert (context.expires_at, context.created_at is not None) == (None, True)
    assert [[message.text for message in task.history] for task in context.tasks] == [[], []]
    assert [[message.text for message in task.history] for task in same.tasks] == [["1"], ["2"]]
    assert gone.value.code == "CONTEXT_NOT_FOUND"
    asked = next(call.query for call in server.calls if call.target.startswith("/v2/agentic/contexts?"))
    assert asked == {"agentId": [agent.id], "from": ["2020-01-01T00:00:00.000Z"]}


async def test_tasks_are_read_through_their_context(server: Server) -> None:
    """V2-EP-22."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        reply = await agent.send("1")
        context, task = reply.context or "", task_of(reply).id
        (listed,) = await corti.contexts.tasks(context).all()
        read = await corti.contexts.task(context, task)
        with pytest.raises(NotFoundError):
            await corti.contexts.artifact(context, task, "art.y")
    assert listed == read
    assert read.id == task


async def test_artifacts_are_read_through_their_context() -> None:
    """V2-EP-23; those of the platform in tests/platform/contexts."""
    double = CortiDouble()
    double.default_turn = Turn("One", artifacts=in_pieces("art.x", "a"))
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_v2_agent())
        reply = await agent.send("1")
        context, task = reply.context or "", task_of(reply).id
        artifact = await corti.contexts.artifact(context, task, "art.x")
        with pytest.raises(NotFoundError):
            await corti.contexts.artifact(context, task, "art.y")
    assert artifact.text == "a"


async def test_a_trace_is_read_newest_first_and_again_when_its_spans_have_arrived() -> None:
    """V2-EP-21, V2-OBJ-19."""
    double = CortiDouble()
    double.hidden_trace_reads = 1
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_v2_agent())
        context = (await agent.send("1")).context or ""
        await agent.send("2", context=context)
        early = await corti.contexts.traces(context).all()
        late = await corti.contexts.traces(context).all()
    assert [trace.spans for trace in early] == [(), ()]
    assert [trace.thread_id for trace in late] == [context, context]
    assert [span.kind for span in late[0].spans] == ["CHAIN", "LLM"]
    chain, model = late[0].spans
    assert (model.attributes or {})["llm.finish_reason"] == "stop"
    assert model.parent_span_id == chain.span_id
    assert chain.start_time == chain.end_time == late[0].start_time == late[0].end_time
    assert chain.start_time is not None


async def test_feedback_is_given_read_and_taken_back_one_by_one(server: Server) -> None:
    """V2-EP-24, V2-EP-25, V2-OBJ-20, CON-10."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        reply = await agent.send("1")
        context, task = reply.context or "", task_of(reply).id
        spec = FeedbackSpec(is_positive=False, labels=["other"], reason="too short", actor_id="u-1", message_id="m")
        first = await corti.contexts.give_feedback(context, task, spec)
        second = await corti.contexts.give_feedback(context, task, FeedbackSpec(is_positive=True))
        both = await corti.contexts.feedback(context, task)
        for _ in range(2):
            await corti.contexts.delete_feedback(context, task, first.id)
        left = await corti.contexts.feedback(context, task)
    assert [one.id for one in both] == [second.id, first.id]
    assert left == (second,)
    assert (first.task_id, first.normalized_score, second.normalized_score) == (task, 0.0, 1.0)
    assert last(server, "DELETE").target.endswith(f"/feedback/{first.id}")


async def test_refused_feedback_is_typed() -> None:
    """V2-EP-24, V2-ERR-01."""
    double = CortiDouble()
    double.inject(Answer(422, {"error": {"code": "VALIDATION_FAILED", "message": "no"}}), on="POST */feedback")
    async with connected(double) as corti:
        reply = await (await corti.agents.get(double.add_v2_agent())).send("1")
        with pytest.raises(UnprocessableEntityError):
            await corti.contexts.give_feedback(reply.context or "", task_of(reply).id, FeedbackSpec(is_positive=True))


async def test_usage_is_told_for_a_range_in_utc(server: Server) -> None:
    """V2-EP-14, V2-OBJ-21."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent())
        context = (await agent.send("1")).context
        await agent.send("2", context=context)
        usual = await agent.usage()
        none = await agent.usage(
            since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2020, 1, 2, tzinfo=UTC), granularity="day"
        )
    assert (usual.totals.invocations, usual.totals.unique_contexts, len(usual.buckets)) == (2, 1, 1)
    assert (none.totals.invocations, none.buckets) == (0, ())
    asked = [call.query for call in server.calls if "/usage" in call.target]
    assert asked == [
        {},
        {"from": ["2020-01-01T00:00:00.000Z"], "to": ["2020-01-02T00:00:00.000Z"], "granularity": ["day"]},
    ]
