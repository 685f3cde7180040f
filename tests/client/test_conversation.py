"""A conversation remembers what must be remembered between turns (CTX-01, V1-SEND-02, MCPAUTH-14, MCPAUTH-18)."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import httpx2
import pytest

from agentkit.client import AsyncCorti
from agentkit.credentials import ClientCredentials, Token
from agentkit.errors import (
    AuthRequired,
    BadGatewayError,
    ConversationBusy,
    CredentialError,
    RateLimitedError,
    SpecError,
)
from agentkit.models import Event, Message, StatusUpdate, Task, TaskState, TokenUsage
from tests.client.connecting import served
from tests.client.talking import BOTH, SIDES, STREAMS, V1, V2_RPC, Side, added, story, talking_to
from tests.contract.corti_double import CortiDouble, Gate, Received, Report, Shape, Turn, Usage, html, too_many

pytestmark = pytest.mark.anyio
sides = pytest.mark.parametrize("side", SIDES, ids=str)
both = pytest.mark.parametrize("side", BOTH, ids=str)

FORM: dict[str, Any] = {
    "questionnaireId": "sleep",
    "version": 3,
    "startQuestion": "q1",
    "questions": [{"id": "q1", "type": "scale", "text": "How well?", "min": 1, "max": 5}],
}


def echo(received: Received) -> Turn:
    return Turn(f"{received.earlier}: {received.text}")


def tokens(message: dict[str, Any]) -> list[str]:
    """The servers that a message on the wire brings credentials for."""
    data = [part.get("data") for part in message["parts"]]
    return [one["mcp_name"] for one in data if isinstance(one, dict) and "mcp_name" in one]


def server(name: str = "ehr", authorization: str = "bearer") -> dict[str, Any]:
    return {
        "name": name,
        "transportType": "streamable_http",
        "authorizationType": authorization,
        "url": f"https://mcp.example.org/{name}/mcp",
    }


async def read(stream: Any) -> list[Event]:
    async with aclosing(stream):
        return [event async for event in stream]


@sides
async def test_the_context_is_kept(side: Side) -> None:
    """CTX-01."""
    double = CortiDouble()
    double.agent_answers(echo, echo, echo)
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        assert (talk.context, talk.last, talk.agent) == (None, None, agent)
        replies = [await talk.send("one"), await talk.send("two"), await talk.send("three")]
        again = await agent.conversation(context=talk.context).send("four")
    assert [reply.text for reply in replies] == ["0: one", "1: two", "2: three"]
    assert {reply.context for reply in [*replies, again]} == {talk.context}
    assert talk.last is replies[2]
    assert "contextId" not in double.messages[0]
    assert len({message["messageId"] for message in double.messages}) == 4
    assert talk.context is not None
    assert talk.context in repr(talk)


@sides
async def test_credentials_go_with_the_first_message_only(side: Side) -> None:
    """MCPAUTH-14."""
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        talk = agent.conversation(credentials=[Token("ehr", "t-secret"), ClientCredentials("lab", "id-1", "s-secret")])
        await talk.send("one")
        await talk.send("two")
        await read(talk.stream("three"))
    assert [tokens(message) for message in double.messages] == [["ehr", "lab"], [], []]
    assert "secret" not in repr(talk) + repr(talk.last)


@sides
async def test_a_first_message_that_did_not_get_through_is_followed_by_the_credentials_again(side: Side) -> None:
    double = CortiDouble()
    async with talking_to(double, side, max_retries=0) as agent:
        talk = agent.conversation(credentials=[Token("ehr", "t-secret")])
        double.inject(too_many(1))
        with pytest.raises(RateLimitedError):
            await talk.send("one")
        assert talk.context is None
        await talk.send("one")
    assert [tokens(message) for message in double.messages] == [["ehr"], ["ehr"]]


async def test_two_credentials_for_one_server_are_refused_at_once() -> None:
    """MCPAUTH-09."""
    async with talking_to(CortiDouble(), V1) as agent:
        with pytest.raises(CredentialError):
            agent.conversation(credentials=[Token("ehr", "one-1234"), Token("ehr ", "two-1234")])


@sides
@pytest.mark.parametrize("streams", [False, True])
async def test_a_question_is_answered_with_the_id_of_its_task(side: Side, streams: bool) -> None:
    """V1-SEND-02."""
    double = CortiDouble()
    double.agent_answers(Turn("Which ear?", "input-required"), "Otitis.", "Fine.")
    async with talking_to(double, side) as agent:
        talk = agent.conversation()

        async def say(text: str) -> None:
            await (read(talk.stream(text)) if streams else talk.send(text))

        await say("Ear ache")
        asked = talk.pending
        assert asked is not None
        assert (asked.status.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which ear?")
        await say("The left one")
        assert talk.pending is None
        assert talk.last is not None
        assert talk.last.text == "Otitis."
        await say("Thank you")
    first, second, third = double.messages
    assert "taskId" not in first
    assert second["taskId"] == asked.id
    assert "taskId" not in third
    assert second["contextId"] == third["contextId"]


@sides
async def test_a_conversation_places_its_messages_itself(side: Side) -> None:
    async with talking_to(CortiDouble(), side) as agent:
        talk = agent.conversation()
        for placed in (Message.user("hi", context_id="c"), Message.user("hi", task_id="t")):
            with pytest.raises(SpecError, match="context or task"):
                await talk.send(placed)
        assert (await talk.send(Message.user("hi"), data=[{"a": 1}])).text == "Penicillin."


# Credentials that are missing.


@pytest.mark.parametrize(
    ("wanted", "given", "names", "example"),
    [
        ([server()], [], "ehr", 'Token("ehr", "...")'),
        ([server("lab", "oauth2.0")], [], "lab", 'ClientCredentials("lab", "...", "...")'),
        ([server(), server("lab", "oauth2.0")], [Token("ehr", "t-1234")], "lab", "ClientCredentials"),
        ([server(), server("lab", "oauth2.0")], [Token("lab", "t-1234"), Token("ehr", "t-1234")], "lab", "lab"),
        ([server(), server("wiki", "none"), server("own", "inherit")], [], "ehr", "ehr"),
        ([server()], [Token("ehr", "t-wrong")], "ehr", "ehr"),
    ],
)
async def test_the_server_that_lacks_a_credential_is_named_with_the_remedy(
    wanted: list[dict[str, Any]], given: list[Token], names: str, example: str
) -> None:
    """MCPAUTH-06, MCPAUTH-07: Corti does not say which one; the agent's own servers tell."""
    double = CortiDouble()
    double.mcp.demanding = {"ehr", "lab"}
    double.mcp.tokens = {"ehr": {"t-1234"}}
    agent_id = double.add_agent(mcpServers=wanted)
    async with talking_to(double, V1, agent=agent_id) as agent:
        talk = agent.conversation(credentials=given)
        with pytest.raises(AuthRequired) as caught:
            await talk.send("hi")
    error = caught.value
    assert error.mcp_name == names
    assert talk.last is not None
    assert talk.last.task is not None
    assert (error.task_id, error.context_id) == (talk.last.task.id, talk.last.context)
    assert names in str(error)
    assert example in (error.remedy or "")
    assert "authorize" in (error.remedy or "")
    assert "t-1234" not in str(error)
    assert "t-wrong" not in str(error)


