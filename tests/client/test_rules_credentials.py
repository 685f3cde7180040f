"""Credentials for MCP servers, rule by rule, through the public API (section 10)."""

from __future__ import annotations

import secrets
import traceback
from typing import Any

import pytest

from agentkit import tracing
from agentkit.client import AgentHandle, AsyncCorti
from agentkit.credentials import ClientCredentials, Credential, Token
from agentkit.errors import AuthRequired, BadRequestError, CredentialError, UnauthorizedError
from agentkit.models import JsonObject, Message, TaskState
from agentkit.specs import AgentSpec, Authorization, ExpertSpec, McpServerSpec
from tests.client.connecting import connected, last
from tests.contract.corti_double import Answer, CortiDouble
from tests.contract.on_platform import Server

pytestmark = pytest.mark.anyio

TOKEN: JsonObject = {"type": "token", "mcp_name": "ehr", "token": "jwt-of-the-visit"}


async def agent_with(corti: AsyncCorti, authorization: Authorization, **more: Any) -> AgentHandle:
    server = McpServerSpec(name="ehr", url="https://mcp.example.org/ehr", authorization=authorization, **more)
    expert = ExpertSpec(name="reader", description="Reads", servers=[server])
    return await corti.agents.create(AgentSpec(name="helper", description="d", experts=[expert]))


def data_of(server: Server) -> list[JsonObject]:
    return [part["data"] for part in server.messages[-1]["parts"] if "data" in part]


async def test_a_bearer_is_given_by_a_token_part_with_the_trimmed_name(server: Server) -> None:
    """MCPAUTH-01 to MCPAUTH-03, MCPAUTH-06."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER)
        reply = await agent.send("hello", credentials=[Token(" ehr ", "jwt-of-the-visit")])
        wrong = await agent.send("hello", credentials=[Token("EHR", "jwt-of-the-visit")])
    assert reply.state is TaskState.COMPLETED
    assert wrong.state is TaskState.AUTH_REQUIRED
    parts = [message["parts"][-1] for message in server.messages]
    assert parts[0] == {"kind": "data", "data": TOKEN}


async def test_client_credentials_are_given_by_a_credentials_part(server: Server) -> None:
    """MCPAUTH-01, MCPAUTH-02, MCPAUTH-07."""
    server.mcp.clients = {"ehr": {("app", "app-secret")}}
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.OAUTH2)
        reply = await agent.send("hello", credentials=[ClientCredentials("ehr", "app", "app-secret")])
    assert reply.state is TaskState.COMPLETED
    expected = {"type": "credentials", "mcp_name": "ehr", "client_id": "app", "client_secret": "app-secret"}
    assert data_of(server) == [expected]


@pytest.mark.parametrize(
    ("authorization", "given", "fitting"),
    [
        (Authorization.BEARER, [], 'Token("ehr"'),
        (Authorization.BEARER, [Token("ehr", "expired")], 'Token("ehr"'),
        (Authorization.BEARER, [ClientCredentials("ehr", "app", "app-secret")], 'Token("ehr"'),
        (Authorization.OAUTH2, [Token("ehr", "jwt-of-the-visit")], 'ClientCredentials("ehr"'),
        (Authorization.OAUTH2, [ClientCredentials("ehr", "app", "wrong")], 'ClientCredentials("ehr"'),
    ],
)
async def test_a_missing_or_unfitting_credential_is_an_error_that_names_the_server_and_what_fits(
    authorization: Authorization, given: list[Credential], fitting: str, server: Server
) -> None:
    """MCPAUTH-06 to MCPAUTH-08."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    server.mcp.clients = {"ehr": {("app", "app-secret")}}
    async with connected(server) as corti:
        agent = await agent_with(corti, authorization)
        with pytest.raises(AuthRequired) as caught:
            await agent.conversation(credentials=given).send("hello")
    assert caught.value.mcp_name == "ehr"
    assert fitting in str(caught.value)


async def test_of_several_servers_the_one_without_a_fitting_credential_is_named(server: Server) -> None:
    """MCPAUTH-08: a part that does not fit counts as absent."""
    server.mcp.clients = {"ehr": {("app", "app-secret")}}
    spec = AgentSpec(
        name="helper",
        description="d",
        servers=[
            McpServerSpec(name="calc", url="https://mcp.example.org/calc", authorization=Authorization.BEARER),
            McpServerSpec(name="ehr", url="https://mcp.example.org/ehr", authorization=Authorization.OAUTH2),
        ],
    )
    async with connected(server) as corti:
        talk = (await corti.agents.create(spec)).conversation(credentials=[Token("calc", "a"), Token("ehr", "b")])
        with pytest.raises(AuthRequired) as caught:
            await talk.send("hello")
    assert caught.value.mcp_name == "ehr"
    assert 'ClientCredentials("ehr"' in str(caught.value)


