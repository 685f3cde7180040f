"""The platform in-process, as users get it for their own tests."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx2
import pytest

from agentkit.credentials import Token
from agentkit.models import TaskState
from agentkit.platform import PlatformSettings
from agentkit.reasoning import Act, Answer, Delegate, ScriptedReasoner, Situation
from agentkit.specs import AgentSpec, RemoteAgentSpec
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio

WARDS = """
from agentkit import Expert

EXPERT = Expert("ward-desk", description="Tells how many beds a ward has free.", prompt="Say how many are free.")


@EXPERT.tool
async def free_beds(ward: str) -> str:
    \"\"\"Tell how many beds of a ward are free.

    Args:
        ward: Name of the ward, for example Cardiology.
    \"\"\"
    return f"{ward} has {len(ward)} free beds."
"""


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


async def test_clients_sign_in_to_the_first_tenant_where_none_is_named() -> None:
    async with LocalPlatform(PlatformSettings(tenants=("clinic", "ward"))) as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="a", description="d"))
        assert await platform.bearer() != await platform.bearer(tenant="ward")
        assert list(await platform.new_corti(tenant="ward").agents.list().all()) == []
        assert [one.id for one in await platform.new_corti(tenant="clinic").agents.list().all()] == [agent.id]


async def test_nothing_but_the_platform_and_its_servers_can_be_reached() -> None:
    async with LocalPlatform() as platform:
        assert platform.origins == (platform.url,)
        with pytest.raises(httpx2.ConnectError):
            await platform.http.get("http://127.0.0.1:8701/ehr/mcp")


async def test_an_expert_whose_server_is_not_here_says_how_to_bring_it() -> None:
    async with LocalPlatform() as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="a", description="d", experts=["ehr-lookup"]))
        question = "Which allergies does Robert Okafor have?"
        reply = await agent.send(question, credentials=[Token("ehr", "made-up-for-the-test")])
        assert reply.state is TaskState.FAILED
        assert "http://127.0.0.1:8701" in reply.text
        assert "installed=True" in reply.text


async def test_an_installed_expert_with_functions_is_served_with_the_installed_servers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wards_of_platform.py").write_text(WARDS, encoding="utf-8")
    package = tmp_path / "wards_of_platform-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: wards-of-platform\nVersion: 1.0\n", encoding="utf-8"
    )
    points = "[agentkit.experts]\nbroken = absent_package:EXPERT\nward-desk = wards_of_platform:EXPERT\n"
    (package / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    async with LocalPlatform(installed=True) as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="a", description="d", experts=["ward-desk"]))
        reply = await agent.send("How many free beds does Cardiology have?", credentials=platform.credentials)
        assert "10" in reply.text


async def test_a_remote_agent_that_is_not_here_says_how_to_bring_it() -> None:
    async with LocalPlatform(reasoner=Asking()) as platform:
        spec = AgentSpec(name="a", description="d", experts=[RemoteAgentSpec("http://127.0.0.1:8702", "far")])
        reply = await (await platform.corti.agents.create(spec)).send("hello")
        assert "servers=" in reply.text


async def test_an_agent_is_reached_over_a2a_by_another_of_the_same_platform() -> None:
    async with LocalPlatform(reasoner=Asking()) as platform:
        corti = platform.new_corti(generation="v2")
        inner = await corti.agents.create(AgentSpec(name="inner", description="d"))
        address = f"{platform.url}/v2/agentic/agents/{inner.id}"
        spec = AgentSpec(name="outer", description="d", experts=[RemoteAgentSpec(address, "inner")])
        assert (await (await corti.agents.create(spec)).send("hello")).text == "heard hello"


class Asking:
    """Asks the first expert there is, and says what it heard where there is none."""

    async def decide(self, situation: Situation) -> Act:
        if situation.delegations:
            return Answer(situation.delegations[-1].text)
        return Delegate(situation.experts[0].name, "hello") if situation.experts else Answer(f"heard {situation.text}")


async def test_it_must_be_started_first_and_may_be_started_again() -> None:
    platform = LocalPlatform(installed=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="async with"):
            _ = platform.http
        with pytest.raises(RuntimeError, match="async with"):
            _ = platform.corti  # it would reach nothing, and nobody would close it
        async with platform:
            assert list(await platform.corti.agents.list().all()) == []