async def test_several_servers_that_may_be_meant_are_all_named() -> None:
    double = CortiDouble()
    double.mcp.demanding = {"ehr", "lab"}
    expert = {"type": "new", "name": "x", "description": "d", "mcpServers": [server("lab", "oauth2.0")]}
    agent_id = double.add_agent(mcpServers=[server()], experts=[expert])
    async with talking_to(double, V1, agent=agent_id) as agent:
        with pytest.raises(AuthRequired, match=r"'ehr', 'lab'") as caught:
            await agent.conversation().send("hi")
    assert caught.value.mcp_name is None
    assert 'authorize([Token("ehr", "..."), ClientCredentials("lab", "...", "...")])' in str(caught.value)


async def test_an_agent_that_shows_no_server_leaves_the_name_open() -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Log in.", "auth-required"))
    async with talking_to(double, V1) as agent:
        with pytest.raises(AuthRequired, match="does not show") as caught:
            await agent.conversation().send("hi")
    assert caught.value.mcp_name is None


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
async def test_the_remedy_holds_for_the_agents_generation(side: Side) -> None:
    """V2-AUTH-01: how a caller gives a credential is defined by v1 alone."""
    double = CortiDouble()
    double.agent_answers(Turn("Log in.", "auth-required"))
    async with talking_to(double, side) as agent:
        with pytest.raises(AuthRequired) as caught:
            await agent.conversation().send("hi")
    assert ("auth_ref" in (caught.value.remedy or "")) is (side is V2_RPC)


