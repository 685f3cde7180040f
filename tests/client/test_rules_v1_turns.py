"""Messages, tasks and contexts of v1, rule by rule, through the public API (V1-EP, V1-SEND, V1-TASK, V1-CTXEP)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from agentkit.client import AgentHandle, Reply
from agentkit.errors import (
    ApiError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    UnprocessableEntityError,
    UnsupportedByGeneration,
)
from agentkit.models import (
    ArtifactUpdate,
    File,
    Message,
    Part,
    PushAuthentication,
    PushNotificationConfig,
    Role,
    StatusUpdate,
    Task,
    TaskState,
)
from tests.client.connecting import connected, ended, last
from tests.contract.corti_double import Answer, CortiDouble, Gate, Turn, Usage, data_part, in_pieces
from tests.contract.mcp_servers import ORIGIN, TOKEN
from tests.contract.on_platform import Server
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

EHR = f"{ORIGIN}/ehr"
NOBODY = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"


def task_of(reply: Reply) -> Task:
    assert reply.task is not None
    return reply.task


async def test_the_first_message_has_no_context_and_the_answer_brings_one(server: Server) -> None:
    """V1-EP-07, V1-SEND-01, CTX-01, CTX-02: the client never invents a context."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        first = await agent.send("Any allergies?")
        second = await agent.send("And pets?", context=first.context)
        alone = await agent.send("And plants?")
    assert "contextId" not in server.messages[0]
    assert server.messages[1]["contextId"] == first.context == second.context
    assert alone.context not in {None, first.context}
    assert last(server, "POST").target == f"/agents/{agent.id}/v1/message:send"
    assert task_of(second).id != task_of(first).id


async def test_a_question_is_answered_in_its_task_and_a_settled_task_takes_nothing(server: Server) -> None:
    """V1-SEND-02, V1-SEND-03, ORCH-04."""
    server.agent_answers(Turn("Which ear?", "input-required"), Turn("The left one."))
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        asked = await agent.send("Does it hurt?")
        assert asked.state is TaskState.INPUT_REQUIRED
        done = await agent.send("The left", task=asked.task)
        with pytest.raises(BadRequestError) as settled:
            await agent.send("Still", task=done.task)
    assert (task_of(done).id, done.state) == (task_of(asked).id, TaskState.COMPLETED)
    assert settled.value.code == "task_not_continuable"


async def test_a_conversation_goes_on_by_its_context_and_a_question_by_its_task(server: Server) -> None:
    """V1-SEND-01, V1-SEND-02: a task brings its context along, its id alone does not."""
    server.agent_answers(*[Turn("Which patient?", "input-required")] * 2)
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        first = await agent.send("Any allergies?")
        asked = await agent.send("Jane", context=first.context)
        await agent.send("Jane", task=asked.task)
        await agent.send("Jane", task=task_of(first).id)
    _, by_context, by_task, by_id = server.messages
    assert (by_context["contextId"], "taskId" in by_context) == (first.context, False)
    assert (by_task["contextId"], by_task["taskId"]) == (first.context, task_of(asked).id)
    assert ("contextId" in by_id, by_id["taskId"]) == (False, task_of(first).id)


async def test_a_task_or_context_that_does_not_fit_is_a_typed_error(server: Server) -> None:
    """V1-SEND-04, V1-ID-01, V1-ID-02."""
    server.agent_answers(Turn("Which ear?", "input-required"))
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        other = await corti.agents.get(await server.agent("other"))
        asked = await agent.send("Does it hurt?")
        elsewhere = await agent.send("Something else")
        task, context = task_of(asked).id, asked.context or ""
        refused: list[tuple[Awaitable[object], type[ApiError], str]] = [
            (agent.send("x", task=NOBODY), NotFoundError, "task_not_found"),
            (agent.send("x", context=NOBODY), NotFoundError, "context_not_found"),
            (agent.send("x", task=task, context=elsewhere.context), BadRequestError, "context_mismatch"),
            (agent.send("x", task="task-7"), BadRequestError, "invalid_id"),
            (agent.task("task-7"), BadRequestError, "invalid_id"),
            (agent.task(NOBODY), NotFoundError, "task_not_found"),
            (agent.context("context-7"), BadRequestError, "invalid_id"),
            (agent.context(NOBODY), NotFoundError, "context_not_found"),
            (other.task(task), NotFoundError, "task_not_found"),
            (other.context(context), NotFoundError, "context_not_found"),
            (other.delete_context(context), NotFoundError, "context_not_found"),
        ]
        for call, error, code in refused:
            with pytest.raises(error) as caught:
                await call
            assert caught.value.code == code


