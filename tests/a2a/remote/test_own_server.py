"""RemoteAgent at our own server, on every binding it speaks over HTTP: turns, questions, artifacts, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agentkit import tracing
from agentkit.a2a.grpc_server import a2a_grpc
from agentkit.a2a.remote import RemoteAgent, RemoteLimits, remote_agent
from agentkit.a2a.remote.outbound import HOPS_KEY, MOST_HOPS
from agentkit.compose import CONTINUATION_KEY, Caller, Sequential, ShortState
from agentkit.credentials import Credentials, Token
from agentkit.errors import EngineError, TaskNotCancelable
from agentkit.models import ArtifactUpdate, Json, JsonObject, Message, StatusUpdate, TaskState
from agentkit.tracing import continued
from tests.a2a.desk import URL as DESK
from tests.a2a.desk import Desk, Served, served_desk
from tests.a2a.remote.parts import HandMade, events, made_card, outcome, pool, turn
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

BINDINGS = {"rpc 1.0": ("JSONRPC", "1.0"), "rest 1.0": ("HTTP+JSON", "1.0"), "rpc 0.3": ("JSONRPC", "0.3")}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with served_desk() as served:
        yield served


@pytest.fixture
def desk(served: Served) -> Desk:
    return served.agent


async def card_with(served: Served, binding: str, version: str, *, streaming: bool = True) -> JsonObject:
    """The desk's card with one of its interfaces only."""
    async with remote_agent(DESK, http=pool(served.app)) as agent:
        document = dict((await agent.card()).document)
    offered = document["supportedInterfaces"]
    assert isinstance(offered, list)
    kept: list[Json] = [
        one
        for one in offered
        if isinstance(one, dict) and (one["protocolBinding"], one["protocolVersion"]) == (binding, version)
    ]
    assert kept, offered
    return {
        **document,
        "supportedInterfaces": kept,
        "capabilities": {**_capabilities(document), "streaming": streaming},
    }


def _capabilities(document: JsonObject) -> JsonObject:
    capabilities = document["capabilities"]
    assert isinstance(capabilities, dict)
    return capabilities