async def test_the_local_platform_names_the_server_itself() -> None:
    double = CortiDouble()
    told = {"steps": [], "authRequired": [{"mcp_name": "lab", "authorizationType": "oauth2.0"}, {"mcp_name": 7}, 7]}
    double.agent_answers(Turn("Log in.", "auth-required", metadata={"agentkit": told}))
    agent_id = double.add_agent(mcpServers=[server()])
    async with talking_to(double, V1, agent=agent_id) as agent:
        with pytest.raises(AuthRequired) as caught:
            await agent.conversation().send("hi")
    assert caught.value.mcp_name == "lab"
    assert 'ClientCredentials("lab"' in (caught.value.remedy or "")


@pytest.mark.parametrize("metadata", [{"agentkit": 7}, {"agentkit": {"authRequired": "x"}}, {"agentkit": {}}, {}])
async def test_unreadable_hints_are_passed_over(metadata: dict[str, Any]) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Log in.", "auth-required", metadata=metadata))
    agent_id = double.add_agent(mcpServers=[server()])
    async with talking_to(double, V1, agent=agent_id) as agent:
        with pytest.raises(AuthRequired) as caught:
            await agent.conversation().send("hi")
    assert caught.value.mcp_name == "ehr"


async def test_authorize_asks_again_in_a_new_context() -> None:
    """MCPAUTH-18, CLI-10: with the same messageId it would be taken for a repetition."""
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"t-right"}}
    agent_id = double.add_agent(mcpServers=[server(), server("wiki", "bearer")])
    async with talking_to(double, V1, agent=agent_id) as agent:
        talk = agent.conversation(credentials=[Token("wiki", "t-wiki")])
        with pytest.raises(AuthRequired) as caught:
            await talk.send("Any allergies?", data=[{"patient": "p-1"}])
        with pytest.raises(AuthRequired):
            await talk.authorize([Token("ehr", "t-wrong")])
        reply = await talk.authorize([Token("ehr", "t-right")])
        assert reply is not None
        assert reply.text == "Penicillin."
        assert talk.context == reply.context != caught.value.context_id
        assert await talk.authorize([Token("ehr", "t-right")]) is None
        assert talk.context is None
    assert [tokens(message) for message in double.messages] == [["wiki"], ["wiki", "ehr"], ["wiki", "ehr"]]
    assert len({message["messageId"] for message in double.messages}) == 3
    assert all("contextId" not in message for message in double.messages)
    assert all(message["parts"][0]["text"] == "Any allergies?" for message in double.messages)
    assert all(message["parts"][1]["data"] == {"patient": "p-1"} for message in double.messages)


