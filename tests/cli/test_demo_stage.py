"""What `agentkit demo --keep` leaves running is a platform that can be worked with."""

from __future__ import annotations

import anyio
import pytest

from agentkit.a2a.standalone import agent_app
from agentkit.cli.demo.stage import staged
from agentkit.cli.serving import serving
from agentkit.compose import FunctionAgent
from agentkit.specs import AgentSpec, RemoteAgentSpec
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


def shout(text: str) -> str:
    return text.upper()


async def test_experts_of_the_registry_and_agents_elsewhere_are_reached() -> None:
    with anyio.fail_after(HANG):
        async with staged() as stage:
            app = agent_app(FunctionAgent(shout), url=stage.agents.url)
            async with serving([(stage.agents, app)]):
                expert = await stage.corti.agents.create(AgentSpec(name="a", description="d", experts=["ehr-lookup"]))
                question = "Which allergies does Robert Okafor have?"
                assert "Sulfamethoxazole" in (await expert.send(question, credentials=stage.credentials)).text
                spec = AgentSpec(name="b", description="d", experts=[RemoteAgentSpec(stage.agents.url, "shout")])
                reply = await (await stage.corti.agents.create(spec)).send("Shout hello.")
                assert "could not be asked" not in reply.text