async def test_a_token_part_replaces_the_inherited_bearer(server: Server) -> None:
    """MCPAUTH-05: the caller's own token does not open the server."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.INHERIT)
        reply = await agent.send("hello", credentials=[Token("ehr", "jwt-of-the-visit")])
    assert reply.state is TaskState.COMPLETED


async def test_without_any_token_to_inherit_the_call_fails() -> None:
    """MCPAUTH-05, MCPAUTH-11: a caller of the platform always has a token."""
    double = CortiDouble()
    double.mcp.inherits = False
    async with connected(double) as corti:
        agent = await agent_with(corti, Authorization.INHERIT)
        with pytest.raises(UnauthorizedError) as caught:
            await agent.send("hello")
        reply = await agent.send("hello", credentials=[Token("ehr", "jwt-of-the-visit")])
    assert caught.value.code == "missing_inherited_token"
    assert reply.state is TaskState.COMPLETED


async def test_where_none_is_needed_none_is_sent_and_one_too_many_does_no_harm(server: Server) -> None:
    """MCPAUTH-04, MCPAUTH-13."""
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.NONE)
        plain = await agent.send("hello")
        assert data_of(server) == []
        more = await agent.send("hello", credentials=[Token("ehr", "a-token"), Token("nobody", "b-token")])
    assert plain.state is more.state is TaskState.COMPLETED


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"type": "token", "token": "t-1"}, "mcp_auth_missing_name"),
        ({"type": "Token", "mcp_name": "ehr"}, "mcp_auth_missing_token"),
        ({"type": "credentials", "mcp_name": "ehr", "client_id": "app"}, "mcp_auth_missing_credentials"),
    ],
)
async def test_an_incomplete_part_written_by_hand_is_refused_by_the_server_with_its_code(
    part: JsonObject, code: str, server: Server
) -> None:
    """MCPAUTH-10, MCPAUTH-11, CON-23: no task comes of it."""
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER)
        with pytest.raises(BadRequestError) as caught:
            await agent.send("hello", data=[part])
    assert caught.value.code == code
    assert server.turns == 0


async def test_two_credentials_of_one_name_are_refused_before_anything_is_sent(server: Server) -> None:
    """MCPAUTH-09: token and credentials count together."""
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER)
        serverd = [Token("ehr", "a-token"), ClientCredentials(" ehr", "app", "app-secret")]
        with pytest.raises(CredentialError) as caught:
            await agent.send("hello", credentials=serverd)
        with pytest.raises(BadRequestError) as by_hand:
            await agent.send("hello", data=[TOKEN], credentials=serverd[:1])
    assert caught.value.code == by_hand.value.code == "mcp_auth_duplicate_name"
    assert len(server.messages) == 1


async def test_text_data_and_credentials_go_into_one_message_in_this_order(server: Server) -> None:
    """MCPAUTH-01, MCPAUTH-02."""
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER)
        given = [Token(" ehr ", "t-1"), ClientCredentials("qs", "id", "s-1")]
        await agent.send("Any allergies on file?", data=[{"patientRef": "example-1"}], credentials=given)
    assert server.messages[0]["parts"] == [
        {"kind": "text", "text": "Any allergies on file?"},
        {"kind": "data", "data": {"patientRef": "example-1"}},
        {"kind": "data", "data": {"type": "token", "mcp_name": "ehr", "token": "t-1"}},
        {
            "kind": "data",
            "data": {"type": "credentials", "mcp_name": "qs", "client_id": "id", "client_secret": "s-1"},
        },
    ]


@pytest.mark.parametrize("data", [{"type": "note"}, {"type": 7}, {"type": None}, {"token": "t"}, {}])
async def test_other_data_stays_what_it_is(data: JsonObject, server: Server) -> None:
    """MCPAUTH-12."""
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.NONE)
        reply = await agent.send("hello", data=[data])
    assert data_of(server) == [data]
    assert reply.task is not None
    assert reply.task.history[0].data == (data,)


async def test_a_conversation_gives_its_credentials_with_the_first_message_only(server: Server) -> None:
    """MCPAUTH-14."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    async with connected(server) as corti:
        talk = (await agent_with(corti, Authorization.BEARER)).conversation(
            credentials=[Token("ehr", "jwt-of-the-visit")]
        )
        for text in ("Which medications?", "Since when?", "Why?"):
            assert (await talk.send(text)).state is TaskState.COMPLETED
    assert [len(message["parts"]) for message in server.messages] == [2, 1, 1]
    assert {message.get("contextId") for message in server.messages[1:]} == {talk.context}


