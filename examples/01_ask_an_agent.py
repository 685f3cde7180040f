"""Ask an agent with a custom expert, on the local platform, all in this process: no cloud, no key, no port."""

import asyncio

from agentkit import AgentSpec, Token
from agentkit.experts import load_expert, load_server
from agentkit.mcp import BearerAuth, HostedServer, host
from agentkit.testing import LocalPlatform

ORIGIN = "http://127.0.0.1:8701"
TOKEN = "a-token-made-up-for-this-example"

record = HostedServer(load_server("ehr")(None), "/ehr/mcp", BearerAuth(TOKEN))
expert = load_expert("ehr-lookup").spec(record.url(ORIGIN))
spec = AgentSpec(name="visit-helper", description="Answers questions about a visit.", experts=[expert])


async def main() -> None:
    async with LocalPlatform(servers={ORIGIN: host([record], public_url=ORIGIN)}) as platform:
        agent = await platform.corti.agents.create(spec)

        reply = await agent.send("Which allergies does Robert Okafor have?", credentials=[Token("ehr", TOKEN)])
        print(reply.text)
        assert "Sulfamethoxazole" in reply.text

        # The same context: the agent knows whom we speak of, and the credential is not sent again.
        reply = await agent.send("And his medications?", context=reply.context)
        print(reply.text)
        assert "Warfarin" in reply.text

        # Another context knows nothing of it.
        reply = await agent.send("And his allergies?", credentials=[Token("ehr", TOKEN)])
        print(reply.state.value, reply.text)
        assert reply.state == "input-required"


if __name__ == "__main__":
    asyncio.run(main())