async def test_an_answer_is_a_task_with_text_and_deliverables_or_a_message_alone() -> None:
    """V1-SEND-05, V1-SEND-06, V1-OBJ-17, V1-OBJ-18, V1-OBJ-21, CTX-10."""
    double = CortiDouble()
    double.agent_answers(
        Turn("Penicillin.", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4, 0.5)), Turn("Hi.", as_message=True)
    )
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_agent())
        full = await agent.send("Any allergies?")
        quick = await agent.send("Hello")
    assert (full.text, full.state) == ("Penicillin.", TaskState.COMPLETED)
    assert [[part.text for part in artifact.parts] for artifact in full.artifacts] == [["a", "b"]]
    assert full.usage is not None
    assert (full.usage.input_tokens, full.usage.output_tokens, full.usage.credits) == (3, 4, 0.5)
    assert (quick.task, quick.text, quick.artifacts, quick.data) == (None, "Hi.", (), ())
    assert (quick.state, quick.context) == (TaskState.COMPLETED, double.executions[1].context_id)


async def test_artifacts_that_come_twice_count_once_and_what_was_echoed_stays_data() -> None:
    """V1-SEND-09."""
    double = CortiDouble()
    echo = {"artifactId": "r2", "parts": [{"kind": "data", "data": {"tool": "find_patients", "result": [1]}}]}
    old, new = ({"artifactId": "r1", "parts": [{"kind": "text", "text": text}]} for text in ("old", "new"))
    task = {"kind": "task", "id": NOBODY, "contextId": NOBODY, "status": {"state": "completed"}}
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_agent())
        double.inject(Answer(200, {"task": {**task, "artifacts": [old, echo, new, echo]}}))
        reply = await agent.send("Any allergies?")
    assert [(artifact.artifact_id, artifact.text) for artifact in reply.artifacts] == [("r1", "new"), ("r2", "")]
    assert reply.data == ({"tool": "find_patients", "result": [1]},)
    assert (reply.text, reply.message) == ("", None)