async def test_a_stream_that_lacks_a_credential_ends_with_the_error() -> None:
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"t-right"}}
    agent_id = double.add_agent(mcpServers=[server()])
    events: list[Event] = []
    async with talking_to(double, V1, agent=agent_id) as agent:
        talk = agent.conversation()
        with pytest.raises(AuthRequired):  # noqa: PT012
            async for event in talk.stream("Any allergies?"):
                events.append(event)  # noqa: PERF401
        reply = await talk.authorize([Token("ehr", "t-right")])
    assert story(events).end == "auth-required"
    assert reply is not None
    assert reply.text == "Penicillin."


async def test_a_loop_that_is_left_at_the_refusal_can_be_authorized_too() -> None:
    double = CortiDouble()
    double.mcp.tokens = {"ehr": {"t-right"}}
    agent_id = double.add_agent(mcpServers=[server()])
    async with talking_to(double, V1, agent=agent_id) as agent:
        talk = agent.conversation()
        async for event in talk.stream("Any allergies?"):
            if isinstance(event, StatusUpdate) and event.status.state is TaskState.AUTH_REQUIRED:
                break
        reply = await talk.authorize([Token("ehr", "t-right")])
    assert reply is not None
    assert reply.text == "Penicillin."


@pytest.mark.parametrize("streams", [False, True])
async def test_what_was_asked_at_most_once_is_asked_again_at_most_once(streams: bool) -> None:
    """CLI-10: a credential does not make a message harmless to repeat."""
    double = CortiDouble()
    double.deduplicates = False
    double.mcp.tokens = {"ehr": {"t-right"}}
    agent_id = double.add_agent(mcpServers=[server()])
    async with talking_to(double, V1, agent=agent_id) as agent:
        talk = agent.conversation()
        with pytest.raises(AuthRequired):
            await (
                read(talk.stream("Order it.", at_most_once=True))
                if streams
                else talk.send("Order it.", at_most_once=True)
            )
        double.inject(html(502, when="after"))
        with pytest.raises(BadGatewayError):
            await talk.authorize([Token("ehr", "t-right")])
    assert len(double.messages) == 2


@both
async def test_a_question_whose_task_names_no_context_can_be_answered(side: Side) -> None:
    """A2A 1.0 lets a task leave it out."""
    asked: list[dict[str, Any]] = []
    task: dict[str, Any] = {"kind": "task", "id": "t", "status": {"state": "input-required"}, "contextId": ""}
    if side is V2_RPC:
        task = {"id": "t", "status": {"state": "TASK_STATE_INPUT_REQUIRED"}}

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={"type": "reference", "name": "n", "id": "a"})
        body = json.loads(request.content)
        asked.append(body["params"]["message"] if side is V2_RPC else body["message"])
        result = {"task": task}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": "1", "result": result} if side is V2_RPC else result)

    corti = AsyncCorti(
        base_url="http://127.0.0.1:8700",
        token="t-1234",
        generation=side.generation,
        binding=side.binding,
        transport=httpx2.MockTransport(answer),
    )
    async with corti:
        talk = (await corti.agents.get("7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01")).conversation()
        assert (await talk.send("Ear ache")).context is None
        await talk.send("The left one")
    assert [(message.get("taskId"), message.get("contextId")) for message in asked] == [(None, None), ("t", None)]


async def test_v2_over_json_rpc_names_the_connector() -> None:
    """V2-AUTH-01."""
    double = CortiDouble()
    double.mcp.demanding = {"ehr"}
    connector = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/mcp", "auth": {"type": "bearer"}}
    agent_id = double.add_v2_agent(connectors=[connector])
    async with talking_to(double, V2_RPC, agent=agent_id) as agent:
        talk = agent.conversation()
        with pytest.raises(AuthRequired) as caught:
            await talk.send("hi")
        reply = await talk.authorize([Token("ehr", "t-1234")])
    assert caught.value.mcp_name == "ehr"
    assert reply is not None


# Questionnaires, usage, order.


