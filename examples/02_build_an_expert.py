"""Turn Python functions into an expert, ask it directly, then register it and let an agent use it."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field

from agentkit import AgentSpec, Expert, Token
from agentkit.mcp import BearerAuth, HostedServer, ToolError, host
from agentkit.testing import LocalPlatform

ORIGIN = "http://127.0.0.1:8701"
TOKEN = "a-token-made-up-for-this-example"
BEDS = {"Cardiology": 3, "Paediatrics": 0}

expert = Expert(
    "ward-desk",
    description="Tells how many beds a ward has free.",
    prompt="Say how many beds are free. Never promise one.",
)


class Beds(BaseModel):
    """The free beds of one ward."""

    ward: str
    free: int

    def to_text(self) -> str:
        """What is read out."""
        return f"{self.ward} has {self.free} free beds."


@expert.tool
async def free_beds(ward: Annotated[str, Field(description="Name of the ward", examples=["Cardiology"])]) -> Beds:
    """Tell how many beds of a ward are free."""
    if ward not in BEDS:
        raise ToolError(f"There is no such ward. Wards are {', '.join(BEDS)}.", code="not-found")
    return Beds(ward=ward, free=BEDS[ward])


async def main() -> None:
    # Directly: no server, no agent, no Corti.
    result = await expert.call("How many free beds does Cardiology have?")
    print(result.text)
    assert result.data == ({"ward": "Cardiology", "free": 3},)

    # It asks back, and remembers what was asked.
    async with expert.session() as session:
        result = await session.call("How many free beds are there?")
        assert result.state == "input-required"
        result = await session.call("Paediatrics")
        assert result.data == ({"ward": "Paediatrics", "free": 0},)

    # As an expert of an agent: served as an MCP server, registered by its address. `agentkit serve module:expert`
    # and `agentkit experts apply module:expert` do the same from the command line.
    desk = HostedServer(expert.server, "/ward-desk/mcp", BearerAuth(TOKEN))
    spec = AgentSpec(name="bed-manager", description="Knows the wards.", experts=[expert.spec(url=desk.url(ORIGIN))])
    async with LocalPlatform(servers={ORIGIN: host([desk], public_url=ORIGIN)}) as platform:
        agent = await platform.corti.agents.create(spec)
        question = "How many free beds does Cardiology have?"
        reply = await agent.send(question, credentials=[Token("ward-desk", TOKEN)])
        print(reply.text)
        assert reply.data == ({"ward": "Cardiology", "free": 3},)

        # Without the credential the agent says what is missing and how to give it.
        reply = await agent.send(question)
        print(reply.state.value, reply.text)
        assert reply.state == "auth-required"


if __name__ == "__main__":
    asyncio.run(main())
