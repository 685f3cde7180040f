"""The platform in-process, as users get it for their own tests."""

from __future__ import annotations

import httpx2
import pytest

from agentkit.platform import PlatformSettings
from agentkit.reasoning import Answer, ScriptedReasoner
from agentkit.specs import AgentSpec
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio


async def test_an_agent_answers_without_socket_key_or_cost() -> None:
    async with LocalPlatform(reasoner=ScriptedReasoner([Answer("done")])) as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="a", description="d"))
        assert (await agent.send("hello")).text == "done"


async def test_a_second_caller_sees_none_of_the_firsts_agents() -> None:
    settings = PlatformSettings(clients={"local-client": "local-secret", "second": "other-secret"})
    async with LocalPlatform(settings) as platform:
        await platform.corti.agents.create(AgentSpec(name="a", description="d"))
        other = platform.new_corti(client_id="second", client_secret="other-secret")
        assert list(await other.agents.list().all()) == []
        assert len(list(await platform.corti.agents.list().all())) == 1


async def test_nothing_but_the_platform_and_its_servers_can_be_reached() -> None:
    async with LocalPlatform() as platform:
        assert platform.origins == (platform.url,)
        with pytest.raises(httpx2.ConnectError):
            await platform.http.get("http://127.0.0.1:8701/ehr/mcp")


async def test_it_must_be_started_first() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = LocalPlatform().http
    with pytest.raises(RuntimeError, match="async with"):
        _ = LocalPlatform().corti  # it would reach nothing, and nobody would close it
