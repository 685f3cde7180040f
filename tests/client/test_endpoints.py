"""Every endpoint of section 6: the request as the official client sends it, the answer as the reference spells it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from agentkit.client import AgentHandle, AsyncCorti
from agentkit.credentials import ClientCredentials, Token
from agentkit.errors import CredentialError, SpecError
from agentkit.models import AgentInfo, AgentReference, Message, Part, Role, Task, TaskState
from agentkit.specs import AgentChanges, AgentSpec, Authorization, ExpertSpec, McpServerSpec
from tests.client.double import AGENT, AGENT_ID, CONTEXT_ID, TASK_ID, CortiDouble, artifact, task

pytestmark = pytest.mark.anyio

Connect = Callable[..., AsyncCorti]

SPEC = AgentSpec(
    name="visit-helper",
    description="Answers questions about one visit",
    experts=(
        ExpertSpec(
            name="record-reader",
            description="Reads the record",
            servers=(
                McpServerSpec(name="ehr", url="https://mcp.example.org/ehr/mcp", authorization=Authorization.BEARER),
            ),
        ),
        "pubmed-expert",
    ),
)


async def test_create_sends_the_documented_body(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        agent = await corti.agents.create(SPEC)
    assert double.targets == ["POST /agents"]
    assert double.calls[0].headers["content-type"] == "application/json"
    assert double.calls[0].json == {
        "name": "visit-helper",
        "description": "Answers questions about one visit",
        "experts": [
            {
                "type": "new",
                "name": "record-reader",
                "description": "Reads the record",
                "mcpServers": [
                    {
                        "name": "ehr",
                        "transportType": "streamable_http",
                        "authorizationType": "bearer",
                        "url": "https://mcp.example.org/ehr/mcp",
                    }
                ],
            },
            {"type": "reference", "name": "pubmed-expert"},
        ],
    }
    assert (agent.id, agent.name) == (AGENT_ID, "visit-helper")
    assert isinstance(agent.info, AgentInfo)
    assert agent.info.experts[0].name == "record-reader"


async def test_ephemeral_leaves_the_body_for_the_query(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        await corti.agents.create(AgentSpec(name="a", description="b", ephemeral=True))
    assert double.targets == ["POST /agents?ephemeral=true"]
    assert double.calls[0].json == {"name": "a", "description": "b"}


async def test_list_sends_its_page_and_keeps_references(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        agents = await corti.agents.list(limit=2, offset=1, ephemeral=True).all()
    assert double.targets == ["GET /agents?limit=2&offset=1&ephemeral=true"]
    assert [agent.name for agent in agents] == ["visit-helper", "elsewhere"]
    assert isinstance(agents[1].info, AgentReference)
    with pytest.raises(SpecError, match="agent_id"):
        await agents[1].send("hello")


async def test_get_takes_a_reference_for_the_agent_asked_for(connect: Connect, double: CortiDouble) -> None:
    double.answers.append(JSONResponse({"type": "reference", "name": "shared"}))
    async with connect() as corti:
        agent = await corti.agents.get(AGENT_ID)
    assert double.targets == [f"GET /agents/{AGENT_ID}"]
    assert (agent.id, agent.name, repr(agent)) == (AGENT_ID, "shared", f"AgentHandle(id={AGENT_ID!r}, generation='v1')")


async def test_update_sends_the_given_fields_only(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        agent = await corti.agents.update(AGENT_ID, AgentChanges(description="new", experts=()))
    assert double.targets == [f"PATCH /agents/{AGENT_ID}"]
    assert double.calls[0].json == {"description": "new", "experts": []}
    assert agent.id == AGENT_ID


@pytest.mark.parametrize("answer", [Response(status_code=204), PlainTextResponse("gone"), JSONResponse({})])
async def test_delete_takes_any_success(connect: Connect, double: CortiDouble, answer: Response) -> None:
    double.answers.append(answer)
    async with connect() as corti:
        await corti.agents.delete(AGENT_ID)
    assert double.targets == [f"DELETE /agents/{AGENT_ID}"]


async def test_the_card_lies_beside_the_agent(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        card = await corti.agents.card(AGENT_ID)
        assert await (await corti.agents.get(AGENT_ID)).card() == card
    assert double.targets[0] == f"GET /agents/{AGENT_ID}/agent-card.json"
    assert card.url.endswith(f"/agents/{AGENT_ID}/v1")


async def test_the_registry_is_read_by_pages(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        (expert,) = await corti.experts.list(limit=1, offset=0).all()
        double.answers.append(JSONResponse({}))
        assert await corti.experts.list().all() == ()
    assert double.targets == [
        "GET /agents/registry/experts?limit=1&offset=0",
        "GET /agents/registry/experts?limit=100&offset=0",
    ]
    assert (expert.name, expert.mcp_servers[0].name) == ("pubmed-expert", "pubmed")


@pytest.fixture
async def agent(connect: Connect, double: CortiDouble) -> AgentHandle:
    """A handle whose client stays open; the in-process transport holds nothing that must be closed."""
    handle = await connect().agents.get(AGENT_ID)
    double.calls.clear()
    return handle


async def test_send_puts_text_data_and_credentials_into_one_message(agent: AgentHandle, double: CortiDouble) -> None:
    reply = await agent.send(
        "Any allergies on file?",
        data=[{"patientRef": "example-1"}],
        credentials=[Token(" ehr ", "t-1"), ClientCredentials("qs", "id", "s-1")],
        blocking=False,
        history_length=0,
    )
    assert double.targets == [f"POST /agents/{AGENT_ID}/v1/message:send"]
    body = double.calls[0].json
    assert body["configuration"] == {"blocking": False, "historyLength": 0}
    message = body["message"]
    assert message["messageId"]
    assert {key: message[key] for key in ("kind", "role", "parts")} == {
        "kind": "message",
        "role": "user",
        "parts": [
            {"kind": "text", "text": "Any allergies on file?"},
            {"kind": "data", "data": {"patientRef": "example-1"}},
            {"kind": "data", "data": {"type": "token", "mcp_name": "ehr", "token": "t-1"}},
            {
                "kind": "data",
                "data": {"type": "credentials", "mcp_name": "qs", "client_id": "id", "client_secret": "s-1"},
            },
        ],
    }
    assert "contextId" not in message
    assert (reply.text, reply.state, reply.context) == ("Penicillin.", TaskState.COMPLETED, CONTEXT_ID)
    assert reply.task is not None
    assert reply.task.id == TASK_ID


async def test_a_blocking_send_leaves_the_configuration_out(agent: AgentHandle, double: CortiDouble) -> None:
    await agent.send("hello")
    assert "configuration" not in double.calls[0].json


async def test_a_conversation_goes_on_by_its_context_and_a_question_by_its_task(
    agent: AgentHandle, double: CortiDouble
) -> None:
    double.sends.append({"task": task("input-required", "Which patient?")})
    asked = await agent.send("Any allergies?")
    assert asked.state is TaskState.INPUT_REQUIRED
    await agent.send("Jane", context=asked.context)
    await agent.send("Jane", task=asked.task)
    await agent.send("Jane", task=TASK_ID)
    _, by_context, by_task, by_id = double.messages
    assert (by_context["contextId"], "taskId" in by_context) == (CONTEXT_ID, False)
    assert (by_task["contextId"], by_task["taskId"]) == (CONTEXT_ID, TASK_ID)
    assert ("contextId" in by_id, by_id["taskId"]) == (False, TASK_ID)


async def test_a_whole_message_keeps_its_own_id(agent: AgentHandle, double: CortiDouble) -> None:
    message = Message(role=Role.USER, parts=(Part(text="hi"),), message_id="m-1", metadata={"a": 1})
    await agent.send(message, data=[{"b": 2}], context=CONTEXT_ID)
    assert double.messages == [
        {
            "kind": "message",
            "role": "user",
            "messageId": "m-1",
            "contextId": CONTEXT_ID,
            "metadata": {"a": 1},
            "parts": [{"kind": "text", "text": "hi"}, {"kind": "data", "data": {"b": 2}}],
        }
    ]


async def test_two_credentials_for_one_server_are_refused_before_sending(
    agent: AgentHandle, double: CortiDouble
) -> None:
    with pytest.raises(CredentialError) as caught:
        await agent.send("hi", credentials=[Token("ehr", "a"), Token("ehr", "b")])
    assert caught.value.code == "mcp_auth_duplicate_name"
    assert not double.calls


async def test_a_message_alone_is_a_complete_reply(agent: AgentHandle, double: CortiDouble) -> None:
    double.sends.append({"message": task()["status"]["message"]})
    reply = await agent.send("hi")
    assert (reply.task, reply.text, reply.state, reply.context) == (
        None,
        "Penicillin.",
        TaskState.COMPLETED,
        CONTEXT_ID,
    )
    assert (reply.artifacts, reply.data) == ((), ())


async def test_repeated_artifacts_count_once(agent: AgentHandle, double: CortiDouble) -> None:
    data = {"artifactId": "r2", "parts": [{"kind": "data", "data": {"n": 1}}]}
    double.sends.append({"task": task(text=None, artifacts=[artifact("r1", "old"), data, artifact("r1", "new")])})
    reply = await agent.send("hi")
    assert [(found.artifact_id, found.text) for found in reply.artifacts] == [("r1", "new"), ("r2", "")]
    assert (reply.data, reply.text, reply.message) == (({"n": 1},), "", None)


async def test_a_reply_shows_no_content_in_its_repr(agent: AgentHandle) -> None:
    assert "Penicillin" not in repr(await agent.send("hi"))


async def test_tasks_and_contexts_are_read_and_deleted(agent: AgentHandle, double: CortiDouble) -> None:
    found = await agent.task(TASK_ID, history_length=1)
    await agent.task(TASK_ID)
    context = await agent.context(CONTEXT_ID, limit=1, offset=0)
    await agent.context(CONTEXT_ID)
    await agent.delete_context(CONTEXT_ID)
    root = f"/agents/{AGENT_ID}/v1"
    assert double.targets == [
        f"GET {root}/tasks/{TASK_ID}?historyLength=1",
        f"GET {root}/tasks/{TASK_ID}",
        f"GET {root}/contexts/{CONTEXT_ID}?limit=1&offset=0",
        f"GET {root}/contexts/{CONTEXT_ID}",
        f"DELETE {root}/contexts/{CONTEXT_ID}",
    ]
    assert found.text == "Later."
    assert context.id == CONTEXT_ID
    assert isinstance(context.items[0], Task)


@pytest.mark.parametrize("wrong", ["", ".", ".."])
async def test_an_id_that_would_lead_elsewhere_is_refused(connect: Connect, double: CortiDouble, wrong: str) -> None:
    async with connect() as corti:
        with pytest.raises(SpecError, match="agent_id"):
            await corti.agents.delete(wrong)
    assert not double.calls


async def test_an_id_cannot_break_out_of_its_place(connect: Connect, double: CortiDouble) -> None:
    double.answers.append(JSONResponse(AGENT))
    async with connect() as corti:
        await corti.agents.delete("a b?c#d")
    assert double.calls[0].method == "DELETE"
    assert double.calls[0].target == "/agents/a b%3Fc%23d"