async def test_credentials_may_come_again_and_alone(server: Server) -> None:
    """MCPAUTH-16, MCPAUTH-17."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    token = Token("ehr", "jwt-of-the-visit")
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER)
        silent = await agent.send(Message.user(), credentials=[token])
        again = await agent.send("And now?", context=silent.context, credentials=[token])
    assert silent.state is again.state is TaskState.COMPLETED
    assert [len(message["parts"]) for message in server.messages] == [1, 2]


async def test_a_conversation_that_lacked_a_credential_goes_on_in_a_new_context(server: Server) -> None:
    """MCPAUTH-18, CON-29: another message, because the old one may be known by its id (CLI-10)."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    async with connected(server) as corti:
        talk = (await agent_with(corti, Authorization.BEARER)).conversation()
        with pytest.raises(AuthRequired) as caught:
            await talk.send("Which medications?")
        reply = await talk.authorize([Token("ehr", "jwt-of-the-visit")])
    assert reply is not None
    assert reply.state is TaskState.COMPLETED
    refused, accepted = server.messages
    assert accepted["parts"] == [*refused["parts"], {"kind": "data", "data": TOKEN}]
    assert "contextId" not in accepted
    assert "taskId" not in accepted
    assert accepted["messageId"] != refused["messageId"]
    assert reply.context not in {None, caught.value.context_id}


async def test_a_static_token_is_sent_once_and_a_token_part_wins_over_it(server: Server) -> None:
    """V1-OBJ-05, V1-AGENT-10."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    async with connected(server) as corti:
        agent = await agent_with(corti, Authorization.BEARER, token="static-secret")
        refused = await agent.send("hello")
        reply = await agent.send("hello", credentials=[Token("ehr", "jwt-of-the-visit")])
    assert server.calls[0].json["experts"][0]["mcpServers"][0]["token"] == "static-secret"
    assert (refused.state, reply.state) == (TaskState.AUTH_REQUIRED, TaskState.COMPLETED)
    assert "static-secret" not in f"{agent.info!r} {agent.info.model_dump()}"


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_a_credential_is_in_its_request_and_nowhere_else(generation: str) -> None:
    """MCPAUTH-15: not in what comes back, in spans or in errors, even when the server echoes it."""
    double = CortiDouble()
    token, secret = secrets.token_hex(16), secrets.token_hex(16)
    given = [Token("ehr", token), ClientCredentials("calc", "app", secret)]
    spans: list[tracing.SpanRecord] = []
    with tracing.listen(spans.append):
        async with connected(double, generation=generation) as corti:
            agent = await corti.agents.get(double.add_agent() if generation == "v1" else double.add_v2_agent())
            talk = agent.conversation(credentials=given)
            reply = await talk.send("hello")
            echo = {"code": "bad", "description": f"you sent {token} and {secret}"}
            double.inject(Answer(400, echo if generation == "v1" else {"error": {**echo, "message": token}}))
            with pytest.raises(BadRequestError) as caught:
                await agent.send("hello", credentials=given)
    assert reply.task is not None
    assert [len(message.parts) for message in reply.task.history] == [1]
    error = "".join(traceback.format_exception(caught.value)) + str(vars(caught.value))
    shown = f"{spans} {talk!r} {reply!r} {reply.answer.model_dump()} {error} {[call.target for call in double.calls]}"
    for hidden in (token, secret):
        assert hidden not in shown
        assert hidden in last(double, "POST").body.decode()


async def test_credentials_travel_as_data_parts_in_v2_too(server: Server) -> None:
    """MCPAUTH-19, CON-18: A2A 1.0 spells a part without `kind`."""
    server.mcp.tokens = {"ehr": {"jwt-of-the-visit"}}
    connector = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr", "auth": {"type": "bearer"}}
    async with connected(server) as corti:
        agent = await corti.agents.get(await server.v2_agent(connectors=[connector]))
        with pytest.raises(AuthRequired) as caught:
            await agent.conversation().send("hello")
        reply = await agent.send("hello", credentials=[Token("ehr", "jwt-of-the-visit")])
    assert caught.value.mcp_name == "ehr"
    assert reply.state is TaskState.COMPLETED
    assert server.messages[-1]["parts"] == [{"text": "hello"}, {"data": TOKEN}]
