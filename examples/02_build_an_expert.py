"""Turn Python functions into an MCP server, register it as a custom expert, and let an agent use it."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field

from agentkit import AgentSpec, ExpertSpec, McpServerSpec, Token
from agentkit.mcp import BearerAuth, HostedServer, ToolError, ToolServer, host
from agentkit.specs import Authorization
from agentkit.testing import LocalPlatform

ORIGIN = "http://127.0.0.1:8701"
TOKEN = "a-token-made-up-for-this-example"
BEDS = {"Cardiology": 3, "Paediatrics": 0}

server = ToolServer("wards", description="Which ward has free beds.", version="1.0")


class Beds(BaseModel):
    """The free beds of one ward."""

    ward: str
    free: int

    def to_text(self) -> str:
        """What is read out."""
        return f"{self.ward} has {self.free} free beds."


@server.tool(title="Free beds of a ward")
async def free_beds(ward: Annotated[str, Field(description="Name of the ward", examples=["Cardiology"])]) -> Beds:
    """Tell how many beds of a ward are free."""
    if ward not in BEDS:
        raise ToolError(f"There is no such ward. Wards are {', '.join(BEDS)}.", code="not-found")
    return Beds(ward=ward, free=BEDS[ward])


wards = HostedServer(server, "/wards/mcp", BearerAuth(TOKEN))
spec = AgentSpec(
    name="bed-manager",
    description="Knows the wards.",
    experts=[
        ExpertSpec(
            name="ward-desk",
            description="Tells how many beds a ward has free.",
            servers=[McpServerSpec(name="wards", url=wards.url(ORIGIN), authorization=Authorization.BEARER)],
        )
    ],
)


async def main() -> None:
    async with LocalPlatform(servers={ORIGIN: host([wards], public_url=ORIGIN)}) as platform:
        agent = await platform.corti.agents.create(spec)
        reply = await agent.send("How many free beds does Cardiology have?", credentials=[Token("wards", TOKEN)])
        print(reply.text)
        assert "3 free beds" in reply.text
        assert reply.data == ({"ward": "Cardiology", "free": 3},)

        # Without the credential the agent says what is missing and how to give it.
        reply = await agent.send("How many free beds does Cardiology have?")
        print(reply.state.value, reply.text)
        assert reply.state == "auth-required"


if __name__ == "__main__":
    asyncio.run(main())