@pytest.fixture(params=[True, False], ids=["streaming", "blocking"])
def streaming(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(params=list(BINDINGS))
async def agent(request: pytest.FixtureRequest, served: Served, streaming: bool) -> AsyncIterator[RemoteAgent]:
    binding, version = BINDINGS[request.param]
    card = await card_with(served, binding, version, streaming=streaming)
    async with remote_agent(card, name="peer", http=pool(served.app), credentials=("ehr",)) as agent:
        yield agent


@pytest.fixture
async def plain(served: Served) -> AsyncIterator[RemoteAgent]:
    async with remote_agent(DESK, name="peer", http=pool(served.app), credentials=("ehr",)) as agent:
        yield agent


async def test_an_answer_becomes_the_final_message_with_our_ids(agent: RemoteAgent) -> None:
    """In the dialect of the interface that the card offers (A2A-03-06)."""
    context = turn()
    ended = await outcome(agent, "hello", context)
    assert (ended.state, ended.text) == (TaskState.COMPLETED, "echo: hello")
    assert ended.message
    assert (ended.message.task_id, ended.message.context_id) == (context.task_id, context.context_id)


async def test_artifacts_come_up_whole_whatever_the_way(agent: RemoteAgent) -> None:
    ended = await outcome(agent, "chunks")
    (made,) = ended.artifacts
    assert "".join(part.text or "" for part in made.parts) == "Penicillin."
    assert ended.text == "done"


async def test_chunks_come_up_as_they_come(plain: RemoteAgent) -> None:
    chunks = [event for event in await events(plain, "chunks") if isinstance(event, ArtifactUpdate)]
    assert [(chunk.artifact.text, chunk.append) for chunk in chunks] == [("Peni", False), ("cillin.", True)]


async def test_a_question_surfaces_and_the_answer_continues_that_very_task(agent: RemoteAgent, desk: Desk) -> None:
    state = ShortState()
    asked = await outcome(agent, "ask", turn(state))
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which one?")
    assert asked.continuation
    answered = await outcome(agent, "the left one", turn(state, continuation=asked.continuation))
    assert answered.text == "echo: the left one"
    first, second = desk.contexts
    assert (second.task_id, second.context_id) == (first.task_id, first.context_id)
    assert asked.continuation["taskId"] == first.task_id


async def test_a_missing_credential_surfaces_and_what_is_given_goes_to_that_task_alone(
    agent: RemoteAgent, desk: Desk
) -> None:
    asked = await outcome(agent, "login")
    assert asked.state is TaskState.AUTH_REQUIRED
    assert asked.metadata is not None
    assert asked.metadata.get("mcp_name") == "ehr"
    given = Credentials([Token("ehr", "secret-1"), Token("lab", "secret-2")])
    answer = Message.user("go on", task_id=None)
    await outcome(agent, answer, turn(continuation=asked.continuation, credentials=given))
    assert [dict(context.credentials) for context in desk.contexts] == [{}, {"ehr": Token("ehr", "secret-1")}]


async def test_an_answer_of_which_nothing_may_pass_leaves_the_question_open(agent: RemoteAgent, desk: Desk) -> None:
    for question in ("login", "ask"):
        asked = await outcome(agent, question)
        nothing = Message.user(data=[{"type": "token", "mcp_name": "lab", "token": "secret-2"}])
        given = Credentials([Token("lab", "secret-2")])
        again = await outcome(agent, nothing, turn(continuation=asked.continuation, credentials=given))
        assert (again.state, again.continuation) == (asked.state, asked.continuation)
        assert (again.metadata or {}).get("mcp_name") == (asked.metadata or {}).get("mcp_name")
        assert ("MCP server ehr" in again.text) == (question == "login")
    assert len(desk.seen) == 2


async def test_only_credentials_that_the_author_names_travel_and_with_every_message(
    agent: RemoteAgent, desk: Desk
) -> None:
    """MCPAUTH-16; an agent that has forgotten them would ask for them in every turn."""
    state, given = ShortState(), Credentials([Token("ehr", "secret-1"), Token("lab", "secret-2")])
    asked = await outcome(agent, "ask", turn(state, credentials=given))
    await outcome(agent, "left", turn(state, credentials=given, continuation=asked.continuation))
    await outcome(agent, "hello", turn(state, credentials=given))
    assert all("secret" not in message.text for message in desk.seen)
    assert [len(message.parts) for message in desk.seen] == [1, 1, 1]
    assert [list(context.credentials) for context in desk.contexts] == [["ehr"]] * 3
    assert agent.mcp_names == {"ehr"}


async def test_a_conversation_keeps_its_remote_context_and_no_two_callers_share_one(
    agent: RemoteAgent, desk: Desk
) -> None:
    ours, theirs = ShortState(), ShortState()
    for state, owner in ((ours, "a"), (ours, "a"), (theirs, "b")):
        await outcome(agent, "hello", turn(state, caller=Caller(owner=owner)))
    first, second, third = (context.context_id for context in desk.contexts)
    assert first == second
    assert first != third


async def test_two_first_turns_at_once_get_one_remote_context(plain: RemoteAgent, desk: Desk) -> None:
    state = ShortState()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(outcome, plain, "hello", turn(state))
    assert len({context.context_id for context in desk.contexts}) == 1


async def test_a_failed_task_fails_the_turn_with_what_it_says(agent: RemoteAgent) -> None:
    ended = await outcome(agent, "crash")
    assert ended.state is TaskState.FAILED
    assert "Reference" in ended.text
    assert "Jane" not in ended.text


@pytest.mark.parametrize("way", list(BINDINGS))
async def test_a_cancelled_turn_cancels_the_remote_task(served: Served, desk: Desk, way: str) -> None:
    """A2A-CMP-01: also where the answer, and with it the task's id, has not come yet and lists can be asked."""
    streaming = way != "rest 1.0"
    card = await card_with(served, *BINDINGS[way], streaming=streaming)
    async with remote_agent(card, name="peer", http=pool(served.app)) as agent:
        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                group.start_soon(outcome, agent, "wait")
                await desk.started.wait()
                if streaming:
                    await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
            (context,) = desk.contexts
            task = await served.service.get(context.task_id, Caller(), agent_id="desk")
    assert task.status.state is TaskState.CANCELED
    assert desk.cancelled == [context.task_id]


async def test_cancelling_a_parked_turn_cancels_the_remote_task(agent: RemoteAgent, served: Served) -> None:
    asked = await outcome(agent, "ask")
    await agent.cancel(turn(continuation=asked.continuation))
    (context,) = served.agent.contexts
    with pytest.raises(TaskNotCancelable):
        await served.service.cancel(context.task_id, Caller(), agent_id="desk", agent=served.agent)


async def test_the_message_id_is_the_same_for_the_same_step_and_another_one_for_another(
    plain: RemoteAgent, desk: Desk
) -> None:
    message, context = Message.user("hello"), turn()
    await outcome(plain, message, context)
    again = replace(context, state=ShortState())
    await outcome(plain, message, again)
    assert len(desk.seen) == 1, "our server attached the repetition to the task of the first"
    await outcome(plain, message, turn(path=("other", "peer")))
    assert len({message.message_id for message in desk.seen}) == 2


async def test_nothing_of_our_message_but_its_parts_leaves(plain: RemoteAgent, desk: Desk) -> None:
    """A credential that another agent made up does not pass; ids and metadata of ours stay here."""
    made_up: JsonObject = {"type": "token", "mcp_name": "ehr", "token": "made-up"}
    message = Message.user("hello", data=[made_up, {"n": 3}], context_id="ours", task_id="ours")
    await outcome(plain, message.model_copy(update={"metadata": {"private": True}}))
    (seen,) = desk.seen
    assert [part.kind for part in seen.parts] == ["text", "data"]
    assert seen.metadata is None
    assert not desk.contexts[0].credentials


async def test_hops_are_counted_and_bounded(plain: RemoteAgent, desk: Desk) -> None:
    await outcome(plain, "hello", turn(metadata={HOPS_KEY: 4}))
    assert (desk.contexts[0].metadata or {})[HOPS_KEY] == 5
    ended = await outcome(plain, "hello", turn(metadata={HOPS_KEY: MOST_HOPS}))
    assert ended.state is TaskState.FAILED
    assert "leads back" in ended.text


async def test_an_agent_that_asks_itself_over_a2a_is_stopped_with_a_clear_error() -> None:
    """A composition that recurses into itself: each hop waits for the next, until the count stops it."""
    async with served_desk() as served:
        agent = remote_agent(DESK, name="self", http=pool(served.app), limits=RemoteLimits(silence=HANG))
        chain = Sequential("ouroboros", [agent])
        served.agent.run = chain.run
        ended = await outcome(agent, "hello", turn(path=("self",)))
        await agent.aclose()
    assert ended.state is TaskState.FAILED
    assert "leads back" in ended.text


@pytest.mark.parametrize("hops", [True, "9", -3, [1], 1e300])
async def test_a_hop_count_that_is_none_is_no_way_around(plain: RemoteAgent, hops: object) -> None:
    context = turn(metadata={HOPS_KEY: hops})  # pyright: ignore[reportArgumentType]
    if hops == 1e300:
        with pytest.raises(EngineError):
            await events(plain, "hello", context)
    else:
        assert (await outcome(plain, "hello", context)).text == "echo: hello"


async def test_one_trace_runs_through(plain: RemoteAgent) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with continued({"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}):
        said = (await outcome(plain, "trace")).text
    assert said.split("-")[1] == trace_id


@pytest.mark.parametrize("way", [("JSONRPC", "1.0"), ("HTTP+JSON", "0.3")])
async def test_what_an_agent_does_in_a_stream_is_a_child_of_the_call(served: Served, way: tuple[str, str]) -> None:
    """A2A-CMP-05; also where nothing around the call has begun a trace."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracing, "_tracer", lambda: provider.get_tracer("test"))
        async with remote_agent(await card_with(served, *way), name="peer", http=pool(served.app)) as agent:
            await outcome(agent, "hello")
            spans: dict[str, ReadableSpan] = {}
            with anyio.fail_after(HANG):
                while not any(name.startswith("a2a.Send") for name in spans):
                    await anyio.lowlevel.checkpoint()
                    spans = {one.name: one for one in exporter.get_finished_spans()}
    call, served_call = spans["a2a.client.SendStreamingMessage"], spans["a2a.SendStreamingMessage"]
    assert call.context
    assert served_call.parent
    assert served_call.parent.span_id == call.context.span_id


async def test_skills_and_description_are_those_of_the_card_once_it_is_read(plain: RemoteAgent) -> None:
    assert [skill.id for skill in plain.skills] == ["peer"]
    await plain.card()
    assert [skill.id for skill in plain.skills] == ["echo"]
    assert plain.description == "Answers at the front desk"


async def test_a_composite_of_remote_agents_names_who_asks(served: Served) -> None:
    async with remote_agent(DESK, name="peer", http=pool(served.app)) as agent:
        chain = Sequential("chain", [agent])
        ended: list[StatusUpdate] = []
        async with aclosing(chain.run(Message.user("ask"), turn(path=("chain",)))) as run:
            ended += [event async for event in run if isinstance(event, StatusUpdate)]
    metadata = ended[-1].metadata or {}
    assert ended[-1].status.state is TaskState.INPUT_REQUIRED
    assert metadata["agentkit.agent"] == "chain/peer"
    assert CONTINUATION_KEY in metadata


@pytest.mark.parametrize("version", ["1.0", "0.3"])
async def test_grpc_works_like_the_others(version: str) -> None:
    async with served_desk() as served, a2a_grpc(served.agent, served.service, url=DESK, port=0) as port:
        address = f"http://127.0.0.1:{port}"
        card: JsonObject = {
            "name": "desk",
            "supportedInterfaces": [{"url": address, "protocolBinding": "GRPC", "protocolVersion": version}],
            "capabilities": {"streaming": True},
        }
        state = ShortState()
        async with remote_agent(card) as agent:
            asked = await outcome(agent, "ask", turn(state))
            answered = await outcome(agent, "left", turn(state, continuation=asked.continuation))
            ended = await outcome(agent, "chunks", turn(state))
    assert answered.text == "echo: left"
    assert [one.text for one in ended.artifacts] == ["Peni\ncillin."]
    assert len({context.context_id for context in served.agent.contexts}) == 1


async def test_a_turn_goes_on_when_the_card_changes_meanwhile() -> None:
    """Over gRPC, which has a connection of its own."""
    async with served_desk() as served, a2a_grpc(served.agent, served.service, url=DESK, port=0) as port:
        address = f"http://127.0.0.1:{port}"
        interfaces = [{"url": address, "protocolBinding": "GRPC", "protocolVersion": "1.0"}]
        peer, now = HandMade({}, made_card(supportedInterfaces=interfaces)), [0.0]
        async with remote_agent(address, name="peer", http=pool(peer.app), clock=lambda: now[0]) as agent:
            with anyio.fail_after(HANG):
                at_work = asyncio.create_task(outcome(agent, "wait"))
                await served.agent.started.wait()
                peer.card["description"], now[0] = "Answers better", 1_000.0
                assert (await outcome(agent, "hello")).text == "echo: hello"
                assert not at_work.done()
                at_work.cancel()
                await asyncio.wait([at_work])
        assert len(served.agent.cancelled) == 1