async def test_everything_a_message_may_hold_is_sent_as_it_is_spelled(server: Server) -> None:
    """V1-SEND-07, V1-SEND-11, V1-OBJ-14 to V1-OBJ-16, CTX-07, CTX-09; CON-02: `message`, `kind`, bare ids."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        context = (await agent.send("first")).context
        message = Message(
            role=Role.AGENT,
            message_id="msg-1760000000000",
            parts=(
                Part(text="Any allergies on file?"),
                Part(file=File(uri="https://files.example.org/a.pdf", name="a.pdf", media_type="application/pdf")),
                Part(file=File(content="aGVsbG8=", name="b.txt")),
                Part(data={"patientRef": "example-1"}, metadata={"source": "form"}),
            ),
            reference_task_ids=(NOBODY,),
            extensions=("https://example.org/x",),
            metadata={"a": 1},
        )
        await agent.send(
            message,
            context=context,
            blocking=False,
            history_length=2,
            accepted_output_modes=["text/plain"],
            metadata={"b": 2},
            push_notification=PushNotificationConfig(
                id="p",
                url="https://app.example.org/hook",
                token="push-secret-token",
                authentication=PushAuthentication(schemes=("Bearer",), credentials="push-secret-key"),
            ),
        )
    assert last(server, "POST").json == {
        "message": {
            "kind": "message",
            "role": "agent",
            "messageId": "msg-1760000000000",
            "contextId": context,
            "parts": [
                {"kind": "text", "text": "Any allergies on file?"},
                {
                    "kind": "file",
                    "file": {
                        "uri": "https://files.example.org/a.pdf",
                        "name": "a.pdf",
                        "mimeType": "application/pdf",
                    },
                },
                {"kind": "file", "file": {"bytes": "aGVsbG8=", "name": "b.txt"}},
                {"kind": "data", "data": {"patientRef": "example-1"}, "metadata": {"source": "form"}},
            ],
            "referenceTaskIds": [NOBODY],
            "extensions": ["https://example.org/x"],
            "metadata": {"a": 1},
        },
        "configuration": {
            "blocking": False,
            "historyLength": 2,
            "acceptedOutputModes": ["text/plain"],
            "pushNotificationConfig": {
                "id": "p",
                "url": "https://app.example.org/hook",
                "token": "push-secret-token",
                "authentication": {"schemes": ["Bearer"], "credentials": "push-secret-key"},
            },
        },
        "metadata": {"b": 2},
    }


async def test_an_incomplete_message_is_refused_here_or_by_the_server_with_its_place(server: Server) -> None:
    """V1-SEND-10, V1-ERR-02: `kind` and `messageId` are never missing, the rest cannot be left out."""
    for make in (lambda: Message(parts=()), lambda: Message(role=Role.USER), Part):  # pyright: ignore[reportCallIssue]
        with pytest.raises(ValueError, match=r"role|parts|exactly one"):
            make()
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        nowhere = Message(role=Role.USER, parts=(Part(text="See"), Part(file=File(name="a.pdf"))))
        with pytest.raises(UnprocessableEntityError) as refused:
            await agent.send(nowhere)
    assert refused.value.faults == ("message.parts[1].file: must have either uri or bytes",)
    assert (server.messages[0]["kind"], server.messages[0]["messageId"]) == ("message", nowhere.message_id)
    assert server.turns == 0


async def test_a_send_waits_unless_told_not_to_and_long_work_is_looked_at(server: Server) -> None:
    """V1-EP-09, V1-SEND-08, V1-TASK-02."""
    gate = Gate()
    server.agent_answers(Turn("Done.", gate=gate))
    with anyio.fail_after(HANG):
        async with connected(server) as corti:
            agent = await corti.agents.get(await server.agent())
            begun = await agent.send("Take your time", blocking=False)
            assert begun.state in {TaskState.SUBMITTED, TaskState.WORKING}
            gate.open()
            done = await ended(agent, task_of(begun))
            waited = await agent.send("And now")
            with pytest.raises(UnsupportedByGeneration) as listing:
                agent.tasks()
    assert (done.status.state, done.text) == (TaskState.COMPLETED, "Done.")
    assert waited.state is TaskState.COMPLETED
    assert "configuration" not in last(server, "POST").json
    assert listing.value.supported_by == ("v2",)


async def test_so_many_messages_of_the_history_come_as_were_asked_for(server: Server) -> None:
    """V1-TASK-01, CON-22: in the answer of a send too."""
    server.agent_answers(Turn("Which ear?", "input-required"), Turn("The left one."))
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        asked = await agent.send("Does it hurt?", history_length=0)
        done = await agent.send("The left", task=asked.task, history_length=1)
        lengths = [len((await agent.task(task_of(done).id, history_length=n)).history) for n in (0, 1, 2, None)]
        newest = (await agent.task(task_of(done).id, history_length=1)).history
    assert (task_of(asked).history, len(task_of(done).history)) == ((), 1)
    assert lengths == [0, 1, 2, 3]
    assert [message.text for message in newest] == ["The left"]
    assert server.calls[-1].query == {"historyLength": ["1"]}


async def test_a_context_is_read_in_pages_and_deleted_for_good(server: Server) -> None:
    """V1-EP-10, V1-EP-11, V1-OBJ-20, V1-CTXEP-01, V1-CTXEP-02."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        sent = [await agent.send("1")]
        context = sent[0].context or ""
        sent += [await agent.send(text, context=context) for text in ("2", "3")]
        whole = await agent.context(context)
        page = await agent.context(context, limit=2, offset=1)
        await agent.delete_context(context)
        with pytest.raises(NotFoundError):
            await agent.context(context)
        with pytest.raises(NotFoundError):
            await agent.send("4", context=context)
    assert whole.id == context
    assert whole.items == tuple(task_of(reply) for reply in sent)
    assert page.items == whole.items[1:3]
    assert [call.query for call in server.calls if call.method == "GET"][1:3] == [
        {},
        {"limit": ["2"], "offset": ["1"]},
    ]
    assert last(server, "DELETE").target == f"/agents/{agent.id}/v1/contexts/{context}"


async def test_a_context_tells_messages_that_belong_to_no_task() -> None:
    """V1-EP-10, V1-OBJ-20: agents of the platform always answer with a task."""
    double = CortiDouble()
    double.agent_answers("One", Turn("Two", as_message=True))
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_agent())
        context = (await agent.send("1")).context or ""
        await agent.send("2", context=context)
        whole = await agent.context(context)
    assert [type(item) for item in whole.items] == [Task, Message, Message]


REFUSABLE: list[tuple[str, Callable[[AgentHandle], Awaitable[object]]]] = [
    ("context", lambda agent: agent.context(NOBODY)),
    ("delete_context", lambda agent: agent.delete_context(NOBODY)),
    ("task", lambda agent: agent.task(NOBODY)),
    ("send", lambda agent: agent.send("hello")),
]


@pytest.mark.parametrize(("name", "call"), REFUSABLE)
async def test_a_403_is_told_wherever_it_comes(name: str, call: Callable[[AgentHandle], Awaitable[object]]) -> None:
    """V1-CTXEP-03, CON-19."""
    double = CortiDouble()
    async with connected(double) as corti:
        agent = await corti.agents.get(double.add_agent())
        double.inject(Answer(403, {"code": "forbidden", "description": "Not yours."}))
        with pytest.raises(ForbiddenError) as caught:
            await call(agent)
    assert caught.value.code == "forbidden", name


