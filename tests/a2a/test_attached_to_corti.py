"""A served composite as connector `a2a` of an agent of Corti's second generation, against the contract double.

The double keeps connectors and asks none, as no cloud is asked from tests; what Corti does with one is played by a
`RemoteAgent` that passes the caller's token on, to the address that the API shows (V2-OBJ-07).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest

from agentkit.a2a import BearerAuth, Gate, Security, a2a_app
from agentkit.a2a.remote import remote_agent
from agentkit.a2a.verification import verify_endpoint
from agentkit.compose import Caller, FunctionAgent, Sequential
from agentkit.engine import InlineEngine
from agentkit.errors import RemoteAuthRequired, UnsupportedByGeneration
from agentkit.models import Message
from agentkit.specs import AgentSpec, RemoteAgentSpec
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from agentkit.testing.asgi import ASGIApp
from tests.a2a.remote.parts import events, outcome, pool, turn
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio

PUBLIC = "https://agents.example.org/intake"


def shout(text: str) -> str:
    """Say it louder."""
    return text.upper()


def stamp(message: Message) -> Message:
    """File what was said."""
    return message.reply(f"filed: {message.text}")


@asynccontextmanager
async def served(tokens: dict[str, str]) -> AsyncGenerator[ASGIApp]:
    """A chain behind a gate that knows the callers of the Corti agent."""
    chain = Sequential("intake", [FunctionAgent(shout), FunctionAgent(stamp)], description="Takes a note in.")
    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    gate = Gate(Security(BearerAuth(tokens)))
    try:
        yield a2a_app(chain, service, url="https://agents.example.org", gate=gate)
    finally:
        await gate.aclose()
        await service.close()
        await database.close()


async def test_an_agent_is_made_with_a_served_composite_as_connector() -> None:
    spec = AgentSpec(name="reception", description="Sorts", experts=[RemoteAgentSpec(PUBLIC, "intake")])
    async with connected(CortiDouble(), generation="v2") as corti:
        agent = await corti.agents.create(spec)
        (connector,) = await agent.connectors.list()
    assert (connector.type, connector.url, connector.name, connector.auth) == ("a2a", PUBLIC, "intake", None)


async def test_a_served_composite_is_attached_to_an_agent_that_is_there_and_taken_off_again() -> None:
    async with connected(CortiDouble(), generation="v2") as corti:
        agent = await corti.agents.create(AgentSpec(name="reception", description="Sorts"))
        made = await agent.connectors.create(RemoteAgentSpec(PUBLIC, "intake"))
        assert made.id is not None
        assert [one.url for one in await agent.connectors.list()] == [PUBLIC]
        await agent.connectors.delete(made.id)
        assert await agent.connectors.list() == ()


async def test_the_first_generation_says_that_it_cannot() -> None:
    spec = AgentSpec(name="reception", description="Sorts", experts=[RemoteAgentSpec(PUBLIC, "intake")])
    async with connected(CortiDouble(), generation="v1") as corti:
        with pytest.raises(UnsupportedByGeneration):
            await corti.agents.create(spec)


async def test_what_is_attached_answers_each_caller_with_his_own_token_and_nobody_without() -> None:
    async with served({"ann": "token-of-ann", "bob": "token-of-bob"}) as app:
        async with connected(CortiDouble(), generation="v2") as corti:
            spec = AgentSpec(
                name="reception", description="Sorts", experts=[RemoteAgentSpec("https://agents.example.org", "intake")]
            )
            (connector,) = await (await corti.agents.create(spec)).connectors.list()
        assert connector.url is not None
        asked = remote_agent(RemoteAgentSpec(connector.url, connector.name), inherit=True, http=pool(app))
        for name in ("ann", "bob"):
            context = turn(caller=Caller(owner=name, bearer=f"token-of-{name}"))
            assert (await outcome(asked, "hello", context)).text == "filed: HELLO"
        with pytest.raises(RemoteAuthRequired):
            await events(asked, "hello", turn(caller=Caller(owner="eve", bearer="token-of-eve")))


async def test_what_is_to_be_attached_is_verified_first() -> None:
    async with served({"ann": "token-of-ann"}) as app:
        connections: httpx2.AsyncClient = pool(app)
        report = await verify_endpoint(
            "https://agents.example.org", token="token-of-ann", ask="hello", http=connections
        )
    assert report.strictly_fit, [finding.text for finding in (*report.errors, *report.warnings)]
