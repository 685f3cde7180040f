"""Watch a turn as it happens, and lead a conversation in which the agent asks back.

It talks to the Corti that the variables `CORTI_*` or `.env` name. The local platform does not stream yet; without an
account, a checkout has a stand-in: `python -m tests.stand_in examples/04_stream_and_converse.py`
"""

import asyncio

from agentkit import AgentSpec, AsyncCorti, ExpertSpec, McpServerSpec, Token
from agentkit.errors import AuthRequired
from agentkit.models import ArtifactUpdate, StatusUpdate
from agentkit.specs import Authorization

TOKEN = "a-token-made-up-for-this-example"

record = McpServerSpec(name="ehr", url="https://ehr.example.org/mcp", authorization=Authorization.BEARER)
reader = ExpertSpec(name="record-reader", description="Looks things up in the health record.", servers=[record])
spec = AgentSpec(name="visit-helper", description="Helps before a visit.", experts=[reader], ephemeral=True)


async def main() -> None:
    async with AsyncCorti() as corti:
        agent = await corti.agents.create(spec)

        # Events come as they happen, each once. A connection that breaks is resumed where it stopped.
        stream = agent.stream("Which medications does she take?", credentials=[Token("ehr", TOKEN)])
        async for event in stream:
            match event:
                case ArtifactUpdate():
                    print("piece:", event.artifact.text)
                case StatusUpdate():
                    print("state:", event.status.state.value)
                case _:
                    print("event:", type(event).__name__)
        assert stream.reply
        assert stream.reply.state.is_settled
        print("reply:", stream.reply.text)  # what `send` would have brought back

        # A conversation keeps the context, the credentials and the open question.
        talk = agent.conversation()
        try:
            reply = await talk.send("Book a follow-up.")
        except AuthRequired as error:
            print("error:", error)  # names the MCP server and how to give the credential
            reply = await talk.authorize([Token("ehr", TOKEN)])  # asks again, in a new context
        assert reply
        if talk.pending:
            print("asked:", reply.text)
            reply = await talk.send("On Tuesday.")  # answers the task that asked
        print("reply:", reply.text)
        print("usage:", talk.usage.total_tokens, "tokens,", talk.usage.credits, "credits")
        assert reply.state.is_settled
        assert talk.context == reply.context

        await corti.agents.delete(agent.id)


if __name__ == "__main__":
    asyncio.run(main())