@pytest.mark.parametrize(
    "state",
    ["completed", "failed", "rejected", "canceled", "input-required", "auth-required", "unknown", "pondering"],
)
async def test_every_state_is_a_reply(state: str) -> None:
    """V1-OBJ-19, SDKC-06: one that nobody knows included."""
    double = CortiDouble()
    double.agent_answers(Turn("So it is.", state))
    async with connected(double) as corti:
        reply = await (await corti.agents.get(double.add_agent())).send("How is it?")
    assert reply.state is (TaskState.UNKNOWN if state == "pondering" else TaskState(state))


async def test_a_stream_tells_the_task_its_states_its_pieces_and_its_end() -> None:
    """V1-EP-08, V1-RPC-01 to V1-RPC-05, CON-05: v1 streams over JSON-RPC at the address of the card."""
    double = CortiDouble()
    double.agent_answers(
        Turn("Penicillin.", artifacts=in_pieces("r1", "Peni", "cillin"), usage=Usage(3, 4, 0.5), parts=[data_part({})])
    )
    with anyio.fail_after(HANG):
        async with connected(double) as corti:
            agent = await corti.agents.get(double.add_agent())
            stream = agent.stream("Any allergies?")
            events = [event async for event in stream]
    call = last(double, "POST")
    assert call.target == f"/agents/{agent.id}/v1"
    assert (call.json["method"], call.headers["accept"]) == ("message/stream", "text/event-stream")
    assert [type(event) for event in events] == [Task, StatusUpdate, ArtifactUpdate, ArtifactUpdate, StatusUpdate]
    pieces = [event for event in events if isinstance(event, ArtifactUpdate)]
    assert [(piece.append, piece.last_chunk) for piece in pieces] == [(False, False), (True, True)]
    assert stream.reply is not None
    assert (stream.reply.text, stream.reply.state) == ("Penicillin.", TaskState.COMPLETED)
    assert [artifact.text for artifact in stream.reply.artifacts] == ["Peni\ncillin"]
    assert stream.reply.usage is not None
    assert stream.reply.usage.credits == 0.5


async def test_a_stream_begins_with_the_task_and_ends_with_its_last_state(server: Server) -> None:
    """V1-EP-08, V1-RPC-01 to V1-RPC-04, V1-OBJ-21."""
    server.agent_answers(Turn("Penicillin.", usage=Usage(3, 4, 0.5)))
    with anyio.fail_after(HANG):
        async with connected(server) as corti:
            agent = await corti.agents.get(await server.agent())
            stream = agent.stream("Any allergies?")
            events = [event async for event in stream]
    assert isinstance(events[0], Task)
    updates = [event for event in events[1:] if isinstance(event, StatusUpdate)]
    assert len(updates) == len(events) - 1
    assert [update.status.state.is_settled for update in updates] == [False] * (len(updates) - 1) + [True]
    assert updates[-1].status.state is TaskState.COMPLETED
    assert stream.reply is not None
    assert (stream.reply.text, stream.reply.state) == ("Penicillin.", TaskState.COMPLETED)
    assert stream.reply.usage is not None
    assert stream.reply.usage.credits == 0.5


async def test_a_stream_ends_where_the_agent_asks(server: Server) -> None:
    """V1-RPC-04."""
    server.agent_answers(Turn("Which ear?", "input-required"))
    with anyio.fail_after(HANG):
        async with connected(server) as corti:
            agent = await corti.agents.get(await server.agent())
            stream = agent.stream("Does it hurt?")
            events = [event async for event in stream]
    assert isinstance(events[-1], StatusUpdate)
    assert stream.reply is not None
    assert stream.reply.state is TaskState.INPUT_REQUIRED
    assert len(server.calls) == 2


async def test_a_stream_ends_where_a_credential_is_missing(server: Server) -> None:
    """V1-RPC-04, MCPAUTH-18."""
    server.mcp.tokens = {"ehr": {TOKEN}}
    wanted = {"name": "ehr", "transportType": "streamable_http", "authorizationType": "bearer", "url": EHR}
    with anyio.fail_after(HANG):
        async with connected(server) as corti:
            agent = await corti.agents.get(await server.agent(mcpServers=[wanted]))
            stream = agent.stream("Does it hurt?")
            events = [event async for event in stream]
    assert isinstance(events[-1], StatusUpdate)
    assert stream.reply is not None
    assert stream.reply.state is TaskState.AUTH_REQUIRED
    assert len(server.calls) == 2


async def test_an_unknown_agent_is_told_behind_status_200_too(server: Server) -> None:
    """V1-ERR-05."""
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.agent())
        await corti.agents.delete(agent.id)
        with pytest.raises(ApiError) as caught:
            await anext(agent.stream("hello"))
    assert (caught.value.status, caught.value.code, caught.value.reason) == (500, "-32603", "INTERNAL_ERROR")