@both
async def test_a_questionnaire_is_answered_turn_by_turn(side: Side) -> None:
    """QNC-01, QNC-12 to QNC-17."""
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        first = await talk.send("I slept badly", questionnaire=FORM)
        second = await talk.send("Seven hours")
        await read(talk.stream("Rested"))
    assert talk.last is not None
    third = talk.last
    assert first.questionnaire is not None
    assert (first.questionnaire.next_question_id, first.questionnaire.is_completed) == ("q2", False)
    assert second.questionnaire is not None
    assert second.questionnaire.answers == {"q1": 3, "q2": 7}
    assert third.questionnaire is not None
    assert third.questionnaire.is_completed
    assert (third.questionnaire.questionnaire_id, third.questionnaire.version) == ("sleep", 3)
    assert third.text == ""
    assert double.messages[0]["parts"][1]["data"] == {"type": "questionnaire", "questionnaire": FORM}
    assert [len(message["parts"]) for message in double.messages] == [2, 1, 1]


@both
async def test_usage_is_summed_over_the_turns(side: Side) -> None:
    """V1-OBJ-21, V2-OBJ-14."""
    double = CortiDouble()
    double.agent_answers(
        Turn("a", usage=Usage(3, 4, 0.5)), Turn("b"), Turn("c", usage=Usage(30, 40, 0.25)), Turn("d", as_message=True)
    )
    double.inject(Shape(cut_after=2), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        assert talk.usage == TokenUsage()
        await read(talk.stream("one"))
        await talk.send("two")
        await talk.send("three")
        await talk.send("four")
    assert (talk.usage.input_tokens, talk.usage.output_tokens, talk.usage.credits) == (33, 44, 0.75)
    assert talk.usage.total_tokens == 77


@sides
async def test_a_second_turn_at_a_time_is_refused(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=gate))
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        sending = asyncio.create_task(talk.send("one"))
        await gate.reached()
        with pytest.raises(ConversationBusy) as caught:
            await talk.send("two")
        with pytest.raises(ConversationBusy):
            await read(talk.stream("three"))
        with pytest.raises(ConversationBusy):
            await talk.authorize([])
        gate.open()
        assert (await sending).text == "Penicillin."
        assert (await talk.send("four")).text == "Penicillin."
    assert caught.value.remedy
    assert len(double.executions) == 2


@sides
async def test_a_turn_can_be_watched(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Report("Reading.")]), echo)
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        events = await read(talk.stream("one"))
        assert talk.last is not None
        assert talk.last.text == "Penicillin."
        assert (await talk.send("two")).text == "1: two"
    assert isinstance(events[0], Task)
    assert story(events).words == ("Reading.", "Penicillin.")


@sides
async def test_a_turn_that_is_left_frees_the_conversation(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()), echo)
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        async with aclosing(talk.stream("one", cancel_on_exit=True)) as events:
            async for event in events:
                if isinstance(event, StatusUpdate):
                    break
        assert talk.last is not None
        assert talk.last.state is TaskState.WORKING
        assert (await talk.send("two")).text == "1: two"


@sides
@pytest.mark.parametrize("cancels", [False, True])
async def test_a_loop_that_is_broken_off_frees_the_conversation_at_once(side: Side, cancels: bool) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()), echo)
    async with talking_to(double, side) as agent:
        talk = agent.conversation()
        async for _ in talk.stream("one", cancel_on_exit=cancels):
            break
        assert (await talk.send("two")).text == "1: two"


@both
def test_the_blocking_conversation_is_the_same(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Which ear?", "input-required", usage=Usage(1, 2)), "Otitis.", echo)
    with served(double, generation=side.generation) as corti:
        talk = corti.agents.get(added(double, side)).conversation(credentials=[Token("ehr", "t-1234")])
        assert talk.send("Ear ache").text == "Which ear?"
        assert story(talk.stream("The left one")).words == ("Otitis.",)
        assert talk.send("Thank you").text == "2: Thank you"
    assert talk.usage.total_tokens == 3
    assert [tokens(message) for message in double.messages] == [["ehr"], [], []]
